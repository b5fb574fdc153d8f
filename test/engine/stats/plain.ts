import type { Blas } from "../../../src/engine/lenses/lens.js";

/** Matrix products as a plain loop. */
export const plainBlas: Blas = {
  async matmul(a, b, n, k, m, transposeB = false) {
    const out = new Float32Array(n * m);
    if (transposeB) {
      for (let i = 0; i < n; i++)
        for (let j = 0; j < m; j++) {
          let s = 0;
          for (let t = 0, x = i * k, y = j * k; t < k; t++, x++, y++) s += a[x]! * b[y]!;
          out[i * m + j] = s;
        }
      return out;
    }
    const row = new Float64Array(m);
    for (let i = 0; i < n; i++) {
      row.fill(0);
      for (let t = 0; t < k; t++) {
        const s = a[i * k + t]!;
        if (s !== 0) for (let j = 0, y = t * m; j < m; j++, y++) row[j]! += s * b[y]!;
      }
      out.set(row, i * m);
    }
    return out;
  },
};
