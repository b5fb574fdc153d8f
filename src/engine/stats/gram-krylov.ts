import { addScaled, dot, multiply } from "./dense.js";
import { solveTridiagonal } from "./tridiagonal.js";

/** What is within cells, as an operator on coefficients over rows: a -> P K a / df, with ⟨a, b⟩ = aᵀ K b. */
export interface GramOperator {
  /** K [size, size]. */
  readonly gram: Float64Array;
  readonly size: number;
  /** [size] cell of every row, and the rows of each cell. */
  readonly cell: Int32Array;
  readonly rows: Float64Array;
  readonly df: number;
}

/**
 * The Krylov space of one right-hand side, by Lanczos without reorthogonalisation: that only delays the solution, as in conjugate gradients, and one
 * space serves every shift (Frommer and Maass 1999). For shrinkages that are compared, not for the estimate itself.
 */
export class GramKrylov {
  private readonly diagonal: number[] = [];
  private readonly off: number[] = [];
  private readonly norm: number;
  private length: number;
  private readonly w: Float64Array;
  private readonly image: Float64Array;
  private readonly sums: Float64Array;
  private readonly v: Float64Array[] = [];

  /** @param basis room for the vectors: as many as fit are used at most, which shrinks too */
  constructor(
    private readonly op: GramOperator,
    start: Float64Array,
    private readonly basis: Float64Array,
  ) {
    this.w = start.slice();
    this.image = new Float64Array(op.size);
    this.sums = new Float64Array(op.rows.length);
    this.length = this.measure();
    this.norm = this.length;
  }

  /** Grows until the residual of ((1 - λ) T + λ I) x = b is below `tolerance` times ‖b‖, or the space can grow no more. */
  reach(lambda: number, tolerance: number): void {
    const a = 1 - lambda;
    let d = 0;
    let p = 1;
    for (let k = 0; ; k++) {
      if (k === this.v.length) {
        if ((k + 1) * this.op.size > this.basis.length || !(this.length > (k > 0 ? 1e-7 * Math.max(1e-300, Math.abs(this.diagonal[0]!)) : 0))) return;
        this.grow();
      }
      const before = k > 0 ? a * this.off[k - 1]! : 0;
      if (k > 0) p *= -before / d;
      d = a * this.diagonal[k]! + lambda - (k > 0 ? (before * before) / d : 0);
      // Rounding has made the matrix indefinite: more vectors would not mend it.
      if (!(d > 0)) return;
      const left = k + 1 < this.v.length ? this.off[k]! : this.length;
      if (Math.abs((a * left * p) / d) < tolerance) return;
    }
  }

  /** x [size] in the space as it stands, or nothing when the matrix is not positive definite there. */
  solve(lambda: number): Float64Array | undefined {
    const m = this.v.length;
    if (m === 0) return undefined;
    const y = solveTridiagonal(this.diagonal, this.off, 1 - lambda, lambda, this.norm);
    if (!y) return undefined;
    const x = new Float64Array(this.op.size);
    for (let i = 0; i < m; i++) addScaled(x, y[i]!, this.v[i]!);
    return x;
  }

  private grow(): void {
    const { w, image, sums, diagonal, off, v } = this;
    const { size, cell, rows, df } = this.op;
    const last = v.length;
    if (last > 0) off.push(this.length);
    const share = 1 / this.length;
    const next = this.basis.subarray(last * size, (last + 1) * size);
    sums.fill(0);
    for (let i = 0; i < size; i++) {
      next[i] = w[i]! * share;
      image[i]! *= share;
      sums[cell[i]!]! += image[i]!;
    }
    for (let c = 0; c < sums.length; c++) if (rows[c]! > 0) sums[c]! /= rows[c]!;
    for (let i = 0; i < size; i++) w[i] = (image[i]! - sums[cell[i]!]!) / df;
    const t = dot(w, image);
    diagonal.push(t);
    addScaled(w, -t, next);
    if (last > 0) addScaled(w, -off[last - 1]!, v[last - 1]!);
    v.push(next);
    this.length = this.measure();
  }

  private measure(): number {
    multiply(this.op.gram, this.w, this.image);
    return Math.sqrt(Math.max(0, dot(this.w, this.image)));
  }
}
