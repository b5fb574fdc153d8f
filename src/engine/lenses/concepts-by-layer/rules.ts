import { cholesky } from "../../stats/cholesky.js";
import { multiply } from "../../stats/dense.js";
import { denseDesign, fitDualLogistic, fittingLogistic } from "../../stats/logistic.js";
import { logisticPreconditioner } from "../../stats/preconditioner.js";
import { fittingSoftmax } from "../../stats/softmax.js";
import type { Blas } from "../lens.js";
import type { Pace } from "../pace.js";

/** Scores of rows from a fitted rule: [rows, classes]. */
export type Scores = Float64Array;

const TOLERANCE = 2e-5;
const MOST_STEPS = 400;
/** Up to this many training rows two classes are fitted by Newton's method in the Gram matrix. */
const MOST_NEWTON = 320;

/** Fits rules on parts of one fold's training rows and scores others; products are made once a fold. */
export interface Fitter {
  /** @param train, ask positions among the fold's training rows, or of its held-out rows where `held` */
  fitAt(train: Int32Array, y: Int32Array, c: number, ask: Int32Array, held: boolean): Promise<Scores>;
}

/**
 * Where rows are fewer than dimensions: all from the Gram matrix K of the training rows. With K = LLᵀ the penalised problem in w is
 * the same in v = Lᵀa over the n columns of L, so nothing of size d is touched again.
 */
export async function gramFitter(
  fitted: Float32Array,
  n: number,
  asked: Float32Array,
  m: number,
  d: number,
  classes: number,
  blas: Blas,
  pace: Pace,
): Promise<Fitter> {
  const gram = Float64Array.from(await blas.matmul(fitted, fitted, n, d, n, true));
  const across = Float64Array.from(await blas.matmul(asked, fitted, m, d, n, true));
  await pace.breathe();
  return {
    async fitAt(train, y, c, ask, held) {
      const t = train.length;
      const k = new Float64Array(t * t);
      for (let i = 0; i < t; i++) for (let j = 0; j < t; j++) k[i * t + j] = gram[train[i]! * n + train[j]!]!;
      const b = new Float64Array(classes);
      const a = Array.from({ length: classes }, () => new Float64Array(t));
      if (classes === 2 && t <= MOST_NEWTON) {
        const fit = fitDualLogistic(k, y, c);
        a[1]!.set(fit.a);
        b[1] = fit.b;
      } else await fitInRoot(k, t, y, c, classes, a, b, blas, pace);
      const from = held ? across : gram;
      const out = new Float64Array(ask.length * classes);
      for (let i = 0; i < ask.length; i++)
        for (let q = classes === 2 ? 1 : 0; q < classes; q++) {
          let s = b[q]!;
          for (let j = 0; j < t; j++) s += from[ask[i]! * n + train[j]!]! * a[q]![j]!;
          out[i * classes + q] = s;
        }
      return out;
    },
  };
}

async function fitInRoot(
  k: Float64Array,
  t: number,
  y: Int32Array,
  c: number,
  classes: number,
  a: Float64Array[],
  b: Float64Array,
  blas: Blas,
  pace: Pace,
): Promise<void> {
  let trace = 0;
  for (let i = 0; i < t; i++) trace += k[i * t + i]!;
  const root = k.slice();
  // Rows that repeat make K singular; so little more on its diagonal does not show in the scores.
  for (let i = 0; i < t; i++) root[i * t + i]! += (1e-7 * trace) / t;
  if (!cholesky(root, t)) throw new Error("the products of the training rows have no root");
  for (let i = 0; i < t; i++) for (let j = i + 1; j < t; j++) root[i * t + j] = 0;
  const single = Float32Array.from(root);
  const precondition = await logisticPreconditioner(single, t, t, c, blas, (steps) => pace.run(steps));
  const { w, b: bias } = await fitRows(single, t, t, y, classes, c, pace, precondition);
  b.set(bias);
  // a = L⁻ᵀ v, from the last row up.
  for (let q = 0; q < classes; q++)
    for (let i = t - 1; i >= 0; i--) {
      let s = w[q * t + i]!;
      for (let j = i + 1; j < t; j++) s -= root[j * t + i]! * a[q]![j]!;
      a[q]![i] = s / root[i * t + i]!;
    }
}

/** Where rows are more than dimensions: in the coordinates of the states. */
export function rowFitter(fitted: Float32Array, n: number, asked: Float32Array, d: number, classes: number, blas: Blas, pace: Pace): Fitter {
  const preconditioners = new Map<number, ((gradient: Float64Array) => void) | undefined>();
  return {
    async fitAt(train, y, c, ask, held) {
      // That of all training rows serves their parts too: it sets the speed only.
      if (!preconditioners.has(c)) preconditioners.set(c, await logisticPreconditioner(fitted, n, d, c, blas, (steps) => pace.run(steps)));
      const { w, b } = await fitRows(taken(fitted, train, d), train.length, d, y, classes, c, pace, preconditioners.get(c));
      const rows = taken(held ? asked : fitted, ask, d);
      const out = new Float64Array(ask.length * classes);
      const column = new Float64Array(ask.length);
      for (let q = classes === 2 ? 1 : 0; q < classes; q++) {
        multiply(rows, w.subarray(q * d, (q + 1) * d), column);
        for (let i = 0; i < ask.length; i++) out[i * classes + q] = column[i]! + b[q]!;
      }
      return out;
    },
  };
}

async function fitRows(
  rows: Float32Array,
  n: number,
  d: number,
  y: Int32Array,
  classes: number,
  c: number,
  pace: Pace,
  precondition: ((gradient: Float64Array) => void) | undefined,
): Promise<{ w: Float64Array; b: Float64Array }> {
  const design = denseDesign(rows, n, d);
  const tolerance = TOLERANCE * n * Math.min(1, c);
  if (classes > 2) return pace.run(fittingSoftmax(design, y, classes, c, tolerance, MOST_STEPS, precondition));
  const one = await pace.run(fittingLogistic(design, y, c, tolerance, MOST_STEPS, precondition));
  const w = new Float64Array(2 * d);
  w.set(one.w, d);
  return { w, b: Float64Array.of(0, one.b) };
}

function taken(rows: Float32Array, which: Int32Array, d: number): Float32Array {
  const out = new Float32Array(which.length * d);
  which.forEach((i, k) => {
    out.set(rows.subarray(i * d, (i + 1) * d), k * d);
  });
  return out;
}
