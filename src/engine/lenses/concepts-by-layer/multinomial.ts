import { invertInPlace } from "../../stats/inverse.js";
import { descending } from "../../stats/lbfgs.js";
import { WEIGHT } from "../../stats/preconditioner.js";
import type { Blas } from "../lens.js";

/** How much a value may rise by the rounding of float32 products, relatively. */
const ROUNDING = 1e-7;
const MEMORY = 8;

export interface Multinomial {
  /** [classes, columns] */
  readonly w: Float64Array;
  /** [classes] */
  readonly b: Float64Array;
}

/**
 * The problem of `fittingSoftmax` with its products on the runtime, all classes in one: C·Σ cross-entropy + ½‖W‖², intercepts free. The second
 * derivatives are taken for those of one weight for all rows, (c w XᵀX + I)⁻¹, which one product applies to every class.
 * @param x rows [n, d]; @param y class of every row; @param tolerance largest gradient entry at the end
 */
export async function fitMultinomial(
  x: Float32Array,
  n: number,
  d: number,
  y: ArrayLike<number>,
  classes: number,
  c: number,
  { tolerance, most }: { tolerance: number; most: number },
  blas: Blas,
  breathe: () => Promise<void>,
): Promise<Multinomial> {
  const size = classes * d;
  const point = new Float64Array(size + classes);
  const inverse = await curvature(x, n, d, c, blas, breathe);
  const steps = descending(point, tolerance, most, { preconditioned: inverse !== undefined, rounding: ROUNDING, memory: MEMORY });
  const [w, image, score] = [new Float32Array(size), new Float32Array(size), new Float32Array(classes * n)];
  const vector = new Float64Array(size + classes);
  let next = steps.next();
  while (!next.done) {
    let value = 0;
    if ("point" in next.value) {
      const { point: at } = next.value;
      for (let j = 0; j < size; j++) w[j] = at[j]!;
      await blas.matmul(w, x, classes, d, n, true, { into: score });
      value = c * residuals(score, n, classes, y, at.subarray(size), c, vector.subarray(size)) + half(at, size);
      await blas.matmul(score, x, classes, n, d, false, { into: image });
      for (let j = 0; j < size; j++) vector[j] = image[j]! + at[j]!;
    } else {
      const { direction } = next.value;
      for (let j = 0; j < size; j++) w[j] = direction[j]!;
      await blas.matmul(w, inverse!, classes, d, d, false, { into: image });
      for (let j = 0; j < size; j++) vector[j] = image[j]!;
      for (let k = 0; k < classes; k++) vector[size + k] = direction[size + k]! / (c * WEIGHT * n);
    }
    await breathe();
    next = steps.next({ value, vector });
  }
  return { w: point.slice(0, size), b: point.slice(size) };
}

/** Scores to c (p - [own class]) in place; what they sum to by class. @returns the cross-entropy */
function residuals(score: Float32Array, n: number, classes: number, y: ArrayLike<number>, b: Float64Array, c: number, sums: Float64Array): number {
  let loss = 0;
  const part = new Float64Array(classes);
  sums.fill(0);
  for (let i = 0; i < n; i++) {
    let top = Number.NEGATIVE_INFINITY;
    for (let k = 0, at = i; k < classes; k++, at += n) {
      const s = score[at]! + b[k]!;
      part[k] = s;
      if (s > top) top = s;
    }
    const own = part[y[i]!]! - top;
    let sum = 0;
    for (let k = 0; k < classes; k++) {
      const e = Math.exp(part[k]! - top);
      part[k] = e;
      sum += e;
    }
    loss += Math.log(sum) - own;
    for (let k = 0, at = i; k < classes; k++, at += n) {
      const r = c * (part[k]! / sum - (y[i] === k ? 1 : 0));
      score[at] = r;
      sums[k]! += r;
    }
  }
  return loss;
}

function half(at: Float64Array, size: number): number {
  let norm = 0;
  for (let j = 0; j < size; j++) norm += at[j]! * at[j]!;
  return norm / 2;
}

/** (c w XᵀX + I)⁻¹ [d, d]; float32 is enough, it sets the speed of the fit and not its result. */
async function curvature(x: Float32Array, n: number, d: number, c: number, blas: Blas, breathe: () => Promise<void>): Promise<Float32Array | undefined> {
  const out = await blas.matmul(x, x, d, n, d, false, { transposeA: true });
  const share = c * WEIGHT;
  for (let at = 0; at < out.length; at++) out[at]! *= share;
  for (let j = 0; j < d; j++) out[j * d + j]! += 1;
  await breathe();
  return (await invertInPlace(out, d, blas, breathe)) ? out : undefined;
}
