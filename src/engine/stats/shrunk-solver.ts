import type { Blas } from "../lenses/lens.js";
import { factoring } from "./cholesky.js";
import { addScaled, dot, multiply } from "./dense.js";
import { solveFactored, solvingFactored } from "./factored.js";
import { invertInPlace } from "./inverse.js";
import { runSteps } from "./steps.js";

/** Residual after refinement above which the float32 inverse is not used. */
const RESIDUAL = 1e-4;
const ROUNDS = 4;
/** Residual at which a solution is refined no further. */
const REFINED = 1e-9;

/** ((1-λ) R + λ I)⁻¹ applied to right-hand sides. */
export interface ShrunkSolver {
  /** One right-hand side in float64, refined. */
  one(b: Float64Array): Float64Array;
  /** Many [count, d], as float32 allows. */
  many(b: Float32Array, count: number): Promise<Float32Array>;
}

/** By an inverse on the runtime where float32 is enough, else by a float64 factor; where that fails too, more shrinkage. */
export async function shrunkSolver(r: Float32Array, d: number, lambda: number, blas: Blas, breathe: () => Promise<void>): Promise<ShrunkSolver> {
  const inverse = new Float32Array(d * d);
  const times = (v: Float64Array, out: Float64Array) => {
    multiply(r, v, out);
    for (let j = 0; j < d; j++) out[j] = (1 - lambda) * out[j]! + lambda * v[j]!;
  };
  for (let i = 0; i < inverse.length; i++) inverse[i] = (1 - lambda) * r[i]!;
  for (let i = 0; i < d; i++) inverse[i * d + i]! += lambda;
  if (await invertInPlace(inverse, d, blas, breathe)) {
    const refined = (b: Float64Array) => refine(inverse, times, b, REFINED);
    // Any vector shows whether the inverse is good enough.
    const probe = new Float64Array(d);
    for (let j = 0; j < d; j++) probe[j] = Math.sin(1 + 2.3 * j);
    if (refine(inverse, times, probe, RESIDUAL).residual < RESIDUAL)
      return { one: (b) => refined(b).x, many: (b, count) => blas.matmul(b, inverse, count, d, d) };
  }
  const factor = new Float64Array(d * d);
  for (let own = lambda; ; own = Math.min(1, own * 10)) {
    for (let i = 0; i < factor.length; i++) factor[i] = (1 - own) * r[i]!;
    for (let i = 0; i < d; i++) factor[i * d + i]! += own;
    if ((await runSteps(factoring(factor, d), breathe)) || own >= 1) break;
  }
  return {
    one(b) {
      const x = b.slice();
      solveFactored(factor, d, x);
      return x;
    },
    async many(b, count) {
      const x = Float64Array.from(b);
      await runSteps(solvingFactored(factor, d, x, count), breathe);
      return Float32Array.from(x);
    },
  };
}

function refine(
  inverse: Float32Array,
  times: (v: Float64Array, out: Float64Array) => void,
  b: Float64Array,
  enough: number,
): { x: Float64Array; residual: number } {
  const x = new Float64Array(b.length);
  const left = b.slice();
  const step = new Float64Array(b.length);
  const image = new Float64Array(b.length);
  const norm = Math.sqrt(dot(b, b)) || 1;
  let residual = 1;
  for (let round = 0; round < ROUNDS && residual > enough; round++) {
    multiply(inverse, left, step);
    addScaled(x, 1, step);
    times(x, image);
    for (let j = 0; j < b.length; j++) left[j] = b[j]! - image[j]!;
    residual = Math.sqrt(dot(left, left)) / norm;
  }
  return { x, residual };
}
