import type { Interval } from "../../protocol/index.js";

/** Ranks from 1, ties share their mean rank. NaN has no rank: refuse it before. */
export function midranks(values: ArrayLike<number>): Float64Array {
  // Sorted without a comparator, then looked up: several times faster than sorting positions.
  const sorted = Float64Array.from(values).sort();
  const rank = new Float64Array(sorted.length);
  for (let i = 0; i < rank.length; i++) rank[i] = (below(sorted, values[i]!, false) + below(sorted, values[i]!, true) + 1) / 2;
  return rank;
}

/** How many of the sorted values are less than v, or with `equal` at most v. */
function below(sorted: Float64Array, v: number, equal: boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const x = sorted[middle]!;
    if (x < v || (equal && x === v)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Area under the ROC curve (Mann and Whitney): chance 0.5; null when a class is missing. */
export function auroc(score: ArrayLike<number>, label: ArrayLike<number>): number | null {
  const n = score.length;
  const positives = new Float64Array(n);
  const negatives = new Float64Array(n);
  let p = 0;
  let q = 0;
  for (let i = 0; i < n; i++) {
    if (label[i] === 1) positives[p++] = score[i]!;
    else negatives[q++] = score[i]!;
  }
  if (p === 0 || q === 0) return null;
  const high = positives.subarray(0, p).sort();
  const low = negatives.subarray(0, q).sort();
  let less = 0;
  let most = 0;
  let sum = 0;
  for (let i = 0; i < p; i++) {
    while (less < q && low[less]! < high[i]!) less++;
    while (most < q && low[most]! <= high[i]!) most++;
    sum += less + most;
  }
  return sum / (2 * p * q);
}

export interface AurocEstimate {
  readonly value: number;
  /** Standard error over groups. */
  readonly se: number;
  readonly ci95: Interval;
}

/**
 * AUROC with DeLong's standard error, summed by group (Obuchowski 1997): rows of a pair or of a duplicate cluster do
 * not count as independent. The interval is made on the logit scale, so it stays inside [0, 1].
 */
export function aurocInterval(score: ArrayLike<number>, label: ArrayLike<number>, group: ArrayLike<number>): AurocEstimate | null {
  const { value, part } = placements(score, label) ?? {};
  if (value === undefined || part === undefined) return null;
  const sums = new Map<number, number>();
  for (let i = 0; i < part.length; i++) sums.set(group[i]!, (sums.get(group[i]!) ?? 0) + part[i]!);
  let variance = 0;
  for (const s of sums.values()) variance += s * s;
  if (sums.size > 1) variance *= sums.size / (sums.size - 1);
  const se = Math.sqrt(variance);
  return { value, se, ci95: logitInterval(value, se, part.length) };
}

/** Each row's part in (estimate - truth): influence values that sum to zero. */
function placements(score: ArrayLike<number>, label: ArrayLike<number>): { value: number; part: Float64Array } | undefined {
  const n = score.length;
  const all = midranks(score);
  const own: Float64Array[] = [];
  const rows: [number[], number[]] = [[], []];
  for (let i = 0; i < n; i++) rows[label[i] === 1 ? 1 : 0].push(i);
  const count = [rows[0].length, rows[1].length] as const;
  if (count[0] === 0 || count[1] === 0) return undefined;
  for (const c of [0, 1] as const) own[c] = midranks(rows[c].map((i) => score[i]!));
  const part = new Float64Array(n);
  let value = 0;
  rows[1].forEach((i, k) => {
    part[i] = (all[i]! - own[1]![k]!) / count[0];
    value += part[i]! / count[1];
  });
  rows[0].forEach((i, k) => {
    part[i] = 1 - (all[i]! - own[0]![k]!) / count[1];
  });
  for (let i = 0; i < n; i++) part[i] = (part[i]! - value) / count[label[i] === 1 ? 1 : 0];
  return { value, part };
}

/** 95% on the logit scale; at 0 or 1 the rule of three bounds the far side. */
export function logitInterval(value: number, se: number, n: number): Interval {
  if (value >= 1) return [Math.max(0, 1 - 3 / n), 1];
  if (value <= 0) return [0, Math.min(1, 3 / n)];
  const logit = Math.log(value / (1 - value));
  const half = (1.96 * se) / (value * (1 - value));
  const back = (x: number) => 1 / (1 + Math.exp(-x));
  return [back(logit - half), back(logit + half)];
}

export interface Confusion {
  readonly accuracy: number;
  readonly balancedAccuracy: number;
  readonly f1: number;
}

/** Counts at the boundary: a score above 0 says class 1. F1 is of class 1, 0 when nothing is predicted (as scikit-learn). */
export function confusion(score: ArrayLike<number>, label: ArrayLike<number>): Confusion {
  const hit = [0, 0];
  const of = [0, 0];
  let predicted = 0;
  for (let i = 0; i < score.length; i++) {
    const y = label[i] === 1 ? 1 : 0;
    const said = score[i]! > 0 ? 1 : 0;
    of[y]!++;
    predicted += said;
    if (y === said) hit[y]!++;
  }
  return {
    accuracy: (hit[0]! + hit[1]!) / score.length,
    balancedAccuracy: (hit[0]! / Math.max(1, of[0]!) + hit[1]! / Math.max(1, of[1]!)) / 2,
    f1: predicted + of[1]! === 0 ? 0 : (2 * hit[1]!) / (predicted + of[1]!),
  };
}
