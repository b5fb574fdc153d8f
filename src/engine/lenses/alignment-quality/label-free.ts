import { eliminate } from "../../stats/elimination.js";
import { invertInPlace } from "../../stats/inverse.js";
import type { Rows } from "../../stats/moments.js";
import type { Room } from "../../stats/room.js";
import { ledoitWolf } from "../../stats/shrinkage.js";
import type { Blas } from "../lens.js";

/** Side of a tile that is turned at once. */
const TILE = 32;

/** What scores rows for contrasts over rows, without labels. */
export interface LabelFree {
  /** [size, n] a column a row. */
  readonly columns: Float32Array;
  readonly size: number;
  /** Whether a score is the product of two columns; else `columns` is symmetric and holds the products themselves. */
  readonly whitened: boolean;
}

/**
 * The discriminant without labels: rows E scaled and centred within strata, their correlation R shrunk as Ledoit and Wolf;
 * scores E ((1-λ)R + λI)⁻¹ Eᵀ r for any contrast r, up to a factor. In dimensions where rows are more (whitened rows), else as
 * I - λ(λI + cEEᵀ)⁻¹ in rows. Products are float32: their entries are at most about 1 by then.
 * @param room holds what is returned, until it is asked again
 */
export async function labelFree(x: Rows, rows: Int32Array, stratum: Int32Array, blas: Blas, breathe: () => Promise<void>, room: Room): Promise<LabelFree> {
  const n = rows.length;
  const { d } = x;
  const { e, df, trace, fourth } = scaledWithin(x, rows, stratum, room);
  await breathe();
  const primal = n > d;
  const size = primal ? d : n;
  const g = room.single("label-free gram", size * size);
  if (primal) await blas.matmul(e, e, d, n, d, false, { transposeA: true, into: g });
  else await blas.matmul(e, e, n, d, n, true, { into: g });
  await breathe();
  // The squared norm of EᵀE is that of EEᵀ, so either product will do.
  const lambda = Math.min(0.999, Math.max(1e-4, ledoitWolf(n, d, trace / n, squares(g) / n / n, fourth)));
  const c = (1 - lambda) / df;
  if (primal) {
    const width = d + n;
    const a = room.single("label-free system", d * width);
    for (let i = 0; i < d; i++) shrinkRow(a, i * width, g, i * d, d, c, i, lambda);
    turnInto(a, width, d, e, n, d);
    await breathe();
    const columns = room.single("label-free columns", d * n);
    // Any fixed matrix that the labels do not touch keeps the test exact; without a factor the axes stay as they are.
    if (await eliminate(a, d, width, blas, breathe, room)) for (let i = 0; i < d; i++) columns.set(a.subarray(i * width + d, (i + 1) * width), i * n);
    else turnInto(columns, n, 0, e, n, d);
    return { columns, size, whitened: true };
  }
  for (let i = 0; i < n; i++) shrinkRow(g, i * n, g, i * n, n, c, i, lambda);
  if (!(await invertInPlace(g, n, blas, breathe))) {
    g.fill(0);
    for (let i = 0; i < n; i++) g[i * n + i] = 1;
  }
  for (let i = 0, at = 0; i < n; i++) for (let j = 0; j < n; j++, at++) g[at] = (i === j ? 1 : 0) - lambda * g[at]!;
  return { columns: g, size, whitened: false };
}

function shrinkRow(out: Float32Array, to: number, g: Float32Array, from: number, size: number, c: number, i: number, lambda: number): void {
  for (let j = 0; j < size; j++) out[to + j] = c * g[from + j]!;
  out[to + i]! += lambda;
}

/** Rows less their stratum's mean, over the deviation within strata (floored at 1e-6 of the median); degrees of freedom, Σ ‖e‖² and Σ ‖e‖⁴. */
function scaledWithin(
  x: Rows,
  rows: Int32Array,
  stratum: Int32Array,
  room: Room,
): { readonly e: Float32Array; readonly df: number; readonly trace: number; readonly fourth: number } {
  const n = rows.length;
  const { d } = x;
  let strata = 0;
  for (const s of stratum) strata = Math.max(strata, s + 1);
  const mean = new Float64Array(strata * d);
  const size = new Float64Array(strata);
  for (let k = 0; k < n; k++) {
    size[stratum[k]!]!++;
    addRow(mean, stratum[k]! * d, x.data, rows[k]! * d, d);
  }
  for (let s = 0; s < strata; s++) for (let j = 0; j < d; j++) mean[s * d + j]! /= Math.max(1, size[s]!);
  const e = room.single("label-free rows", n * d);
  const scale = new Float64Array(d);
  for (let k = 0; k < n; k++) takeRow(e, k * d, x.data, rows[k]! * d, mean, stratum[k]! * d, scale);
  const df = Math.max(1, n - size.reduce((s, c) => s + (c > 0 ? 1 : 0), 0));
  for (let j = 0; j < d; j++) scale[j] = Math.sqrt(scale[j]! / df);
  const alive = scale.filter((s) => s > 0).sort();
  const floor = alive.length ? 1e-6 * alive[alive.length >> 1]! : 1;
  for (let j = 0; j < d; j++) scale[j] = 1 / Math.max(scale[j]!, floor);
  let trace = 0;
  let fourth = 0;
  for (let k = 0; k < n; k++) {
    const own = scaleRow(e, k * d, scale);
    trace += own;
    fourth += own * own;
  }
  return { e, df, trace, fourth };
}

function addRow(sum: Float64Array, to: number, data: Float32Array, from: number, d: number): void {
  for (let j = 0; j < d; j++) sum[to + j]! += data[from + j]!;
}

function takeRow(out: Float32Array, to: number, data: Float32Array, from: number, mean: Float64Array, stratum: number, squares: Float64Array): void {
  for (let j = 0; j < squares.length; j++) {
    const v = data[from + j]! - mean[stratum + j]!;
    out[to + j] = v;
    squares[j]! += v * v;
  }
}

function scaleRow(e: Float32Array, from: number, scale: Float64Array): number {
  let s = 0;
  for (let j = 0; j < scale.length; j++) {
    const v = e[from + j]! * scale[j]!;
    e[from + j] = v;
    s += v * v;
  }
  return s;
}

function squares(g: Float32Array): number {
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
function turnInto(out: Float32Array, width: number, left: number, rows: Float32Array, n: number, d: number): void {
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
