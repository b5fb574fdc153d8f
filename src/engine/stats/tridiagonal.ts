/**
 * Solves (a T + s I) y = norm · e₁ for a symmetric tridiagonal T by elimination without pivoting (Golub and Van Loan, 4.3.6): what Lanczos asks of its space.
 * @param diagonal [m]
 * @param off [m - 1]; further values are not read
 * @returns [m], or nothing when the shifted matrix is not positive definite
 */
export function solveTridiagonal(diagonal: readonly number[], off: readonly number[], a: number, s: number, norm: number): Float64Array | undefined {
  const m = diagonal.length;
  const d = new Float64Array(m);
  const y = new Float64Array(m);
  for (let i = 0; i < m; i++) {
    const e = i > 0 ? a * off[i - 1]! : 0;
    d[i] = a * diagonal[i]! + s - (i > 0 ? (e * e) / d[i - 1]! : 0);
    y[i] = i > 0 ? (-e * y[i - 1]!) / d[i - 1]! : norm;
    if (!(d[i]! > 0)) return undefined;
  }
  for (let i = m - 1; i >= 0; i--) y[i] = (y[i]! - (i < m - 1 ? a * off[i]! * y[i + 1]! : 0)) / d[i]!;
  return y;
}
