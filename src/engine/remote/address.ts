import { isIP } from "node:net";
import { badAddress, credentialsInAddress } from "./errors.js";

/** A model on a server that speaks the Open Inference Protocol v2. */
export interface Address {
  /** As it was given, normalised; safe to store and show. */
  readonly href: string;
  readonly secure: boolean;
  readonly hostname: string;
  readonly port: number;
  /** `host:port`, for people. */
  readonly host: string;
  readonly loopback: boolean;
  /** What stands before `/v2`, for servers behind a path. */
  readonly base: string;
  /** `/v2/models/NAME` or `/v2/models/NAME/versions/V`, with `base`. */
  readonly path: string;
  readonly model: string;
}

const MODEL = /^(.*)\/v2\/models\/([^/]+)(\/versions\/([^/]+))?$/;

/** @throws Problem `remote/address` */
export function addressOf(text: string): Address {
  const trimmed = text.trim();
  if (!URL.canParse(trimmed)) throw badAddress("cannot be read");
  const url = new URL(trimmed);
  if (url.protocol !== "http:" && url.protocol !== "https:") throw badAddress("is neither http nor https");
  if (url.username !== "" || url.password !== "") throw credentialsInAddress();
  if (url.search !== "" || url.hash !== "" || trimmed.endsWith("?") || trimmed.endsWith("#")) throw badAddress("has a query or fragment");
  const found = MODEL.exec(url.pathname.replace(/\/+$/, "").replace(/\/infer$/, ""));
  if (!found) throw badAddress(`(${url.host}) names no model`);
  const [path, base = "", model = ""] = found;
  const secure = url.protocol === "https:";
  const port = url.port === "" ? (secure ? 443 : 80) : Number(url.port);
  const hostname = url.hostname.replace(/^\[|\]$/g, "");
  return {
    href: `${url.origin}${path}`,
    secure,
    hostname,
    port,
    host: `${url.hostname}:${port}`,
    loopback: isLoopback(hostname),
    base,
    path,
    model: decodeURIComponent(model),
  };
}

const isLoopback = (name: string): boolean => name === "localhost" || name === "::1" || (isIP(name) === 4 && name.startsWith("127."));

/** The addresses of a plan, each once, in their order. @throws Problem `remote/address` */
export function addressesOf(endpoints: readonly string[]): Address[] {
  const all = new Map(endpoints.map((text) => addressOf(text)).map((address) => [address.href, address]));
  if (all.size > MOST_SERVERS) throw badAddress(`is one too many: at most ${MOST_SERVERS} servers are asked`);
  return [...all.values()];
}

const MOST_SERVERS = 64;

/** Hosts beyond this machine that would see the token ids of texts. @throws Problem `remote/address` */
export const hostsBeyond = (endpoints: readonly string[]): string[] => [
  ...new Set(
    addressesOf(endpoints)
      .filter(({ loopback }) => !loopback)
      .map(({ host }) => host),
  ),
];
