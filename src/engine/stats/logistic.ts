import { cholesky } from "./cholesky.js";
import { addTransposed, multiply } from "./dense.js";
import { solveFactored } from "./factored.js";
import { drain, minimising } from "./lbfgs.js";
import { fittingInRows } from "./logistic-rows.js";

/** log(1 + exp(x)) without overflow. */
export function softplus(x: number): number {
  return x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x));
}

export function sigmoid(x: number): number {
  return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
}

/** A linear rule in dual coordinates: decision = sum over training rows of a_i k(x, x_i) + b. */
export interface DualLogistic {
  readonly a: Float64Array;
  readonly b: number;
  readonly steps: number;
}

/**
 * L2-penalised logistic regression from the Gram matrix of the training rows: minimises C·sum log(1 + exp(-±f)) + ½‖w‖²,
 * intercept not penalised, as scikit-learn's LogisticRegression(C). w = Xᵀa. Newton's method with step halving; at the
 * optimum a = C (y - p), so that difference is the stopping rule.
 * @param gram [n, n], @param y 0 or 1, @param start an earlier `a` of the same rows (optional)
 */
export function fitDualLogistic(gram: Float64Array, y: ArrayLike<number>, c: number, start?: Float64Array): DualLogistic {
  const n = y.length;
  let a = start ? Float64Array.from(start) : new Float64Array(n);
  let b = 0;
  let f = new Float64Array(n);
  let ka = new Float64Array(n);
  if (start) multiply(gram, a, ka);
  for (let i = 0; i < n; i++) f[i] = ka[i]! + b;
  const objective = (f: Float64Array, a: Float64Array, ka: Float64Array) => {
    let loss = 0;
    let norm = 0;
    for (let i = 0; i < n; i++) {
      loss += softplus(y[i] === 1 ? -f[i]! : f[i]!);
      norm += a[i]! * ka[i]!;
    }
    return c * loss + norm / 2;
  };
  let value = objective(f, a, ka);
  const m = new Float64Array(n * n);
  const root = new Float64Array(n);
  for (let step = 1; step <= 60; step++) {
    const t = new Float64Array(n);
    const one = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      const p = sigmoid(f[i]!);
      const w = Math.max(c * p * (1 - p), 1e-10);
      root[i] = Math.sqrt(w);
      t[i] = root[i]! * (f[i]! + (c * ((y[i] === 1 ? 1 : 0) - p)) / w);
      one[i] = root[i]!;
    }
    for (let i = 0; i < n; i++) for (let j = 0, at = i * n; j <= i; j++, at++) m[at] = root[i]! * gram[at]! * root[j]! + (i === j ? 1 : 0);
    if (!cholesky(m, n)) return { a, b, steps: step };
    solveFactored(m, n, t);
    solveFactored(m, n, one);
    let st = 0;
    let so = 0;
    for (let i = 0; i < n; i++) {
      st += root[i]! * t[i]!;
      so += root[i]! * one[i]!;
    }
    const nextB = st / so;
    const nextA = new Float64Array(n);
    for (let i = 0; i < n; i++) nextA[i] = root[i]! * (t[i]! - nextB * one[i]!);
    const nextKa = new Float64Array(n);
    multiply(gram, nextA, nextKa);
    let share = 1;
    for (let tries = 0; ; tries++) {
      const trialA = new Float64Array(n);
      const trialKa = new Float64Array(n);
      const trialF = new Float64Array(n);
      const trialB = b + share * (nextB - b);
      for (let i = 0; i < n; i++) {
        trialA[i] = a[i]! + share * (nextA[i]! - a[i]!);
        trialKa[i] = ka[i]! + share * (nextKa[i]! - ka[i]!);
        trialF[i] = trialKa[i]! + trialB;
      }
      const reached = objective(trialF, trialA, trialKa);
      if (reached <= value + 1e-12 * Math.abs(value) || tries > 20) {
        a = trialA;
        b = trialB;
        ka = trialKa;
        f = trialF;
        value = reached;
        break;
      }
      share /= 2;
    }
    let off = 0;
    for (let i = 0; i < n; i++) off = Math.max(off, Math.abs(a[i]! - c * ((y[i] === 1 ? 1 : 0) - sigmoid(f[i]!))));
    if (off < 1e-7 * c) return { a, b, steps: step };
  }
  return { a, b, steps: 60 };
}

/** Columns a row above which the descent takes place in coordinates of the rows: its vectors are shorter there. */
const MANY_COLUMNS = 2;

/** Rows as a sparse or dense source of products. */
export interface Design {
  readonly rows: number;
  readonly columns: number;
  /** out = X w. */
  times(w: Float64Array, out: Float64Array): void;
  /** out = Xᵀ r. */
  transposed(r: Float64Array, out: Float64Array): void;
}

export interface Logistic {
  readonly w: Float64Array;
  readonly b: number;
  readonly steps: number;
}

/** The same problem as `fitDualLogistic` in the coordinates of w, by L-BFGS. */
export function fitLogistic(x: Design, y: ArrayLike<number>, c: number, tolerance = 1e-5, most = 600): Logistic {
  return drain(fittingLogistic(x, y, c, tolerance, most));
}

/**
 * `fitLogistic` that stops between iterations.
 * @param precondition applies an approximate inverse of the second derivatives (w, then b) in place
 */
export function* fittingLogistic(
  x: Design,
  y: ArrayLike<number>,
  c: number,
  tolerance = 1e-5,
  most = 600,
  precondition?: (gradient: Float64Array) => void,
): Generator<void, Logistic> {
  const d = x.columns;
  if (!precondition && d > MANY_COLUMNS * x.rows) return yield* fittingInRows(x, y, c, tolerance, most);
  const point = new Float64Array(d + 1);
  const f = new Float64Array(x.rows);
  const part = new Float64Array(d);
  const steps = yield* minimising(
    (p, gradient) => {
      const w = p.subarray(0, d);
      x.times(w, f);
      let loss = 0;
      let sum = 0;
      let norm = 0;
      for (let i = 0; i < x.rows; i++) {
        const score = f[i]! + p[d]!;
        const positive = y[i] === 1;
        loss += softplus(positive ? -score : score);
        const r = c * (sigmoid(score) - (positive ? 1 : 0));
        f[i] = r;
        sum += r;
      }
      x.transposed(f, part);
      for (let j = 0; j < d; j++) {
        gradient[j] = part[j]! + w[j]!;
        norm += w[j]! * w[j]!;
      }
      gradient[d] = sum;
      return c * loss + norm / 2;
    },
    point,
    tolerance,
    most,
    precondition,
  );
  return { w: point.slice(0, d), b: point[d]!, steps };
}

/** Entries of a matrix that is copied to float64 (64 MB). */
const MOST_COPIED = 8e6;

/** Dense rows with float64 sums. */
export function denseDesign(data: Float32Array, rows: number, columns: number): Design {
  // A product of float32 with float64 converts every entry; many products are twice as fast on a float64 copy.
  const matrix = data.length <= MOST_COPIED ? new Float64Array(data) : data;
  return {
    rows,
    columns,
    times: (w, out) => multiply(matrix, w, out),
    transposed: (r, out) => {
      out.fill(0);
      addTransposed(matrix, r, out);
    },
  };
}
