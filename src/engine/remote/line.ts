import { Agent, type ClientRequest, request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { Address } from "./address.js";
import { tokenFor } from "./token.js";
import { authorities } from "./trust.js";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Ask {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** Bytes that an answer may have. */
  readonly limit: number;
  /** Milliseconds until the whole answer must be there. */
  readonly within: number;
  readonly signal?: AbortSignal;
}

/** What went wrong on the way: no connection, one that was cut, no answer in time, too long an answer, or a stranger's certificate. */
export type Fault = "connect" | "cut" | "silent" | "too-large" | "certificate" | "garbled" | "cancelled";

export class LineError extends Error {
  constructor(
    readonly fault: Fault,
    /** For people: `the connection is refused`. */
    readonly why: string,
  ) {
    super(why);
  }
}

const WHY: Readonly<Record<string, string>> = {
  ENOTFOUND: "its name is not known",
  EAI_AGAIN: "names cannot be looked up",
  ECONNREFUSED: "the connection is refused",
  ECONNRESET: "the connection was cut",
  EPIPE: "the connection was cut",
  ENETUNREACH: "there is no network",
  EHOSTUNREACH: "there is no way to it",
  ETIMEDOUT: "no connection in time",
};

const CONNECT_MS = 10_000;

/** Connections to one server, kept alive. One exchange at a time on each; redirects are never followed. */
export class Line {
  private readonly agent: Agent;

  constructor(
    readonly address: Address,
    sockets: number,
    private readonly connectMs = CONNECT_MS,
  ) {
    const options = { keepAlive: true, maxSockets: sockets, maxFreeSockets: sockets };
    this.agent = address.secure ? new HttpsAgent({ ...options, ca: authorities(), minVersion: "TLSv1.2" }) : new Agent(options);
  }

  /** @throws LineError; Problem `remote/token…` */
  async send(ask: Ask): Promise<Answer> {
    try {
      return await this.once(ask, this.agent);
    } catch (error) {
      // A server may close an idle connection at the moment we use it: that is no fault of either.
      if (error instanceof Stale) return this.once(ask, false);
      throw error;
    }
  }

  close(): void {
    this.agent.destroy();
  }

  private once({ method, path, headers, body, limit, within, signal }: Ask, agent: Agent | false): Promise<Answer> {
    const { address } = this;
    const token = tokenFor(address);
    const options = {
      method,
      agent,
      host: address.hostname,
      port: address.port,
      path,
      ...(agent === false && address.secure ? { ca: authorities() } : {}),
      headers: {
        "user-agent": "layerscope",
        accept: "application/json, application/octet-stream",
        "accept-encoding": "identity",
        ...headers,
        ...(body ? { "content-length": String(body.length) } : {}),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
    };
    return new Promise<Answer>((resolve, reject) => {
      let request: ClientRequest;
      let connecting: NodeJS.Timeout | undefined;
      const fail = (error: Error) => {
        finish();
        reject(error);
        request?.destroy();
      };
      const onAbort = () => fail(new LineError("cancelled", "cancelled"));
      const whole = setTimeout(() => fail(new LineError("silent", "no answer came in time")), within);
      const finish = () => {
        clearTimeout(whole);
        clearTimeout(connecting);
        signal?.removeEventListener("abort", onAbort);
      };
      if (signal?.aborted) return onAbort();
      signal?.addEventListener("abort", onAbort, { once: true });
      request = address.secure ? httpsRequest(options) : httpRequest(options);
      request.on("error", (error) => fail(explained(error, request.reusedSocket)));
      request.on("socket", (socket) => {
        // What lies in an idle connection answers nothing that we asked.
        if (request.reusedSocket && socket.readableLength > 0) return fail(new Stale());
        if (!socket.connecting) return;
        connecting = setTimeout(() => fail(new LineError("connect", "no connection in time")), this.connectMs);
        socket.once(address.secure ? "secureConnect" : "connect", () => clearTimeout(connecting));
      });
      request.on("response", (response) => {
        const tooLarge = () => fail(new LineError("too-large", `an answer of more than ${limit} bytes`));
        if (Number(response.headers["content-length"] ?? 0) > limit) return tooLarge();
        if (!/^(identity)?$/.test(response.headers["content-encoding"] ?? ""))
          return fail(new LineError("garbled", "a compressed answer that was not asked for"));
        const pieces: Buffer[] = [];
        let size = 0;
        response.on("data", (piece: Buffer) => {
          size += piece.length;
          if (size > limit) return tooLarge();
          pieces.push(piece);
        });
        response.on("error", (error) => fail(explained(error, false)));
        response.on("aborted", () => fail(new LineError("cut", "the connection was cut in the middle of an answer")));
        response.on("end", () => {
          if (!response.complete) return fail(new LineError("cut", "the connection was cut in the middle of an answer"));
          finish();
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(pieces) });
        });
      });
      request.end(body);
    });
  }
}

class Stale extends Error {}

function explained(error: Error, reused: boolean): Error {
  const code = String((error as { code?: unknown }).code ?? "");
  if (reused && (code === "ECONNRESET" || code === "EPIPE")) return new Stale();
  if (/CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code)) return new LineError("certificate", code);
  if (/^HPE_/.test(code)) return new LineError("garbled", "what came is no answer of a web server");
  const why = WHY[code] ?? (/^[A-Z_]{1,40}$/.test(code) ? code : "the connection failed");
  return new LineError(code === "ECONNRESET" || code === "EPIPE" ? "cut" : "connect", why);
}
