import { factoring } from "../../stats/cholesky.js";
import { addTransposed, dot, multiply } from "../../stats/dense.js";
import { solveFactored } from "../../stats/factored.js";
import { runSteps } from "../../stats/steps.js";
import type { Blas } from "../lens.js";

/** Share of the identity in the correlation matrix. */
export const SHRINKAGE = 0.1;

/** Training rows as a discriminant sees them: enough to fit it on any subset of the dimensions. */
export interface Training {
  readonly d: number;
  /** [d] midpoint of the class means, and deviation within the classes (Infinity: constant here, left out). */
  readonly middle: Float64Array;
  readonly scale: Float64Array;
  /** [d, d] shrunk correlation within the classes. */
  readonly correlation: Float32Array;
  /** [d] difference of the class means over the scale. */
  readonly delta: Float64Array;
  /** [n, d] rows about their class means, over the scale; the correlation is their product, shrunk. */
  readonly rows: Float32Array;
  readonly n: number;
}

/** @param x [n, d] rows, all rows of one matrix; @param label of the same rows */
export async function prepareTraining(x: Float32Array, n: number, d: number, label: ArrayLike<number>, blas: Blas): Promise<Training> {
  const means = [new Float64Array(d), new Float64Array(d)] as const;
  const count = [0, 0];
  for (let i = 0; i < n; i++) {
    const to = means[label[i] === 1 ? 1 : 0];
    count[label[i] === 1 ? 1 : 0]!++;
    for (let j = 0; j < d; j++) to[j]! += x[i * d + j]!;
  }
  for (const y of [0, 1] as const) for (let j = 0; j < d; j++) means[y][j]! /= Math.max(1, count[y]!);
  const scale = new Float64Array(d);
  for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) scale[j]! += (x[i * d + j]! - means[label[i] === 1 ? 1 : 0][j]!) ** 2;
  for (let j = 0; j < d; j++) {
    const s = Math.sqrt(scale[j]! / Math.max(1, n - 2));
    scale[j] = s > 0 ? s : Number.POSITIVE_INFINITY;
  }
  // Columns of the residuals as rows, so that one product with itself transposed gives the correlations.
  const across = new Float32Array(d * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) across[j * n + i] = (x[i * d + j]! - means[label[i] === 1 ? 1 : 0][j]!) / scale[j]!;
  const correlation = await blas.matmul(across, across, d, n, d, true);
  const rows = new Float32Array(n * d);
  for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) rows[i * d + j] = across[j * n + i]!;
  const share = (1 - SHRINKAGE) / Math.max(1, n - 2);
  for (let at = 0; at < correlation.length; at++) correlation[at]! *= share;
  for (let j = 0; j < d; j++) correlation[j * d + j]! += SHRINKAGE;
  return {
    d,
    n,
    rows,
    scale,
    correlation,
    middle: Float64Array.from({ length: d }, (_, j) => (means[0][j]! + means[1][j]!) / 2),
    delta: Float64Array.from({ length: d }, (_, j) => (means[1][j]! - means[0][j]!) / scale[j]!),
  };
}

/**
 * Held-out scores of the shrunk discriminant on the first m dimensions in an order, for every m of a ladder: the Cholesky
 * factor of the leading block is the leading block of the factor, so one factor serves all m up to the training rows; beyond that the same
 * system is solved in the products of the rows (Woodbury), which are fewer.
 * @param order dimensions, at least as many as the largest m; @param x [n, d] rows to score; @returns per m [n]
 */
export async function ladderScores(
  training: Training,
  order: ArrayLike<number>,
  ladder: readonly number[],
  x: Float32Array,
  n: number,
  blas: Blas,
  breathe: () => Promise<void>,
): Promise<Float64Array[]> {
  const { d, middle, scale } = training;
  const few = ladder.filter((m) => m <= training.n);
  const weights = few.length > 0 ? await leading(training, order, few, breathe) : [];
  await breathe();
  for (const m of ladder.slice(few.length)) {
    weights.push(await byRows(training, order, m, blas, breathe));
    await breathe();
  }
  // Rows in the order asked for, measured from the middle and scaled once for all m.
  const most = ladder[ladder.length - 1]!;
  const row = new Float64Array(most);
  const own = Float64Array.from({ length: most }, (_, k) => 1 / scale[order[k]!]!);
  const from = Float64Array.from({ length: most }, (_, k) => middle[order[k]!]!);
  const out = ladder.map(() => new Float64Array(n));
  for (let i = 0; i < n; i++) {
    gatherRow(row, x, i * d, order, from, own);
    for (let at = 0; at < ladder.length; at++) {
      const u = weights[at];
      if (u) out[at]![i] = dot(row.subarray(0, ladder[at]!), u);
    }
  }
  return out;
}

function gatherRow(out: Float64Array, x: Float32Array, at: number, order: ArrayLike<number>, middle: Float64Array, inverse: Float64Array): void {
  for (let k = 0; k < out.length; k++) out[k] = (x[at + order[k]!]! - middle[k]!) * inverse[k]!;
}

/** Directions of the leading blocks, one factor for all. */
async function leading(
  { d, correlation, delta }: Training,
  order: ArrayLike<number>,
  ladder: readonly number[],
  breathe: () => Promise<void>,
): Promise<(Float64Array | undefined)[]> {
  const most = ladder[ladder.length - 1]!;
  const root = new Float64Array(most * most);
  for (let i = 0; i < most; i++) for (let j = 0; j <= i; j++) root[i * most + j] = correlation[order[i]! * d + order[j]!]!;
  if (!(await runSteps(factoring(root, most), breathe))) return ladder.map(() => undefined);
  const y = new Float64Array(most);
  for (let i = 0; i < most; i++) {
    let s = delta[order[i]!]!;
    for (let j = 0; j < i; j++) s -= root[i * most + j]! * y[j]!;
    y[i] = s / root[i * most + i]!;
  }
  return ladder.map((m) => {
    // u = L⁻ᵀ y over the leading m.
    const u = y.slice(0, m);
    for (let i = m - 1; i >= 0; i--) {
      u[i]! /= root[i * most + i]!;
      for (let j = 0; j < i; j++) u[j]! -= root[i * most + j]! * u[i]!;
    }
    return u;
  });
}

/** (s I + a ZᵀZ)⁻¹ δ = (δ - Zᵀ (s/a I + ZZᵀ)⁻¹ Z δ) / s on m dimensions of n rows Z, n below m. */
async function byRows(
  { d, n, rows, delta }: Training,
  order: ArrayLike<number>,
  m: number,
  blas: Blas,
  breathe: () => Promise<void>,
): Promise<Float64Array | undefined> {
  const z = new Float32Array(n * m);
  for (let i = 0, to = 0; i < n; i++) for (let k = 0; k < m; k++, to++) z[to] = rows[i * d + order[k]!]!;
  const gram = new Float64Array(await blas.matmul(z, z, n, m, n, true));
  const ridge = (SHRINKAGE * Math.max(1, n - 2)) / (1 - SHRINKAGE);
  for (let i = 0; i < n; i++) gram[i * n + i]! += ridge;
  if (!(await runSteps(factoring(gram, n), breathe))) return undefined;
  const u = Float64Array.from({ length: m }, (_, k) => delta[order[k]!]!);
  const v = new Float64Array(n);
  multiply(z, u, v);
  solveFactored(gram, n, v);
  for (let i = 0; i < n; i++) v[i]! *= -1;
  addTransposed(z, v, u);
  for (let k = 0; k < m; k++) u[k]! /= SHRINKAGE;
  return u;
}
