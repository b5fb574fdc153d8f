import type { Blas } from "../lenses/lens.js";
import { columnMeans, columnScale, type Rows } from "../stats/moments.js";
import { leadingComponents } from "./components.js";

/** The layer's standardised frame, and the few directions in which its rows differ most. */
export interface Frame {
  readonly width: number;
  readonly mean: Float32Array;
  /** One over the standard deviation. */
  readonly inverse: Float32Array;
  readonly dims: number;
  /** [dims, width] */
  readonly basis: Float32Array;
  /** [dims] */
  readonly variance: Float32Array;
}

/** Directions that are kept: nearest rows are looked for in these. */
export const DIMS = 32;

export async function fitFrame(x: Rows, rows: Int32Array, seed: number, blas: Blas, breathe: () => Promise<void>): Promise<Frame> {
  const mean = Float32Array.from(columnMeans(x, rows));
  const inverse = Float32Array.from(columnScale(x, rows, Float64Array.from(mean)), (s) => 1 / s);
  const standard = new Float32Array(rows.length * x.d);
  for (let k = 0, to = 0; k < rows.length; k++)
    for (let j = 0, at = rows[k]! * x.d; j < x.d; j++, at++, to++) standard[to] = (x.data[at]! - mean[j]!) * inverse[j]!;
  const wanted = Math.max(1, Math.min(DIMS, x.d >> 1, rows.length >> 2));
  const { basis, variance, count } = await leadingComponents(standard, rows.length, x.d, wanted, seed, blas, breathe);
  return { width: x.d, mean, inverse, dims: count, basis, variance: Float32Array.from(variance) };
}

/** Where a state lies: its coordinates [dims], and the squared length that they leave over. */
export function placeOf(frame: Frame, state: Float32Array, at = 0): { coordinates: Float64Array; rest: number } {
  const { width, mean, inverse, dims, basis } = frame;
  const coordinates = new Float64Array(dims);
  let whole = 0;
  for (let j = 0; j < width; j++) {
    const z = (state[at + j]! - mean[j]!) * inverse[j]!;
    whole += z * z;
    for (let k = 0, to = j; k < dims; k++, to += width) coordinates[k]! += z * basis[to]!;
  }
  for (const c of coordinates) whole -= c * c;
  return { coordinates, rest: Math.max(whole, 1e-6 * width) };
}
