import type { NearRow } from "../../protocol/index.js";
import type { Row } from "../data/dataset.js";
import type { Rows } from "../stats/moments.js";
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

/** @param linked false: the dataset is not the one that the rows are of any more, so no line is named */
export function nearestRows(frame: Frame, rows: ProfileRows, state: Float32Array, at: number, linked: boolean, count = NEAREST): NearRow[] {
  const { coordinates } = placeOf(frame, state, at);
  const { dims, step, vectors } = rows;
  const distance = Float64Array.from(rows.ids, (_, i) => {
    let sum = 0;
    for (let k = 0, from = i * dims; k < dims; k++, from++) sum += (coordinates[k]! - vectors[from]! * step[k]!) ** 2;
    return Math.sqrt(sum);
  });
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
