import type { Interval } from "../../../protocol/index.js";
import type { Blas } from "../lens.js";
import { type Matrix64, product } from "./relative.js";

export const NEIGHBOURS = 10;

/** How alike two relative representations of the same rows are. */
export interface Agreement {
  /** [n] cos(r_i, r'_i). */
  readonly cosine: Float64Array;
  /** [n] Jaccard index of the ten nearest rows of other groups; NaN where a row has fewer than ten. */
  readonly jaccard: Float64Array;
  /** Mean reciprocal rank of the row itself among all rows of the other run, nearest first; ties share their mean rank. */
  readonly mrr: number;
}

/** @param a, b rows of length 1, [n, anchors] */
export async function agreementOf(a: Matrix64, b: Matrix64, group: ArrayLike<number>, blas: Blas): Promise<Agreement> {
  const nearA = neighbours(await product(a, a, blas), group);
  const nearB = neighbours(await product(b, b, blas), group);
  return {
    cosine: rowCosines(a, b),
    jaccard: Float64Array.from(nearA, (near, i) => overlap(near, nearB[i]!)),
    mrr: await reciprocalRank(a, b, blas),
  };
}

export function rowCosines(a: Matrix64, b: Matrix64): Float64Array {
  const { n, d } = a;
  const out = new Float64Array(n);
  for (let i = 0; i < n; i++) for (let j = 0, at = i * d; j < d; j++, at++) out[i]! += a.data[at]! * b.data[at]!;
  return out;
}

/** Of the same row in the other run; 1 = each row's own is its nearest. */
export async function reciprocalRank(a: Matrix64, b: Matrix64, blas: Blas): Promise<number> {
  const { data, n } = await product(a, b, blas);
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const own = data[i * n + i]!;
    let above = 0;
    let equal = 0;
    for (let k = 0; k < n; k++) {
      const s = data[i * n + k]!;
      if (s > own) above++;
      else if (s === own) equal++;
    }
    sum += 1 / (above + (equal + 1) / 2);
  }
  return sum / n;
}

/** Expected reciprocal rank of a row drawn blindly among n: the nth harmonic number over n. */
export function chanceRank(n: number): number {
  let sum = 0;
  for (let k = 1; k <= n; k++) sum += 1 / k;
  return sum / n;
}

/** Expected overlap of two blind draws of ten among m. */
export const chanceOverlap = (m: number): number => NEIGHBOURS / (2 * m - NEIGHBOURS);

function neighbours({ data, n }: Matrix64, group: ArrayLike<number>): number[][] {
  return Array.from({ length: n }, (_, i) => {
    const top: number[] = [];
    for (let k = 0; k < n; k++) {
      if (group[k] === group[i]) continue;
      const s = data[i * n + k]!;
      if (top.length === NEIGHBOURS && s <= data[i * n + top[NEIGHBOURS - 1]!]!) continue;
      let at = top.length;
      while (at > 0 && data[i * n + top[at - 1]!]! < s) at--;
      top.splice(at, 0, k);
      if (top.length > NEIGHBOURS) top.pop();
    }
    return top;
  });
}

function overlap(one: readonly number[], other: readonly number[]): number {
  if (one.length < NEIGHBOURS) return Number.NaN;
  const set = new Set(one);
  const both = other.filter((k) => set.has(k)).length;
  return both / (2 * NEIGHBOURS - both);
}

/** Mean over rows with 95% from the spread of whole groups' sums. */
export function meanInterval(values: ArrayLike<number>, group: ArrayLike<number>): { readonly value: number; readonly ci95: Interval | null } {
  const sums = new Map<number, number>();
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  const value = sum / values.length;
  for (let i = 0; i < values.length; i++) sums.set(group[i]!, (sums.get(group[i]!) ?? 0) + values[i]! - value);
  if (sums.size < 10) return { value, ci95: null };
  let square = 0;
  for (const s of sums.values()) square += s * s;
  const half = (1.96 * Math.sqrt((square * sums.size) / (sums.size - 1))) / values.length;
  return { value, ci95: [value - half, value + half] };
}
