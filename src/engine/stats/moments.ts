import { addScaled } from "./dense.js";
import type { Folds } from "./folds.js";

/** Rows in a flat row-major matrix. */
export interface Rows {
  readonly data: Float32Array;
  readonly n: number;
  readonly d: number;
}

/** Column means in float64, over all rows or those listed. */
export function columnMeans(x: Rows, rows?: ArrayLike<number>): Float64Array {
  const sum = new Float64Array(x.d);
  const n = rows ? rows.length : x.n;
  for (let k = 0; k < n; k++) {
    const at = (rows ? rows[k]! : k) * x.d;
    for (let j = 0; j < x.d; j++) sum[j]! += x.data[at + j]!;
  }
  for (let j = 0; j < x.d; j++) sum[j]! /= n;
  return sum;
}

/** Subtracts the column means in place; float32 products of centred rows lose little, of raw ones much. */
export function centre(x: Rows): void {
  const mean = columnMeans(x);
  for (let i = 0, at = 0; i < x.n; i++) for (let j = 0; j < x.d; j++, at++) x.data[at] = x.data[at]! - mean[j]!;
}

/** Population standard deviation by column (as StandardScaler: a constant column gets 1). */
export function columnScale(x: Rows, rows: ArrayLike<number>, mean: Float64Array): Float64Array {
  const out = new Float64Array(x.d);
  for (let k = 0; k < rows.length; k++) {
    const at = rows[k]! * x.d;
    for (let j = 0; j < x.d; j++) {
      const e = x.data[at + j]! - mean[j]!;
      out[j]! += e * e;
    }
  }
  for (let j = 0; j < x.d; j++) out[j] = scaleOf(out[j]! / rows.length, rows.length, mean[j]!);
  return out;
}

function scaleOf(variance: number, n: number, mean: number): number {
  return variance <= 10 * 2.3e-16 * n * (variance + mean * mean) ? 1 : Math.sqrt(variance);
}

/**
 * `columnMeans` and `columnScale` of the training rows of every fold, from one pass over the rows. Rows are measured from the first, so that
 * a large mean costs no digits and a column that is constant has no deviation at all.
 */
export function trainingMoments(x: Rows, folds: Folds): { mean: Float64Array; scale: Float64Array }[] {
  const { d, data } = x;
  const sums = Array.from({ length: folds.count }, () => ({ n: 0, mean: new Float64Array(d), square: new Float64Array(d) }));
  const shift = Float64Array.from(data.subarray(0, d));
  for (let i = 0; i < x.n; i++) {
    const own = sums[folds.of[i]!]!;
    own.n++;
    addMoments(data, i * d, shift, own.mean, own.square);
  }
  return sums.map((_, fold) => {
    const mean = new Float64Array(d);
    const scale = new Float64Array(d);
    let n = 0;
    for (const [f, own] of sums.entries()) {
      if (f === fold) continue;
      n += own.n;
      addScaled(mean, 1, own.mean);
      addScaled(scale, 1, own.square);
    }
    for (let j = 0; j < d; j++) {
      const e = mean[j]! / n;
      mean[j] = e + shift[j]!;
      scale[j] = scaleOf(Math.max(0, scale[j]! / n - e * e), n, Math.hypot(mean[j]!, e));
    }
    return { mean, scale };
  });
}

function addMoments(data: Float32Array, from: number, shift: Float64Array, sum: Float64Array, square: Float64Array): void {
  for (let j = 0; j < sum.length; j++) {
    const e = data[from + j]! - shift[j]!;
    sum[j]! += e;
    square[j]! += e * e;
  }
}

/**
 * Standard deviation within cells by column, floored at 1e-6 of the median. A column that is constant over all these rows gets
 * Infinity (it is left out): other rows may differ there, and nothing was learned about them.
 */
export function withinScale(
  x: Rows,
  rows: ArrayLike<number>,
  cell: ArrayLike<number>,
  cells: number,
): { scale: Float64Array; means: Float64Array; counts: Float64Array } {
  const means = new Float64Array(cells * x.d);
  const counts = new Float64Array(cells);
  for (let k = 0; k < rows.length; k++) {
    const i = rows[k]!;
    const to = cell[i]! * x.d;
    counts[cell[i]!]!++;
    for (let j = 0, at = i * x.d; j < x.d; j++, at++) means[to + j]! += x.data[at]!;
  }
  for (let c = 0; c < cells; c++) if (counts[c]! > 0) for (let j = 0; j < x.d; j++) means[c * x.d + j]! /= counts[c]!;
  const scale = new Float64Array(x.d);
  for (let k = 0; k < rows.length; k++) {
    const i = rows[k]!;
    const m = cell[i]! * x.d;
    for (let j = 0, at = i * x.d; j < x.d; j++, at++) {
      const e = x.data[at]! - means[m + j]!;
      scale[j]! += e * e;
    }
  }
  const occupied = counts.reduce((s, c) => s + (c > 0 ? 1 : 0), 0);
  const df = Math.max(1, rows.length - occupied);
  for (let j = 0; j < x.d; j++) scale[j] = Math.sqrt(scale[j]! / df);
  const alive = scale.filter((s) => s > 0).sort();
  const floor = alive.length ? 1e-6 * alive[alive.length >> 1]! : 1;
  for (let j = 0; j < x.d; j++) {
    if (scale[j]! > floor) continue;
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (let c = 0; c < cells; c++) {
      if (counts[c] === 0) continue;
      low = Math.min(low, means[c * x.d + j]!);
      high = Math.max(high, means[c * x.d + j]!);
    }
    scale[j] = high - low > floor ? floor : Number.POSITIVE_INFINITY;
  }
  return { scale, means, counts };
}
