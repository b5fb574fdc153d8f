import { type Folds, split, stratifiedGroupFolds } from "../../stats/folds.js";
import { denseDesign, fittingLogistic } from "../../stats/logistic.js";
import { columnMeans, columnScale, type Rows } from "../../stats/moments.js";
import { logisticPreconditioner } from "../../stats/preconditioner.js";
import { fittingSoftmax, logSoftmax } from "../../stats/softmax.js";
import type { Blas } from "../lens.js";
import type { Pace } from "../pace.js";
import type { Task } from "../task.js";

/** Strengths of the penalty that inner folds choose from (scikit-learn's C). */
export const STRENGTHS: readonly number[] = [1e-3, 1e-2, 1e-1, 1, 10, 100];
/** Place of C = 1. */
export const PLAIN = 3;
const INNER = 2;
const TOLERANCE = 2e-5;

/** A fitted rule: scores of rows, [rows, classes]. */
type Rule = (rows: Float32Array, count: number) => Float64Array;

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
    const y = Int32Array.from(train, (i) => task.of[i]!);
    const preconditioners = new Map<number, ((gradient: Float64Array) => void) | undefined>();
    const fitAt = async (rows: Float32Array, of: Int32Array, at: number): Promise<Rule> => {
      if (!preconditioners.has(at))
        preconditioners.set(at, await logisticPreconditioner(fitted, train.length, x.d, STRENGTHS[at]!, blas, (steps) => pace.run(steps)));
      return fitRule(rows, of, x.d, classes, STRENGTHS[at]!, pace, preconditioners.get(at));
    };
    const at = options.tune ? await chooseStrength(fitted, y, train, task, classes, x.d, options, fitAt, pace) : PLAIN;
    chosen.push(at);
    const rule = await fitAt(fitted, y, at);
    const scores = rule(scaled(x, rowsOf(test), mean, scale), test.length);
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
  fitted: Float32Array,
  y: Int32Array,
  train: Int32Array,
  task: Task,
  classes: number,
  d: number,
  { seed, start }: { seed: number; start: number },
  fitAt: (rows: Float32Array, of: Int32Array, at: number) => Promise<Rule>,
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
      const rule = await fitAt(
        taken(fitted, parts.train, d),
        parts.train.map((i) => y[i]!),
        at,
      );
      const scores = rule(taken(fitted, parts.test, d), parts.test.length);
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

async function fitRule(
  rows: Float32Array,
  of: Int32Array,
  d: number,
  classes: number,
  c: number,
  pace: Pace,
  precondition: ((gradient: Float64Array) => void) | undefined,
): Promise<Rule> {
  const n = of.length;
  const design = denseDesign(rows, n, d);
  const w = new Float64Array(classes * d);
  const b = new Float64Array(classes);
  if (classes === 2) {
    const fitted = await pace.run(fittingLogistic(design, of, c, TOLERANCE * n * Math.min(1, c), 400, precondition));
    w.set(fitted.w, d);
    b[1] = fitted.b;
  } else {
    const fitted = await pace.run(fittingSoftmax(design, of, classes, c, TOLERANCE * n * Math.min(1, c), 400, precondition));
    w.set(fitted.w);
    b.set(fitted.b);
  }
  return (asked, count) => {
    const out = new Float64Array(count * classes);
    for (let i = 0; i < count; i++)
      for (let k = classes === 2 ? 1 : 0; k < classes; k++) {
        let s = b[k]!;
        for (let j = 0, p = i * d, q = k * d; j < d; j++, p++, q++) s += asked[p]! * w[q]!;
        out[i * classes + k] = s;
      }
    return out;
  };
}

function scaled(x: Rows, rows: Int32Array, mean: Float64Array, scale: Float64Array): Float32Array {
  const out = new Float32Array(rows.length * x.d);
  for (let k = 0, to = 0; k < rows.length; k++) for (let j = 0, at = rows[k]! * x.d; j < x.d; j++, at++, to++) out[to] = (x.data[at]! - mean[j]!) / scale[j]!;
  return out;
}

function taken(rows: Float32Array, which: Int32Array, d: number): Float32Array {
  const out = new Float32Array(which.length * d);
  which.forEach((i, k) => {
    out.set(rows.subarray(i * d, (i + 1) * d), k * d);
  });
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
