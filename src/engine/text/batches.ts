import { shuffled } from "./order.js";

/** Rows that run together: positions into the list of encoded rows. */
export interface BatchPlan {
  readonly batches: readonly (readonly number[])[];
  /** Padded tokens a batch may hold. */
  readonly tokensPerBatch: number;
}

/** Padded tokens a batch may hold, from the time that one token takes: the step of the ladder nearest below `targetMs`. */
export function tokensPerBatch(msPerToken: number, targetMs = 75): number {
  const wanted = targetMs / Math.max(msPerToken, 1e-4);
  let step = 64;
  while (step * 2 <= wanted && step < 4096) step *= 2;
  return step;
}

/**
 * Rows sorted by length and cut into batches of at most `budget` padded tokens; the batches are then shuffled (seeded), so
 * that whatever has arrived so far is a fair sample. The first batch is a small one: the first picture should not wait.
 */
export function planBatches(lengths: readonly number[], budget: number, seed: number, oneRowAtATime = false): BatchPlan {
  const order = lengths.map((_, i) => i).sort((a, b) => lengths[a] - lengths[b] || a - b);
  const batches: number[][] = [];
  let current: number[] = [];
  for (const row of order) {
    // Sorted ascending: the newest row is the longest, so it sets the padded width.
    if (current.length > 0 && (oneRowAtATime || lengths[row] * (current.length + 1) > budget)) {
      batches.push(current);
      current = [];
    }
    current.push(row);
  }
  if (current.length > 0) batches.push(current);
  return { batches: shuffled(batches, seed), tokensPerBatch: budget };
}
