import { type Answer, descending } from "./lbfgs.js";
import { type Design, type Logistic, sigmoid, softplus } from "./logistic.js";

/**
 * `fittingLogistic` with many more columns than rows: every w on the way is Xᵀa, so a vector is kept as (a, b, X Xᵀa, b), whose first half times
 * another's second half is their product in the columns. The steps are those of the columns, where gradient and tolerance are measured, too.
 */
export function* fittingInRows(x: Design, y: ArrayLike<number>, c: number, tolerance: number, most: number): Generator<void, Logistic> {
  const n = x.rows;
  const half = n + 1;
  const w = new Float64Array(x.columns);
  const point = new Float64Array(2 * half);
  const vector = new Float64Array(2 * half);
  const coefficients = vector.subarray(0, n);
  const images = vector.subarray(half, half + n);
  const steps = descending(point, tolerance, most, { product: (a, b) => halfProduct(a, b, half) });
  let next = steps.next();
  while (!next.done) {
    if (!("point" in next.value)) throw new RangeError("A descent without a preconditioner asked for a direction.");
    const at = next.value.point;
    const { loss, slope } = lossAt(at, y, c, coefficients);
    x.transposed(coefficients, w);
    x.times(w, images);
    vector[n] = slope;
    vector[half + n] = slope;
    const answer: Answer = { value: loss + ridge(at, n) / 2, vector, largest: Math.max(Math.abs(slope), largestOf(w)) };
    yield;
    next = steps.next(answer);
  }
  x.transposed(point.subarray(0, n), w);
  return { w, b: point[n]!, steps: next.value };
}

/** The loss at a point; the gradient's coefficients, a and the slopes of the loss, are written to `out`. */
function lossAt(at: Float64Array, y: ArrayLike<number>, c: number, out: Float64Array): { loss: number; slope: number } {
  const n = out.length;
  const b = at[n]!;
  let loss = 0;
  let slope = 0;
  for (let i = 0; i < n; i++) {
    const score = at[n + 1 + i]! + b;
    const positive = y[i] === 1;
    loss += softplus(positive ? -score : score);
    const r = c * (sigmoid(score) - (positive ? 1 : 0));
    out[i] = at[i]! + r;
    slope += r;
  }
  return { loss: c * loss, slope };
}

/** ‖w‖². */
function ridge(at: Float64Array, n: number): number {
  let s = 0;
  for (let i = 0; i < n; i++) s += at[i]! * at[n + 1 + i]!;
  return s;
}

function halfProduct(a: Float64Array, b: Float64Array, half: number): number {
  let s0 = 0;
  let s1 = 0;
  let i = 0;
  for (; i + 1 < half; i += 2) {
    s0 += a[i]! * b[half + i]!;
    s1 += a[i + 1]! * b[half + i + 1]!;
  }
  return i < half ? s0 + s1 + a[i]! * b[half + i]! : s0 + s1;
}

function largestOf(v: Float64Array): number {
  let largest = 0;
  for (let i = 0; i < v.length; i++) {
    const size = Math.abs(v[i]!);
    if (size > largest || Number.isNaN(size)) largest = size;
  }
  return largest;
}
