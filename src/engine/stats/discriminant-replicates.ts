import { type Cells, midpoints } from "./contrast.js";
import type { DiscriminantOptions, Replicates } from "./discriminant.js";
import type { Folds } from "./folds.js";
import type { Rows } from "./moments.js";
import type { Room } from "./room.js";
import type { Sides } from "./shrunk-solver.js";
import type { Within } from "./training-sums.js";

/** What is fitted of a fold. */
export interface FittedFold {
  readonly fold: number;
  readonly inverse: Float64Array;
  readonly within: Within;
}

/**
 * The contrasts of all replicates, and the fold's held-out rows measured from their stratum's midpoint, as columns on scaled axes: their product
 * through the inverse correlation is every held-out score under every replicate, the whitening kept.
 */
export async function replicateSides(
  x: Rows,
  cells: Cells,
  { fold, inverse, within }: FittedFold,
  { rows, count, contrast }: Replicates,
  folds: Folds,
  { blas, breathe }: DiscriminantOptions,
  room: Room,
): Promise<Sides & { readonly held: Int32Array }> {
  const { d } = x;
  const data = rows.length === x.n ? x.data : gather(x, rows, room.single("sampled", rows.length * d));
  const left = await blas.matmul(data, contrast[fold]!, d, rows.length, count, true, { transposeA: true, into: room.single("contrasts", d * count) });
  for (let j = 0, at = 0; j < d; j++) for (let b = 0; b < count; b++, at++) left[at]! *= inverse[j]!;
  await breathe();
  const held = Int32Array.from(rows, (_, at) => at).filter((at) => folds.of[rows[at]!] === fold);
  const middle = midpoints(within.size).map((share) => {
    const out = new Float64Array(d);
    for (let c = 0; c < share.length; c++) if (share[c]! > 0) for (let j = 0; j < d; j++) out[j]! += share[c]! * within.means[c]![j]!;
    return out;
  });
  const rights = held.length;
  const right = room.single("held rows", d * rights);
  for (let i = 0; i < rights; i++) {
    const row = rows[held[i]!]!;
    turnRow(right, i, rights, x.data, row * d, inverse, middle[cells.stratum[row]!]!);
  }
  await breathe();
  return { left, lefts: count, right, rights, held };
}

function turnRow(out: Float32Array, column: number, width: number, data: Float32Array, from: number, inverse: Float64Array, middle: Float64Array): void {
  for (let j = 0, to = column; j < inverse.length; j++, to += width) out[to] = data[from + j]! * inverse[j]! - middle[j]!;
}

function gather(x: Rows, rows: Int32Array, out: Float32Array): Float32Array {
  for (let k = 0; k < rows.length; k++) out.set(x.data.subarray(rows[k]! * x.d, (rows[k]! + 1) * x.d), k * x.d);
  return out;
}
