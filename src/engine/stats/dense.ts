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

/** Solves L Lᵀ x = b for `count` right-hand sides [count, n] in place, four at a time, so that each entry of L is read once for four. */
export function solveFactoredMany(l: Float64Array, n: number, b: Float64Array, count: number): void {
  let from = 0;
  for (; from + 3 < count; from += 4) {
    const x0 = b.subarray(from * n, (from + 1) * n);
    const x1 = b.subarray((from + 1) * n, (from + 2) * n);
    const x2 = b.subarray((from + 2) * n, (from + 3) * n);
    const x3 = b.subarray((from + 3) * n, (from + 4) * n);
    for (let i = 0; i < n; i++) {
      let s0 = x0[i]!;
      let s1 = x1[i]!;
      let s2 = x2[i]!;
      let s3 = x3[i]!;
      for (let k = 0, at = i * n; k < i; k++, at++) {
        const v = l[at]!;
        s0 -= v * x0[k]!;
        s1 -= v * x1[k]!;
        s2 -= v * x2[k]!;
        s3 -= v * x3[k]!;
      }
      const d = l[i * n + i]!;
      x0[i] = s0 / d;
      x1[i] = s1 / d;
      x2[i] = s2 / d;
      x3[i] = s3 / d;
    }
    for (let i = n - 1; i >= 0; i--) {
      const d = l[i * n + i]!;
      const s0 = x0[i]! / d;
      const s1 = x1[i]! / d;
      const s2 = x2[i]! / d;
      const s3 = x3[i]! / d;
      x0[i] = s0;
      x1[i] = s1;
      x2[i] = s2;
      x3[i] = s3;
      for (let k = 0, at = i * n; k < i; k++, at++) {
        const v = l[at]!;
        x0[k]! -= v * s0;
        x1[k]! -= v * s1;
        x2[k]! -= v * s2;
        x3[k]! -= v * s3;
      }
    }
  }
  for (; from < count; from++) solveFactored(l, n, b.subarray(from * n, (from + 1) * n));
}
