import { type Folds, split } from "../../stats/folds.js";
import { denseDesign, fittingLogistic } from "../../stats/logistic.js";
import { columnMeans, columnScale, type Rows } from "../../stats/moments.js";
import { C } from "../concept-depth/probe.js";
import type { Pace } from "../pace.js";
import type { Matrix64 } from "./relative.js";

const TOLERANCE = 2e-5;

/**
 * A probe that is trained on one space and read in others: standardised by the training rows of the space it was trained on,
 * nothing of the others is used. Rows of a fold are scored by probes that saw none of them, in any space.
 * @returns [spaces] decision values [n]
 */
export async function carryProbe(trained: Matrix64, spaces: readonly Matrix64[], label: Uint8Array, folds: Folds, pace: Pace): Promise<Float64Array[]> {
  const { n, d } = trained;
  const out = spaces.map(() => new Float64Array(n));
  const x: Rows = { data: Float32Array.from(trained.data), n, d };
  for (let k = 0; k < folds.count; k++) {
    const { train, test } = split(folds, k);
    const mean = columnMeans(x, train);
    const scale = columnScale(x, train, mean);
    const fitted = new Float32Array(train.length * d);
    train.forEach((row, at) => {
      for (let j = 0; j < d; j++) fitted[at * d + j] = (trained.data[row * d + j]! - mean[j]!) / scale[j]!;
    });
    const design = denseDesign(fitted, train.length, d);
    const { w, b } = await pace.run(
      fittingLogistic(
        design,
        train.map((i) => label[i]!),
        C,
        TOLERANCE * train.length,
        300,
      ),
    );
    for (const [which, space] of spaces.entries())
      for (const row of test) {
        let s = b;
        for (let j = 0, at = row * d; j < d; j++, at++) s += ((space.data[at]! - mean[j]!) / scale[j]!) * w[j]!;
        out[which]![row] = s;
      }
    await pace.breathe();
  }
  return out;
}
