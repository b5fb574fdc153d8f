import { invertFactor, invertInPlace } from "../../stats/inverse.js";
import type { Rows } from "../../stats/moments.js";
import { ledoitWolf } from "../../stats/shrinkage.js";
import type { Blas } from "../lens.js";

/** Scores of all rows for `count` contrasts [count, n] over the rows: [count, n]. */
export type Scoring = (contrasts: Float32Array, count: number) => Promise<Float32Array>;

/**
 * The discriminant without labels: rows E scaled and centred within strata, their correlation R shrunk as Ledoit and Wolf;
 * scores E ((1-λ)R + λI)⁻¹ Eᵀ r for any contrast r, up to a factor. In dimensions where rows are more, else as
 * I - λ(λI + cEEᵀ)⁻¹ in rows. The inverses' products are float32: their entries are at most about 1 by then.
 */
export async function labelFreeScores(x: Rows, rows: Int32Array, stratum: Int32Array, blas: Blas, breathe: () => Promise<void>): Promise<Scoring> {
  const n = rows.length;
  const { d } = x;
  const { e, df } = scaledWithin(x, rows, stratum);
  await breathe();
  const primal = n > d;
  const size = primal ? d : n;
  const across = primal ? transposed(e, n, d) : e;
  const g = await blas.matmul(across, across, size, primal ? n : d, size, true);
  await breathe();
  const lambda = Math.min(0.999, Math.max(1e-4, shrinkageOf(e, g, n, d)));
  const c = (1 - lambda) / df;
  const inverse = new Float32Array(size * size);
  for (let i = 0; i < inverse.length; i++) inverse[i] = c * g[i]!;
  for (let i = 0; i < size; i++) inverse[i * size + i]! += lambda;
  // Any fixed matrix that the labels do not touch keeps the test exact; without an inverse the axes stay as they are.
  if (primal) {
    const factor = await invertFactor(inverse, d, blas, breathe);
    const white = factor ? await blas.matmul(e, factor, n, d, d, true) : e;
    await breathe();
    return async (contrasts, count) => {
      const directions = await blas.matmul(contrasts, white, count, n, d);
      await breathe();
      return blas.matmul(directions, white, count, d, n, true);
    };
  }
  if (!(await invertInPlace(inverse, n, blas, breathe))) {
    inverse.fill(0);
    for (let i = 0; i < n; i++) inverse[i * n + i] = 1;
  }
  const h = inverse;
  for (let i = 0, at = 0; i < n; i++) for (let j = 0; j < n; j++, at++) h[at] = (i === j ? 1 : 0) - lambda * h[at]!;
  return (contrasts, count) => blas.matmul(contrasts, h, count, n, n, true);
}

/** Rows less their stratum's mean, over the deviation within strata (floored at 1e-6 of the median), and the degrees of freedom. */
function scaledWithin(x: Rows, rows: Int32Array, stratum: Int32Array): { e: Float32Array; df: number } {
  const n = rows.length;
  const { d } = x;
  let strata = 0;
  for (const s of stratum) strata = Math.max(strata, s + 1);
  const mean = new Float64Array(strata * d);
  const size = new Float64Array(strata);
  for (let k = 0; k < n; k++) {
    const to = stratum[k]! * d;
    size[stratum[k]!]!++;
    for (let j = 0, at = rows[k]! * d; j < d; j++, at++) mean[to + j]! += x.data[at]!;
  }
  for (let s = 0; s < strata; s++) for (let j = 0; j < d; j++) mean[s * d + j]! /= Math.max(1, size[s]!);
  const e = new Float32Array(n * d);
  const scale = new Float64Array(d);
  for (let k = 0; k < n; k++)
    for (let j = 0, at = rows[k]! * d, m = stratum[k]! * d; j < d; j++, at++) {
      const v = x.data[at]! - mean[m + j]!;
      e[k * d + j] = v;
      scale[j]! += v * v;
    }
  const df = Math.max(1, n - size.reduce((s, c) => s + (c > 0 ? 1 : 0), 0));
  for (let j = 0; j < d; j++) scale[j] = Math.sqrt(scale[j]! / df);
  const alive = scale.filter((s) => s > 0).sort();
  const floor = alive.length ? 1e-6 * alive[alive.length >> 1]! : 1;
  for (let j = 0; j < d; j++) scale[j] = 1 / Math.max(scale[j]!, floor);
  for (let k = 0, at = 0; k < n; k++) for (let j = 0; j < d; j++, at++) e[at]! *= scale[j]!;
  return { e, df };
}

/** Ledoit and Wolf's λ; the squared norm of EᵀE is that of EEᵀ, so either product will do. */
function shrinkageOf(e: Float32Array, g: Float32Array, n: number, d: number): number {
  let trace = 0;
  let fourth = 0;
  for (let i = 0, at = 0; i < n; i++) {
    let own = 0;
    for (let j = 0; j < d; j++, at++) own += e[at]! * e[at]!;
    trace += own;
    fourth += own * own;
  }
  let square = 0;
  for (let i = 0; i < g.length; i++) square += g[i]! * g[i]!;
  return ledoitWolf(n, d, trace / n, square / n / n, fourth);
}

function transposed(e: Float32Array, n: number, d: number): Float32Array {
  const out = new Float32Array(n * d);
  for (let i = 0, at = 0; i < n; i++) for (let j = 0; j < d; j++, at++) out[j * n + i] = e[at]!;
  return out;
}
