import { type Frame, placeOf } from "./frame.js";

/**
 * How far a text may lie from the rows. Four marks of a text: the log of what its state has outside of the leading directions, the log of its
 * Mahalanobis distance within them, the log of its characters a token, its share of symbols. All of them change with
 * length (a mean over few tokens scatters more), so each is taken less what is expected of so many tokens, the first two not below it;
 * the distance is Mahalanobis's over the four, and its quantile that among held-out rows.
 */
export interface DomainStatistics {
  readonly frame: Frame;
  /** [MARKS, 2] what is expected of a mark: first + second · log(tokens). */
  readonly expected: readonly number[];
  /** [MARKS, MARKS] inverse covariance of the marks less that. */
  readonly precision: readonly number[];
  /** Ascending distances of held-out rows at evenly spread quantiles. */
  readonly quantiles: readonly number[];
  /** Quantile above which a text is out of domain. */
  readonly limit: number;
}

export const MARKS = 4;
/** The first marks are distances: only what is more than expected is far. */
const ONE_SIDED = 2;
/** Of held-out rows, one in twenty-five lies farther; a fresh sample of rows a little more, most so where few rows have set the scale. */
const BEYOND = 0.04;
const FEW_ROWS = 200;
/** Leading directions of the Mahalanobis distance, at most a third of the frame's: more of them measure the noise of short texts, and of few rows how well they fit themselves. */
const LEADING = 4;
/** Values of the stored table of quantiles. */
const TABLE = 201;
/** Standard deviations of the marks below which they are no measure: rows may all have the same share of symbols, or be questions of ordinary words. */
const LEAST_DEVIATION = [0.05, 0.05, 0.2, 0.02];
/** How far the covariance is drawn towards its diagonal. */
const SHRINKAGE = 0.1;

/** A text as the model read it. */
export interface Read {
  readonly text: string;
  readonly tokens: number;
  /** What the tokens do not cover; then nothing is known of its characters a token. */
  readonly truncated: boolean;
}

/** [MARKS] NaN where a mark is not known. */
export function marksOf(frame: Frame, state: Float32Array, at: number, { text, tokens, truncated }: Read): Float64Array {
  const { coordinates, rest } = placeOf(frame, state, at);
  const leading = Math.min(LEADING, Math.max(1, Math.round(frame.dims / 3)));
  let within = 0;
  let beside = rest;
  for (let k = 0; k < frame.dims; k++)
    if (k < leading) within += coordinates[k]! ** 2 / Math.max(frame.variance[k]!, 1e-6);
    else beside += coordinates[k]! ** 2;
  return Float64Array.of(Math.log(beside), Math.log(within + 1e-6), truncated ? Number.NaN : Math.log(Math.max(1, text.length) / tokens), symbolShare(text));
}

/** Of characters that sentences have few of: neither letters, digits, space nor ordinary punctuation; and of capitals inside words. */
const symbolShare = (text: string): number => (text.match(/[^\p{L}\p{M}\p{N}\s….,?!'"’“”-]|(?<=\p{Ll})\p{Lu}/gu)?.length ?? 0) / Math.max(1, text.length);

/**
 * @param marks [rows, MARKS] of rows held out from the frame they were measured in
 * @param tokens [rows]
 */
export function fitDomain(frame: Frame, marks: Float64Array, tokens: ArrayLike<number>): DomainStatistics {
  const n = tokens.length;
  const expected: number[] = [];
  for (let k = 0; k < MARKS; k++) expected.push(...line(marks, k, tokens));
  const left = new Float64Array(n * MARKS);
  for (let i = 0; i < n; i++) left.set(less(expected, marks.subarray(i * MARKS, (i + 1) * MARKS), tokens[i]!), i * MARKS);
  const covariance = new Float64Array(MARKS * MARKS);
  for (let i = 0; i < n; i++)
    for (let a = 0; a < MARKS; a++)
      for (let b = 0; b < MARKS; b++) covariance[a * MARKS + b]! += (left[i * MARKS + a]! * left[i * MARKS + b]!) / Math.max(1, n - 2);
  for (let a = 0; a < MARKS; a++)
    for (let b = 0; b < MARKS; b++) {
      if (a === b) covariance[a * MARKS + a] = Math.max(covariance[a * MARKS + a]!, LEAST_DEVIATION[a]! ** 2);
      else covariance[a * MARKS + b]! *= 1 - SHRINKAGE;
    }
  const precision = inverted(covariance, MARKS);
  const distances = Float64Array.from({ length: n }, (_, i) => quadratic(precision, farther(left.subarray(i * MARKS, (i + 1) * MARKS)))).sort();
  const size = Math.min(n, TABLE);
  const quantiles = Array.from({ length: size }, (_, k) => Math.fround(distances[Math.round((k * (n - 1)) / Math.max(1, size - 1))]!));
  return { frame, expected, precision, quantiles, limit: 1 - BEYOND * Math.min(1, n / FEW_ROWS) };
}

/** The quantile, 0..1, at which a text lies among held-out rows. */
export function quantileOf(domain: DomainStatistics, state: Float32Array, at: number, read: Read): number {
  const marks = marksOf(domain.frame, state, at, read);
  // A state that is no number lies nowhere near.
  if (!Number.isFinite(marks[0]!) || !Number.isFinite(marks[1]!)) return 1;
  const distance = quadratic(domain.precision, farther(less(domain.expected, marks, read.tokens)));
  const { quantiles } = domain;
  let low = 0;
  let high = quantiles.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (quantiles[middle]! < distance) low = middle + 1;
    else high = middle;
  }
  if (low === 0) return 0;
  if (low === quantiles.length) return 1;
  const [a, b] = [quantiles[low - 1]!, quantiles[low]!];
  return (low - 1 + (b > a ? (distance - a) / (b - a) : 1)) / (quantiles.length - 1);
}

/** Least squares of one mark against the log of the number of tokens; without a slope where rows have one length. */
function line(marks: Float64Array, k: number, tokens: ArrayLike<number>): [number, number] {
  let [n, sx, sy, sxx, sxy] = [0, 0, 0, 0, 0];
  for (let i = 0; i < tokens.length; i++) {
    const y = marks[i * MARKS + k]!;
    if (!Number.isFinite(y)) continue;
    const x = Math.log(tokens[i]!);
    n++;
    sx += x;
    sy += y;
    sxx += x * x;
    sxy += x * y;
  }
  if (n === 0) return [0, 0];
  const spread = sxx - (sx * sx) / n;
  const slope = spread > 1e-3 * n ? (sxy - (sx * sy) / n) / spread : 0;
  return [(sy - slope * sx) / n, slope];
}

/** Rows that the frame has seen leave little outside of it: squared, that would count as far. */
const farther = (left: Float64Array): Float64Array => left.map((v, k) => (k < ONE_SIDED ? Math.max(0, v) : v));

/** A mark that is not known is taken as it is expected. */
function less(expected: readonly number[], marks: Float64Array, tokens: number): Float64Array {
  return marks.map((v, k) => (Number.isFinite(v) ? v - expected[2 * k]! - expected[2 * k + 1]! * Math.log(tokens) : 0));
}

function quadratic(precision: readonly number[], v: Float64Array): number {
  let sum = 0;
  for (let a = 0; a < MARKS; a++) for (let b = 0; b < MARKS; b++) sum += v[a]! * precision[a * MARKS + b]! * v[b]!;
  return sum;
}

/** Gauss and Jordan; the matrix is symmetric with a positive diagonal that its shrunk sides cannot outweigh. */
function inverted(a: Float64Array, n: number): number[] {
  const left = Float64Array.from(a);
  const right = new Float64Array(n * n);
  for (let i = 0; i < n; i++) right[i * n + i] = 1;
  for (let c = 0; c < n; c++) {
    const pivot = left[c * n + c]!;
    for (let j = 0; j < n; j++) {
      left[c * n + j]! /= pivot;
      right[c * n + j]! /= pivot;
    }
    for (let r = 0; r < n; r++) {
      const factor = left[r * n + c]!;
      if (r === c || factor === 0) continue;
      for (let j = 0; j < n; j++) {
        left[r * n + j]! -= factor * left[c * n + j]!;
        right[r * n + j]! -= factor * right[c * n + j]!;
      }
    }
  }
  return [...right];
}
