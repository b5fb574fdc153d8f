import { type Rows, withinScale } from "./moments.js";

/** Geometry of two classes from sums alone: O(n d) time, float64. */
export interface Scatter {
  /** Calinski-Harabasz: SSB / (SSW / (n-2)); chance 1. */
  readonly chi: number;
  /** Xie-Beni, hard labels: SSW / (n ‖c1-c0‖²); lower is better. */
  readonly xbi: number;
  /** Davies-Bouldin (mean distances, as scikit-learn); lower is better. */
  readonly dbi: number;
  /** SSB / (SSB + SSW). */
  readonly etaSquared: number;
  /** Davies-Bouldin with root-mean-square distances instead of means (q = 2). */
  readonly dbiQ2: number;
  /** Mean silhouette with distances to the class centres instead of to all rows (Hruschka et al. 2004). */
  readonly silhouetteSimplified: number;
  /** Calinski-Harabasz adjusted to be compared between datasets, 0..1: see `adjustedChi`. */
  readonly chiAdjusted: number;
  /** Chance-corrected: η² - (1-η²)/(n-2); 0 at chance for any geometry. */
  readonly epsilonSquared: number;
}

/** Undefined where a class is missing, n < 3 or nothing varies. */
export function scatterIndices(x: Rows, label: ArrayLike<number>): Scatter | undefined {
  const { n, d, data } = x;
  const c = [new Float64Array(d), new Float64Array(d)];
  const count = [0, 0];
  for (let i = 0, at = 0; i < n; i++) {
    const y = label[i] === 1 ? 1 : 0;
    const mean = c[y]!;
    count[y]!++;
    for (let j = 0; j < d; j++, at++) mean[j]! += data[at]!;
  }
  if (count[0] === 0 || count[1] === 0 || n < 3) return undefined;
  for (const y of [0, 1]) for (let j = 0; j < d; j++) c[y]![j]! /= count[y]!;
  let gap = 0;
  for (let j = 0; j < d; j++) gap += (c[1]![j]! - c[0]![j]!) ** 2;
  const distance = [0, 0];
  const squares = [0, 0];
  const centre = Float64Array.from(c[0]!, (v, j) => (count[0]! * v + count[1]! * c[1]![j]!) / n);
  let within = 0;
  let simplified = 0;
  let fourth = 0;
  let whole = 0;
  for (let i = 0, at = 0; i < n; i++) {
    const y = label[i] === 1 ? 1 : 0;
    const mean = c[y]!;
    const far = c[1 - y]!;
    let s = 0;
    let t = 0;
    let r = 0;
    for (let j = 0; j < d; j++, at++) {
      const v = data[at]!;
      s += (v - mean[j]!) ** 2;
      t += (v - far[j]!) ** 2;
      r += (v - centre[j]!) ** 2;
    }
    within += s;
    whole += r;
    fourth += r * r;
    distance[y]! += Math.sqrt(s) / count[y]!;
    squares[y]! += s / count[y]!;
    if (Math.max(s, t) > 0) simplified += (Math.sqrt(t) - Math.sqrt(s)) / Math.sqrt(Math.max(s, t));
  }
  const between = ((count[0]! * count[1]!) / n) * gap;
  if (!(between + within > 0)) return undefined;
  const eta = between / (between + within);
  return {
    chi: between / (within / (n - 2)),
    xbi: within / (n * gap),
    dbi: (distance[0]! + distance[1]!) / Math.sqrt(gap),
    dbiQ2: (Math.sqrt(squares[0]!) + Math.sqrt(squares[1]!)) / Math.sqrt(gap),
    silhouetteSimplified: simplified / n,
    chiAdjusted: adjustedChi(between / n, Math.sqrt(Math.max(0, fourth / n - (whole / n) ** 2))),
    etaSquared: eta,
    epsilonSquared: eta - (1 - eta) / (n - 2),
  };
}

/** Growth rate of the logistic that the authors fitted to people's judgements of separation (github.com/hj-n/clm, measures/calinski_harabasz.py). */
const GROWTH = 4.432010535838295;

/**
 * Adjusted Calinski-Harabasz of two classes (Jeon et al. 2025, arXiv 2503.01097): shift-invariant by exponentials over σ, the deviation of the squared
 * distances to the centre; free of n; scaled by a logistic. With b = SSB/n the exponentials cancel to e^(b/σ), so CH_A = tanh(k/2 · (b/2σ) e^(b/σ)).
 * With two classes the mean over pairs of classes has one term.
 * @param between SSB / n, @param spread σ; @returns 0 (no difference) to 1
 */
export function adjustedChi(between: number, spread: number): number {
  if (!(spread > 0)) return between > 0 ? 1 : 0;
  const share = between / spread;
  return Math.tanh((GROWTH / 4) * share * Math.exp(share));
}

/** ε² in the standardised frame: every dimension over its deviation within the classes, so that none of massive variance fills the sums. */
export function standardisedEffect(x: Rows, label: ArrayLike<number>): number | undefined {
  const cell = Int32Array.from({ length: x.n }, (_, i) => (label[i] === 1 ? 1 : 0));
  const rows = Int32Array.from(cell, (_, i) => i);
  const { scale, means, counts } = withinScale(x, rows, cell, 2);
  if (counts[0] === 0 || counts[1] === 0 || x.n < 3) return undefined;
  let gap = 0;
  let alive = 0;
  for (let j = 0; j < x.d; j++) {
    if (!Number.isFinite(scale[j])) continue;
    alive++;
    gap += ((means[x.d + j]! - means[j]!) / scale[j]!) ** 2;
  }
  const between = ((counts[0]! * counts[1]!) / x.n) * gap;
  const within = alive * (x.n - 2);
  if (!(between + within > 0)) return undefined;
  const eta = between / (between + within);
  return eta - (1 - eta) / (x.n - 2);
}

export interface PairIndices {
  /** Smallest distance between classes over the largest within one. */
  readonly dunn: number | null;
  /** Mean silhouette; -1..1. */
  readonly silhouette: number | null;
}

/**
 * Dunn and silhouette from all pairs, distances in float64. A generator: it stops after each row.
 */
export function* pairIndices(x: Rows, label: ArrayLike<number>): Generator<void, PairIndices> {
  const { n, d, data } = x;
  const own = new Float64Array(n);
  const other = new Float64Array(n);
  const count = [0, 0];
  let gap = Number.POSITIVE_INFINITY;
  let diameter = 0;
  for (let i = 0; i < n; i++) count[label[i] === 1 ? 1 : 0]!++;
  for (let i = 0; i < n; i++) {
    yield;
    const same = label[i] === 1;
    for (let j = i + 1; j < n; j++) {
      const distance = Math.sqrt(squaredDistance(data, i * d, j * d, d));
      if ((label[j] === 1) === same) {
        own[i]! += distance;
        own[j]! += distance;
        if (distance > diameter) diameter = distance;
      } else {
        other[i]! += distance;
        other[j]! += distance;
        if (distance < gap) gap = distance;
      }
    }
  }
  return finishPairs(own, other, label, count, gap, diameter);
}

export function finishPairs(
  own: Float64Array,
  other: Float64Array,
  label: ArrayLike<number>,
  count: readonly number[],
  gap: number,
  diameter: number,
): PairIndices {
  const n = own.length;
  if (count[0] === 0 || count[1] === 0) return { dunn: null, silhouette: null };
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const y = label[i] === 1 ? 1 : 0;
    if (count[y]! < 2) continue;
    const a = own[i]! / (count[y]! - 1);
    const b = other[i]! / count[1 - y]!;
    if (Math.max(a, b) > 0) sum += (b - a) / Math.max(a, b);
  }
  return { dunn: diameter > 0 ? gap / diameter : null, silhouette: sum / n };
}

export function squaredDistance(data: Float32Array, a: number, b: number, d: number): number {
  let s0 = 0;
  let s1 = 0;
  let j = 0;
  for (; j + 1 < d; j += 2) {
    const e = data[a + j]! - data[b + j]!;
    const f = data[a + j + 1]! - data[b + j + 1]!;
    s0 += e * e;
    s1 += f * f;
  }
  if (j < d) {
    const e = data[a + j]! - data[b + j]!;
    s0 += e * e;
  }
  return s0 + s1;
}
