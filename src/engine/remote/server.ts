import { ProblemError } from "../../protocol/index.js";
import type { RuntimeTensor } from "../model/runtime.js";
import type { Address } from "./address.js";
import { needsToken, redirected, refused, untrusted } from "./errors.js";
import { type Answer, Line, LineError } from "./line.js";
import { type Metadata, readMetadata } from "./metadata.js";
import { decodeAnswer, encodeRequest, type GivenTensor, WrongAnswer } from "./tensors.js";
import { tokenFor } from "./token.js";

/** A failure that passes: another server, or the same one later, may do it. */
export class Passing extends Error {
  constructor(
    readonly why: string,
    /** Milliseconds that the server wants to be left alone. */
    readonly after?: number,
    /** It is there, and has too much to do. */
    readonly busy = false,
  ) {
    super(why);
  }
}

/** Status 500: it may pass (memory that was short, a restart behind it) or be the batch's own; after a few times `refusal` is believed. */
export class Faltered extends Passing {
  constructor(
    why: string,
    readonly refusal: ProblemError,
  ) {
    super(why);
  }
}

/** An answer that no honest server gives: another one is asked. */
export class Lie extends Error {
  constructor(readonly why: string) {
    super(why);
  }
}

export interface Limits {
  readonly connectMs: number;
  /** Longest wait for an answer. */
  readonly answerMs: number;
}

const META_BYTES = 4 << 20;
const META_MS = 10_000;
const MOST_WAIT = 30_000;

/** One model on one server. Speaks the protocol; knows nothing of other servers or of trying again. */
export class Server {
  /** Tensors as bytes; undefined = not known yet. */
  binary: boolean | undefined;
  /** Rows that a request may have. */
  maxRows = Number.POSITIVE_INFINITY;
  private readonly line: Line;

  constructor(
    readonly address: Address,
    sockets: number,
    private readonly limits: Limits,
  ) {
    this.line = new Line(address, sockets, limits.connectMs);
  }

  /** @throws Passing, Problem */
  async metadata(signal?: AbortSignal): Promise<Metadata> {
    const { base, path, host } = this.address;
    const about = await this.get(path, signal);
    if (about.status !== 200) throw this.refusal(about);
    const server = await this.get(`${base}/v2`, signal).catch(() => undefined);
    const { name, extensions } = (server?.status === 200 ? json(server) : undefined) ?? {};
    if (Array.isArray(extensions) && extensions.includes("binary_tensor_data")) this.binary = true;
    // How many rows it joins is Triton's own to say.
    if (name === "triton") {
      const config = await this.get(`${path}/config`, signal).catch(() => undefined);
      const most = config?.status === 200 ? Number(json(config)?.max_batch_size) : 0;
      if (Number.isInteger(most) && most > 0) this.maxRows = most;
    }
    const found = json(about);
    if (!found) throw new Passing(`${host} answers with something else than a model's description`);
    return readMetadata(found);
  }

  /** @throws Passing until the model is loaded; Problem */
  async ready(signal?: AbortSignal): Promise<void> {
    const answer = await this.get(`${this.address.path}/ready`, signal);
    if (answer.status !== 200) throw answer.status === 404 || answer.status === 400 ? new Passing("the model is not ready") : this.refusal(answer);
    if (json(answer)?.ready === false) throw new Passing("the model is not ready");
  }

  /**
   * @param floats numbers that the answer may hold; @param within longest wait in milliseconds
   * @throws Passing, Lie, LineError `cancelled`, Problem
   */
  async infer(
    id: string,
    inputs: ReadonlyMap<string, RuntimeTensor>,
    outputs: readonly string[],
    floats: number,
    within = this.limits.answerMs,
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<string, GivenTensor>> {
    if (this.binary !== undefined) return this.exchange(this.binary, id, inputs, outputs, floats, within, signal);
    const once = async (binary: boolean) => {
      const found = await this.exchange(binary, id, inputs, outputs, floats, within, signal);
      this.binary ??= binary;
      return found;
    };
    // A server that knows no binary tensors reads the bytes as bad JSON; a 500 may be anything, and counts for that only when it comes twice.
    try {
      return await once(true);
    } catch (error) {
      if (!(error instanceof Faltered) && !isUnread(error)) throw error;
      if (isUnread(error)) return once(false);
    }
    return once(true).catch((error: unknown) => {
      if (!(error instanceof Faltered) && !isUnread(error)) throw error;
      return once(false);
    });
  }

  private async exchange(
    binary: boolean,
    id: string,
    inputs: ReadonlyMap<string, RuntimeTensor>,
    outputs: readonly string[],
    floats: number,
    within: number,
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<string, GivenTensor>> {
    const { headers, body } = encodeRequest(id, inputs, outputs, binary);
    // A float32 as JSON has up to 25 characters; a server may answer so even where bytes were asked for.
    const limit = 65_536 + floats * 28;
    const answer = await this.ask({ method: "POST", path: `${this.address.path}/infer`, headers, body, limit, within, signal });
    if (answer.status !== 200) throw binary && [400, 415, 422].includes(answer.status) ? unread(this.refusal(answer)) : this.refusal(answer);
    try {
      const { id: given, outputs: found } = decodeAnswer(answer.body, answer.headers["inference-header-content-length"] as string | undefined);
      if (given !== undefined && given !== "" && given !== id) throw new WrongAnswer("an answer to another request");
      return found;
    } catch (error) {
      if (error instanceof WrongAnswer) throw new Lie(error.message);
      throw error;
    }
  }

  close(): void {
    this.line.close();
  }

  private get(path: string, signal?: AbortSignal): Promise<Answer> {
    return this.ask({ method: "GET", path, limit: META_BYTES, within: Math.min(META_MS, this.limits.answerMs), signal });
  }

  private async ask(what: Parameters<Line["send"]>[0]): Promise<Answer> {
    try {
      return await this.line.send(what);
    } catch (error) {
      if (!(error instanceof LineError) || error.fault === "cancelled") throw error;
      if (error.fault === "certificate") throw untrusted(this.address.host, error.why);
      if (error.fault === "too-large" || error.fault === "garbled") throw new Lie(error.why);
      throw new Passing(error.why);
    }
  }

  /** What another status than 200 means. */
  private refusal({ status, headers, body }: Answer): Error {
    const { host } = this.address;
    if (status >= 300 && status < 400) return redirected(host);
    if (status === 401 || status === 403) return needsToken(host, status, Boolean(process.env.LAYERSCOPE_ENGINE_TOKEN));
    if (status === 429 || status === 502 || status === 503 || status === 504) {
      const seconds = Number(headers["retry-after"]);
      return new Passing(
        `status ${status}`,
        Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds * 1_000, MOST_WAIT) : undefined,
        status === 429 || status === 503,
      );
    }
    const refusal = refused(host, status, reasonIn(body, tokenFor(this.address)));
    return status === 500 ? new Faltered(`status ${status}`, refusal) : refusal;
  }
}

/** Refusals of a request in bytes that may be about the bytes. */
const UNREAD = new WeakSet<Error>();
const isUnread = (error: unknown): boolean => error instanceof Error && UNREAD.has(error);
function unread(error: Error): Error {
  UNREAD.add(error);
  return error;
}

function json({ body }: Answer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** What the server says, without lists of numbers (they would be token ids), the token that it was sent, marks and control characters. */
function reasonIn(body: Buffer, token: string | undefined): string {
  const text = body.subarray(0, 4_096).toString("utf8");
  let said = text;
  try {
    const { error, detail } = JSON.parse(text) as { error?: unknown; detail?: unknown };
    said = typeof error === "string" ? error : typeof detail === "string" ? detail : text;
  } catch {
    // Plain text is shown as it is.
  }
  return (token === undefined ? said : said.replaceAll(token, "…"))
    .replace(/-?\d+(?:[\s,;]+-?\d+){2,}/g, "…")
    .replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ")
    .replace(/Bearer\s+\S+/gi, "…")
    .slice(0, 300);
}

export const isProblem = (error: unknown): error is ProblemError => error instanceof ProblemError;
