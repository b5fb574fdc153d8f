import type { Maybe } from "../../../protocol/index.js";
import { aurocInterval } from "../../stats/auc.js";
import { factoring } from "../../stats/cholesky.js";
import { type Folds, split } from "../../stats/folds.js";
import { centre, columnMeans, columnScale } from "../../stats/moments.js";
import { range } from "../../stats/random.js";
import { depthOf } from "../concept-depth/depth.js";
import type { Blas } from "../lens.js";
import type { Pace } from "../pace.js";
import type { Task } from "../task.js";

/** Ridge that gives squares the curvature of the logistic loss at its centre under C = 1. */
const RIDGE = 4;

/** What one layer tells of a column of classes. */
export interface AxisLayer {
  readonly auroc: Maybe;
  readonly low: Maybe;
  readonly accuracy: Maybe;
}

export interface AxisDepth {
  readonly best: number | null;
  readonly depth95: number | null;
  readonly areaDepth: Maybe;
}

/**
 * Held-out ridge regression of every class of a column against the rest, on standardised states: in the products of the rows one factor serves all
 * classes of a fold, so that several columns can be read from every layer of every view. AUROC and its lower bound are means over the classes.
 * @param states [count, width] all rows of the study; the column's own are taken out
 */
export async function axisLayer(states: Float32Array, width: number, task: Task, folds: Folds, blas: Blas, pace: Pace): Promise<AxisLayer> {
  const n = task.rows.length;
  const x = { data: new Float32Array(n * width), n, d: width };
  task.rows.forEach((i, r) => {
    x.data.set(states.subarray(i * width, (i + 1) * width), r * width);
  });
  centre(x);
  const scale = columnScale(x, range(n), columnMeans(x));
  for (let at = 0; at < x.data.length; at++) x.data[at]! /= scale[at % width]!;
  const gram = await blas.matmul(x.data, x.data, n, width, n, true);
  const classes = task.classes.length;
  const score = Array.from({ length: classes }, () => new Float64Array(n));
  for (let k = 0; k < folds.count; k++) {
    const { train, test } = split(folds, k);
    await heldOutRidge(gram, n, train, test, task, score, pace);
    await pace.breathe();
  }
  const which = classes === 2 ? [1] : Array.from({ length: classes }, (_, c) => c);
  const areas = which.map((c) =>
    aurocInterval(
      score[c]!,
      Uint8Array.from(task.of, (own) => (own === c ? 1 : 0)),
      task.group,
    ),
  );
  if (areas.some((one) => one === null)) return { auroc: null, low: null, accuracy: null };
  const mean = (values: readonly number[]) => values.reduce((s, v) => s + v, 0) / values.length;
  const lows = areas.map((one) => one!.ci95?.[0]);
  const hits = task.of.reduce((s, own, i) => s + (score.every((other, c) => c === own || other[i]! < score[own]![i]!) ? 1 : 0), 0);
  return { auroc: mean(areas.map((one) => one!.value)), low: lows.every((v) => v !== undefined) ? mean(lows) : null, accuracy: hits / n };
}

/** Depth of a column from its layers. */
export function axisDepth(layers: readonly AxisLayer[]): AxisDepth {
  const { bestLayer, depth95, areaDepth } = depthOf(layers);
  return { best: bestLayer, depth95, areaDepth };
}

async function heldOutRidge(
  gram: Float32Array,
  n: number,
  train: Int32Array,
  test: Int32Array,
  task: Task,
  score: readonly Float64Array[],
  pace: Pace,
): Promise<void> {
  const m = train.length;
  // Centred on the training rows: k(i, j) - mean k(i, ·) - mean k(·, j) + mean k.
  const about = new Float64Array(n);
  for (let i = 0; i < n; i++) for (const t of train) about[i]! += gram[i * n + t]! / m;
  let middle = 0;
  for (const t of train) middle += about[t]! / m;
  const factor = new Float64Array(m * m);
  for (let a = 0; a < m; a++) {
    const i = train[a]!;
    for (let b = 0; b <= a; b++) factor[a * m + b] = gram[i * n + train[b]!]! - about[i]! - about[train[b]!]! + middle + (a === b ? RIDGE : 0);
  }
  if (!(await pace.run(factoring(factor, m)))) return;
  for (let c = 0; c < score.length; c++) {
    const y = new Float64Array(m);
    let share = 0;
    for (let a = 0; a < m; a++) share += (task.of[train[a]!] === c ? 1 : 0) / m;
    for (let a = 0; a < m; a++) y[a] = (task.of[train[a]!] === c ? 1 : 0) - share;
    for (let a = 0; a < m; a++) {
      let s = y[a]!;
      for (let b = 0; b < a; b++) s -= factor[a * m + b]! * y[b]!;
      y[a] = s / factor[a * m + a]!;
    }
    for (let a = m - 1; a >= 0; a--) {
      const v = y[a]! / factor[a * m + a]!;
      y[a] = v;
      for (let b = 0; b < a; b++) y[b]! -= factor[a * m + b]! * v;
    }
    for (const i of test) {
      let s = share;
      for (let a = 0; a < m; a++) s += (gram[i * n + train[a]!]! - about[i]! - about[train[a]!]! + middle) * y[a]!;
      score[c]![i] = s;
    }
  }
}
