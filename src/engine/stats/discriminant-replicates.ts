import { type Cells, midpoints } from "./contrast.js";
import { dot } from "./dense.js";
import type { DiscriminantOptions, Replicates } from "./discriminant.js";
import type { Folds } from "./folds.js";
import type { Rows } from "./moments.js";
import type { ShrunkSolver } from "./shrunk-solver.js";
import type { Within } from "./training-sums.js";

/** Rows of one product with the replicates' directions. */
const CHUNK = 1024;
export interface FittedFold {
  readonly fold: number;
  readonly inverse: Float64Array;
  readonly within: Within;
  readonly solver: ShrunkSolver;
  readonly deviation: number;
}

/** Held-out scores of a fold under every replicate of its contrast, the whitening kept; written to `out` [count, replicates.rows.length]. */
export async function replicateScores(
  x: Rows,
  cells: Cells,
  fitted: FittedFold,
  replicates: Replicates,
  folds: Folds,
  { blas, breathe }: DiscriminantOptions,
  out: Float32Array,
): Promise<void> {
  const { d } = x;
  const { rows, count } = replicates;
  const { inverse, within, deviation } = fitted;
  const delta = await blas.matmul(replicates.contrast[fitted.fold]!, rows.length === x.n ? x.data : gather(x, rows), count, rows.length, d);
  await breathe();
  for (let b = 0, at = 0; b < count; b++) for (let j = 0; j < d; j++, at++) delta[at]! *= inverse[j]!;
  const directions = await fitted.solver.many(delta, count);
  const middle = midpoints(within.size);
  const offset = new Float64Array(cells.strata * count);
  for (let b = 0, at = 0; b < count; b++) {
    const own = Float64Array.from(directions.subarray(b * d, (b + 1) * d));
    const place = within.means.map((mean) => dot(mean, own));
    middle.forEach((share, a) => {
      offset[a * count + b] = share.reduce((s, v, c) => s + v * place[c]!, 0);
    });
    for (let j = 0; j < d; j++, at++) directions[at]! *= inverse[j]!;
  }
  const held: number[] = [];
  rows.forEach((row, at) => {
    if (folds.of[row] === fitted.fold) held.push(at);
  });
  for (let from = 0; from < held.length; from += CHUNK) {
    const part = held.slice(from, from + CHUNK);
    const tested = Int32Array.from(part, (at) => rows[at]!);
    const products = await blas.matmul(directions, gather(x, tested), count, d, part.length, true);
    for (let b = 0, at = 0; b < count; b++)
      for (let i = 0; i < part.length; i++, at++)
        out[b * rows.length + part[i]!] = (products[at]! - offset[cells.stratum[tested[i]!]! * count + b]!) / deviation;
    await breathe();
  }
}

function gather(x: Rows, rows: Int32Array): Float32Array {
  const out = new Float32Array(rows.length * x.d);
  for (let k = 0; k < rows.length; k++) out.set(x.data.subarray(rows[k]! * x.d, (rows[k]! + 1) * x.d), k * x.d);
  return out;
}
