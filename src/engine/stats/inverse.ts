import type { Blas } from "../lenses/lens.js";

/** Rows of a block of a large matrix, each inverted by blocks of its own: few passes over the whole. */
const LARGE = 192;
/** Rows of a block whose inverse is taken here in float64; everything else is one product on the runtime. */
const SMALL = 64;

/**
 * Inverse of a symmetric positive definite matrix [n, n] in place, by Gauss and Jordan in blocks. Products are float32, so the result is good to
 * about 1e-7 times the condition: callers compare one solution with a better one before they trust it.
 * @returns false where a block is not positive definite; the matrix is then spoilt
 */
export async function invertInPlace(a: Float32Array, n: number, blas: Blas, breathe: () => Promise<void>): Promise<boolean> {
  const block = n > LARGE + SMALL ? LARGE : SMALL;
  for (let from = 0; from < n; from += block) {
    const b = Math.min(block, n - from);
    const pivot = new Float32Array(b * b);
    for (let i = 0; i < b; i++) for (let j = 0; j < b; j++) pivot[i * b + j] = a[(from + i) * n + from + j]!;
    if (b > SMALL) {
      if (!(await invertInPlace(pivot, b, blas, breathe))) return false;
    } else {
      const own = Float64Array.from(pivot);
      if (!invertSmall(own, b)) return false;
      pivot.set(own);
    }
    await breathe();
    const column = new Float32Array(n * b);
    for (let i = 0; i < n; i++) {
      const at = i * n + from;
      column.set(a.subarray(at, at + b), i * b);
      a.fill(0, at, at + b);
    }
    const rows = await blas.matmul(pivot, a.subarray(from * n, (from + b) * n), b, b, n);
    column.fill(0, from * b, (from + b) * b);
    a.fill(0, from * n, (from + b) * n);
    const less = await blas.matmul(column, rows, n, b, n);
    await breathe();
    for (let i = 0; i < a.length; i++) a[i]! -= less[i]!;
    await breathe();
    const side = await blas.matmul(column, pivot, n, b, b);
    for (let i = 0; i < n; i++) for (let j = 0; j < b; j++) a[i * n + from + j] = -side[i * b + j]!;
    a.set(rows, from * n);
    for (let i = 0; i < b; i++) for (let j = 0; j < b; j++) a[(from + i) * n + from + j] = pivot[i * b + j]!;
    await breathe();
  }
  return true;
}

/** The same in plain loops and float64. */
export function invertSmall(a: Float64Array, n: number): boolean {
  for (let k = 0; k < n; k++) {
    const pivot = a[k * n + k]!;
    if (!(pivot > 0)) return false;
    const share = 1 / pivot;
    a[k * n + k] = 1;
    for (let j = 0; j < n; j++) a[k * n + j]! *= share;
    for (let i = 0; i < n; i++) {
      const v = a[i * n + k]!;
      if (i === k || v === 0) continue;
      a[i * n + k] = 0;
      for (let j = 0, at = i * n, of = k * n; j < n; j++, at++, of++) a[at]! -= v * a[of]!;
    }
  }
  return true;
}
