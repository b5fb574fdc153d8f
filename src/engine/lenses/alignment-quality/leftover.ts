import { oneStratum } from "../../stats/contrast.js";
import { addScaled, dot } from "../../stats/dense.js";
import { eigen } from "../../stats/eigen.js";
import { drain } from "../../stats/lbfgs.js";
import { type Rows, withinScale } from "../../stats/moments.js";
import { type Room, withRoom } from "../../stats/room.js";
import type { Blas, Study } from "../lens.js";
import type { Pace } from "../pace.js";
import { sampleGroups } from "./replicates.js";

const MOST_ROWS = 1000;
/** Vectors of the Krylov space at most, and what is left over a vector, relative to the largest eigenvalue, at which it ends. */
const VECTORS = 24;
const EXHAUSTED = 1e-6;

/** Each row's place along the first direction of what is left within the classes, in deviations. */
export interface Leftover {
  /** [n] */
  readonly y: Float32Array;
}

/**
 * First within-class principal component of the scaled rows, orthogonal to the discriminant; by Lanczos (as many products as power iteration needs
 * for a tenth of the accuracy) on at most 1,000 rows. The sign follows the layer before, so points do not flip when the layer changes.
 * @param discriminant [d] in the units of x
 */
export function leftoverDirection(
  x: Rows,
  study: Study,
  discriminant: Float64Array | undefined,
  before: Leftover | undefined,
  blas: Blas,
  pace: Pace,
): Promise<Leftover> {
  return withRoom(blas, async (room) => {
    const { n, d } = x;
    const rows = sampleGroups(study.group, MOST_ROWS, study.seed, 41);
    const cells = oneStratum(study.label);
    const { scale, means } = withinScale(x, rows, cells.cell, 2);
    const inverse = scale.map((s) => 1 / s);
    const e = room.single("leftover rows", rows.length * d);
    for (let k = 0; k < rows.length; k++) takeRow(e, k * d, x.data, rows[k]! * d, means, study.label[rows[k]!]! * d, inverse);
    await pace.breathe();
    const u = new Float64Array(d);
    if (discriminant) for (let j = 0; j < d; j++) if (inverse[j]! > 0) u[j] = discriminant[j]! * scale[j]!;
    const norm = Math.sqrt(dot(u, u));
    if (norm > 0) for (let j = 0; j < d; j++) u[j]! /= norm;
    const v = await largestDirection(e, rows.length, d, norm > 0 ? u : undefined, blas, pace, room);
    if (!v) return { y: new Float32Array(n).fill(Number.NaN) };
    for (let j = 0; j < d; j++) v[j]! *= inverse[j]!;
    return { y: placed(x, v, before) };
  });
}

/** The eigenvector of EᵀE with the largest eigenvalue among those orthogonal to u, by Lanczos with full reorthogonalisation. */
async function largestDirection(
  e: Float32Array,
  m: number,
  d: number,
  u: Float64Array | undefined,
  blas: Blas,
  pace: Pace,
  room: Room,
): Promise<Float64Array | undefined> {
  const basis: Float64Array[] = [];
  const diagonal: number[] = [];
  const off: number[] = [];
  const packed = room.single("leftover direction", d);
  // A start that no symmetry of the data can be orthogonal to, the same for all layers.
  let rest: Float64Array = Float64Array.from({ length: d }, (_, j) => Math.sin(1 + 2.3 * j));
  if (u) addScaled(rest, -dot(u, rest), u);
  let length = Math.sqrt(dot(rest, rest));
  for (let k = 0; k < Math.min(VECTORS, d); k++) {
    if (!(length > (k > 0 ? EXHAUSTED * diagonal[0]! : 0))) break;
    const v = rest;
    for (let j = 0; j < d; j++) v[j]! /= length;
    if (k > 0) off.push(length);
    basis.push(v);
    packed.set(v);
    const places = await blas.matmul(packed, e, 1, d, m, true, { into: room.single("leftover places", m) });
    const image = await blas.matmul(places, e, 1, m, d, false, { into: room.single("leftover image", d) });
    rest = Float64Array.from(image);
    diagonal.push(dot(rest, v));
    if (u) addScaled(rest, -dot(u, rest), u);
    for (let i = basis.length - 1; i >= 0; i--) addScaled(rest, -dot(rest, basis[i]!), basis[i]!);
    length = Math.sqrt(dot(rest, rest));
    await pace.breathe();
  }
  const size = basis.length;
  if (size === 0 || !diagonal.some((t) => t > 0)) return undefined;
  const t = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    t[i * size + i] = diagonal[i]!;
    if (i > 0) {
      t[i * size + i - 1] = off[i - 1]!;
      t[(i - 1) * size + i] = off[i - 1]!;
    }
  }
  const { vectors } = drain(eigen(t, size));
  const out = new Float64Array(d);
  for (let i = 0; i < size; i++) addScaled(out, vectors[i]!, basis[i]!);
  return out;
}

function takeRow(out: Float32Array, to: number, data: Float32Array, from: number, means: Float64Array, mean: number, inverse: Float64Array): void {
  for (let j = 0; j < inverse.length; j++) out[to + j] = (data[from + j]! - means[mean + j]!) * inverse[j]!;
}

/** Places of all rows along v (in the units of x), in deviations. */
function placed({ data, n, d }: Rows, v: Float64Array, before: Leftover | undefined): Float32Array {
  const y = new Float32Array(n);
  let square = 0;
  for (let i = 0; i < n; i++) {
    const s = along(data, i * d, v);
    y[i] = s;
    square += s * s;
  }
  const deviation = Math.sqrt(square / n) || 1;
  let turn = 0;
  for (let i = 0; i < n; i++) {
    y[i]! /= deviation;
    if (before && Number.isFinite(before.y[i])) turn += y[i]! * before.y[i]!;
  }
  if (turn < 0) for (let i = 0; i < n; i++) y[i] = -y[i]!;
  return y;
}

function along(data: Float32Array, from: number, v: Float64Array): number {
  let s0 = 0;
  let s1 = 0;
  let j = 0;
  for (; j + 1 < v.length; j += 2) {
    s0 += data[from + j]! * v[j]!;
    s1 += data[from + j + 1]! * v[j + 1]!;
  }
  return j < v.length ? s0 + s1 + data[from + j]! * v[j]! : s0 + s1;
}
