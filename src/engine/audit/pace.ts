import type { Progress } from "../../protocol/index.js";

/** Says when something may be told again: at most four times a second, and never so often that telling takes over a tenth of the time. */
export class Pace {
  private last = Number.NEGATIVE_INFINITY;
  private cost = 0;

  due(now = performance.now()): boolean {
    return now - this.last >= Math.max(250, this.cost * 9);
  }

  /** @param started when the telling began */
  told(started: number, now = performance.now()): void {
    this.last = now;
    this.cost = now - started;
  }
}

/** Rate and time left of a phase, from its own start. */
export class Phase {
  private readonly start = performance.now();
  constructor(
    private readonly phase: Progress["phase"],
    private readonly unit: Progress["unit"],
    private readonly of: number,
    private readonly pass?: Progress["pass"],
  ) {}

  at(done: number): Progress {
    const seconds = (performance.now() - this.start) / 1000;
    const perSecond = done > 0 && seconds > 0.2 ? done / seconds : null;
    return {
      phase: this.phase,
      done,
      of: this.of,
      unit: this.unit,
      perSecond,
      secondsLeft: perSecond === null ? null : (this.of - done) / perSecond,
      ...(this.pass ? { pass: this.pass } : {}),
    };
  }
}
