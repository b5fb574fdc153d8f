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

/** out = a v, a [out.length, v.length] row-major; four rows at a time, so that each entry of v is read once for four. */
export function multiply(a: Float64Array | Float32Array, v: Float64Array, out: Float64Array): void {
  // One loop for each type of array: a loop that has seen both reads either through a slower path.
  if (a instanceof Float64Array) multiplyDouble(a, v, out);
  else multiplySingle(a, v, out);
}

function multiplyDouble(a: Float64Array, v: Float64Array, out: Float64Array): void {
  const n = v.length;
  let i = 0;
  for (; i + 3 < out.length; i += 4) {
    const p0 = i * n;
    const p1 = p0 + n;
    const p2 = p1 + n;
    const p3 = p2 + n;
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let j = 0; j < n; j++) {
      const x = v[j]!;
      s0 += a[p0 + j]! * x;
      s1 += a[p1 + j]! * x;
      s2 += a[p2 + j]! * x;
      s3 += a[p3 + j]! * x;
    }
    out[i] = s0;
    out[i + 1] = s1;
    out[i + 2] = s2;
    out[i + 3] = s3;
  }
  for (; i < out.length; i++) {
    let s = 0;
    for (let j = 0, at = i * n; j < n; j++, at++) s += a[at]! * v[j]!;
    out[i] = s;
  }
}

function multiplySingle(a: Float32Array, v: Float64Array, out: Float64Array): void {
  const n = v.length;
  let i = 0;
  for (; i + 3 < out.length; i += 4) {
    const p0 = i * n;
    const p1 = p0 + n;
    const p2 = p1 + n;
    const p3 = p2 + n;
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let j = 0; j < n; j++) {
      const x = v[j]!;
      s0 += a[p0 + j]! * x;
      s1 += a[p1 + j]! * x;
      s2 += a[p2 + j]! * x;
      s3 += a[p3 + j]! * x;
    }
    out[i] = s0;
    out[i + 1] = s1;
    out[i + 2] = s2;
    out[i + 3] = s3;
  }
  for (; i < out.length; i++) {
    let s = 0;
    for (let j = 0, at = i * n; j < n; j++, at++) s += a[at]! * v[j]!;
    out[i] = s;
  }
}

/** out += aᵀ v, a [v.length, out.length] row-major; four rows at a time, so that each entry of out is written once for four. */
export function addTransposed(a: Float64Array | Float32Array, v: Float64Array, out: Float64Array): void {
  if (a instanceof Float64Array) addTransposedDouble(a, v, out);
  else addTransposedSingle(a, v, out);
}

function addTransposedDouble(a: Float64Array, v: Float64Array, out: Float64Array): void {
  const d = out.length;
  let i = 0;
  for (; i + 3 < v.length; i += 4) {
    const p0 = i * d;
    const p1 = p0 + d;
    const p2 = p1 + d;
    const p3 = p2 + d;
    const v0 = v[i]!;
    const v1 = v[i + 1]!;
    const v2 = v[i + 2]!;
    const v3 = v[i + 3]!;
    for (let j = 0; j < d; j++) out[j]! += v0 * a[p0 + j]! + v1 * a[p1 + j]! + (v2 * a[p2 + j]! + v3 * a[p3 + j]!);
  }
  for (; i < v.length; i++) for (let j = 0, at = i * d; j < d; j++, at++) out[j]! += v[i]! * a[at]!;
}

function addTransposedSingle(a: Float32Array, v: Float64Array, out: Float64Array): void {
  const d = out.length;
  let i = 0;
  for (; i + 3 < v.length; i += 4) {
    const p0 = i * d;
    const p1 = p0 + d;
    const p2 = p1 + d;
    const p3 = p2 + d;
    const v0 = v[i]!;
    const v1 = v[i + 1]!;
    const v2 = v[i + 2]!;
    const v3 = v[i + 3]!;
    for (let j = 0; j < d; j++) out[j]! += v0 * a[p0 + j]! + v1 * a[p1 + j]! + (v2 * a[p2 + j]! + v3 * a[p3 + j]!);
  }
  for (; i < v.length; i++) for (let j = 0, at = i * d; j < d; j++, at++) out[j]! += v[i]! * a[at]!;
}
