import type { Blas } from "../lenses/lens.js";
import type { Cells } from "./contrast.js";
import { MOST_VECTORS } from "./discriminant.js";
import { meanDifference, offsets } from "./discriminant-primal.js";
import type { Folds } from "./folds.js";
import { LanczosBatch } from "./lanczos.js";
import type { Rows } from "./moments.js";
import type { Room } from "./room.js";
import { type FoldSums, inverseScale, subtractShifts, type Within, withinOf } from "./training-sums.js";

/** Residual over the right-hand side where shrinkages are compared; d′ is flat around its best direction. */
const RESIDUAL = 3e-4;
/** Rows of one product with the directions. */
const CHUNK = 8192;

/** What is fitted without two folds, on axes of its own: an outer fold and one of its inner folds, and the same the other way round. */
interface System {
  readonly train: readonly number[];
  readonly inverse: Float64Array;
  readonly within: Within;
}

/** Inner held-out scores [n] of an outer fold under a shrinkage; nothing where a system cannot be solved. */
export type InnerScores = (asked: readonly { readonly outer: number; readonly lambda: number }[]) => Promise<readonly (Float64Array | undefined)[]>;

/** @param outers by fold, its inner folds */
export function innerSystems(
  x: Rows,
  cells: Cells,
  folds: Folds,
  sums: FoldSums,
  outers: readonly { readonly held: readonly number[] }[],
  blas: Blas,
  breathe: () => Promise<void>,
  room: Room,
): InnerScores {
  const { n, d } = x;
  const systems: System[] = [];
  const known = new Map<string, number>();
  const place = (k: number, g: number): number => {
    const key = `${Math.min(k, g)} ${Math.max(k, g)}`;
    let at = known.get(key);
    if (at === undefined) {
      const train = outers.map((_, f) => f).filter((f) => f !== k && f !== g);
      const inverse = inverseScale(sums, train);
      at = systems.push({ train, inverse, within: withinOf(sums, train, inverse) }) - 1;
      known.set(key, at);
    }
    return at;
  };
  const inner = outers.map(({ held }, k) => held.map((g) => ({ fold: g, system: place(k, g) })));
  const batch = new LanczosBatch(
    systems.map((s) => meanDifference(s.within, d)),
    (which, directions, out) =>
      applySystems(
        which.map((s) => systems[s]!),
        directions,
        out,
        sums,
        cells,
        folds,
        blas,
        room,
      ),
    d <= 256 ? 2 * d : MOST_VECTORS,
    room,
  );
  return async (asked) => {
    const tasks = asked.flatMap(({ outer, lambda }, at) => inner[outer]!.map(({ fold, system }) => ({ at, fold, system, lambda })));
    await batch.reach(tasks, RESIDUAL, breathe);
    const packed = room.single("inner directions", tasks.length * d);
    const solved = asked.map(() => true);
    const offset = tasks.map(({ at, system, lambda }, r) => {
      const { inverse, within } = systems[system]!;
      const u = batch.solve(system, lambda);
      if (!u) {
        solved[at] = false;
        packed.fill(0, r * d, (r + 1) * d);
        return [];
      }
      for (let j = 0, to = r * d; j < d; j++, to++) {
        u[j]! *= inverse[j]!;
        packed[to] = u[j]!;
      }
      return offsets(within, u, inverse);
    });
    const out = asked.map(() => new Float64Array(n));
    for (let from = 0; from < n; from += CHUNK) {
      const m = Math.min(CHUNK, n - from);
      const places = await blas.matmul(packed, x.data.subarray(from * d, (from + m) * d), tasks.length, d, m, true, {
        into: room.single("inner places", tasks.length * m),
      });
      tasks.forEach(({ at, fold }, r) => {
        if (solved[at])
          for (let i = 0; i < m; i++) if (folds.of[from + i] === fold) out[at]![from + i] = places[r * m + i]! - offset[r]![cells.stratum[from + i]!]!;
      });
      await breathe();
    }
    return out.map((z, at) => (solved[at] ? z : undefined));
  };
}

/** The correlations of the systems, each times its own direction. */
async function applySystems(
  systems: readonly System[],
  directions: readonly Float64Array[],
  out: readonly Float64Array[],
  sums: FoldSums,
  cells: Cells,
  folds: Folds,
  blas: Blas,
  room: Room,
): Promise<void> {
  const d = directions[0]!.length;
  const packed = room.single("directions", systems.length * d);
  systems.forEach(({ inverse }, r) => {
    multiplyInto(packed, r * d, directions[r]!, inverse);
  });
  const images = sums.rows ? await throughRows(sums.rows, packed, systems, cells, folds, d, blas, room) : await throughScatters(sums, packed, systems, d, blas);
  systems.forEach(({ within, inverse }, r) => {
    const own = out[r]!;
    scaleInto(own, images, r * d, inverse);
    if (!sums.rows) subtractShifts(within, directions[r]!, own);
    for (let j = 0; j < d; j++) own[j]! /= within.df;
  });
}

function multiplyInto(out: Float32Array, to: number, v: Float64Array, scale: Float64Array): void {
  for (let j = 0; j < v.length; j++) out[to + j] = v[j]! * scale[j]!;
}

function scaleInto(out: Float64Array, images: Float32Array, from: number, scale: Float64Array): void {
  for (let j = 0; j < out.length; j++) out[j] = images[from + j]! * scale[j]!;
}

/** Σ (e - m)((e - m)ᵀ v) over each system's training rows, m the mean of their cell. */
async function throughRows(
  rows: Float32Array,
  packed: Float32Array,
  systems: readonly System[],
  cells: Cells,
  folds: Folds,
  d: number,
  blas: Blas,
  room: Room,
): Promise<Float32Array> {
  const n = folds.of.length;
  const m = systems.length;
  const places = await blas.matmul(packed, rows, m, d, n, true, { into: room.single("places", m * n) });
  systems.forEach(({ train, within }, r) => {
    const held = Uint8Array.from({ length: folds.count }, (_, f) => (train.includes(f) ? 0 : 1));
    centreTraining(places, r * n, folds.of, held, cells.cell, within.size);
  });
  return blas.matmul(places, rows, m, n, d, false, { into: room.single("images", m * d) });
}

/** Takes the mean of its cell away from every training row's place; 0 for the rows of folds that are held out. */
function centreTraining(places: Float32Array, from: number, fold: Int32Array, held: Uint8Array, cell: Int32Array, size: Float64Array): void {
  const mean = new Float64Array(size.length);
  for (let i = 0; i < fold.length; i++) if (held[fold[i]!] === 0) mean[cell[i]!]! += places[from + i]!;
  for (let c = 0; c < mean.length; c++) if (size[c]! > 0) mean[c]! /= size[c]!;
  for (let i = 0; i < fold.length; i++) places[from + i] = held[fold[i]!] === 0 ? places[from + i]! - mean[cell[i]!]! : 0;
}

async function throughScatters({ parts }: FoldSums, packed: Float32Array, systems: readonly System[], d: number, blas: Blas): Promise<Float32Array> {
  const out = new Float32Array(packed.length);
  for (let f = 0; f < parts.length; f++) {
    const which = systems.map((_, r) => r).filter((r) => systems[r]!.train.includes(f));
    if (which.length === 0) continue;
    const own = new Float32Array(which.length * d);
    which.forEach((r, at) => {
      own.set(packed.subarray(r * d, (r + 1) * d), at * d);
    });
    const images = await blas.matmul(own, parts[f]!.scatter, which.length, d, d);
    which.forEach((r, at) => {
      for (let j = 0; j < d; j++) out[r * d + j]! += images[at * d + j]!;
    });
  }
  return out;
}
