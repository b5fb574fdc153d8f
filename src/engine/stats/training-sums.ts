import type { Blas } from "../lenses/lens.js";
import type { Cells } from "./contrast.js";
import { addScaled, dot } from "./dense.js";
import type { Folds } from "./folds.js";
import type { Rows } from "./moments.js";
import type { Room } from "./room.js";

/** Rows of one product: its length bounds how long a cancel waits. */
const CHUNK = 1024;

/** Sums over the rows of a fold, each less the mean of its cell over all rows: nothing large has to cancel later. */
export interface Sums {
  /** EᵀE [d, d], float32 products. */
  readonly scatter: Float32Array;
  /** Σ e² [d]. */
  readonly squares: Float64Array;
  /** Σ e by cell [cells, d], and the rows of each. */
  readonly sums: Float64Array;
  readonly size: Float64Array;
}

export interface FoldSums {
  readonly parts: readonly Sums[];
  /** Scatter of all folds [d, d]. */
  readonly total: Float32Array;
  /** Means of the cells over all rows [cells, d]. */
  readonly base: Float64Array;
  /** The rows less those means [n, d], where they are few enough that products with them cost less than with the scatters. */
  readonly rows?: Float32Array;
}

/** Up to this many rows a dimension, products with the rows are cheaper than with the folds' scatters. */
const FEW_ROWS = 3;

/** @param room holds what is returned, until it is asked again */
export async function sumFolds(x: Rows, cells: Cells, folds: Folds, blas: Blas, breathe: () => Promise<void>, room: Room): Promise<FoldSums> {
  const { n, d } = x;
  const count = 2 * cells.strata;
  const base = new Float64Array(count * d);
  const whole = new Float64Array(count);
  for (let i = 0; i < n; i++) {
    if (i % CHUNK === CHUNK - 1) await breathe();
    whole[cells.cell[i]!]!++;
    addRow(base, cells.cell[i]! * d, x.data, i * d, d);
  }
  for (let c = 0; c < count; c++) if (whole[c]! > 0) for (let j = 0; j < d; j++) base[c * d + j]! /= whole[c]!;
  const own = n <= FEW_ROWS * d ? room.single("rows", n * d) : undefined;
  const product = room.single("product", d * d);
  const parts: Sums[] = [];
  for (let f = 0; f < folds.count; f++) {
    const part: Sums = {
      scatter: room.single(`scatter ${f}`, d * d),
      squares: new Float64Array(d),
      sums: new Float64Array(count * d),
      size: new Float64Array(count),
    };
    const rows: number[] = [];
    for (let i = 0; i < n; i++) if (folds.of[i] === f) rows.push(i);
    if (rows.length === 0) part.scatter.fill(0);
    for (let from = 0; from < rows.length; from += CHUNK) {
      const m = Math.min(CHUNK, rows.length - from);
      const gathered = room.single("gathered", m * d);
      for (let k = 0; k < m; k++) {
        const i = rows[from + k]!;
        const c = cells.cell[i]!;
        part.size[c]!++;
        takeRow(gathered, k * d, x.data, i * d, base, c * d, part, d);
        own?.set(gathered.subarray(k * d, (k + 1) * d), i * d);
      }
      await breathe();
      await blas.matmul(gathered, gathered, d, m, d, false, { transposeA: true, into: from === 0 ? part.scatter : product });
      if (from > 0) for (let i = 0; i < product.length; i++) part.scatter[i]! += product[i]!;
      await breathe();
    }
    parts.push(part);
  }
  const total = room.single("total", d * d);
  total.set(parts[0]!.scatter);
  for (const { scatter } of parts.slice(1)) for (let i = 0; i < total.length; i++) total[i]! += scatter[i]!;
  return { parts, total, base, rows: own };
}

function addRow(sum: Float64Array, to: number, data: Float32Array, from: number, d: number): void {
  for (let j = 0; j < d; j++) sum[to + j]! += data[from + j]!;
}

/** A row less its cell's mean, and its part in the sums. */
function takeRow(out: Float32Array, to: number, data: Float32Array, from: number, base: Float64Array, cell: number, { squares, sums }: Sums, d: number): void {
  for (let j = 0; j < d; j++) {
    const v = data[from + j]! - base[cell + j]!;
    out[to + j] = v;
    squares[j]! += v * v;
    sums[cell + j]! += v;
  }
}

/** What some training folds hold, on axes divided by their deviation within cells. */
export interface Within {
  /** Mean of every cell [cells][d], and its mean less that over all rows; its rows. */
  readonly means: readonly Float64Array[];
  readonly shifts: readonly Float64Array[];
  readonly size: Float64Array;
  readonly df: number;
}

/** @param inverse 1 / scale by column; 0 leaves a column out */
export function withinOf({ parts, base }: FoldSums, train: readonly number[], inverse: Float64Array): Within {
  const d = inverse.length;
  const size = new Float64Array(parts[0]!.size.length);
  for (const f of train) addScaled(size, 1, parts[f]!.size);
  const df = Math.max(
    1,
    size.reduce((s, c) => s + (c > 0 ? c - 1 : 0), 0),
  );
  const shifts = Array.from(size, (rows, c) => {
    const out = new Float64Array(d);
    for (const f of train) addScaled(out, 1 / Math.max(1, rows), parts[f]!.sums.subarray(c * d, (c + 1) * d));
    for (let j = 0; j < d; j++) out[j]! *= inverse[j]!;
    return out;
  });
  const means = shifts.map((shift, c) => Float64Array.from(shift, (v, j) => (size[c]! > 0 ? v + base[c * d + j]! * inverse[j]! : 0)));
  return { means, shifts, size, df };
}

/** Takes away what lies between the training cells' own means and those over all rows: y -= Σ n_c m_c (m_cᵀ v). */
export function subtractShifts({ shifts, size }: Within, v: Float64Array, y: Float64Array): void {
  shifts.forEach((shift, c) => {
    if (size[c]! > 0) addScaled(y, -dot(shift, v) * size[c]!, shift);
  });
}

/**
 * 1 / deviation within cells of the training folds by column. A column that is constant over all their rows gets 0 (it is left out): other
 * rows may differ there, and nothing was learned about them. Deviations are floored at 1e-6 of the median.
 */
export function inverseScale({ parts, base }: FoldSums, train: readonly number[]): Float64Array {
  const d = parts[0]!.squares.length;
  const cells = parts[0]!.size.length;
  const size = new Float64Array(cells);
  const sums = new Float64Array(cells * d);
  const squares = new Float64Array(d);
  for (const f of train) {
    addScaled(size, 1, parts[f]!.size);
    addScaled(sums, 1, parts[f]!.sums);
    addScaled(squares, 1, parts[f]!.squares);
  }
  const df = Math.max(
    1,
    size.reduce((s, c) => s + (c > 0 ? c - 1 : 0), 0),
  );
  const scale = new Float64Array(d);
  for (let j = 0; j < d; j++) {
    let s = squares[j]!;
    for (let c = 0; c < cells; c++) if (size[c]! > 0) s -= (sums[c * d + j]! * sums[c * d + j]!) / size[c]!;
    scale[j] = s > 1e-13 * squares[j]! ? Math.sqrt(s / df) : 0;
  }
  const alive = scale.filter((s) => s > 0).sort();
  const floor = alive.length ? 1e-6 * alive[alive.length >> 1]! : 1;
  return scale.map((s, j) => {
    if (s > floor) return 1 / s;
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (let c = 0; c < cells; c++) {
      if (size[c] === 0) continue;
      const mean = base[c * d + j]! + sums[c * d + j]! / size[c]!;
      low = Math.min(low, mean);
      high = Math.max(high, mean);
    }
    return high - low > floor ? 1 / floor : 0;
  });
}

/**
 * Correlation within cells of the training folds, float32: the sum over all folds less those left out. Only the upper triangle is written.
 * @param out [d, d]; @returns the sum of its diagonal, and of the squares of all its entries
 */
export async function correlationOf(
  { parts, total }: FoldSums,
  train: readonly number[],
  { shifts, size, df }: Within,
  inverse: Float64Array,
  blas: Blas,
  room: Room,
  out: Float32Array,
): Promise<{ trace: number; square: number }> {
  const d = inverse.length;
  const rest = room.single("rest of the scatter", d * d);
  rest.set(total);
  parts.forEach((part, f) => {
    if (!train.includes(f)) subtract(rest, part.scatter);
  });
  const occupied = shifts.map((_, c) => c).filter((c) => size[c]! > 0);
  const moved = room.single("shifts", occupied.length * d);
  occupied.forEach((c, k) => {
    const root = Math.sqrt(size[c]!);
    for (let j = 0, to = k * d; j < d; j++, to++) moved[to] = inverse[j]! > 0 ? (root * shifts[c]![j]!) / inverse[j]! : 0;
  });
  await blas.matmul(moved, moved, d, occupied.length, d, false, { transposeA: true, from: rest, into: rest });
  return scaleInto(out, rest, inverse, df);
}

function subtract(a: Float32Array, b: Float32Array): void {
  for (let i = 0; i < a.length; i++) a[i] = a[i]! - b[i]!;
}

function scaleInto(out: Float32Array, scatter: Float32Array, inverse: Float64Array, df: number): { trace: number; square: number } {
  const d = inverse.length;
  let trace = 0;
  let square = 0;
  for (let i = 0; i < d; i++) {
    const own = inverse[i]! / df;
    const diagonal = scatter[i * d + i]! * own * inverse[i]!;
    out[i * d + i] = diagonal;
    trace += diagonal;
    let half = 0;
    for (let j = i + 1, at = i * d + j; j < d; j++, at++) {
      const r = scatter[at]! * own * inverse[j]!;
      out[at] = r;
      half += r * r;
    }
    square += 2 * half + diagonal * diagonal;
  }
  return { trace, square };
}
