import { ProblemError } from "../../protocol/index.js";
import { cancelled } from "../errors.js";
import { lost } from "./errors.js";
import { LineError } from "./line.js";
import { Faltered, Lie, Passing, type Server } from "./server.js";

export interface PoolOptions {
  /** Requests under way at one server. */
  readonly inFlight: number;
  /** How long a request goes on trying while no server answers anything. */
  readonly patienceMs: number;
  /** First pause after a failure; doubles up to `longestMs`, each shortened at random. */
  readonly pauseMs: number;
  readonly longestMs: number;
  readonly random: () => number;
}

export const POOL: PoolOptions = { inFlight: 4, patienceMs: 60_000, pauseMs: 250, longestMs: 15_000, random: Math.random };

/** A server with what the pool knows of it. */
export interface Member {
  readonly server: Server;
  /** Why it is asked no more, once that is settled. */
  out: string | undefined;
  /** Set aside until then (performance.now). */
  asideUntil: number;
  why: string;
  failures: number;
  lies: number;
  limit: number;
  inFlight: number;
  /** Milliseconds of the last answers. */
  readonly latencies: number[];
}

/** Lies after which a server is believed no more. */
const MOST_LIES = 2;
const MOST_TRIES = 40;
/** Status 500 at one server for one request, after which it is the request's own. */
const MOST_FALTERS = 4;

/**
 * Hands requests to servers: the least busy goes first, each has a few under way and the others wait. What passes is tried again elsewhere or
 * later; a server that fails is set aside and looked at again; one that lies is asked no more. Requests must be idempotent, as inference is.
 */
export class Pool {
  readonly members: Member[];
  private readonly waiting: (() => void)[] = [];
  private readonly timers = new Set<NodeJS.Timeout>();
  private lastAnswer = Number.NEGATIVE_INFINITY;
  private closed = false;

  constructor(
    servers: readonly Server[],
    private readonly options: PoolOptions,
    /** Whether a server that was set aside may come back: it must still serve the same model. */
    private readonly look: (server: Server) => Promise<void>,
    /** Told once for each change of a server's standing. */
    private readonly tell: (host: string, what: string) => void,
  ) {
    this.members = servers.map((server) => ({
      server,
      out: undefined,
      asideUntil: 0,
      why: "",
      failures: 0,
      lies: 0,
      limit: options.inFlight,
      inFlight: 0,
      latencies: [],
    }));
  }

  /**
   * @param within longest wait for an answer at this server, given what it usually needs
   * @throws what no server can help against: `remote/lost`, `remote/refused`, `run/cancelled`
   */
  async run<T>(task: (server: Server, within: number | undefined) => Promise<T>, signal?: AbortSignal, avoid?: Server): Promise<{ value: T; server: Server }> {
    const refusals = new Map<Member, ProblemError>();
    const falters = new Map<Member, number>();
    let since: number | undefined;
    for (let tries = 0; ; tries++) {
      const member = await this.take((one) => !refusals.has(one), since, signal, avoid);
      if (!member) throw [...refusals.values()][0] ?? this.nobody();
      const started = performance.now();
      try {
        const value = await task(member.server, usual(member));
        this.answered(member, performance.now() - started);
        return { value, server: member.server };
      } catch (error) {
        if (signal?.aborted || this.closed || (error instanceof LineError && error.fault === "cancelled")) throw cancelled();
        since ??= performance.now();
        if (error instanceof Faltered) {
          const times = (falters.get(member) ?? 0) + 1;
          falters.set(member, times);
          member.why = error.why;
          // The server may be well for all others, so it keeps its place; only this request waits, and takes up one of its places.
          if (times < MOST_FALTERS) await this.pause(this.backoff(times - 1), signal);
          else refusals.set(member, error.refusal);
        } else if (error instanceof Passing) this.failed(member, error);
        else if (error instanceof Lie) this.lied(member, error.why);
        else if (error instanceof ProblemError) {
          // Others may manage; a server that refuses without reference to this batch is left alone.
          refusals.set(member, error);
          if (!/refused$/.test(error.problem.code) || error.problem.code === "remote/token-refused") this.dismiss(member, error.problem.message);
        } else throw error;
        if (tries >= MOST_TRIES) throw this.nobody();
      } finally {
        member.inFlight--;
        this.wake();
      }
    }
  }

  /** Asked no more in this run. */
  dismiss(member: Member, why: string): void {
    if (member.out !== undefined) return;
    member.out = why;
    this.tell(member.server.address.host, `is asked no more: ${why}`);
    this.wake();
  }

  memberOf(server: Server): Member | undefined {
    return this.members.find((one) => one.server === server);
  }

  lied(member: Member, why: string): void {
    if (++member.lies >= MOST_LIES) this.dismiss(member, why);
    else this.failed(member, new Passing(why));
  }

  close(): void {
    this.closed = true;
    for (const timer of this.timers) clearTimeout(timer);
    for (const { server } of this.members) server.close();
    this.wake();
  }

  private nobody(): ProblemError {
    return lost(this.members.map(({ server, out, why }) => ({ host: server.address.host, why: out ?? (why || "no answer") })));
  }

  /** A place at a server; waits while all are busy or set aside. Undefined when none will do, or patience is over. */
  private async take(may: (member: Member) => boolean, since: number | undefined, signal?: AbortSignal, avoid?: Server): Promise<Member | undefined> {
    for (;;) {
      if (signal?.aborted || this.closed) throw cancelled();
      const left = this.members.filter((one) => one.out === undefined && may(one));
      if (left.length === 0) return undefined;
      const now = performance.now();
      // One that comes while every server is set aside has failed nowhere yet, and waits no longer than those that did.
      if (left.every(({ asideUntil }) => asideUntil > 0)) since ??= now;
      if (since !== undefined && now - Math.max(since, this.lastAnswer) > this.options.patienceMs) return undefined;
      const others = left.filter(({ server }) => server !== avoid);
      const free = (others.length > 0 ? others : left).filter((one) => one.asideUntil === 0 && one.inFlight < one.limit);
      if (free.length > 0) {
        const least = free.reduce((a, b) => (b.inFlight / b.limit < a.inFlight / a.limit ? b : a));
        least.inFlight++;
        return least;
      }
      // Patience must be felt even when nobody wakes us.
      await this.sleep(1_000, signal);
    }
  }

  private answered(member: Member, ms: number): void {
    this.lastAnswer = performance.now();
    member.failures = 0;
    member.lies = 0;
    member.latencies.push(ms);
    if (member.latencies.length > 32) member.latencies.shift();
    if (member.limit < this.options.inFlight && member.latencies.length % 16 === 0) member.limit++;
  }

  /** Set aside, with exponential backoff and full jitter over its upper half; then looked at before it is used again. */
  private failed(member: Member, { why, after, busy }: Passing): void {
    member.why = why;
    if (busy) member.limit = Math.max(1, Math.floor(member.limit / 2));
    if (member.out !== undefined || member.asideUntil > 0) return;
    if (member.failures === 0 && !busy) this.tell(member.server.address.host, `was set aside: ${why}`);
    const pause = Math.max(after ?? 0, this.backoff(member.failures));
    member.failures++;
    member.asideUntil = performance.now() + pause;
    this.later(pause, () => void this.lookAgain(member));
  }

  private async lookAgain(member: Member): Promise<void> {
    try {
      await this.look(member.server);
      member.asideUntil = 0;
    } catch (error) {
      member.asideUntil = 0;
      if (this.closed) return;
      if (error instanceof Passing) this.failed(member, error);
      else if (error instanceof Lie) this.lied(member, error.why);
      else if (error instanceof ProblemError) this.dismiss(member, error.problem.message);
      else this.failed(member, new Passing("it cannot be looked at"));
    }
    this.wake();
  }

  private later(ms: number, run: () => void): void {
    if (this.closed) return;
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      run();
    }, ms);
    this.timers.add(timer);
  }

  /** Milliseconds after so many failures. */
  private backoff(failures: number): number {
    const { pauseMs, longestMs, random } = this.options;
    const full = Math.min(longestMs, pauseMs * 2 ** failures);
    return full / 2 + (full / 2) * random();
  }

  /** The whole time, whatever wakes others meanwhile. */
  private async pause(ms: number, signal?: AbortSignal): Promise<void> {
    const until = performance.now() + ms;
    for (let left = ms; left > 0 && !this.closed && !signal?.aborted; left = until - performance.now()) await this.sleep(left, signal);
  }

  private wake(): void {
    for (const go of this.waiting.splice(0)) go();
  }

  private sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal?.addEventListener("abort", done, { once: true });
      this.waiting.push(done);
    });
  }
}

/** Twenty times what its slowest answer of late took, but never less than ten seconds: a server that hangs is noticed long before the longest wait. */
function usual({ latencies }: Member): number | undefined {
  return latencies.length < 8 ? undefined : Math.max(10_000, 20 * Math.max(...latencies));
}
