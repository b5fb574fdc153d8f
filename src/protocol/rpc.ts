import { checkEnvelope } from "./check.js";
import { type Chunk, type Envelope, PROTOCOL } from "./messages.js";
import { Parcels, splitMessage } from "./parcels.js";
import type { Problem } from "./problem.js";

/** Either end of a wire: a child process, a webview, a pair of ports in a test. */
export interface Wire {
  post(message: Envelope | Chunk): void;
  onMessage(listener: (message: unknown) => void): void;
}

/** An Error that carries a Problem; the only error that crosses a wire with its sentence. */
export class ProblemError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.message);
    this.name = "ProblemError";
  }
}

export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  if (error instanceof Error && error.name === "AbortError") return { code: "run/cancelled", message: "Cancelled." };
  const file = fileProblem(error);
  if (file) return file;
  const details = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: "internal", message: "Something went wrong inside Layerscope.", hint: "The log has the details.", details };
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  ENOENT: "it is not there",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file would be too large",
  EIO: "the disk failed",
  EROFS: "the disk is read-only",
  EMFILE: "too many files are open",
};

/** The operating system's refusal of a file, in a sentence. */
function fileProblem(error: unknown): Problem | undefined {
  const { code, path } = (error instanceof Error ? error : {}) as { code?: unknown; path?: unknown };
  if (typeof code !== "string" || typeof path !== "string" || !Object.hasOwn(REASONS, code)) return undefined;
  return { code: "file/refused", message: `${path} cannot be opened or written: ${REASONS[code]}.`, where: { file: path } };
}

export type Handlers<M> = {
  [K in keyof M]?: M[K] extends { params: infer P; result: infer R } ? (params: P, signal: AbortSignal) => R | Promise<R> : never;
};

interface Pending {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/**
 * Ask, answer, cancel and event over any wire. A handler that throws answers with a Problem; closing rejects all that
 * is pending; what is malformed or unknown is refused and reported once, never passed on.
 */
export class Rpc<Theirs extends object, TheirEvents extends object, Ours extends object, OurEvents extends object> {
  private next = 1;
  private transfers = 1;
  private readonly parcels = new Parcels();
  private closed: Problem | undefined;
  private readonly pending = new Map<number, Pending>();
  private readonly running = new Map<number, AbortController>();
  private readonly listeners = new Map<string, (body: never) => void>();

  constructor(
    private readonly wire: Wire,
    private readonly handlers: Handlers<Ours>,
    /** Told of every message that was refused, without its content. */
    private readonly onRefused: (reason: string) => void = () => {},
  ) {
    wire.onMessage((message) => this.receive(message));
  }

  ask<K extends keyof Theirs & string>(
    method: K,
    params: Theirs[K] extends { params: infer P } ? P : never,
    signal?: AbortSignal,
  ): Promise<Theirs[K] extends { result: infer R } ? R : never> {
    if (this.closed) return Promise.reject(new ProblemError(this.closed));
    const id = this.next++;
    return new Promise((resolve, reject) => {
      const cancel = () => this.pending.has(id) && this.post({ v: PROTOCOL, kind: "cancel", id });
      this.pending.set(id, {
        resolve: (value) => {
          signal?.removeEventListener("abort", cancel);
          resolve(value as never);
        },
        reject: (error) => {
          signal?.removeEventListener("abort", cancel);
          reject(error);
        },
      });
      this.post({ v: PROTOCOL, kind: "ask", id, method, params });
      if (signal?.aborted) cancel();
      else signal?.addEventListener("abort", cancel, { once: true });
    });
  }

  tell<K extends keyof OurEvents & string>(name: K, body: OurEvents[K]): void {
    if (!this.closed) this.post({ v: PROTOCOL, kind: "event", name, body });
  }

  on<K extends keyof TheirEvents & string>(name: K, listener: (body: TheirEvents[K]) => void): void {
    this.listeners.set(name, listener as (body: never) => void);
  }

  /** Rejects everything pending with `problem`, stops everything running. */
  close(problem: Problem): void {
    if (this.closed) return;
    this.closed = problem;
    for (const waiting of this.pending.values()) waiting.reject(new ProblemError(problem));
    for (const run of this.running.values()) run.abort();
    this.pending.clear();
    this.running.clear();
  }

  /** In parts, where it is large. */
  private post(envelope: Envelope): void {
    for (const part of splitMessage(envelope, this.transfers++)) this.wire.post(part);
  }

  private receive(message: unknown): void {
    if (this.closed) return;
    const checked = checkEnvelope(message);
    const envelope = typeof checked === "string" ? checked : checked.kind === "chunk" ? this.parcels.take(checked) : this.parcels.join(checked);
    if (envelope === undefined) return;
    if (typeof envelope === "string") {
      this.onRefused(envelope);
      return;
    }
    switch (envelope.kind) {
      case "ask":
        void this.answer(envelope.id, envelope.method, envelope.params);
        return;
      case "answer":
      case "error": {
        const waiting = this.pending.get(envelope.id);
        if (!waiting) {
          this.onRefused(`an answer to question ${envelope.id}, which was not asked or is answered already`);
          return;
        }
        this.pending.delete(envelope.id);
        if (envelope.kind === "answer") waiting.resolve(envelope.result);
        else waiting.reject(new ProblemError(envelope.problem));
        return;
      }
      case "cancel":
        this.running.get(envelope.id)?.abort();
        return;
      case "event": {
        const listener = this.listeners.get(envelope.name);
        if (listener) listener(envelope.body as never);
        else this.onRefused("an event of an unknown name");
        return;
      }
      default:
        envelope satisfies never;
    }
  }

  private async answer(id: number, method: string, params: unknown): Promise<void> {
    const handler = Object.hasOwn(this.handlers, method) ? (this.handlers as Record<string, (p: unknown, s: AbortSignal) => unknown>)[method] : undefined;
    if (!handler) {
      this.onRefused("a question of an unknown name");
      this.post({ v: PROTOCOL, kind: "error", id, problem: { code: "protocol/unknown-method", message: "That question is not known here." } });
      return;
    }
    const control = new AbortController();
    this.running.set(id, control);
    try {
      const result = await handler(params, control.signal);
      if (!this.closed) this.post({ v: PROTOCOL, kind: "answer", id, result });
    } catch (error) {
      if (!this.closed) this.post({ v: PROTOCOL, kind: "error", id, problem: problemOf(error) });
    } finally {
      this.running.delete(id);
    }
  }
}
