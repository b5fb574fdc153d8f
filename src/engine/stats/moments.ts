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
  for (let j = 0; j < x.d; j++) {
    const variance = out[j]! / rows.length;
    out[j] = variance <= 10 * 2.3e-16 * rows.length * (variance + mean[j]! * mean[j]!) ? 1 : Math.sqrt(variance);
  }
  return out;
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
