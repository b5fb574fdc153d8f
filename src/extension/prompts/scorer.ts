import { type PromptAsk, type PromptScore, problemOf } from "../../protocol/index.js";
import type { EngineClient } from "../engineClient.js";
import type { Target } from "./profiles.js";
import { ScoreCache } from "./scoreCache.js";

/** Asked at once: small, so that what is more urgent waits for little. */
const CHUNK = 16;

/** What is asked for first: what is on screen, what is open, what merely lies in the workspace. */
export const URGENCY = { seen: 2, open: 1, workspace: 0 } as const;

export interface ScoreWish {
  readonly target: Target;
  /** `key` is the prompt's hash. */
  readonly asks: readonly PromptAsk[];
  readonly urgency: number;
  readonly signal: AbortSignal;
  /** Told in portions, as they come. */
  onScores(scores: ReadonlyMap<string, PromptScore>): void;
}

interface Job extends ScoreWish {
  readonly left: PromptAsk[];
  resolve(): void;
  reject(error: unknown): void;
}

/** Asks the engine for scores, one small question at a time, the urgent before the others; waits while an audit has the engine. */
export class Scorer {
  readonly cache = new ScoreCache();
  private readonly jobs: Job[] = [];
  private pumping = false;

  constructor(
    private readonly engine: Pick<EngineClient, "ask">,
    private readonly isBusy: () => boolean,
  ) {}

  /** What would have to be asked now would wait for an audit. */
  get waits(): boolean {
    return this.isBusy();
  }

  /** Resolves when all are told; rejects with a Problem, `run/cancelled` when cancelled. */
  score(wish: ScoreWish): Promise<void> {
    const known = new Map<string, PromptScore>();
    const left: PromptAsk[] = [];
    for (const ask of wish.asks) {
      const score = this.cache.get(wish.target.key, ask.key);
      if (score) known.set(ask.key, score);
      else if (!left.some((other) => other.key === ask.key)) left.push(ask);
    }
    if (known.size > 0) wish.onScores(known);
    if (left.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.jobs.push({ ...wish, left, resolve, reject });
      void this.pump();
    });
  }

  /** Goes on after an audit has ended. */
  wake(): void {
    void this.pump();
  }

  private next(): Job | undefined {
    for (const job of [...this.jobs])
      if (job.signal.aborted) {
        this.drop(job);
        job.reject(job.signal.reason);
      }
    return this.jobs.reduce<Job | undefined>((best, job) => (best && best.urgency >= job.urgency ? best : job), undefined);
  }

  private drop(job: Job): void {
    const at = this.jobs.indexOf(job);
    if (at >= 0) this.jobs.splice(at, 1);
  }

  private async pump(): Promise<void> {
    if (this.pumping) return;
    this.pumping = true;
    try {
      for (let job = this.next(); job && !this.isBusy(); job = this.next()) await this.ask(job);
    } finally {
      this.pumping = false;
    }
  }

  private async ask(job: Job): Promise<void> {
    const chunk = job.left.splice(0, CHUNK);
    try {
      // An engine at work on another's question is never ended for the sake of a prompt that was edited.
      const scores = await this.engine.ask("prompts.score", { use: job.target.use, prompts: chunk }, job.signal, { patient: true });
      for (const score of scores) this.cache.set(job.target.key, score.key, score);
      if (!job.signal.aborted) job.onScores(new Map(scores.map((score) => [score.key, score])));
      if (job.left.length > 0) return;
      this.drop(job);
      job.resolve();
    } catch (error) {
      this.drop(job);
      job.reject(problemOf(error).code === "run/cancelled" ? job.signal.reason : error);
    }
  }
}
