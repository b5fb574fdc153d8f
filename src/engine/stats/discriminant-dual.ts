import { factoring } from "./cholesky.js";
import { type Cells, cellSizes, centreWithin, contrast, midpoints } from "./contrast.js";
import { addScaled, addTransposed, multiply } from "./dense.js";
import { type DiscriminantOptions, type Fit, MOST_VECTORS, RESIDUAL, type Replicates, type Side } from "./discriminant.js";
import { solvingFactored } from "./factored.js";
import type { Folds } from "./folds.js";
import { KrylovSpace } from "./krylov.js";
import { columnMeans, type Rows, withinScale } from "./moments.js";
import { ledoitWolf } from "./shrinkage.js";
import { runSteps } from "./steps.js";

/**
 * Fewer rows than dimensions: u = Zᵀa with Z the scaled rows, so everything happens in the Gram matrix K = Z Zᵀ. The
 * correlation acts on coefficients as a -> P K a / df (P takes the cell means away), and ⟨a, b⟩ = aᵀ K b.
 */
export async function dualSide(x: Rows, cells: Cells, folds: Folds, options: DiscriminantOptions): Promise<(fold: number, train: Int32Array) => Promise<Side>> {
  const { n, d } = x;
  return async (_fold, train) => {
    const { scale } = withinScale(x, train, cells.cell, 2 * cells.strata);
    const mean = columnMeans(x, train);
    const inverse = scale.map((s) => 1 / s);
    const scaled = new Float32Array(n * d);
    for (let i = 0, at = 0; i < n; i++) for (let j = 0; j < d; j++, at++) scaled[at] = (x.data[at]! - mean[j]!) * inverse[j]!;
    await options.breathe();
    const gram = await options.blas.matmul(scaled, scaled, n, d, n, true);
    const whole = sub(gram, n, train);
    let last: { rows: Int32Array; a: Float64Array } | undefined;
    return {
      shrinkage: shrinkageOf(whole.slice(), train, cells, d),
      async fit(without, score): Promise<Fit> {
        const rows = without === undefined ? train : train.filter((i) => folds.of[i] !== without);
        const m = rows.length;
        const k = without === undefined ? whole : sub(gram, n, rows);
        const cell = Int32Array.from(rows, (i) => cells.cell[i]!);
        const size = cellSizes(cells, rows);
        const df = Math.max(1, m - size.reduce((s, c) => s + (c > 0 ? 1 : 0), 0));
        const space = new KrylovSpace(
          {
            size: m,
            image: (v, out) => multiply(k, v, out),
            apply: (_v, image, out) => {
              for (let i = 0; i < m; i++) out[i] = image[i]! / df;
              centreWithin(out, cell, 2 * cells.strata);
            },
          },
          contrast(cells, rows),
          m <= 256 ? m : MOST_VECTORS,
        );
        const against = offsetRows(gram, n, score, rows, cells, size);
        return {
          async scores(lambda) {
            await runSteps(space.reaching(1 - lambda, lambda, RESIDUAL), options.breathe);
            const a = space.solve(1 - lambda, lambda);
            if (!a) return undefined;
            if (without === undefined) last = { rows, a };
            const out = new Float64Array(score.length);
            multiply(against, a, out);
            return out;
          },
        };
      },
      async replicate(shrinkage, replicates, test) {
        const h = await responses(gram, n, whole, train, test, cells, shrinkage, options.breathe);
        return respond(h, train, test, replicates, _fold, options);
      },
      direction() {
        const u = new Float64Array(d);
        if (!last) return u;
        const weight = new Float64Array(n);
        last.rows.forEach((row, k) => {
          weight[row] = last!.a[k]!;
        });
        addTransposed(scaled, weight, u);
        for (let j = 0; j < d; j++) u[j]! *= inverse[j]!;
        return u;
      },
    };
  };
}

/** The square of a Gram matrix that belongs to some rows, in float64. */
function sub(gram: Float32Array, n: number, rows: Int32Array): Float64Array {
  const m = rows.length;
  const out = new Float64Array(m * m);
  for (let i = 0, at = 0; i < m; i++) {
    const from = rows[i]! * n;
    for (let j = 0; j < m; j++, at++) out[at] = gram[from + rows[j]!]!;
  }
  return out;
}

/** Products of rows to be scored, measured from their stratum's midpoint, with the training rows: [score, rows]. */
function offsetRows(gram: Float32Array, n: number, score: Int32Array, rows: Int32Array, cells: Cells, size: Float64Array): Float64Array {
  const m = rows.length;
  const means = Array.from(size, () => new Float64Array(m));
  for (let k = 0; k < m; k++) {
    const c = cells.cell[rows[k]!]!;
    const mean = means[c]!;
    const from = rows[k]! * n;
    for (let j = 0; j < m; j++) mean[j]! += gram[from + rows[j]!]! / size[c]!;
  }
  const middle = midpoints(size).map((share) => {
    const out = new Float64Array(m);
    share.forEach((s, c) => {
      if (s > 0) addScaled(out, s, means[c]!);
    });
    return out;
  });
  const out = new Float64Array(score.length * m);
  for (let i = 0, at = 0; i < score.length; i++) {
    const from = score[i]! * n;
    const mid = middle[cells.stratum[score[i]!]!]!;
    for (let j = 0; j < m; j++, at++) out[at] = gram[from + rows[j]!]! - mid[j]!;
  }
  return out;
}

/** P K P in place: what is within cells. */
function withinGram(k: Float64Array, cell: Int32Array, cells: number): void {
  const m = cell.length;
  for (let i = 0; i < m; i++) centreWithin(k.subarray(i * m, (i + 1) * m), cell, cells);
  const sums = Array.from({ length: cells }, () => new Float64Array(m));
  const count = new Float64Array(cells);
  for (let i = 0; i < m; i++) {
    addScaled(sums[cell[i]!]!, 1, k.subarray(i * m, (i + 1) * m));
    count[cell[i]!]!++;
  }
  for (let i = 0; i < m; i++) addScaled(k.subarray(i * m, (i + 1) * m), -1 / count[cell[i]!]!, sums[cell[i]!]!);
}

function shrinkageOf(k: Float64Array, rows: Int32Array, cells: Cells, d: number): number {
  const m = rows.length;
  withinGram(
    k,
    Int32Array.from(rows, (i) => cells.cell[i]!),
    2 * cells.strata,
  );
  let trace = 0;
  let square = 0;
  let fourth = 0;
  for (let i = 0; i < m; i++) {
    const own = k[i * m + i]!;
    trace += own;
    fourth += own * own;
    for (let j = 0; j < m; j++) square += k[i * m + j]! * k[i * m + j]!;
  }
  return ledoitWolf(m, d, trace / m, square / m / m, fourth);
}

/**
 * H [test, train]: the score of a held-out row under a unit weight on each training row,
 * (1/λ) [K̃ - c K̃ P (λI + c P K P)⁻¹ P K], c = (1-λ)/df (Woodbury).
 */
async function responses(
  gram: Float32Array,
  n: number,
  k: Float64Array,
  train: Int32Array,
  test: Int32Array,
  cells: Cells,
  shrinkage: number,
  breathe: () => Promise<void>,
): Promise<Float32Array> {
  const m = train.length;
  const cell = Int32Array.from(train, (i) => cells.cell[i]!);
  const size = cellSizes(cells, train);
  const df = Math.max(1, m - size.reduce((s, c) => s + (c > 0 ? 1 : 0), 0));
  const factor = new Float64Array(m * m);
  let lambda = shrinkage;
  for (;;) {
    factor.set(k);
    withinGram(factor, cell, 2 * cells.strata);
    const c = (1 - lambda) / df;
    for (let i = 0, at = 0; i < m; i++) for (let j = 0; j < m; j++, at++) factor[at] = c * factor[at]! + (i === j ? lambda : 0);
    if ((await runSteps(factoring(factor, m), breathe)) || lambda >= 1) break;
    // Float32 noise in the Gram matrix can exceed the smallest shrinkages.
    lambda = Math.min(1, lambda * 10);
  }
  const c = (1 - lambda) / df;
  const against = offsetRows(gram, n, test, train, cells, size);
  const out = new Float32Array(test.length * m);
  const product = new Float64Array(m);
  const solved = against.slice();
  const row = (of: Float64Array, i: number) => of.subarray(i * m, (i + 1) * m);
  for (let i = 0; i < test.length; i++) centreWithin(row(solved, i), cell, 2 * cells.strata);
  await runSteps(solvingFactored(factor, m, solved, test.length), breathe);
  for (let i = 0; i < test.length; i++) {
    centreWithin(row(solved, i), cell, 2 * cells.strata);
    multiply(k, row(solved, i), product);
    for (let j = 0, at = i * m; j < m; j++, at++) out[at] = (against[at]! - c * product[j]!) / lambda;
    if (i % 16 === 15) await breathe();
  }
  return out;
}

async function respond(
  h: Float32Array,
  train: Int32Array,
  test: Int32Array,
  replicates: Replicates,
  fold: number,
  options: DiscriminantOptions,
): Promise<Float32Array> {
  const m = replicates.rows.length;
  const place = new Map<number, number>();
  train.forEach((row, j) => {
    place.set(row, j);
  });
  const wide = new Float32Array(test.length * m);
  for (let at = 0; at < m; at++) {
    const j = place.get(replicates.rows[at]!);
    if (j !== undefined) for (let i = 0; i < test.length; i++) wide[i * m + at] = h[i * train.length + j]!;
  }
  return options.blas.matmul(replicates.contrast[fold]!, wide, replicates.count, m, test.length, true);
}
