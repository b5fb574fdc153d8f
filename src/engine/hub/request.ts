import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP, type Socket } from "node:net";
import { connect as tlsConnect } from "node:tls";
import { ProblemError } from "../../protocol/index.js";
import { problem } from "../errors.js";
import { badRedirect, proxyRefused, tokenInTheOpen, unreachable, untrustedCertificate } from "./errors.js";
import { proxyFor } from "./proxy.js";

export interface RequestOptions {
  /** The Hub itself; a token goes there and nowhere else. */
  readonly endpoint: string;
  readonly token?: string;
  readonly proxy?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
  /** Longest silence of a server, at the start and in the middle. */
  readonly silenceMs?: number;
}

export interface Answer {
  /** Where it came from after redirects. */
  readonly url: URL;
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: IncomingMessage;
}

export type Headers = Readonly<Record<string, string>>;

const MOST_REDIRECTS = 5;
const isLoopback = (host: string) => host === "localhost" || host === "[::1]" || (isIP(host) === 4 && host.startsWith("127."));

/**
 * One request with its redirects. Our own rather than the runtime's `fetch`, because that one knows no proxy on Node 20,
 * and because the token must not follow a redirect to another host.
 * @throws Problem `hub/unreachable`, `hub/certificate`, `hub/redirect`, `hub/proxy`, `hub/token-plain`, `run/cancelled`
 */
export async function send(address: string, method: string, headers: Headers, options: RequestOptions): Promise<Answer> {
  const home = new URL(options.endpoint);
  let url = new URL(address);
  for (let hop = 0; ; hop++) {
    const withToken = options.token !== undefined && url.origin === home.origin;
    if (withToken && url.protocol === "http:" && !isLoopback(url.hostname)) throw tokenInTheOpen(url.host);
    const { authorization: _own, ...rest } = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
    const answer = await once(url, method, { ...rest, ...(withToken && { authorization: `Bearer ${options.token}` }) }, options);
    const to = answer.headers.location;
    if (![301, 302, 303, 307, 308].includes(answer.status) || to === undefined) return answer;
    answer.body.resume();
    if (hop >= MOST_REDIRECTS) throw badRedirect(home.host, `more than ${MOST_REDIRECTS} times`);
    if (!URL.canParse(to, url.href)) throw badRedirect(home.host, "to no address");
    const next = new URL(to, url);
    if (next.protocol !== "https:" && next.protocol !== "http:") throw badRedirect(home.host, "to something that is no web address");
    if (url.protocol === "https:" && next.protocol === "http:") throw badRedirect(home.host, "to an address without encryption");
    url = next;
  }
}

async function once(url: URL, method: string, headers: Headers, options: RequestOptions): Promise<Answer> {
  const proxy = proxyFor(url, options.env ?? process.env, options.proxy);
  const silence = options.silenceMs ?? 30_000;
  const asked = { method, headers: { "user-agent": "layerscope", "accept-encoding": "identity", ...headers }, timeout: silence, signal: options.signal };
  const start = async (): Promise<ClientRequest> => {
    if (!proxy) return url.protocol === "https:" ? httpsRequest(url, asked) : httpRequest(url, asked);
    if (url.protocol === "http:") {
      const own = { ...asked.headers, host: url.host, ...proxyCredentials(proxy) };
      return httpRequest({ ...asked, headers: own, host: proxy.hostname, port: proxy.port || 80, path: url.href });
    }
    const socket = await tunnel(proxy, url, options);
    return httpsRequest(url, { ...asked, agent: false, createConnection: () => tlsConnect({ socket, servername: url.hostname }) });
  };
  try {
    const request = await start();
    return await new Promise<Answer>((resolve, reject) => {
      request.on("timeout", () => request.destroy(Object.assign(new Error("silent"), { code: "ETIMEDOUT" })));
      request.on("error", reject);
      request.on("response", (body) => resolve({ url, status: body.statusCode ?? 0, headers: body.headers, body }));
      request.end();
    });
  } catch (error) {
    // A certificate is the Hub's own, through whatever it was reached.
    throw explain(error, proxy && !isCertificate(error) ? proxy.host : url.host, options.signal);
  }
}

function tunnel(proxy: URL, to: URL, { signal, silenceMs = 30_000 }: RequestOptions): Promise<Socket> {
  const path = `${to.hostname}:${to.port || 443}`;
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      host: proxy.hostname,
      port: proxy.port || 80,
      method: "CONNECT",
      path,
      headers: { host: path, ...proxyCredentials(proxy) },
      timeout: silenceMs,
      signal,
    });
    request.on("timeout", () => request.destroy(Object.assign(new Error("silent"), { code: "ETIMEDOUT" })));
    request.on("error", reject);
    request.on("response", ({ statusCode = 0 }) => reject(proxyRefused(statusCode)));
    request.on("connect", ({ statusCode = 0 }, socket) => {
      if (statusCode === 200) return resolve(socket);
      socket.destroy();
      reject(proxyRefused(statusCode));
    });
    request.end();
  });
}

const proxyCredentials = ({ username, password }: URL): Headers =>
  username ? { "proxy-authorization": `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString("base64")}` } : {};

const WHY: Readonly<Record<string, string>> = {
  ENOTFOUND: "its name is not known",
  EAI_AGAIN: "names cannot be looked up",
  ECONNREFUSED: "the connection is refused",
  ECONNRESET: "the connection was cut",
  EPIPE: "the connection was cut",
  ETIMEDOUT: "no answer came in time",
  ENETUNREACH: "there is no network",
  EHOSTUNREACH: "there is no way to it",
};

const isCertificate = (error: unknown): boolean => /CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO_VERIFY/.test(String((error as { code?: unknown })?.code ?? ""));

/** A failure of the line in plain words. */
export function explain(error: unknown, host: string, signal?: AbortSignal): ProblemError {
  if (error instanceof ProblemError) return error;
  if (signal?.aborted) return problem("run/cancelled", "Cancelled.");
  const { code } = error as { code?: unknown };
  const known = typeof code === "string" && /^[\w-]{1,64}$/.test(code) ? code : "unknown";
  if (isCertificate(error)) return untrustedCertificate(host, known);
  return unreachable(host, WHY[known] ?? known);
}
