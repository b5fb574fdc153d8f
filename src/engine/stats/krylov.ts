import { addScaled, dot } from "./dense.js";
import { solveTridiagonal } from "./tridiagonal.js";

/** A symmetric operator in a space with its own inner product ⟨a, b⟩ = aᵀ image(b); without `image` the plain one. */
export interface Operator {
  readonly size: number;
  /** Writes the metric's image of v. */
  readonly image?: (v: Float64Array, out: Float64Array) => void;
  /** Writes the operator applied to v; gets v's image too. */
  apply(v: Float64Array, image: Float64Array, out: Float64Array): void;
}

/**
 * The Krylov space of one right-hand side b, grown by Lanczos with full reorthogonalisation as far as it is asked for. All
 * shifted systems (a T + s) x = b share it, so one space serves a whole grid of shrinkages (Frommer and Maass 1999).
 * What the metric cannot see of the start (a metric without full rank) grows in the basis and costs digits: rows should not
 * outnumber dimensions in dual coordinates.
 */
export class KrylovSpace {
  private readonly basis: Float64Array[] = [];
  private readonly images: Float64Array[] = [];
  private readonly diagonal: number[] = [];
  private readonly off: number[] = [];
  private readonly norm: number;
  /** Length of what the last vector leaves over. */
  private length: number;
  private readonly w: Float64Array;
  private readonly image: Float64Array;

  /** @param most vectors at most; systems that need more are cut off there */
  constructor(
    private readonly op: Operator,
    start: Float64Array,
    private readonly most: number,
  ) {
    this.w = Float64Array.from(start);
    this.image = op.image ? new Float64Array(op.size) : this.w;
    this.norm = this.measure();
    this.length = this.norm;
  }

  /** Grows until the residual of (a T + s) x = b is below `tolerance` times ‖b‖, the space is exhausted or `most` is reached; stops after each vector. */
  *reaching(a: number, s: number, tolerance = 1e-8): Generator<void, void> {
    // A norm that is the root of a cancelling sum is only good to the root of the rounding error.
    const exhausted = this.op.image ? 1e-7 : 1e-10;
    let d = 0;
    let p = 1;
    for (let k = 0; ; k++) {
      if (k === this.basis.length) {
        if (k >= this.most || !(this.length > (k > 0 ? exhausted * Math.max(1e-300, Math.abs(this.diagonal[0]!)) : 0))) return;
        this.grow();
        yield;
      }
      const before = k > 0 ? a * this.off[k - 1]! : 0;
      if (k > 0) p *= -before / d;
      d = a * this.diagonal[k]! + s - (k > 0 ? (before * before) / d : 0);
      const left = k + 1 < this.basis.length ? this.off[k]! : this.length;
      if (Math.abs((a * left * p) / d) < tolerance) return;
    }
  }

  /** x of (a T + s) x = b inside the space as it stands, or nothing when the shifted matrix is not positive definite there. */
  solve(a: number, s: number): Float64Array | undefined {
    const m = this.basis.length;
    if (m === 0) return undefined;
    const y = solveTridiagonal(this.diagonal, this.off, a, s, this.norm);
    if (!y) return undefined;
    const x = new Float64Array(this.op.size);
    for (let i = 0; i < m; i++) addScaled(x, y[i]!, this.basis[i]!);
    return x;
  }

  private grow(): void {
    const { w, image, basis, images, diagonal, off, op } = this;
    const last = basis.length;
    if (last > 0) off.push(this.length);
    const share = 1 / this.length;
    const v = new Float64Array(op.size);
    for (let i = 0; i < v.length; i++) v[i] = w[i]! * share;
    let vi = v;
    if (op.image) {
      vi = new Float64Array(op.size);
      for (let i = 0; i < vi.length; i++) vi[i] = image[i]! * share;
    }
    basis.push(v);
    images.push(vi);
    op.apply(v, vi, w);
    const t = dot(w, vi);
    diagonal.push(t);
    // The recurrence takes away what is large, so that one pass over all vectors is enough for the rest.
    addScaled(w, -t, v);
    if (last > 0) addScaled(w, -off[last - 1]!, basis[last - 1]!);
    this.clean();
    // What is left after strong cancellation is not yet orthogonal.
    if (this.length < 1e-3 * Math.abs(diagonal[0]!)) this.clean();
  }

  private clean(): void {
    for (let i = this.basis.length - 1; i >= 0; i--) addScaled(this.w, -dot(this.w, this.images[i]!), this.basis[i]!);
    this.length = this.measure();
  }

  private measure(): number {
    this.op.image?.(this.w, this.image);
    return Math.sqrt(Math.max(0, dot(this.w, this.image)));
  }
}
