import { factoring } from "../../stats/cholesky.js";
import { multiply } from "../../stats/dense.js";
import { denseDesign, fitDualLogistic, fittingLogistic } from "../../stats/logistic.js";
import { logisticPreconditioner } from "../../stats/preconditioner.js";
import { fittingSoftmax } from "../../stats/softmax.js";
import type { Blas } from "../lens.js";
import type { Pace } from "../pace.js";
import { fitMultinomial } from "./multinomial.js";

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
  const gram = new Float64Array(await blas.matmul(fitted, fitted, n, d, n, true));
  const across = new Float64Array(await blas.matmul(asked, fitted, m, d, n, true));
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
  const root = new Float64Array(t * t);
  // Rows that repeat make K singular, and its products are float32: so little more on its diagonal does not show in the scores.
  for (let more = 1e-7; ; more *= 10) {
    root.set(k);
    for (let i = 0; i < t; i++) root[i * t + i]! += (more * trace) / t;
    if (await pace.run(factoring(root, t))) break;
    if (!(more < 1)) throw new Error("the products of the training rows have no root");
  }
  for (let i = 0; i < t; i++) for (let j = i + 1; j < t; j++) root[i * t + j] = 0;
  const single = new Float32Array(root);
  if (classes > 2) {
    const limits = { tolerance: TOLERANCE * t * Math.min(1, c), most: MOST_STEPS };
    const found = await fitMultinomial(single, t, t, y, classes, c, limits, blas, () => pace.breathe());
    b.set(found.b);
    return fromRoot(root, t, found.w, a);
  }
  const precondition = await logisticPreconditioner(single, t, t, c, blas, (steps) => pace.run(steps));
  const { w, b: bias } = await fitRows(single, t, t, y, classes, c, pace, precondition);
  b.set(bias);
  fromRoot(root, t, w, a);
}

/** a = L⁻ᵀ v for every class, from the last row up: each row of the root is read once, along memory. */
function fromRoot(root: Float64Array, t: number, v: Float64Array, a: readonly Float64Array[]): void {
  for (const [q, out] of a.entries()) {
    out.set(v.subarray(q * t, (q + 1) * t));
    for (let i = t - 1; i >= 0; i--) {
      const own = out[i]! / root[i * t + i]!;
      out[i] = own;
      for (let j = 0, at = i * t; j < i; j++, at++) out[j]! -= root[at]! * own;
    }
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
