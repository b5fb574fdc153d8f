import type { Blas } from "../lenses/lens.js";
import type { Cells } from "./contrast.js";
import type { Folds } from "./folds.js";
import type { Rows } from "./moments.js";
import type { Room } from "./room.js";
import type { Within } from "./training-sums.js";

/** Rows of one product. */
const CHUNK = 1024;

/**
 * Σ ‖e‖⁴ over the training rows of every fold, e a row on the fold's scaled axes less its cell's mean: what Ledoit and Wolf's λ needs beside the
 * correlation. ‖e‖² = Σ x²/s² - 2 Σ x m/s + Σ m², so that two narrow products serve all folds and cells.
 */
export async function largeNorms(
  x: Rows,
  cells: Cells,
  folds: Folds,
  fitted: readonly { readonly inverse: Float64Array; readonly within: Within }[],
  blas: Blas,
  breathe: () => Promise<void>,
  room: Room,
): Promise<number[]> {
  const { n, d } = x;
  const count = 2 * cells.strata;
  const narrow = fitted.length;
  const weights = room.single("squared scales", narrow * d);
  const means = room.single("scaled means", narrow * count * d);
  const middle: number[][] = [];
  fitted.forEach(({ inverse, within }, k) => {
    for (let j = 0; j < d; j++) weights[k * d + j] = inverse[j]! * inverse[j]!;
    middle.push(
      within.means.map((mean, c) => {
        let s = 0;
        for (let j = 0, to = (k * count + c) * d; j < d; j++, to++) {
          const m = inverse[j]! > 0 ? mean[j]! : 0;
          means[to] = m * inverse[j]!;
          s += m * m;
        }
        return s;
      }),
    );
  });
  const out = new Array<number>(narrow).fill(0);
  for (let from = 0; from < n; from += CHUNK) {
    const m = Math.min(CHUNK, n - from);
    const rows = x.data.subarray(from * d, (from + m) * d);
    const squares = room.single("squares", m * d);
    for (let i = 0; i < squares.length; i++) squares[i] = rows[i]! * rows[i]!;
    await breathe();
    const long = await blas.matmul(squares, weights, m, d, narrow, true, { into: room.single("row norms", m * narrow) });
    const across = await blas.matmul(rows, means, m, d, narrow * count, true, { into: room.single("row places", m * narrow * count) });
    for (let i = 0; i < m; i++) {
      const c = cells.cell[from + i]!;
      for (let k = 0; k < narrow; k++) {
        if (folds.of[from + i] === k) continue;
        const s = long[i * narrow + k]! - 2 * across[(i * narrow + k) * count + c]! + middle[k]![c]!;
        out[k]! += s * s;
      }
    }
    await breathe();
  }
  return out;
}
