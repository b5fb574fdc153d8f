import { drain } from "./lbfgs.js";

/** Columns of a panel: its rows stay in the first cache while the rest of the matrix is updated. */
const PANEL = 32;
/** Below this size the plain loops are faster. */
const SMALL = 96;

/** Lower Cholesky factor of a symmetric matrix, in place (the upper part becomes scratch). False: not positive definite. */
export function cholesky(a: Float64Array, n: number): boolean {
  return drain(factoring(a, n));
}

/** The same, stopping between panels. */
export function* factoring(a: Float64Array, n: number): Generator<void, boolean> {
  const width = n <= SMALL ? n : PANEL;
  for (let from = 0; from < n; from += width) {
    const to = Math.min(n, from + width);
    if (!factorPanel(a, n, from, to)) return false;
    if (to < n) {
      subtractPanel(a, n, from, to);
      yield;
    }
  }
  return true;
}

/** Columns from..to, whose earlier columns are subtracted already. */
function factorPanel(a: Float64Array, n: number, from: number, to: number): boolean {
  for (let i = from; i < n; i++) {
    const ri = i * n;
    const end = Math.min(i + 1, to);
    for (let j = from; j < end; j++) {
      const rj = j * n;
      let s0 = a[ri + j]!;
      let s1 = 0;
      let k = from;
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

/** Takes the panel's products away from the lower triangle behind it, in tiles of four rows and two columns. */
function subtractPanel(a: Float64Array, n: number, from: number, to: number): void {
  for (let i = to; i < n; i += 4) {
    const rows = Math.min(4, n - i);
    const p0 = i * n;
    const p1 = rows > 1 ? p0 + n : p0;
    const p2 = rows > 2 ? p1 + n : p0;
    const p3 = rows > 3 ? p2 + n : p0;
    for (let j = to; j < i + rows; j += 2) {
      const q0 = j * n;
      const two = j + 1 < n;
      const q1 = two ? q0 + n : q0;
      let a0 = 0;
      let a1 = 0;
      let b0 = 0;
      let b1 = 0;
      let c0 = 0;
      let c1 = 0;
      let d0 = 0;
      let d1 = 0;
      for (let k = from; k < to; k++) {
        const y0 = a[q0 + k]!;
        const y1 = a[q1 + k]!;
        const x0 = a[p0 + k]!;
        const x1 = a[p1 + k]!;
        const x2 = a[p2 + k]!;
        const x3 = a[p3 + k]!;
        a0 += x0 * y0;
        a1 += x0 * y1;
        b0 += x1 * y0;
        b1 += x1 * y1;
        c0 += x2 * y0;
        c1 += x2 * y1;
        d0 += x3 * y0;
        d1 += x3 * y1;
      }
      // Entries above the diagonal are scratch: nobody reads them.
      a[p0 + j]! -= a0;
      if (rows > 1) a[p1 + j]! -= b0;
      if (rows > 2) a[p2 + j]! -= c0;
      if (rows > 3) a[p3 + j]! -= d0;
      if (!two) continue;
      a[p0 + j + 1]! -= a1;
      if (rows > 1) a[p1 + j + 1]! -= b1;
      if (rows > 2) a[p2 + j + 1]! -= c1;
      if (rows > 3) a[p3 + j + 1]! -= d1;
    }
  }
}
