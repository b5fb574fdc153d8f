import { C, MOST_TRAINED, sampleRows, TOLERANCE } from "../lenses/concept-depth/probe.js";
import type { Blas } from "../lenses/lens.js";
import type { Pace } from "../lenses/pace.js";
import { fittingPlatt, type Platt } from "../stats/calibration.js";
import { denseDesign, fitDualLogistic, fittingLogistic, sigmoid } from "../stats/logistic.js";
import { columnMeans, columnScale, type Rows } from "../stats/moments.js";
import { logisticPreconditioner } from "../stats/preconditioner.js";

/** A linear rule on the raw states of one layer: decision = bias + weights · state. Above 0 lies on the unsafe side. */
export interface LayerProbe {
  /** [width] */
  readonly weights: Float32Array;
  readonly bias: number;
  /** probability = 1 / (1 + exp(-(slope · decision + offset))), fitted on held-out decision values. */
  readonly slope: number;
  readonly offset: number;
}

/** Up to this many training rows the fit is Newton's in the Gram matrix. */
const MOST_DUAL = 256;

/**
 * The probe of the audit (StandardScaler, L2 logistic regression with C = 1), fitted on all rows instead of all but a fold, with the
 * scaling folded into its weights.
 */
export async function fitProbe(x: Rows, label: Uint8Array, blas: Blas, pace: Pace, seed: number): Promise<Pick<LayerProbe, "weights" | "bias">> {
  const all = Int32Array.from({ length: x.n }, (_, i) => i);
  const rows = x.n > MOST_TRAINED ? sampleRows(all, label, MOST_TRAINED, seed) : all;
  const mean = columnMeans(x, rows);
  const scale = columnScale(x, rows, mean);
  const n = rows.length;
  const fitted = new Float32Array(n * x.d);
  for (let k = 0, to = 0; k < n; k++) for (let j = 0, at = rows[k]! * x.d; j < x.d; j++, at++, to++) fitted[to] = (x.data[at]! - mean[j]!) / scale[j]!;
  const y = rows.map((i) => label[i]!);
  let w: Float64Array;
  let b: number;
  if (n <= Math.min(MOST_DUAL, x.d)) {
    const fit = fitDualLogistic(Float64Array.from(await blas.matmul(fitted, fitted, n, x.d, n, true)), y, C);
    w = new Float64Array(x.d);
    for (let k = 0, at = 0; k < n; k++) for (let j = 0; j < x.d; j++, at++) w[j]! += fit.a[k]! * fitted[at]!;
    b = fit.b;
  } else {
    const precondition = await logisticPreconditioner(fitted, n, x.d, C, blas, (steps) => pace.run(steps));
    ({ w, b } = await pace.run(fittingLogistic(denseDesign(fitted, n, x.d), y, C, TOLERANCE * n, 300, precondition)));
  }
  const weights = Float32Array.from(w, (v, j) => v / scale[j]!);
  // With the rounded weights, so that a state at the mean is decided as exactly as it can be.
  let bias = b;
  for (let j = 0; j < x.d; j++) bias -= weights[j]! * mean[j]!;
  return { weights, bias };
}

/**
 * Rows whose worth of doubt is added: slope and offset of a calibration move so far towards the share of the unsafe class. Of forty rows a
 * slope is known to a third or so, and what is fitted is too sure more often than too shy; of four hundred this changes nothing.
 */
const DOUBT = 12;

/** Platt's scaling, drawn towards the share of the unsafe class; a layer that tells nothing, or the wrong way round, has that alone. */
export async function calibrate(heldOut: ArrayLike<number>, label: ArrayLike<number>, pace: Pace): Promise<Platt> {
  const { slope, offset } = await pace.run(fittingPlatt(heldOut, label));
  const n = label.length;
  let unsafe = 0;
  for (let i = 0; i < n; i++) unsafe += label[i]!;
  const base = Math.log((unsafe + 1) / (n - unsafe + 1));
  if (!(Number.isFinite(slope) && slope > 0 && Number.isFinite(offset))) return { slope: 0, offset: base };
  const trust = n / (n + DOUBT);
  return { slope: trust * slope, offset: trust * offset + (1 - trust) * base };
}

/** @param state [width] from `at` on */
export function decisionOf(probe: Pick<LayerProbe, "weights" | "bias">, state: Float32Array, at = 0): number {
  let sum = probe.bias;
  for (let j = 0; j < probe.weights.length; j++) sum += probe.weights[j]! * state[at + j]!;
  return sum;
}

export const probabilityAt = (probe: Pick<LayerProbe, "slope" | "offset">, decision: number): number => sigmoid(probe.slope * decision + probe.offset);
