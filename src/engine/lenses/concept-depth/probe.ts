import { multiply } from "../../stats/dense.js";
import { type Folds, split } from "../../stats/folds.js";
import { denseDesign, fitDualLogistic, fittingLogistic, sigmoid } from "../../stats/logistic.js";
import { heldOutLogistic } from "../../stats/logistic-batch.js";
import { columnMeans, columnScale, type Rows } from "../../stats/moments.js";
import { logisticPreconditioner, MOST_FACTORED } from "../../stats/preconditioner.js";
import { Random } from "../../stats/random.js";
import type { Blas } from "../lens.js";
import type { Pace } from "../pace.js";

/** Strength of the penalty, as scikit-learn's default. */
export const C = 1;
/** Training rows of a fold at most, drawn evenly from the classes; every row is scored held out all the same. */
export const MOST_TRAINED = 4000;
/** Largest gradient entry at the end, per training row: five times tighter than scikit-learn's default. */
export const TOLERANCE = 2e-5;
/** Up to this many training rows the fit is Newton's in the Gram matrix, above it L-BFGS in the dimensions. */
const MOST_DUAL = 256;

/** Where the last fits of a series ended, by fold and labelling: the next layer's, on the same rows, begin there and end at their own optimum. */
export type Starts = Map<string, Float64Array>;

/**
 * Held-out decision values of the probe: StandardScaler on the training folds, L2 logistic regression with C = 1.
 * @param labels one or several labellings of the same rows, which share the fold's products
 * @returns one array [n] a labelling
 */
export async function heldOutProbe(
  x: Rows,
  labels: readonly Uint8Array[],
  folds: Folds,
  blas: Blas,
  pace: Pace,
  seed: number,
  most = MOST_TRAINED,
  starts?: Starts,
): Promise<Float64Array[]> {
  const trained = x.n - x.n / folds.count;
  if (trained > Math.min(MOST_DUAL, x.d) && trained <= most && x.d <= MOST_FACTORED)
    return heldOutLogistic(x, labels, folds, C, TOLERANCE, blas, () => pace.breathe());
  const out = labels.map(() => new Float64Array(x.n));
  for (let k = 0; k < folds.count; k++) {
    const { train: whole, test } = split(folds, k);
    const train = whole.length > most ? sampleRows(whole, labels[0]!, most, seed + k) : whole;
    const mean = columnMeans(x, train);
    const scale = columnScale(x, train, mean);
    if (train.length <= Math.min(MOST_DUAL, x.d)) {
      const n = train.length;
      const fitted = scaledRows(x, train, mean, scale);
      const asked = scaledRows(x, test, mean, scale);
      const gram = Float64Array.from(await blas.matmul(fitted, fitted, n, x.d, n, true));
      const across = await blas.matmul(asked, fitted, test.length, x.d, n, true);
      const scores = new Float64Array(test.length);
      for (const [which, label] of labels.entries()) {
        const y = train.map((i) => label[i]!);
        const start = starts?.get(`${k} ${which}`);
        let fit = start && fitDualLogistic(gram, y, C, start);
        // A start far from the optimum can leave Newton's steps stuck; then it begins at nothing, as without a start.
        if (!fit || !isOptimal(gram, y, fit)) fit = fitDualLogistic(gram, y, C);
        const { a, b } = fit;
        starts?.set(`${k} ${which}`, a);
        multiply(across, a, scores);
        test.forEach((row, i) => {
          out[which]![row] = scores[i]! + b;
        });
        await pace.breathe();
      }
      continue;
    }
    const fitted = scaledRows(x, train, mean, scale);
    await pace.breathe();
    const precondition = await logisticPreconditioner(fitted, train.length, x.d, C, blas, (steps) => pace.run(steps));
    const design = denseDesign(fitted, train.length, x.d);
    for (const [which, label] of labels.entries()) {
      const { w, b } = await pace.run(
        fittingLogistic(
          design,
          train.map((i) => label[i]!),
          C,
          TOLERANCE * train.length,
          300,
          precondition,
        ),
      );
      for (const row of test) {
        let s = b;
        for (let j = 0, at = row * x.d; j < x.d; j++, at++) s += ((x.data[at]! - mean[j]!) / scale[j]!) * w[j]!;
        out[which]![row] = s;
      }
      await pace.breathe();
    }
  }
  return out;
}

/** Whether a = C (y - p) at every row. */
function isOptimal(gram: Float64Array, y: ArrayLike<number>, { a, b }: { a: Float64Array; b: number }): boolean {
  const f = new Float64Array(a.length);
  multiply(gram, a, f);
  return a.every((v, i) => Math.abs(v - C * (y[i]! - sigmoid(f[i]! + b))) < 1e-6 * C);
}

function scaledRows(x: Rows, rows: Int32Array, mean: Float64Array, scale: Float64Array): Float32Array {
  const out = new Float32Array(rows.length * x.d);
  for (let k = 0, to = 0; k < rows.length; k++) for (let j = 0, at = rows[k]! * x.d; j < x.d; j++, at++, to++) out[to] = (x.data[at]! - mean[j]!) / scale[j]!;
  return out;
}

/** A seeded sample with the classes in their shares. */
export function sampleRows(rows: Int32Array, label: Uint8Array, most: number, seed: number): Int32Array {
  const random = new Random(seed, 61);
  const picked: number[] = [];
  for (const y of [0, 1]) {
    const own = random.shuffle(rows.filter((i) => label[i] === y));
    picked.push(...own.subarray(0, Math.max(2, Math.round((most * own.length) / rows.length))));
  }
  return Int32Array.from(picked).sort();
}
