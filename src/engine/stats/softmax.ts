import { minimising } from "./lbfgs.js";
import type { Design } from "./logistic.js";

export interface Softmax {
  /** [classes, columns] row-major. */
  readonly w: Float64Array;
  /** [classes] */
  readonly b: Float64Array;
  readonly steps: number;
}

/**
 * Multinomial logistic regression: minimises C·Σ cross-entropy + ½‖W‖², intercepts free, as scikit-learn's
 * LogisticRegression(C) with more than two classes. L-BFGS from zero, so weights and intercepts sum to 0 over the classes.
 * @param y class of every row, 0..classes-1
 * @param precondition applies an approximate inverse of the second derivatives of one class (w, then b) in place
 */
export function* fittingSoftmax(
  x: Design,
  y: ArrayLike<number>,
  classes: number,
  c: number,
  tolerance = 1e-5,
  most = 600,
  precondition?: (gradient: Float64Array) => void,
): Generator<void, Softmax> {
  const { rows: n, columns: d } = x;
  const block = d + 1;
  const point = new Float64Array(classes * block);
  const score = Array.from({ length: classes }, () => new Float64Array(n));
  const part = new Float64Array(d);
  const steps = yield* minimising(
    (p, gradient) => {
      let norm = 0;
      for (let k = 0; k < classes; k++) {
        const w = p.subarray(k * block, k * block + d);
        x.times(w, score[k]!);
        const b = p[k * block + d]!;
        for (let i = 0; i < n; i++) score[k]![i]! += b;
        for (let j = 0; j < d; j++) norm += w[j]! * w[j]!;
      }
      let loss = 0;
      for (let i = 0; i < n; i++) {
        let top = Number.NEGATIVE_INFINITY;
        for (let k = 0; k < classes; k++) top = Math.max(top, score[k]![i]!);
        let sum = 0;
        for (let k = 0; k < classes; k++) sum += Math.exp(score[k]![i]! - top);
        const log = top + Math.log(sum);
        loss += log - score[y[i]!]![i]!;
        for (let k = 0; k < classes; k++) score[k]![i] = c * (Math.exp(score[k]![i]! - log) - (y[i] === k ? 1 : 0));
      }
      for (let k = 0; k < classes; k++) {
        const r = score[k]!;
        x.transposed(r, part);
        let sum = 0;
        for (let i = 0; i < n; i++) sum += r[i]!;
        for (let j = 0; j < d; j++) gradient[k * block + j] = part[j]! + p[k * block + j]!;
        gradient[k * block + d] = sum;
      }
      return c * loss + norm / 2;
    },
    point,
    tolerance,
    most,
    precondition &&
      ((gradient) => {
        for (let k = 0; k < classes; k++) precondition(gradient.subarray(k * block, (k + 1) * block));
      }),
  );
  const w = new Float64Array(classes * d);
  for (let k = 0; k < classes; k++) w.set(point.subarray(k * block, k * block + d), k * d);
  return { w, b: Float64Array.from({ length: classes }, (_, k) => point[k * block + d]!), steps };
}

/** Scores to log-probabilities in place, [rows, classes] row-major. */
export function logSoftmax(scores: Float64Array, classes: number): void {
  for (let at = 0; at < scores.length; at += classes) {
    let top = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < classes; k++) top = Math.max(top, scores[at + k]!);
    let sum = 0;
    for (let k = 0; k < classes; k++) sum += Math.exp(scores[at + k]! - top);
    const log = top + Math.log(sum);
    for (let k = 0; k < classes; k++) scores[at + k]! -= log;
  }
}
