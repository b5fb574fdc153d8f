import { addScaled, dot } from "./dense.js";
import type { Room } from "./room.js";

/** Applies each system's operator to its own vector: directions of the systems named, [systems.length][size], written to `out` alike. */
export type Apply = (systems: readonly number[], directions: readonly Float64Array[], out: readonly Float64Array[]) => Promise<void>;

/** A shift that a system has to be solved for. */
export interface Asked {
  readonly system: number;
  /** Of (1 - λ) T + λ I. */
  readonly lambda: number;
}

interface Space {
  readonly basis: Float64Array[];
  readonly diagonal: number[];
  readonly off: number[];
  readonly norm: number;
  /** Length of what the last vector leaves over, and that vector before scaling. */
  length: number;
  readonly rest: Float64Array;
  /** Room for the vectors: thousands of arrays of their own would cost more than what is done with them. */
  readonly room: Float64Array;
}

/**
 * Krylov spaces of several symmetric systems, grown together so that a product serves all of them, by Lanczos without
 * reorthogonalisation: that only delays the solution, as in conjugate gradients, and one space serves every shift (Frommer and Maass 1999).
 */
export class LanczosBatch {
  private readonly spaces: Space[];

  /** @param most vectors at most; systems that need more are cut off there, which shrinks too */
  constructor(
    starts: readonly Float64Array[],
    private readonly apply: Apply,
    private readonly most: number,
    room: Room,
  ) {
    this.spaces = starts.map((start, s) => {
      const norm = Math.sqrt(dot(start, start));
      return { basis: [], diagonal: [], off: [], norm, length: norm, rest: start.slice(), room: room.take(`krylov ${s}`, most * start.length) };
    });
  }

  /** Grows every space that is asked for until its residual is below `tolerance` times ‖b‖. */
  async reach(asked: readonly Asked[], tolerance: number, breathe: () => Promise<void>): Promise<void> {
    for (;;) {
      const open = [...new Set(asked.filter((a) => !this.reached(this.spaces[a.system]!, a.lambda, tolerance)).map((a) => a.system))];
      if (open.length === 0) return;
      const directions = open.map((s) => next(this.spaces[s]!));
      await this.apply(
        open,
        directions,
        open.map((s) => this.spaces[s]!.rest),
      );
      open.forEach((s, k) => {
        grow(this.spaces[s]!, directions[k]!);
      });
      await breathe();
    }
  }

  /** x of ((1 - λ) T + λ I) x = b in the space as it stands, or nothing when the matrix is not positive definite there. */
  solve(system: number, lambda: number): Float64Array | undefined {
    const { basis, diagonal, off, norm } = this.spaces[system]!;
    const m = basis.length;
    if (m === 0) return undefined;
    const a = 1 - lambda;
    const d = new Float64Array(m);
    const y = new Float64Array(m);
    for (let i = 0; i < m; i++) {
      const e = i > 0 ? a * off[i - 1]! : 0;
      d[i] = a * diagonal[i]! + lambda - (i > 0 ? (e * e) / d[i - 1]! : 0);
      y[i] = i > 0 ? (-e * y[i - 1]!) / d[i - 1]! : norm;
      if (!(d[i]! > 0)) return undefined;
    }
    for (let i = m - 1; i >= 0; i--) y[i] = (y[i]! - (i < m - 1 ? a * off[i]! * y[i + 1]! : 0)) / d[i]!;
    const x = new Float64Array(basis[0]!.length);
    for (let i = 0; i < m; i++) addScaled(x, y[i]!, basis[i]!);
    return x;
  }

  private reached({ basis, diagonal, off, length }: Space, lambda: number, tolerance: number): boolean {
    const m = basis.length;
    if (m >= this.most) return true;
    if (!(length > (m > 0 ? 1e-7 * Math.max(1e-300, Math.abs(diagonal[0]!)) : 0))) return true;
    const a = 1 - lambda;
    let d = 0;
    let p = 1;
    for (let k = 0; k < m; k++) {
      const before = k > 0 ? a * off[k - 1]! : 0;
      if (k > 0) p *= -before / d;
      d = a * diagonal[k]! + lambda - (k > 0 ? (before * before) / d : 0);
      // Rounding has made the matrix indefinite: more vectors would not mend it.
      if (!(d > 0)) return true;
    }
    return m > 0 && Math.abs((a * length * p) / d) < tolerance;
  }
}

function next({ rest, length, basis, room }: Space): Float64Array {
  const v = room.subarray(basis.length * rest.length, (basis.length + 1) * rest.length);
  for (let i = 0; i < v.length; i++) v[i] = rest[i]! / length;
  return v;
}

function grow(space: Space, v: Float64Array): void {
  const { basis, off, diagonal, rest: image } = space;
  const last = basis.length;
  if (last > 0) off.push(space.length);
  const t = dot(v, image);
  addScaled(image, -t, v);
  if (last > 0) addScaled(image, -off[last - 1]!, basis[last - 1]!);
  basis.push(v);
  diagonal.push(t);
  space.length = Math.sqrt(dot(image, image));
}
