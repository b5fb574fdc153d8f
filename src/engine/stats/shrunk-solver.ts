import type { Blas } from "../lenses/lens.js";
import { factoring } from "./cholesky.js";
import { addScaled, dot } from "./dense.js";
import { eliminate, solveEliminated } from "./elimination.js";
import { solveFactored, solvingFactored } from "./factored.js";
import type { Room } from "./room.js";
import { runSteps } from "./steps.js";

/** Residual after refinement above which the float32 factor is not used. */
const RESIDUAL = 1e-4;
const ROUNDS = 4;
/** Residual at which a solution is refined no further. */
const REFINED = 1e-9;

/** Two sets of vectors, as columns. */
export interface Sides {
  /** [d, lefts] */
  readonly left: Float32Array;
  readonly lefts: number;
  /** [d, rights] */
  readonly right: Float32Array;
  readonly rights: number;
}

export interface Shrunk {
  /** R_λ⁻¹ b, refined in float64. */
  readonly one: Float64Array;
  /** leftᵀ R_λ⁻¹ right [lefts, rights], as float32 allows. */
  readonly products?: Float32Array;
}

/**
 * R_λ = (1-λ) R + λ I, and what its inverse makes of vectors: by elimination on the runtime where float32 is enough, else by a float64 factor;
 * where that fails too, with more shrinkage.
 * @param r [d, d], of which the upper triangle is read
 */
export async function solveShrunk(
  r: Float32Array,
  d: number,
  lambda: number,
  b: Float64Array,
  sides: Sides | undefined,
  blas: Blas,
  breathe: () => Promise<void>,
  room: Room,
): Promise<Shrunk> {
  const lefts = sides?.lefts ?? 0;
  const rights = sides?.rights ?? 0;
  const width = d + lefts + rights;
  const a = room.single("system", d * width);
  for (let i = 0; i < d; i++) {
    const row = i * width;
    a.fill(0, row, row + i);
    shrinkRow(a, row, r, i * d, i, d, lambda);
    if (!sides) continue;
    a.set(sides.left.subarray(i * lefts, (i + 1) * lefts), row + d);
    a.set(sides.right.subarray(i * rights, (i + 1) * rights), row + d + lefts);
  }
  await breathe();
  if (await eliminate(a, d, width, blas, breathe, room)) {
    const { x, residual } = refine(a, width, r, lambda, b);
    await breathe();
    if (residual < RESIDUAL) {
      if (!sides) return { one: x };
      const left = room.single("left", d * lefts);
      const right = room.single("right", d * rights);
      for (let i = 0; i < d; i++) {
        const from = i * width + d;
        left.set(a.subarray(from, from + lefts), i * lefts);
        right.set(a.subarray(from + lefts, from + lefts + rights), i * rights);
      }
      return { one: x, products: await blas.matmul(left, right, lefts, d, rights, false, { transposeA: true }) };
    }
  }
  return solveExactly(r, d, lambda, b, sides, blas, breathe);
}

function shrinkRow(a: Float32Array, row: number, r: Float32Array, from: number, i: number, d: number, lambda: number): void {
  for (let j = i; j < d; j++) a[row + j] = (1 - lambda) * r[from + j]!;
  a[row + i]! += lambda;
}

async function solveExactly(
  r: Float32Array,
  d: number,
  lambda: number,
  b: Float64Array,
  sides: Sides | undefined,
  blas: Blas,
  breathe: () => Promise<void>,
): Promise<Shrunk> {
  const factor = new Float64Array(d * d);
  for (let own = lambda; ; own = Math.min(1, own * 10)) {
    for (let i = 0; i < d; i++) {
      for (let j = 0; j <= i; j++) factor[i * d + j] = (1 - own) * r[j * d + i]!;
      factor[i * d + i]! += own;
    }
    if ((await runSteps(factoring(factor, d), breathe)) || own >= 1) break;
  }
  const one = b.slice();
  solveFactored(factor, d, one);
  if (!sides) return { one };
  const { left, lefts, right, rights } = sides;
  const rows = new Float64Array(lefts * d);
  for (let i = 0; i < d; i++) for (let k = 0; k < lefts; k++) rows[k * d + i] = left[i * lefts + k]!;
  await runSteps(solvingFactored(factor, d, rows, lefts), breathe);
  return { one, products: await blas.matmul(Float32Array.from(rows), right, lefts, d, rights) };
}

function refine(a: Float32Array, width: number, r: Float32Array, lambda: number, b: Float64Array): { x: Float64Array; residual: number } {
  const d = b.length;
  const x = new Float64Array(d);
  const left = b.slice();
  const step = new Float64Array(d);
  const image = new Float64Array(d);
  const norm = Math.sqrt(dot(b, b)) || 1;
  let residual = 1;
  for (let round = 0; round < ROUNDS && residual > REFINED; round++) {
    step.set(left);
    solveEliminated(a, d, width, step);
    addScaled(x, 1, step);
    multiplySymmetric(r, x, image);
    for (let j = 0; j < d; j++) left[j] = b[j]! - (1 - lambda) * image[j]! - lambda * x[j]!;
    residual = Math.sqrt(dot(left, left)) / norm;
  }
  return { x, residual };
}

/** out = R v, of which the upper triangle is read. */
function multiplySymmetric(r: Float32Array, v: Float64Array, out: Float64Array): void {
  const d = v.length;
  out.fill(0);
  for (let i = 0; i < d; i++) {
    const own = v[i]!;
    const row = i * d;
    let s = r[row + i]! * own;
    for (let j = i + 1; j < d; j++) {
      const x = r[row + j]!;
      s += x * v[j]!;
      out[j]! += x * own;
    }
    out[i]! += s;
  }
}
