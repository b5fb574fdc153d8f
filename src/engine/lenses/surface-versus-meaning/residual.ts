import { drain } from "../../stats/lbfgs.js";
import type { Rows } from "../../stats/moments.js";

/**
 * Regresses features (with an intercept) out of x: the least squares fit is made on the training rows and taken away from all.
 * @param features [n, p]; @param exact receives the same in float64, [n, d]; @param into where the rows go, x's own data too; @returns rows of the
 * same shape, float32
 */
export function regressOut(x: Rows, features: Float64Array, p: number, train: ArrayLike<number>, exact?: Float64Array): Rows {
  return drain(regressingOut(x, features, p, train, exact));
}

/** The same, stopping now and then between rows. */
export function* regressingOut(
  x: Rows,
  features: Float64Array,
  p: number,
  train: ArrayLike<number>,
  exact?: Float64Array,
  into?: Float32Array,
): Generator<void, Rows> {
  const { n, d } = x;
  const basis = orthonormal(features, p, train, n);
  const q = basis.length;
  const weight = new Float64Array(q * d);
  for (let k = 0; k < train.length; k++) {
    const i = train[k]!;
    if (k % 512 === 511) yield;
    for (let c = 0; c < q; c++) {
      const s = basis[c]![i]!;
      if (s !== 0) for (let j = 0, at = i * d; j < d; j++, at++) weight[c * d + j]! += s * x.data[at]!;
    }
  }
  const data = into ?? new Float32Array(n * d);
  const row = new Float64Array(d);
  for (let i = 0; i < n; i++) {
    if (i % 512 === 511) yield;
    for (let j = 0; j < d; j++) row[j] = x.data[i * d + j]!;
    for (let c = 0; c < q; c++) {
      const s = basis[c]![i]!;
      if (s !== 0) for (let j = 0; j < d; j++) row[j]! -= s * weight[c * d + j]!;
    }
    data.set(row, i * d);
    exact?.set(row, i * d);
  }
  return { data, n, d };
}

/** Functions of the features, orthonormal over the training rows (Gram and Schmidt, twice), without the columns that are constant or follow from others. */
function orthonormal(features: Float64Array, p: number, train: ArrayLike<number>, n: number): Float64Array[] {
  const columns: Float64Array[] = [new Float64Array(n).fill(1)];
  for (let c = 0; c < p; c++) {
    const v = new Float64Array(n);
    let mean = 0;
    for (let i = 0; i < n; i++) v[i] = features[i * p + c]!;
    for (let k = 0; k < train.length; k++) mean += v[train[k]!]! / train.length;
    for (let i = 0; i < n; i++) v[i]! -= mean;
    columns.push(v);
  }
  const basis: Float64Array[] = [];
  for (const v of columns) {
    const before = norm(v, train);
    for (let pass = 0; pass < 2; pass++)
      for (const b of basis) {
        let s = 0;
        for (let k = 0; k < train.length; k++) s += b[train[k]!]! * v[train[k]!]!;
        for (let i = 0; i < n; i++) v[i]! -= s * b[i]!;
      }
    const after = norm(v, train);
    if (!(after > 1e-8 * before) || before === 0) continue;
    for (let i = 0; i < n; i++) v[i]! /= after;
    basis.push(v);
  }
  return basis;
}

function norm(v: Float64Array, train: ArrayLike<number>): number {
  let s = 0;
  for (let k = 0; k < train.length; k++) s += v[train[k]!]! ** 2;
  return Math.sqrt(s);
}
