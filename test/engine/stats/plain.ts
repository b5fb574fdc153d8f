import type { Blas } from "../../../src/engine/lenses/lens.js";

/** Matrix products as a plain loop. */
export const plainBlas: Blas = {
  async matmul(a, b, n, k, m, transposeB = false, { transposeA = false, into, from } = {}) {
    const out = into ?? new Float32Array(n * m);
    const sign = from ? -1 : 1;
    const base = from?.slice();
    const left = transposeA ? turned(a, k, n) : a;
    if (transposeB) {
      for (let i = 0; i < n; i++)
        for (let j = 0; j < m; j++) {
          let s = 0;
          for (let t = 0, x = i * k, y = j * k; t < k; t++, x++, y++) s += left[x]! * b[y]!;
          out[i * m + j] = (base?.[i * m + j] ?? 0) + sign * s;
        }
      return out;
    }
    const row = new Float64Array(m);
    for (let i = 0; i < n; i++) {
      row.fill(0);
      for (let t = 0; t < k; t++) {
        const s = left[i * k + t]!;
        if (s !== 0) for (let j = 0, y = t * m; j < m; j++, y++) row[j]! += s * b[y]!;
      }
      for (let j = 0, at = i * m; j < m; j++, at++) out[at] = (base?.[at] ?? 0) + sign * row[j]!;
    }
    return out;
  },
};

function turned(a: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(a.length);
  for (let i = 0, at = 0; i < rows; i++) for (let j = 0; j < columns; j++, at++) out[j * rows + i] = a[at]!;
  return out;
}
