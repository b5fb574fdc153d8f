/** Inner product of two float64 vectors, four sums at a time. */
export function dot(a: Float64Array, b: Float64Array): number {
  const n = a.length;
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let i = 0;
  for (; i + 3 < n; i += 4) {
    s0 += a[i]! * b[i]!;
    s1 += a[i + 1]! * b[i + 1]!;
    s2 += a[i + 2]! * b[i + 2]!;
    s3 += a[i + 3]! * b[i + 3]!;
  }
  for (; i < n; i++) s0 += a[i]! * b[i]!;
  return s0 + s1 + s2 + s3;
}

/** y += s x. */
export function addScaled(y: Float64Array, s: number, x: Float64Array): void {
  for (let i = 0; i < y.length; i++) y[i]! += s * x[i]!;
}

/** out = a v, a [rows, v.length] row-major. */
export function multiply(a: Float64Array | Float32Array, v: Float64Array, out: Float64Array): void {
  const n = v.length;
  for (let i = 0, at = 0; i < out.length; i++, at += n) {
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    let j = 0;
    for (; j + 3 < n; j += 4) {
      s0 += a[at + j]! * v[j]!;
      s1 += a[at + j + 1]! * v[j + 1]!;
      s2 += a[at + j + 2]! * v[j + 2]!;
      s3 += a[at + j + 3]! * v[j + 3]!;
    }
    for (; j < n; j++) s0 += a[at + j]! * v[j]!;
    out[i] = s0 + s1 + s2 + s3;
  }
}

/** Lower Cholesky factor of a symmetric matrix, in place (the upper part is left as it was). False: not positive definite. */
export function cholesky(a: Float64Array, n: number): boolean {
  for (let i = 0; i < n; i++) {
    const ri = i * n;
    for (let j = 0; j <= i; j++) {
      const rj = j * n;
      let s0 = a[ri + j]!;
      let s1 = 0;
      let k = 0;
      for (; k + 1 < j; k += 2) {
        s0 -= a[ri + k]! * a[rj + k]!;
        s1 -= a[ri + k + 1]! * a[rj + k + 1]!;
      }
      for (; k < j; k++) s0 -= a[ri + k]! * a[rj + k]!;
      s0 += s1;
      if (i === j) {
        if (!(s0 > 0)) return false;
        a[ri + i] = Math.sqrt(s0);
      } else a[ri + j] = s0 / a[rj + j]!;
    }
  }
  return true;
}

/** Solves L Lᵀ x = b in place. */
export function solveFactored(l: Float64Array, n: number, b: Float64Array): void {
  for (let i = 0; i < n; i++) {
    let s = b[i]!;
    for (let k = 0, at = i * n; k < i; k++, at++) s -= l[at]! * b[k]!;
    b[i] = s / l[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    const x = b[i]! / l[i * n + i]!;
    b[i] = x;
    for (let k = 0, at = i * n; k < i; k++, at++) b[k]! -= l[at]! * x;
  }
}
