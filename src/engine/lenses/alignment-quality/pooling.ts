import { type Cells, stratumWeights } from "../../stats/contrast.js";
import type { Folds } from "../../stats/folds.js";
import { nnls } from "../../stats/nnls.js";

/** Sums of one fold of weighted score rows: they add up to those of any training set. */
interface Sums {
  readonly square: Float64Array;
  readonly sum: Float64Array;
  readonly size: Float64Array;
}

export interface Pooled {
  /** [n] score with the layers' weights fitted on the other folds, in within-class deviations. */
  readonly z: Float64Array;
  /** [layers] mean weight over folds; sums to 1. */
  readonly weights: Float64Array;
}

/**
 * Sparse layer pooling (lenses 1.1.3): α >= 0 maximises (αᵀb)²/(αᵀWα), b the stratified mean difference and W the
 * within-cell covariance of the layers' scores. As non-negative least squares ½αᵀWα - bᵀα; fitted on the other folds.
 * @param scores per layer [n]
 */
export function poolLayers(scores: readonly ArrayLike<number>[], cells: Cells, folds: Folds, weight?: ArrayLike<number>): Pooled {
  const layers = scores.length;
  const n = cells.cell.length;
  const k = 2 * cells.strata;
  const parts = Array.from(
    { length: folds.count },
    (): Sums => ({ square: new Float64Array(layers * layers), sum: new Float64Array(k * layers), size: new Float64Array(k) }),
  );
  sumFolds(scores, cells, folds, weight, parts);
  const z = new Float64Array(n);
  const mean = new Float64Array(layers);
  for (let f = 0; f < folds.count; f++) {
    const { alpha, deviation, middle } = weigh(parts, f, layers, k);
    for (let l = 0; l < layers; l++) mean[l]! += alpha[l]! / folds.count;
    for (let i = 0; i < n; i++) {
      if (folds.of[i] !== f) continue;
      let s = -middle;
      for (let l = 0; l < layers; l++) if (alpha[l]! > 0) s += alpha[l]! * scores[l]![i]!;
      z[i] = s / deviation;
    }
  }
  return { z, weights: mean };
}

/** Sums of every fold: a layer's scores lie beside each other, those of a fold too, so that the loops over pairs of layers run straight. */
function sumFolds(scores: readonly ArrayLike<number>[], cells: Cells, folds: Folds, weight: ArrayLike<number> | undefined, parts: readonly Sums[]): void {
  const layers = scores.length;
  const n = cells.cell.length;
  const start = new Int32Array(folds.count + 1);
  for (let i = 0; i < n; i++) start[folds.of[i]! + 1]!++;
  for (let f = 0; f < folds.count; f++) start[f + 1]! += start[f]!;
  const next = start.slice();
  const order = new Int32Array(n);
  for (let i = 0; i < n; i++) order[next[folds.of[i]!]!++] = i;
  const plain = new Float64Array(layers * n);
  const weighted = weight ? new Float64Array(layers * n) : plain;
  for (let l = 0; l < layers; l++) {
    takeLayer(scores[l]!, order, plain, l * n);
    if (weight) weighLayer(plain, weight, order, weighted, l * n);
  }
  for (const [f, part] of parts.entries()) {
    for (let k = start[f]!; k < start[f + 1]!; k++) {
      const c = cells.cell[order[k]!]!;
      part.size[c]! += weight ? weight[order[k]!]! : 1;
      for (let l = 0, at = k; l < layers; l++, at += n) part.sum[c * layers + l]! += weighted[at]!;
    }
    for (let l = 0; l < layers; l += 2) for (let m = 0; m <= l; m += 2) addProducts(weighted, plain, n, l, m, layers, start[f]!, start[f + 1]!, part.square);
  }
}

function takeLayer(scores: ArrayLike<number>, order: Int32Array, out: Float64Array, to: number): void {
  for (let k = 0; k < order.length; k++) out[to + k] = scores[order[k]!]!;
}

function weighLayer(plain: Float64Array, weight: ArrayLike<number>, order: Int32Array, out: Float64Array, from: number): void {
  for (let k = 0; k < order.length; k++) out[from + k] = weight[order[k]!]! * plain[from + k]!;
}

/** Products of layers l and l + 1 with m and m + 1 over some rows; of the upper triangle nothing is read. */
function addProducts(
  weighted: Float64Array,
  plain: Float64Array,
  n: number,
  l: number,
  m: number,
  layers: number,
  from: number,
  to: number,
  square: Float64Array,
): void {
  const a0 = l * n;
  const a1 = l + 1 < layers ? a0 + n : a0;
  const b0 = m * n;
  const b1 = m + 1 < layers ? b0 + n : b0;
  let s00 = 0;
  let s01 = 0;
  let s10 = 0;
  let s11 = 0;
  for (let k = from; k < to; k++) {
    const x0 = weighted[a0 + k]!;
    const x1 = weighted[a1 + k]!;
    const y0 = plain[b0 + k]!;
    const y1 = plain[b1 + k]!;
    s00 += x0 * y0;
    s01 += x0 * y1;
    s10 += x1 * y0;
    s11 += x1 * y1;
  }
  square[l * layers + m]! += s00;
  if (m + 1 < layers) square[l * layers + m + 1]! += s01;
  if (l + 1 >= layers) return;
  square[(l + 1) * layers + m]! += s10;
  if (m + 1 < layers) square[(l + 1) * layers + m + 1]! += s11;
}

function weigh(parts: readonly Sums[], skip: number, layers: number, k: number): { alpha: Float64Array; deviation: number; middle: number } {
  const square = new Float64Array(layers * layers);
  const sum = new Float64Array(k * layers);
  const size = new Float64Array(k);
  parts.forEach((part, f) => {
    if (f === skip) return;
    for (let i = 0; i < square.length; i++) square[i]! += part.square[i]!;
    for (let i = 0; i < sum.length; i++) sum[i]! += part.sum[i]!;
    for (let i = 0; i < k; i++) size[i]! += part.size[i]!;
  });
  const total = size.reduce((s, v) => s + v, 0);
  for (let c = 0; c < k; c++) {
    if (size[c] === 0) continue;
    for (let l = 0; l < layers; l++) for (let m = 0; m <= l; m++) square[l * layers + m]! -= (sum[c * layers + l]! * sum[c * layers + m]!) / size[c]!;
    for (let l = 0; l < layers; l++) sum[c * layers + l]! /= size[c]!;
  }
  let trace = 0;
  for (let l = 0; l < layers; l++) {
    trace += square[l * layers + l]! / total / layers;
    for (let m = 0; m <= l; m++) {
      square[l * layers + m]! /= total;
      square[m * layers + l] = square[l * layers + m]!;
    }
  }
  for (let l = 0; l < layers; l++) square[l * layers + l]! += 1e-6 * trace;
  const w = stratumWeights(size);
  const all = w.reduce((s, v) => s + v, 0);
  const b = new Float64Array(layers);
  if (all > 0)
    for (let a = 0; a < w.length; a++)
      if (w[a]! > 0) for (let l = 0; l < layers; l++) b[l]! += (w[a]! / all) * (sum[(2 * a + 1) * layers + l]! - sum[2 * a * layers + l]!);
  const x = layers === 1 ? Float64Array.of(1) : nnls(square, b);
  let scale = x.reduce((s, v) => s + v, 0);
  if (!(scale > 0)) {
    // No layer points the right way: all count alike.
    x.fill(1);
    scale = layers;
  }
  const alpha = x.map((v) => v / scale);
  let variance = 0;
  let middle = 0;
  const classes = [0, 0];
  for (let c = 0; c < k; c++) classes[c % 2]! += size[c]!;
  for (let l = 0; l < layers; l++) {
    for (let m = 0; m < layers; m++) variance += alpha[l]! * alpha[m]! * square[l * layers + m]!;
    for (let c = 0; c < k; c++) if (classes[c % 2]! > 0) middle += (alpha[l]! * 0.5 * sum[c * layers + l]! * size[c]!) / classes[c % 2]!;
  }
  return { alpha, deviation: Math.sqrt(variance) || 1, middle };
}
