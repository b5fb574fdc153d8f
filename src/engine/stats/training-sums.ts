import type { Blas } from "../lenses/lens.js";
import type { Cells } from "./contrast.js";
import { addScaled, dot } from "./dense.js";
import type { Folds } from "./folds.js";
import type { Rows } from "./moments.js";

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

export async function sumFolds(x: Rows, cells: Cells, folds: Folds, blas: Blas, breathe: () => Promise<void>): Promise<FoldSums> {
  const { n, d } = x;
  const count = 2 * cells.strata;
  const base = new Float64Array(count * d);
  const whole = new Float64Array(count);
  for (let i = 0, at = 0; i < n; i++) {
    if (i % CHUNK === CHUNK - 1) await breathe();
    whole[cells.cell[i]!]!++;
    for (let j = 0, to = cells.cell[i]! * d; j < d; j++, at++, to++) base[to]! += x.data[at]!;
  }
  for (let c = 0; c < count; c++) if (whole[c]! > 0) for (let j = 0; j < d; j++) base[c * d + j]! /= whole[c]!;
  const own = n <= FEW_ROWS * d ? new Float32Array(n * d) : undefined;
  const parts: Sums[] = [];
  for (let f = 0; f < folds.count; f++) {
    const part: Sums = {
      scatter: new Float32Array(d * d),
      squares: new Float64Array(d),
      sums: new Float64Array(count * d),
      size: new Float64Array(count),
    };
    const rows: number[] = [];
    for (let i = 0; i < n; i++) if (folds.of[i] === f) rows.push(i);
    for (let from = 0; from < rows.length; from += CHUNK) {
      const m = Math.min(CHUNK, rows.length - from);
      const across = new Float32Array(d * m);
      for (let k = 0; k < m; k++) {
        const i = rows[from + k]!;
        const to = cells.cell[i]! * d;
        part.size[cells.cell[i]!]!++;
        for (let j = 0, at = i * d; j < d; j++, at++) {
          const v = x.data[at]! - base[to + j]!;
          across[j * m + k] = v;
          if (own) own[at] = v;
          part.squares[j]! += v * v;
          part.sums[to + j]! += v;
        }
      }
      await breathe();
      const product = await blas.matmul(across, across, d, m, d, true);
      if (from === 0) part.scatter.set(product);
      else for (let i = 0; i < product.length; i++) part.scatter[i]! += product[i]!;
      await breathe();
    }
    parts.push(part);
  }
  const total = parts[0]!.scatter.slice();
  for (const { scatter } of parts.slice(1)) for (let i = 0; i < total.length; i++) total[i]! += scatter[i]!;
  return { parts, total, base, rows: own };
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

/** Correlation within cells of the training folds [d, d], float32: the sum over all folds less those left out. */
export function correlationOf({ parts, total }: FoldSums, train: readonly number[], within: Within, inverse: Float64Array): Float32Array {
  const d = inverse.length;
  const { shifts, size, df } = within;
  const out = new Float32Array(d * d);
  const row = new Float64Array(d);
  const left = parts.filter((_, f) => !train.includes(f)).map((p) => p.scatter);
  const held = shifts.flatMap((shift, c) => (size[c]! > 0 ? [{ shift, share: size[c]! / df }] : []));
  for (let i = 0; i < d; i++) correlateRow(i, d, total, left, held, inverse, df, row, out);
  for (let from = 0; from < d; from += TILE) for (let to = 0; to <= from; to += TILE) mirror(out, d, from, to);
  return out;
}

function correlateRow(
  i: number,
  d: number,
  total: Float32Array,
  left: readonly Float32Array[],
  held: readonly { shift: Float64Array; share: number }[],
  inverse: Float64Array,
  df: number,
  row: Float64Array,
  out: Float32Array,
): void {
  const from = i * d;
  const own = inverse[i]! / df;
  for (let j = 0; j <= i; j++) row[j] = total[from + j]!;
  for (const scatter of left) for (let j = 0; j <= i; j++) row[j]! -= scatter[from + j]!;
  for (let j = 0; j <= i; j++) row[j]! *= own * inverse[j]!;
  for (const { shift, share } of held) {
    const s = share * shift[i]!;
    for (let j = 0; j <= i; j++) row[j]! -= s * shift[j]!;
  }
  for (let j = 0; j <= i; j++) out[from + j] = row[j]!;
}

/** Side of a tile that is copied across the diagonal. */
const TILE = 32;

function mirror(a: Float32Array, d: number, from: number, to: number): void {
  const last = Math.min(d, from + TILE);
  for (let i = from; i < last; i++) for (let j = to, end = Math.min(i, to + TILE); j < end; j++) a[j * d + i] = a[i * d + j]!;
}
