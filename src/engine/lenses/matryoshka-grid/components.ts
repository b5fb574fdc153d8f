import { eigen } from "../../stats/eigen.js";
import type { Blas } from "../lens.js";
import type { Pace } from "../pace.js";

/** Training rows that the components are taken from at most: their number bounds the components. */
const MOST_ROWS = 320;

/** Rows projected on the principal components of the training rows (raw states, centred): fitted on `train` only. */
export async function onComponents(
  train: Float32Array,
  n: number,
  test: Float32Array,
  m: number,
  d: number,
  wanted: number,
  blas: Blas,
  pace: Pace,
): Promise<{ train: Float32Array; test: Float32Array; count: number }> {
  const step = Math.max(1, n / MOST_ROWS);
  const some = Array.from({ length: Math.min(n, MOST_ROWS) }, (_, k) => Math.floor(k * step));
  const mean = new Float64Array(d);
  for (const i of some) for (let j = 0; j < d; j++) mean[j]! += train[i * d + j]! / some.length;
  const centred = (x: Float32Array, rows: readonly number[]) => {
    const out = new Float32Array(rows.length * d);
    rows.forEach((i, r) => {
      for (let j = 0; j < d; j++) out[r * d + j] = x[i * d + j]! - mean[j]!;
    });
    return out;
  };
  const base = centred(train, some);
  const s = some.length;
  let axes: Float32Array;
  let count: number;
  if (s < d) {
    // From the products of the rows: component = Xᵀ v / √λ.
    const { values, vectors } = await pace.run(eigen(new Float64Array(await blas.matmul(base, base, s, d, s, true)), s));
    count = Math.min(wanted, s - 1, values.filter((v) => v > 1e-9 * values[0]!).length);
    const weights = new Float32Array(count * s);
    for (let k = 0; k < count; k++) for (let i = 0; i < s; i++) weights[k * s + i] = vectors[k * s + i]! / Math.sqrt(values[k]!);
    axes = await blas.matmul(weights, base, count, s, d);
  } else {
    const across = new Float32Array(d * s);
    for (let i = 0; i < s; i++) for (let j = 0; j < d; j++) across[j * s + i] = base[i * d + j]!;
    const { vectors } = await pace.run(eigen(new Float64Array(await blas.matmul(across, across, d, s, d, true)), d));
    count = Math.min(wanted, d);
    axes = new Float32Array(vectors.subarray(0, count * d));
  }
  const all = (x: Float32Array, rows: number) =>
    blas.matmul(
      centred(
        x,
        Array.from({ length: rows }, (_, i) => i),
      ),
      axes,
      rows,
      d,
      count,
      true,
    );
  return { train: await all(train, n), test: await all(test, m), count };
}
