import { type Folds, split } from "../../stats/folds.js";
import { denseDesign, fittingLogistic } from "../../stats/logistic.js";
import { centre, columnMeans, columnScale, type Rows } from "../../stats/moments.js";
import { C, MOST_TRAINED, sampleRows, TOLERANCE } from "../concept-depth/probe.js";
import type { PixelSurface, Study } from "../lens.js";
import type { Pace } from "../pace.js";

/** Thumbnail and summary side by side: [count, thumbnail + summary]. */
export function pixelRows({ summary, summaryNames, thumbnail, thumbnailNumbers: t }: PixelSurface, n: number): Rows {
  const s = summaryNames.length;
  const data = new Float32Array(n * (t + s));
  for (let i = 0; i < n; i++) {
    data.set(thumbnail.subarray(i * t, (i + 1) * t), i * (t + s));
    for (let j = 0; j < s; j++) data[i * (t + s) + t + j] = summary[i * s + j]!;
  }
  return { data, n, d: t + s };
}

/** Mean colours, how much they vary, sizes: [count, summary]. */
export const summaryRows = ({ summary, summaryNames }: PixelSurface, n: number): Rows => ({ data: Float32Array.from(summary), n, d: summaryNames.length });

/**
 * Held-out decision values of a logistic regression (C = 1) on 8 x 8 thumbnails, mean colours and file sizes, each column scaled on
 * the training rows: what can be told of images without seeing what is on them. [count]
 */
export async function pixelScores(study: Study, x: Rows, folds: Folds, pace: Pace): Promise<Float64Array> {
  const out = new Float64Array(study.count);
  for (let k = 0; k < folds.count; k++) {
    const { train: whole, test } = split(folds, k);
    const train = whole.length > MOST_TRAINED ? sampleRows(whole, study.label, MOST_TRAINED, study.seed + k) : whole;
    const mean = columnMeans(x, train);
    const scale = columnScale(x, train, mean);
    const scaled = (rows: readonly number[]) => {
      const data = new Float32Array(rows.length * x.d);
      rows.forEach((row, i) => {
        for (let j = 0; j < x.d; j++) data[i * x.d + j] = (x.data[row * x.d + j]! - mean[j]!) / scale[j]!;
      });
      return denseDesign(data, rows.length, x.d);
    };
    const labels = Array.from(train, (i) => study.label[i]!);
    const { w, b } = await pace.run(fittingLogistic(scaled(Array.from(train)), labels, C, TOLERANCE * train.length, 300));
    const scores = new Float64Array(test.length);
    scaled(Array.from(test)).times(w, scores);
    test.forEach((row, i) => {
      out[row] = scores[i]! + b;
    });
    await pace.breathe();
  }
  return out;
}

/** The thumbnails as rows, centred: what an index over words is to texts. */
export function thumbnailRows({ thumbnail, thumbnailNumbers }: PixelSurface, count: number): Rows {
  const rows = { data: Float32Array.from(thumbnail), n: count, d: thumbnailNumbers };
  centre(rows);
  return rows;
}
