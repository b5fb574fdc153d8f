import { type Folds, split, stratifiedGroupFolds } from "../../stats/folds.js";
import { columnMeans, columnScale, type Rows } from "../../stats/moments.js";
import { range } from "../../stats/random.js";
import { logSoftmax } from "../../stats/softmax.js";
import type { Blas } from "../lens.js";
import type { Pace } from "../pace.js";
import type { Task } from "../task.js";
import { type Fitter, gramFitter, rowFitter } from "./rules.js";

/** Strengths of the penalty that inner folds choose from (scikit-learn's C). */
export const STRENGTHS: readonly number[] = [1e-3, 1e-2, 1e-1, 1, 10, 100];
/** Place of C = 1. */
export const PLAIN = 3;
const INNER = 2;

export interface Classified {
  /** [task rows, classes] held-out log-probabilities. */
  readonly log: Float64Array;
  /** Place in STRENGTHS that each fold chose. */
  readonly chosen: readonly number[];
}

/**
 * Held-out log-probabilities of one layer: StandardScaler on the training folds, L2 logistic regression (multinomial for more
 * than two classes). With `tune`, C is chosen in every fold by the log-loss of two inner folds: from `start` uphill among
 * STRENGTHS; else C = 1.
 * @param x states of all rows of the study, centred
 */
export async function classify(
  x: Rows,
  task: Task,
  folds: Folds,
  blas: Blas,
  pace: Pace,
  options: { seed: number; tune: boolean; start: number; most: number },
): Promise<Classified> {
  const classes = task.classes.length;
  const log = new Float64Array(task.rows.length * classes);
  const chosen: number[] = [];
  for (let k = 0; k < folds.count; k++) {
    const { train: whole, test } = split(folds, k);
    const train = thinned(whole, task.of, options.most);
    const rowsOf = (which: Int32Array) => which.map((i) => task.rows[i]!);
    const mean = columnMeans(x, rowsOf(train));
    const scale = columnScale(x, rowsOf(train), mean);
    const fitted = scaled(x, rowsOf(train), mean, scale);
    const asked = scaled(x, rowsOf(test), mean, scale);
    const y = Int32Array.from(train, (i) => task.of[i]!);
    const fitter =
      train.length < x.d
        ? await gramFitter(fitted, train.length, asked, test.length, x.d, classes, blas, pace)
        : rowFitter(fitted, train.length, asked, x.d, classes, blas, pace);
    const at = options.tune ? await chooseStrength(fitter, y, train, task, classes, options, pace) : PLAIN;
    chosen.push(at);
    const scores = await fitter.fitAt(range(train.length), y, STRENGTHS[at]!, range(test.length), true);
    logSoftmax(scores, classes);
    test.forEach((i, row) => {
      log.set(scores.subarray(row * classes, (row + 1) * classes), i * classes);
    });
    await pace.breathe();
  }
  return { log, chosen };
}

/** Uphill from `start` in mean log-loss over the inner folds. Scaling is the outer training rows': it looks at no label. */
async function chooseStrength(
  fitter: Fitter,
  y: Int32Array,
  train: Int32Array,
  task: Task,
  classes: number,
  { seed, start }: { seed: number; start: number },
  pace: Pace,
): Promise<number> {
  const group = Int32Array.from(train, (i) => task.group[i]!);
  const inner = stratifiedGroupFolds(y, group, INNER, seed + 31);
  const losses = new Map<number, number>();
  const lossAt = async (at: number): Promise<number> => {
    const known = losses.get(at);
    if (known !== undefined) return known;
    let loss = 0;
    for (let k = 0; k < INNER; k++) {
      const parts = split(inner, k);
      if (new Set(parts.train.map((i) => y[i]!)).size < classes) return Number.POSITIVE_INFINITY;
      const of = parts.train.map((i) => y[i]!);
      const scores = await fitter.fitAt(parts.train, of, STRENGTHS[at]!, parts.test, false);
      logSoftmax(scores, classes);
      parts.test.forEach((i, row) => {
        loss -= scores[row * classes + y[i]!]!;
      });
      await pace.breathe();
    }
    losses.set(at, loss);
    return loss;
  };
  let best = start;
  for (const step of [-1, 1]) {
    let next = start + step;
    let last = await lossAt(start);
    while (next >= 0 && next < STRENGTHS.length) {
      const loss = await lossAt(next);
      if (!(loss < last)) break;
      if (loss < (await lossAt(best))) best = next;
      last = loss;
      next += step;
    }
  }
  return best;
}

function scaled(x: Rows, rows: Int32Array, mean: Float64Array, scale: Float64Array): Float32Array {
  const out = new Float32Array(rows.length * x.d);
  for (let k = 0, to = 0; k < rows.length; k++) for (let j = 0, at = rows[k]! * x.d; j < x.d; j++, at++, to++) out[to] = (x.data[at]! - mean[j]!) / scale[j]!;
  return out;
}

/** At most so many rows, every class in its share: each kth of a class. */
function thinned(rows: Int32Array, of: Int32Array, most: number): Int32Array {
  if (rows.length <= most) return rows;
  const step = rows.length / most;
  const seen = new Map<number, number>();
  return rows.filter((i) => {
    const count = seen.get(of[i]!) ?? 0;
    seen.set(of[i]!, count + 1);
    return Math.floor((count + 1) / step) > Math.floor(count / step);
  });
}
