import type { Rows } from "./moments.js";
import type { Room } from "./room.js";

/** Side of a tile that is turned at once. */
const TILE = 32;

/** Rows on axes that know no labels. */
export interface Scaled {
  /** [n, d] rows less their stratum's mean, over the deviation within strata. */
  readonly e: Float32Array;
  readonly n: number;
  readonly d: number;
  /** Rows less strata. */
  readonly df: number;
  /** [d] 1 / deviation. */
  readonly inverse: Float64Array;
  /** Σ ‖e‖² and Σ ‖e‖⁴. */
  readonly trace: number;
  readonly fourth: number;
}

/** Rows between two breaths. */
const CHUNK = 1024;

/** Axes of some rows: means by stratum [strata, d], 1 / deviation within strata [d] (floored at 1e-6 of the median), rows less strata. */
export interface Axes {
  readonly mean: Float64Array;
  readonly inverse: Float64Array;
  readonly df: number;
}

/** @param stratum of each of `rows` */
export async function axesWithin(x: Rows, rows: Int32Array, stratum: Int32Array, breathe: () => Promise<void>): Promise<Axes> {
  const { d } = x;
  const strata = stratum.reduce((most, s) => Math.max(most, s + 1), 0);
  const mean = new Float64Array(strata * d);
  const size = new Float64Array(strata);
  for (let k = 0; k < rows.length; k++) {
    if (k % CHUNK === CHUNK - 1) await breathe();
    size[stratum[k]!]!++;
    addRow(mean, stratum[k]! * d, x.data, rows[k]! * d, d);
  }
  for (let s = 0; s < strata; s++) for (let j = 0; j < d; j++) mean[s * d + j]! /= Math.max(1, size[s]!);
  const scale = new Float64Array(d);
  for (let k = 0; k < rows.length; k++) {
    if (k % CHUNK === CHUNK - 1) await breathe();
    addSquares(scale, x.data, rows[k]! * d, mean, stratum[k]! * d);
  }
  const df = Math.max(1, rows.length - size.reduce((s, c) => s + (c > 0 ? 1 : 0), 0));
  for (let j = 0; j < d; j++) scale[j] = Math.sqrt(scale[j]! / df);
  const alive = scale.filter((s) => s > 0).sort();
  const floor = alive.length ? 1e-6 * alive[alive.length >> 1]! : 1;
  return { mean, inverse: scale.map((s) => 1 / Math.max(s, floor)), df };
}

/** Writes rows on the axes into `out`; Σ ‖e‖² and Σ ‖e‖⁴. @param from the first of `rows` to be written */
export function scaleInto(out: Float32Array, x: Rows, rows: Int32Array, stratum: Int32Array, { mean, inverse }: Axes, from: number, to: number) {
  let trace = 0;
  let fourth = 0;
  for (let k = from; k < to; k++) {
    const own = scaleRow(out, (k - from) * x.d, x.data, rows[k]! * x.d, mean, stratum[k]! * x.d, inverse);
    trace += own;
    fourth += own * own;
  }
  return { trace, fourth };
}

/** Rows less their stratum's mean, over the deviation within strata. @param room holds what is returned, until it is asked again */
export async function scaledWithin(x: Rows, rows: Int32Array, stratum: Int32Array, breathe: () => Promise<void>, room: Room): Promise<Scaled> {
  const axes = await axesWithin(x, rows, stratum, breathe);
  await breathe();
  const e = room.single("scaled rows", rows.length * x.d);
  return { e, n: rows.length, d: x.d, df: axes.df, inverse: axes.inverse, ...scaleInto(e, x, rows, stratum, axes, 0, rows.length) };
}

function addRow(sum: Float64Array, to: number, data: Float32Array, from: number, d: number): void {
  for (let j = 0; j < d; j++) sum[to + j]! += data[from + j]!;
}

function addSquares(squares: Float64Array, data: Float32Array, from: number, mean: Float64Array, stratum: number): void {
  for (let j = 0; j < squares.length; j++) {
    const v = data[from + j]! - mean[stratum + j]!;
    squares[j]! += v * v;
  }
}

function scaleRow(out: Float32Array, to: number, data: Float32Array, from: number, mean: Float64Array, stratum: number, inverse: Float64Array): number {
  let s = 0;
  for (let j = 0; j < inverse.length; j++) {
    const v = (data[from + j]! - mean[stratum + j]!) * inverse[j]!;
    out[to + j] = v;
    s += v * v;
  }
  return s;
}

/** Σ of the squares. */
export function squares(g: Float32Array): number {
  let s0 = 0;
  let s1 = 0;
  let i = 0;
  for (; i + 1 < g.length; i += 2) {
    s0 += g[i]! * g[i]!;
    s1 += g[i + 1]! * g[i + 1]!;
  }
  if (i < g.length) s0 += g[i]! * g[i]!;
  return s0 + s1;
}

/** Writes rows [n, d] as columns from column `left` on. */
export function turnInto(out: Float32Array, width: number, left: number, rows: Float32Array, n: number, d: number): void {
  for (let i = 0; i < n; i += TILE) for (let j = 0; j < d; j += TILE) turnTile(out, width, left, rows, d, i, Math.min(n, i + TILE), j, Math.min(d, j + TILE));
}

function turnTile(
  out: Float32Array,
  width: number,
  left: number,
  rows: Float32Array,
  d: number,
  top: number,
  bottom: number,
  first: number,
  last: number,
): void {
  for (let j = first; j < last; j++) for (let i = top, to = j * width + left + top, from = top * d + j; i < bottom; i++, to++, from += d) out[to] = rows[from]!;
}
