import { factoring } from "./cholesky.js";
import { type Cells, midpoints, stratumWeights } from "./contrast.js";
import { addScaled, dot, multiply } from "./dense.js";
import { type DiscriminantOptions, type Fit, MOST_VECTORS, RESIDUAL, type Replicates, type Side } from "./discriminant.js";
import { solvingFactored } from "./factored.js";
import type { Folds } from "./folds.js";
import { KrylovSpace } from "./krylov.js";
import { type Rows, withinScale } from "./moments.js";
import { ledoitWolf } from "./shrinkage.js";
import { runSteps } from "./steps.js";
import { applyWithin, correlationOf, sumFolds, type Within, withinOf } from "./training-sums.js";

/** Rows of one product with the replicates' directions. */
const CHUNK = 1024;

/**
 * More rows than dimensions: the scatter of each fold is taken once (in float32 products of centred rows), every training set
 * is the whole less folds, its scaling and cell means are applied to it afterwards, exactly.
 */
export async function primalSide(
  x: Rows,
  cells: Cells,
  folds: Folds,
  options: DiscriminantOptions,
): Promise<(fold: number, train: Int32Array) => Promise<Side>> {
  const { d } = x;
  const { parts, total } = await sumFolds(x, cells, folds, options);
  return async (fold, train) => {
    const { scale } = withinScale(x, train, cells.cell, 2 * cells.strata);
    await options.breathe();
    const inverse = scale.map((s) => 1 / s);
    const outer = withinOf(total, [parts[fold]!], inverse);
    const correlation = correlationOf(outer);
    await options.breathe();
    const shrinkage = shrinkageOf(x, cells, train, inverse, outer, correlation);
    await options.breathe();
    let last: Float64Array = new Float64Array(d);
    return {
      shrinkage,
      async fit(without, score): Promise<Fit> {
        const set = without === undefined ? outer : withinOf(total, [parts[fold]!, parts[without]!], inverse);
        const apply = without === undefined ? (v: Float64Array, out: Float64Array) => multiply(correlation, v, out) : applyWithin.bind(undefined, set);
        const space = new KrylovSpace({ size: d, apply: (v, _image, out) => apply(v, out) }, meanDifference(set, d), d <= 256 ? d : MOST_VECTORS);
        const middle = midpoints(set.size);
        return {
          async scores(lambda) {
            await runSteps(space.reaching(1 - lambda, lambda, RESIDUAL), options.breathe);
            const u = space.solve(1 - lambda, lambda);
            if (!u) return undefined;
            const offset = middle.map((share) => share.reduce((s, v, c) => s + (v > 0 ? v * dot(set.means[c]!, u) : 0), 0));
            for (let j = 0; j < d; j++) u[j]! *= inverse[j]!;
            if (without === undefined) last = u;
            const out = await runSteps(scoring(x, score, u), options.breathe);
            for (let i = 0; i < out.length; i++) out[i]! -= offset[cells.stratum[score[i]!]!]!;
            return out;
          },
        };
      },
      replicate: (lambda, replicates, test) => replicate(x, cells, outer, correlation, inverse, lambda, replicates, fold, test, options),
      direction: () => last,
    };
  };
}

/** Stratified mean difference on scaled axes. */
function meanDifference({ means, size }: Within, d: number): Float64Array {
  const w = stratumWeights(size);
  const all = w.reduce((s, v) => s + v, 0);
  const delta = new Float64Array(d);
  for (let a = 0; a < w.length; a++) {
    if (!(w[a]! > 0)) continue;
    addScaled(delta, w[a]! / all, means[2 * a + 1]!);
    addScaled(delta, -w[a]! / all, means[2 * a]!);
  }
  return delta;
}

function* scoring(x: Rows, rows: Int32Array, u: Float64Array): Generator<void, Float64Array> {
  const out = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    let s = 0;
    for (let j = 0, at = rows[i]! * x.d; j < x.d; j++, at++) s += x.data[at]! * u[j]!;
    out[i] = s;
    if (i % 256 === 255) yield;
  }
  return out;
}

async function replicate(
  x: Rows,
  cells: Cells,
  outer: Within,
  correlation: Float64Array,
  inverse: Float64Array,
  shrinkage: number,
  replicates: Replicates,
  fold: number,
  test: Int32Array,
  { blas, breathe }: DiscriminantOptions,
): Promise<Float32Array> {
  const { d } = x;
  const { rows, count } = replicates;
  const factor = new Float64Array(d * d);
  for (let lambda = shrinkage; ; lambda = Math.min(1, lambda * 10)) {
    for (let i = 0; i < factor.length; i++) factor[i] = (1 - lambda) * correlation[i]!;
    for (let i = 0; i < d; i++) factor[i * d + i]! += lambda;
    if ((await runSteps(factoring(factor, d), breathe)) || lambda >= 1) break;
  }
  const delta = await blas.matmul(replicates.contrast[fold]!, rows.length === x.n ? x.data : gather(x, rows), count, rows.length, d);
  await breathe();
  const u = new Float64Array(count * d);
  for (let b = 0, at = 0; b < count; b++) for (let j = 0; j < d; j++, at++) u[at] = delta[at]! * inverse[j]!;
  await runSteps(solvingFactored(factor, d, u, count), breathe);
  const middle = midpoints(outer.size);
  const offset = new Float64Array(cells.strata * count);
  const directions = new Float32Array(count * d);
  for (let b = 0, at = 0; b < count; b++) {
    const own = u.subarray(b * d, (b + 1) * d);
    const place = outer.means.map((mean) => dot(mean, own));
    middle.forEach((share, a) => {
      offset[a * count + b] = share.reduce((s, v, c) => s + v * place[c]!, 0);
    });
    for (let j = 0; j < d; j++, at++) directions[at] = own[j]! * inverse[j]!;
  }
  const out = new Float32Array(count * test.length);
  for (let from = 0; from < test.length; from += CHUNK) {
    const part = test.subarray(from, Math.min(test.length, from + CHUNK));
    const products = await blas.matmul(gather(x, part), directions, part.length, d, count, true);
    for (let i = 0; i < part.length; i++) {
      const place = cells.stratum[part[i]!]! * count;
      for (let b = 0; b < count; b++) out[b * test.length + from + i] = products[i * count + b]! - offset[place + b]!;
    }
    await breathe();
  }
  return out;
}

function gather(x: Rows, rows: Int32Array): Float32Array {
  const out = new Float32Array(rows.length * x.d);
  for (let k = 0; k < rows.length; k++) out.set(x.data.subarray(rows[k]! * x.d, (rows[k]! + 1) * x.d), k * x.d);
  return out;
}

/** Ledoit and Wolf's λ of the scaled residuals within cells. */
function shrinkageOf(x: Rows, cells: Cells, train: Int32Array, inverse: Float64Array, { means, df }: Within, r: Float64Array): number {
  const { d } = x;
  const n = train.length;
  let fourth = 0;
  for (let k = 0; k < n; k++) {
    const mean = means[cells.cell[train[k]!]!]!;
    let s = 0;
    for (let j = 0, at = train[k]! * d; j < d; j++, at++) {
      const e = x.data[at]! * inverse[j]! - mean[j]!;
      s += e * e;
    }
    fourth += s * s;
  }
  let trace = 0;
  let square = 0;
  for (let i = 0; i < d; i++) trace += r[i * d + i]!;
  for (let i = 0; i < r.length; i++) square += r[i]! * r[i]!;
  const factor = df / n;
  return ledoitWolf(n, d, trace * factor, square * factor * factor, fourth);
}
