import { oneStratum } from "../../stats/contrast.js";
import { addScaled, addTransposed, dot, multiply } from "../../stats/dense.js";
import { type Rows, withinScale } from "../../stats/moments.js";
import type { Study } from "../lens.js";
import type { Pace } from "../pace.js";
import { sampleGroups } from "./replicates.js";

const MOST_ROWS = 1000;
const ROUNDS = 40;

/** Each row's place along the first direction of what is left within the classes, in deviations. */
export interface Leftover {
  /** [n] */
  readonly y: Float32Array;
}

/**
 * First within-class principal component of the scaled rows, orthogonal to the discriminant; power iteration on at most
 * 1,000 rows. The sign follows the layer before, so points do not flip when the layer changes.
 * @param discriminant [d] in the units of x
 */
export async function leftoverDirection(
  x: Rows,
  study: Study,
  discriminant: Float64Array | undefined,
  before: Leftover | undefined,
  pace: Pace,
): Promise<Leftover> {
  const { n, d } = x;
  const rows = sampleGroups(study.group, MOST_ROWS, study.seed, 41);
  const cells = oneStratum(study.label);
  const { scale, means } = withinScale(x, rows, cells.cell, 2);
  const m = rows.length;
  const e = new Float64Array(m * d);
  for (let k = 0; k < m; k++) {
    const at = rows[k]! * d;
    const mean = study.label[rows[k]!]! * d;
    for (let j = 0; j < d; j++) e[k * d + j] = (x.data[at + j]! - means[mean + j]!) / scale[j]!;
  }
  const u = new Float64Array(d);
  if (discriminant) for (let j = 0; j < d; j++) u[j] = discriminant[j]! * scale[j]!;
  const norm = Math.sqrt(dot(u, u));
  if (norm > 0) for (let j = 0; j < d; j++) u[j]! /= norm;
  const along = new Float64Array(m);
  // A start that no symmetry of the data can be orthogonal to, the same for all layers.
  let v: Float64Array = Float64Array.from({ length: d }, (_, j) => Math.sin(1 + 2.3 * j));
  for (let round = 0; round < ROUNDS; round++) {
    const next = new Float64Array(d);
    multiply(e, v, along);
    addTransposed(e, along, next);
    if (norm > 0) addScaled(next, -dot(u, next), u);
    const length = Math.sqrt(dot(next, next));
    if (!(length > 0)) return { y: new Float32Array(n).fill(Number.NaN) };
    let move = 0;
    for (let j = 0; j < d; j++) {
      next[j]! /= length;
      move = Math.max(move, Math.abs(next[j]! - v[j]!));
    }
    v = next;
    await pace.breathe();
    if (move < 1e-6) break;
  }
  const y = new Float32Array(n);
  let square = 0;
  for (let i = 0, at = 0; i < n; i++) {
    let s = 0;
    for (let j = 0; j < d; j++, at++) s += (x.data[at]! / scale[j]!) * v[j]!;
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
  return { y };
}
