import type { NearRow } from "../../protocol/index.js";
import type { Row } from "../data/dataset.js";
import { quantile } from "../stats/bootstrap.js";
import type { Rows } from "../stats/moments.js";
import { Random } from "../stats/random.js";
import { type Frame, placeOf } from "./frame.js";
import type { ProfileRows } from "./profile.js";

/** Rows beside a prompt. */
export const NEAREST = 5;

/** Rows in the frame's directions, rounded to a byte a direction: near enough to tell which lie nearest, too coarse to tell what they say. */
export function keepRows(frame: Frame, x: Rows, which: Int32Array, of: (i: number) => Row): ProfileRows {
  const { dims } = frame;
  const places = new Float64Array(which.length * dims);
  which.forEach((i, k) => {
    places.set(placeOf(frame, x.data, i * x.d).coordinates, k * dims);
  });
  const step = new Float32Array(dims);
  places.forEach((v, at) => {
    step[at % dims] = Math.max(step[at % dims]!, Math.abs(v) / 127);
  });
  const rows = Array.from(which, of);
  return {
    ids: rows.map(({ id }) => id),
    lines: rows.map(({ place }) => place.startLine),
    files: Uint8Array.from(rows, ({ place }) => place.file),
    unsafe: Uint8Array.from(rows, ({ label }) => label),
    dims,
    step,
    vectors: Int8Array.from(places, (v, at) => (step[at % dims] === 0 ? 0 : Math.round(v / step[at % dims]!))),
  };
}

/** Rows whose own nearest row is looked for, to know how far apart rows lie. */
const PROBED = 200;
/** A copy lies nearer than this share of the way that rows usually have to their nearest other one. */
const COPY = 0.25;

/**
 * How near a text lies to a row that says the same: a quarter of the median distance from a row to its nearest other one (of rows that are
 * no copies themselves), at least what rounding to a byte amounts to.
 */
export function copyDistance(rows: ProfileRows, seed: number): number {
  const { step, dims, vectors } = rows;
  const rounding = Math.hypot(...step) / 2;
  const all = Int32Array.from(rows.ids.keys());
  const probed = all.length > PROBED ? new Random(seed, 94).shuffle(all).slice(0, PROBED) : all;
  const apart: number[] = [];
  for (const i of probed) {
    const own = Float64Array.from({ length: dims }, (_, k) => vectors[i * dims + k]! * step[k]!);
    const distance = distancesTo(rows, own);
    let least = Number.POSITIVE_INFINITY;
    for (let j = 0; j < distance.length; j++) if (j !== i && distance[j]! > 2 * rounding && distance[j]! < least) least = distance[j]!;
    if (Number.isFinite(least)) apart.push(least);
  }
  return Math.max(rounding, apart.length > 0 ? COPY * quantile(apart, 0.5) : 0);
}

function distancesTo({ ids, dims, step, vectors }: ProfileRows, place: Float64Array): Float64Array {
  return Float64Array.from(ids, (_, i) => {
    let sum = 0;
    for (let k = 0, from = i * dims; k < dims; k++, from++) sum += (place[k]! - vectors[from]! * step[k]!) ** 2;
    return Math.sqrt(sum);
  });
}

/** How far the nearest row lies. */
export function nearestDistance(frame: Frame, rows: ProfileRows, state: Float32Array, at: number): number {
  return distancesTo(rows, placeOf(frame, state, at).coordinates).reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
}

/** @param linked false: the dataset is not the one that the rows are of any more, so no line is named */
export function nearestRows(frame: Frame, rows: ProfileRows, state: Float32Array, at: number, linked: boolean, count = NEAREST): NearRow[] {
  const { coordinates } = placeOf(frame, state, at);
  const distance = distancesTo(rows, coordinates);
  return Array.from(rows.ids.keys())
    .sort((a, b) => distance[a]! - distance[b]! || a - b)
    .slice(0, count)
    .map((i) => ({
      row: rows.ids[i]!,
      unsafe: rows.unsafe[i] === 1,
      distance: distance[i]!,
      ...(linked && rows.lines[i]! >= 0 ? { line: rows.lines[i]! } : {}),
      ...(linked && rows.files[i]! > 0 ? { file: rows.files[i]! } : {}),
    }));
}
