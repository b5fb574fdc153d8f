import type { Blas } from "../lenses/lens.js";
import { invertInPlace } from "./inverse.js";
import type { ResidualMaker } from "./residual-maker.js";
import type { Room } from "./room.js";

/**
 * Scores of a fold's rows by the rules that were fitted without them, one rule a contrast: s_F = -M_FF⁻¹ M_FT r / c, exactly what fitting anew on
 * the other rows gives (the scale, which knows no labels, kept).
 * @param contrasts [count, n], 0 in the fold
 * @returns [count, fold.length], and the fold's rows of M; `room` holds both, until it is asked again
 */
export async function scoreLeftOut(
  { m, c }: ResidualMaker,
  n: number,
  fold: Int32Array,
  contrasts: Float32Array,
  blas: Blas,
  room: Room,
): Promise<{ scores: Float32Array; rows: Float32Array }> {
  const count = contrasts.length / n;
  const f = fold.length;
  const rows = room.single("fold rows", f * n);
  for (let k = 0; k < f; k++) rows.set(m.subarray(fold[k]! * n, (fold[k]! + 1) * n), k * n);
  const own = room.single("fold square", f * f);
  for (let k = 0, at = 0; k < f; k++) for (let j = 0; j < f; j++, at++) own[at] = rows[k * n + fold[j]!]!;
  const inverse = room.single("fold inverse", f * f);
  inverse.set(own);
  if (!(await invertInPlace(inverse, f, blas, async () => {}))) {
    inverse.fill(0);
    for (let k = 0; k < f; k++) inverse[k * f + k] = 1 / Math.max(own[k * f + k]!, 1e-6);
  }
  const given = await blas.matmul(contrasts, rows, count, n, f, true, { into: room.single("fold given", count * f) });
  const out = await blas.matmul(given, inverse, count, f, f, false, { into: room.single("fold scores", count * f) });
  // Once more on what is left over: the inverse is float32.
  const left = await blas.matmul(out, own, count, f, f, false, { from: given, into: room.single("fold left", count * f) });
  const more = await blas.matmul(left, inverse, count, f, f, false, { into: room.single("fold more", count * f) });
  for (let at = 0; at < out.length; at++) out[at] = -(out[at]! + more[at]!) / c;
  return { scores: out, rows };
}

/**
 * Takes away from left-out scores where the place q of the row's stratum lies: q·Eu = (r·q - r·Mq) / c - s_F·M_F q.
 * @param weights [strata][n] weights over the other rows that make up the place; @param rows the fold's rows of M
 */
export async function measureFrom(
  weights: readonly Float64Array[],
  stratum: Int32Array,
  { m, c }: ResidualMaker,
  fold: Int32Array,
  contrasts: Float32Array,
  { scores, rows }: { readonly scores: Float32Array; readonly rows: Float32Array },
  blas: Blas,
): Promise<void> {
  const a = weights.length;
  const n = stratum.length;
  const f = fold.length;
  const count = contrasts.length / n;
  const q = new Float32Array(a * n);
  weights.forEach((w, k) => {
    q.set(w, k * n);
  });
  const rest = await blas.matmul(q, m, a, n, n);
  for (let at = 0; at < rest.length; at++) rest[at] = (q[at]! - rest[at]!) / c;
  const place = await blas.matmul(contrasts, rest, count, n, a, true);
  const turned = await blas.matmul(scores, await blas.matmul(rows, q, f, n, a, true), count, f, a);
  for (let b = 0; b < count; b++)
    for (let k = 0, at = b * f; k < f; k++, at++) {
      const s = b * a + stratum[fold[k]!]!;
      scores[at]! -= place[s]! - turned[s]!;
    }
}
