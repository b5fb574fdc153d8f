import { addScaled, dot } from "./dense.js";

/** A symmetric operator in a space with its own inner product ⟨a, b⟩ = aᵀ image(b); without `image` the plain one. */
export interface Operator {
  readonly size: number;
  /** Writes the metric's image of v. */
  readonly image?: (v: Float64Array, out: Float64Array) => void;
  /** Writes the operator applied to v; gets v's image too. */
  apply(v: Float64Array, image: Float64Array, out: Float64Array): void;
}

export interface Krylov {
  readonly basis: readonly Float64Array[];
  readonly diagonal: readonly number[];
  readonly off: readonly number[];
  /** Norm of the right-hand side. */
  readonly norm: number;
}

/**
 * Lanczos from one right-hand side with full reorthogonalisation. All shifted systems (a T + s) x = b share the space,
 * so one run serves a whole grid of shrinkages (Frommer and Maass 1999). Stops when every shift's residual is below
 * `tolerance` times ‖b‖, when the space is exhausted, or at `most` vectors. What the metric cannot see of the start (a
 * metric without full rank) grows in the basis and costs digits: rows should not outnumber dimensions in dual coordinates.
 */
export function lanczos(op: Operator, start: Float64Array, shifts: readonly (readonly [a: number, s: number])[], most: number, tolerance = 1e-8): Krylov {
  const basis: Float64Array[] = [];
  const images: Float64Array[] = [];
  const diagonal: number[] = [];
  const off: number[] = [];
  const w = Float64Array.from(start);
  const image = new Float64Array(op.size);
  const measure = () => {
    if (op.image) op.image(w, image);
    else image.set(w);
    return Math.sqrt(Math.max(0, dot(w, image)));
  };
  const norm = measure();
  if (!(norm > 0)) return { basis, diagonal, off, norm: 0 };
  // A norm that is the root of a cancelling sum is only good to the root of the rounding error.
  const exhausted = op.image ? 1e-7 : 1e-10;
  const pivots = shifts.map(() => ({ d: 0, p: 1 }));
  let length = norm;
  while (basis.length < most) {
    const v = w.map((x) => x / length);
    const vi = image.map((x) => x / length);
    basis.push(v);
    images.push(vi);
    op.apply(v, vi, w);
    const t = dot(w, vi);
    diagonal.push(t);
    const last = basis.length - 1;
    const before = last > 0 ? off[last - 1]! : 0;
    // The recurrence takes away what is large, so that one pass over all vectors is enough for the rest.
    addScaled(w, -t, v);
    if (last > 0) addScaled(w, -before, basis[last - 1]!);
    const clean = () => {
      for (let i = last; i >= 0; i--) addScaled(w, -dot(w, images[i]!), basis[i]!);
      return measure();
    };
    length = clean();
    // What is left after strong cancellation is not yet orthogonal.
    if (length < 1e-3 * Math.abs(diagonal[0]!)) length = clean();
    let worst = 0;
    shifts.forEach(([a, s], k) => {
      const pivot = pivots[k]!;
      const d = a * t + s - (last > 0 ? (a * before * a * before) / pivot.d : 0);
      if (last > 0) pivot.p *= (-a * before) / pivot.d;
      pivot.d = d;
      worst = Math.max(worst, Math.abs((a * length * pivot.p) / d));
    });
    if (worst < tolerance || !(length > exhausted * Math.max(1e-300, Math.abs(diagonal[0]!)))) break;
    off.push(length);
  }
  return { basis, diagonal, off: off.slice(0, Math.max(0, basis.length - 1)), norm };
}

/** x of (a T + s) x = b inside the space, or nothing when the shifted matrix is not positive definite there. */
export function solveShifted(k: Krylov, a: number, s: number): Float64Array | undefined {
  const m = k.basis.length;
  if (m === 0) return undefined;
  const d = new Float64Array(m);
  const y = new Float64Array(m);
  for (let i = 0; i < m; i++) {
    const e = i > 0 ? a * k.off[i - 1]! : 0;
    d[i] = a * k.diagonal[i]! + s - (i > 0 ? (e * e) / d[i - 1]! : 0);
    y[i] = i > 0 ? (-e * y[i - 1]!) / d[i - 1]! : k.norm;
    if (!(d[i]! > 0)) return undefined;
  }
  for (let i = m - 1; i >= 0; i--) y[i] = (y[i]! - (i < m - 1 ? a * k.off[i]! * y[i + 1]! : 0)) / d[i]!;
  const x = new Float64Array(k.basis[0]!.length);
  for (let i = 0; i < m; i++) addScaled(x, y[i]!, k.basis[i]!);
  return x;
}
