import { throwIfAborted } from "../errors.js";
import type { LensTools } from "./lens.js";

/** Lets the event loop run between slices of work, so that a cancel is heard in time. */
export class Pace {
  private last = performance.now();
  private done = 0;

  constructor(
    private readonly tools: LensTools,
    private readonly of: number,
  ) {}

  /** One layer (or other unit) is finished. */
  async step(): Promise<void> {
    this.done = Math.min(this.of, this.done + 1);
    await this.yield();
  }

  /** Yields when the last time is long enough ago. */
  async breathe(): Promise<void> {
    if (performance.now() - this.last > 25) await this.yield();
  }

  /** Runs a generator to its end, breathing between its steps. */
  async run<T>(steps: Generator<void, T>): Promise<T> {
    for (;;) {
      const next = steps.next();
      if (next.done) return next.value;
      if (performance.now() - this.last > 25) await this.yield();
    }
  }

  private async yield(): Promise<void> {
    throwIfAborted(this.tools.signal);
    await this.tools.progress(this.done, this.of);
    throwIfAborted(this.tools.signal);
    this.last = performance.now();
  }
}
