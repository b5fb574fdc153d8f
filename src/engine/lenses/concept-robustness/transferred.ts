import { type Folds, split } from "../../stats/folds.js";
import { columnMeans } from "../../stats/moments.js";
import { heldOutProbe, MOST_TRAINED, type Starts } from "../concept-depth/probe.js";
import type { LensTools, Study } from "../lens.js";
import type { Pace } from "../pace.js";

/**
 * Held-out scores of disturbed rows under the probe of the other folds' rows as they are; one fit a fold serves every view.
 * @param own [count, width] rows as they are; @param views the same rows disturbed
 * @param starts [folds] where the fits of the layer before ended; @returns per view [count]
 */
export async function transferredScores(
  own: Float32Array,
  views: readonly Float32Array[],
  study: Pick<Study, "count" | "width" | "label" | "seed">,
  folds: Folds,
  tools: LensTools,
  pace: Pace,
  starts: readonly Starts[],
): Promise<Float64Array[]> {
  const { count, width: d } = study;
  const mean = columnMeans({ data: own, n: count, d });
  const out = views.map(() => new Float64Array(count));
  for (let k = 0; k < folds.count; k++) {
    const { train, test } = split(folds, k);
    // Only what is needed: the training rows as they are, the held-out rows under each view; centred on the former.
    const rows = [...Array.from(train, (i) => ({ from: own, i })), ...views.flatMap((from) => Array.from(test, (i) => ({ from, i })))];
    const data = new Float32Array(rows.length * d);
    rows.forEach(({ from, i }, r) => {
      for (let j = 0; j < d; j++) data[r * d + j] = from[i * d + j]! - mean[j]!;
    });
    const one = { of: Int32Array.from(rows, (_, r) => (r < train.length ? 1 : 0)), count: 1 };
    const label = Uint8Array.from(rows, ({ i }) => study.label[i]!);
    const [score] = await heldOutProbe({ data, n: rows.length, d }, [label], one, tools.blas, pace, study.seed, MOST_TRAINED, starts[k]);
    views.forEach((_, v) => {
      test.forEach((i, r) => {
        out[v]![i] = score![train.length + v * test.length + r]!;
      });
    });
  }
  return out;
}
