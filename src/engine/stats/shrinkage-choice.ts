/** Shrinkages tried beside Ledoit and Wolf's. */
export const SHRINKAGES = [1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6] as const;

/**
 * d′ over λ is a hump, and the smallest λ cost most: smaller ones are not tried after so many in a row that separate the inner
 * folds less, or after one that does so clearly.
 */
const PATIENCE = 2;
const CLEARLY = 0.985;

/** The walk down the grid of shrinkages: which to try next, and which was best. */
export class ShrinkageChoice {
  /** Inner held-out scores' deviation at the best shrinkage. */
  deviation = 1;
  private readonly grid: readonly number[];
  private at = 0;
  private worse = 0;
  private best: number;
  private effect = Number.NEGATIVE_INFINITY;

  /** @param own Ledoit and Wolf's; @param fixed the only one to be tried */
  constructor(own: number, fixed?: number) {
    this.grid = fixed === undefined ? [Math.min(1, Math.max(own, 1e-6)), ...SHRINKAGES].sort((a, b) => b - a) : [fixed];
    this.best = this.grid[0]!;
  }

  /** The next shrinkage to try, or nothing when the walk is over. */
  get next(): number | undefined {
    return this.worse >= PATIENCE ? undefined : this.grid[this.at];
  }

  get lambda(): number {
    return this.best;
  }

  /** What `next` gave on the inner folds; nothing where a system could not be solved. */
  offer(found?: { readonly effect: number; readonly deviation: number }): void {
    const lambda = this.grid[this.at++]!;
    if (!found) return;
    if (found.deviation > 0 && found.effect > this.effect) {
      this.best = lambda;
      this.effect = found.effect;
      this.deviation = found.deviation;
      this.worse = 0;
    } else this.worse += found.effect < CLEARLY * this.effect ? PATIENCE : 1;
  }
}
