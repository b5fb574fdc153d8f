import { readFileSync } from "node:fs";
import * as tls from "node:tls";

/** Where Linux and macOS keep the system's certificates as one file; SSL_CERT_FILE goes first. */
const BUNDLES = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"];

/** Certificates a server's may be signed by: Node's own, the system's, and those of NODE_EXTRA_CA_CERTS. */
export function authorities(): string[] {
  const newer = tls as { getCACertificates?: (kind: "system" | "extra") => string[] };
  const extra = read(process.env.NODE_EXTRA_CA_CERTS);
  const system = newer.getCACertificates?.("system") ?? [process.env.SSL_CERT_FILE, ...BUNDLES].map(read).find((pem) => pem !== undefined);
  return [...tls.rootCertificates, ...(typeof system === "string" ? [system] : (system ?? [])), ...(extra ? [extra] : [])];
}

function read(path: string | undefined): string | undefined {
  if (!path) return undefined;
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
