import type { Blas } from "../lenses/lens.js";
import { cholesky } from "./cholesky.js";

/** Up to this size a block is factored here in float64; everything else is products on the runtime. */
const SMALL = 80;

/**
 * Inverse of a symmetric positive definite matrix [n, n] in place, as L⁻ᵀ L⁻¹. Products are float32, so the result is good to
 * about 1e-7 times the condition: callers compare one solution with a better one before they trust it.
 * @returns false where a block is not positive definite
 */
export async function invertInPlace(a: Float32Array, n: number, blas: Blas, breathe: () => Promise<void>): Promise<boolean> {
  const l = await invertFactor(a, n, blas, breathe);
  if (!l) return false;
  const across = transposed(l, n, n);
  await breathe();
  a.set(await blas.matmul(across, across, n, n, n, true));
  await breathe();
  return true;
}

/**
 * L⁻¹ [n, n] (0 above the diagonal) of a = L Lᵀ, by halves: products with L⁻¹ of the first half lose nothing that a factorisation by rows keeps, where
 * products with an explicit inverse of it would.
 * @returns nothing where a block is not positive definite
 */
export async function invertFactor(a: Float32Array, n: number, blas: Blas, breathe: () => Promise<void>): Promise<Float32Array | undefined> {
  if (n <= SMALL) return invertSmallFactor(a, n);
  const p = n >> 1;
  const q = n - p;
  const first = await invertFactor(take(a, n, 0, p, 0, p), p, blas, breathe);
  if (!first) return undefined;
  const cross = await blas.matmul(take(a, n, p, n, 0, p), first, q, p, p, true);
  const rest = await blas.matmul(cross, cross, q, p, q, true);
  for (let i = 0, at = 0; i < q; i++) for (let j = 0, from = (p + i) * n + p; j < q; j++, at++, from++) rest[at] = a[from]! - rest[at]!;
  await breathe();
  const second = await invertFactor(rest, q, blas, breathe);
  if (!second) return undefined;
  const side = await blas.matmul(await blas.matmul(second, cross, q, q, p), first, q, p, p);
  const out = new Float32Array(n * n);
  for (let i = 0; i < p; i++) out.set(first.subarray(i * p, (i + 1) * p), i * n);
  for (let i = 0; i < q; i++) {
    const row = (p + i) * n;
    for (let j = 0, at = i * p; j < p; j++, at++) out[row + j] = -side[at]!;
    out.set(second.subarray(i * q, (i + 1) * q), row + p);
  }
  await breathe();
  return out;
}

function invertSmallFactor(a: Float32Array, n: number): Float32Array | undefined {
  const l = new Float64Array(a);
  if (!cholesky(l, n)) return undefined;
  const x = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const row = i * n;
    const share = 1 / l[row + i]!;
    for (let k = 0; k < i; k++) {
      const v = l[row + k]! * share;
      for (let j = 0, from = k * n; j <= k; j++, from++) x[row + j]! -= v * x[from]!;
    }
    x[row + i] = share;
  }
  return Float32Array.from(x);
}

function take(a: Float32Array, n: number, top: number, bottom: number, left: number, right: number): Float32Array {
  const width = right - left;
  const out = new Float32Array((bottom - top) * width);
  for (let i = top; i < bottom; i++) out.set(a.subarray(i * n + left, i * n + right), (i - top) * width);
  return out;
}

function transposed(a: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(a.length);
  for (let i = 0, at = 0; i < rows; i++) for (let j = 0, to = i; j < columns; j++, at++, to += rows) out[to] = a[at]!;
  return out;
}
