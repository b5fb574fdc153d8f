import { sampleGroups } from "../lenses/alignment-quality/replicates.js";
import { groupWeights } from "../stats/bootstrap.js";
import { Random } from "../stats/random.js";

/** Draws for both runs at once: whole groups, exponential weights (Bayesian bootstrap). */
export interface Draws {
  /** Rows that are drawn from, ascending. */
  readonly rows: Int32Array;
  /** [count] weights over `rows`. */
  readonly weights: readonly Float64Array[];
  /** Factor on the replicates' deviation where `rows` are a sample. */
  readonly factor: number;
}

export const DRAWS = 500;
const MOST_ROWS = 4000;

export function drawGroups(group: Int32Array, seed: number, count = DRAWS, most = MOST_ROWS): Draws {
  const rows = sampleGroups(group, most, seed, 81);
  const own = Int32Array.from(rows, (i) => group[i]);
  const random = new Random(seed, 82);
  const weights = Array.from({ length: count }, () => {
    const w = new Float64Array(rows.length);
    groupWeights(own, random, w);
    return w;
  });
  return { rows, weights, factor: Math.sqrt(rows.length / group.length) };
}
