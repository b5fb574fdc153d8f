/** Solves L Lᵀ x = b in place. */
export function solveFactored(l: Float64Array, n: number, b: Float64Array): void {
  for (let i = 0; i < n; i++) {
    let s0 = b[i]!;
    let s1 = 0;
    let k = 0;
    const p = i * n;
    for (; k + 1 < i; k += 2) {
      s0 -= l[p + k]! * b[k]!;
      s1 -= l[p + k + 1]! * b[k + 1]!;
    }
    for (; k < i; k++) s0 -= l[p + k]! * b[k]!;
    b[i] = (s0 + s1) / l[p + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    const x = b[i]! / l[i * n + i]!;
    b[i] = x;
    for (let k = 0, at = i * n; k < i; k++, at++) b[k]! -= l[at]! * x;
  }
}

/** Solves L Lᵀ x = b for `count` right-hand sides [count, n] in place, stopping after every eight; they lie beside each other meanwhile, so each entry of L is read once for eight. */
export function* solvingFactored(l: Float64Array, n: number, b: Float64Array, count: number): Generator<void, void> {
  const x = new Float64Array(8 * n);
  for (let first = 0; first < count; first += 8) {
    const many = Math.min(8, count - first);
    for (let r = 0; r < many; r++) for (let i = 0; i < n; i++) x[8 * i + r] = b[(first + r) * n + i]!;
    forward(l, n, x, 0);
    backward(l, n, x);
    for (let r = 0; r < many; r++) for (let i = 0; i < n; i++) b[(first + r) * n + i] = x[8 * i + r]!;
    yield;
  }
}

/** The inverse of a factor as the rows of its transpose (row j is 0 before j), float32, stopping after every eight. */
export function* invertingFactor(l: Float64Array, n: number): Generator<void, Float32Array> {
  const out = new Float32Array(n * n);
  const x = new Float64Array(8 * n);
  for (let first = 0; first < n; first += 8) {
    const many = Math.min(8, n - first);
    x.fill(0);
    for (let r = 0; r < many; r++) x[8 * (first + r) + r] = 1;
    forward(l, n, x, first);
    for (let r = 0; r < many; r++) for (let i = first + r, at = i * 8 + r; i < n; i++, at += 8) out[(first + r) * n + i] = x[at]!;
    yield;
  }
  return out;
}

/** @param first entries of x before it are 0 */
function forward(l: Float64Array, n: number, x: Float64Array, first: number): void {
  for (let i = first; i < n; i++) {
    const to = 8 * i;
    let s0 = x[to]!;
    let s1 = x[to + 1]!;
    let s2 = x[to + 2]!;
    let s3 = x[to + 3]!;
    let s4 = x[to + 4]!;
    let s5 = x[to + 5]!;
    let s6 = x[to + 6]!;
    let s7 = x[to + 7]!;
    for (let k = first, at = i * n + first, from = 8 * first; k < i; k++, at++, from += 8) {
      const v = l[at]!;
      s0 -= v * x[from]!;
      s1 -= v * x[from + 1]!;
      s2 -= v * x[from + 2]!;
      s3 -= v * x[from + 3]!;
      s4 -= v * x[from + 4]!;
      s5 -= v * x[from + 5]!;
      s6 -= v * x[from + 6]!;
      s7 -= v * x[from + 7]!;
    }
    const d = 1 / l[i * n + i]!;
    x[to] = s0 * d;
    x[to + 1] = s1 * d;
    x[to + 2] = s2 * d;
    x[to + 3] = s3 * d;
    x[to + 4] = s4 * d;
    x[to + 5] = s5 * d;
    x[to + 6] = s6 * d;
    x[to + 7] = s7 * d;
  }
}

function backward(l: Float64Array, n: number, x: Float64Array): void {
  for (let i = n - 1; i >= 0; i--) {
    const to = 8 * i;
    const d = 1 / l[i * n + i]!;
    const s0 = x[to]! * d;
    const s1 = x[to + 1]! * d;
    const s2 = x[to + 2]! * d;
    const s3 = x[to + 3]! * d;
    const s4 = x[to + 4]! * d;
    const s5 = x[to + 5]! * d;
    const s6 = x[to + 6]! * d;
    const s7 = x[to + 7]! * d;
    x[to] = s0;
    x[to + 1] = s1;
    x[to + 2] = s2;
    x[to + 3] = s3;
    x[to + 4] = s4;
    x[to + 5] = s5;
    x[to + 6] = s6;
    x[to + 7] = s7;
    for (let k = 0, at = i * n, from = 0; k < i; k++, at++, from += 8) {
      const v = l[at]!;
      x[from]! -= v * s0;
      x[from + 1]! -= v * s1;
      x[from + 2]! -= v * s2;
      x[from + 3]! -= v * s3;
      x[from + 4]! -= v * s4;
      x[from + 5]! -= v * s5;
      x[from + 6]! -= v * s6;
      x[from + 7]! -= v * s7;
    }
  }
}
