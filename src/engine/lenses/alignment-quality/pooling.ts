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
  const row = new Float64Array(layers);
  for (let i = 0; i < n; i++) {
    const part = parts[folds.of[i]!]!;
    const c = cells.cell[i]!;
    const w = weight ? weight[i]! : 1;
    for (let l = 0; l < layers; l++) row[l] = scores[l]![i]!;
    part.size[c]! += w;
    for (let l = 0; l < layers; l++) {
      const v = w * row[l]!;
      part.sum[c * layers + l]! += v;
      for (let m = 0, at = l * layers; m <= l; m++, at++) part.square[at]! += v * row[m]!;
    }
  }
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
