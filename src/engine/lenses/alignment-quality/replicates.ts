import { groupWeights } from "../../stats/bootstrap.js";
import { type Cells, contrast, makeCells } from "../../stats/contrast.js";
import type { Replicates } from "../../stats/discriminant.js";
import type { Folds } from "../../stats/folds.js";
import { Random } from "../../stats/random.js";

export const REPLICATES = 200;
/** Above this many rows the bootstrap runs on a sample of whole groups, and its spread is scaled by the root of the share. */
export const MOST_RESAMPLED = 4000;

export interface Resampling {
  /** One for each division into folds; their rows and weights are the same. */
  readonly replicates: readonly Replicates[];
  readonly rows: Int32Array;
  /** [count] weights over `rows`. */
  readonly weights: readonly Float64Array[];
  /** Cells and folds of `rows`. */
  readonly cells: Cells;
  readonly second: Folds;
  /** Factor on the replicates' deviation. */
  readonly factor: number;
}

/** Draws the bootstrap's weights once; every layer uses the same, so differences between layers and baselines are paired; stops after each. */
export function* drawingReplicates(
  cells: Cells,
  group: Int32Array,
  divisions: readonly Folds[],
  second: Folds,
  seed: number,
  count = REPLICATES,
): Generator<void, Resampling> {
  const rows = sampleGroups(group, MOST_RESAMPLED, seed, 21);
  const random = new Random(seed, 22);
  const own = Int32Array.from(rows, (i) => group[i]!);
  const part = makeCells(
    Uint8Array.from(rows, (i) => cells.label[i]!),
    Int32Array.from(rows, (i) => cells.stratum[i]!),
    cells.strata,
  );
  const weights: Float64Array[] = [];
  for (let b = 0; b < count; b++) {
    const w = new Float64Array(rows.length);
    groupWeights(own, random, w);
    weights.push(w);
    yield;
  }
  const replicates: Replicates[] = [];
  for (const folds of divisions) {
    const contrasts: Float32Array[] = [];
    for (let f = 0; f < folds.count; f++) {
      const train: number[] = [];
      rows.forEach((row, at) => {
        if (folds.of[row] !== f) train.push(at);
      });
      const out = new Float32Array(count * rows.length);
      for (let b = 0; b < count; b++) {
        const r = contrast(part, train, weights[b]!);
        for (let k = 0; k < train.length; k++) out[b * rows.length + train[k]!] = r[k]!;
        yield;
      }
      contrasts.push(out);
    }
    replicates.push({ count, rows, contrast: contrasts });
  }
  return {
    replicates,
    rows,
    weights,
    cells: part,
    second: { of: Int32Array.from(rows, (i) => second.of[i]!), count: second.count },
    factor: Math.sqrt(rows.length / group.length),
  };
}

const samples = new WeakMap<Int32Array, Map<string, Int32Array>>();

/** Rows of whole groups in seeded order, at most `most` rows, ascending; all rows when they are no more. Every layer asks for the same, so they are kept. */
export function sampleGroups(group: Int32Array, most: number, seed: number, stream: number): Int32Array {
  const known = samples.get(group) ?? new Map<string, Int32Array>();
  samples.set(group, known);
  const key = `${most} ${seed} ${stream}`;
  const rows = known.get(key) ?? drawGroups(group, most, seed, stream);
  known.set(key, rows);
  return rows;
}

function drawGroups(group: Int32Array, most: number, seed: number, stream: number): Int32Array {
  if (group.length <= most) return Int32Array.from(group, (_, i) => i);
  const members = new Map<number, number[]>();
  group.forEach((g, i) => {
    const list = members.get(g);
    if (list) list.push(i);
    else members.set(g, [i]);
  });
  const lists = [...members.values()];
  const order = new Random(seed, stream).shuffle(Int32Array.from(lists, (_, i) => i));
  const rows: number[] = [];
  for (const k of order) if (rows.length + lists[k]!.length <= most) rows.push(...lists[k]!);
  return Int32Array.from(rows).sort();
}
