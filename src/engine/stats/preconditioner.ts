import type { Blas } from "../lenses/lens.js";
import { factoring } from "./cholesky.js";
import { addTransposed, multiply } from "./dense.js";
import { solveFactored } from "./factored.js";

/** Unknowns of a Cholesky factor that still pays for itself. */
export const MOST_FACTORED = 1200;
/** p (1-p) that is taken for every row: about what a fitted probe of many dimensions has. */
export const WEIGHT = 0.08;

/**
 * Approximate inverse of the second derivatives of a penalised logistic regression, (c w XᵀX + I)⁻¹ for w and 1 / (c w n) for
 * the intercept, one weight w for all rows. It belongs to the rows, not to the labels, so several labellings share it.
 * Float32 products are enough: it sets the speed of the fit, not its result.
 * @param x rows [n, d], columns centred; @returns nothing where the factor would cost more than it saves
 */
export async function logisticPreconditioner(
  x: Float32Array,
  n: number,
  d: number,
  c: number,
  blas: Blas,
  run: <T>(steps: Generator<void, T>) => Promise<T>,
): Promise<((gradient: Float64Array) => void) | undefined> {
  const size = Math.min(n, d);
  if (size > MOST_FACTORED) return undefined;
  const w = c * WEIGHT;
  if (d <= n) {
    const across = transposed(x, n, d);
    const factor = new Float64Array(await blas.matmul(across, across, d, n, d, true));
    for (let i = 0, at = 0; i < d; i++) for (let j = 0; j < d; j++, at++) factor[at] = w * factor[at]! + (i === j ? 1 : 0);
    if (!(await run(factoring(factor, d)))) return undefined;
    return (gradient) => {
      solveFactored(factor, d, gradient.subarray(0, d));
      gradient[d]! /= w * n;
    };
  }
  // Fewer rows than dimensions: (I + w XᵀX)⁻¹ = I - Xᵀ (I / w + X Xᵀ)⁻¹ X.
  const factor = new Float64Array(await blas.matmul(x, x, n, d, n, true));
  for (let i = 0; i < n; i++) factor[i * n + i]! += 1 / w;
  if (!(await run(factoring(factor, n)))) return undefined;
  const images = new Float64Array(n);
  return (gradient) => {
    const inner = gradient.subarray(0, d);
    multiply(x, inner, images);
    solveFactored(factor, n, images);
    for (let i = 0; i < n; i++) images[i]! *= -1;
    addTransposed(x, images, inner);
    gradient[d]! /= w * n;
  };
}

function transposed(x: Float32Array, n: number, d: number): Float32Array {
  const out = new Float32Array(n * d);
  for (let i = 0, at = 0; i < n; i++) for (let j = 0; j < d; j++, at++) out[j * n + i] = x[at]!;
  return out;
}
