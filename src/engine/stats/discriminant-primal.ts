import type { Blas } from "../lenses/lens.js";
import { type Cells, midpoints, stratifiedEffect, stratumWeights } from "./contrast.js";
import { addScaled } from "./dense.js";
import { type Discriminant, type DiscriminantOptions, innerFolds, MOST_VECTORS } from "./discriminant.js";
import { replicateScores } from "./discriminant-replicates.js";
import { type Folds, split } from "./folds.js";
import { type Asked, LanczosBatch } from "./lanczos.js";
import type { Rows } from "./moments.js";
import { ledoitWolf } from "./shrinkage.js";
import { ShrinkageChoice } from "./shrinkage-choice.js";
import { shrunkSolver } from "./shrunk-solver.js";
import { correlationOf, type FoldSums, inverseScale, subtractShifts, sumFolds, type Within, withinOf } from "./training-sums.js";

/** Residual over the right-hand side where shrinkages are compared; d′ is flat around its best direction. */
const RESIDUAL = 3e-4;

/** An inner training set on the axes of its outer fold: one system of equations. */
interface System {
  readonly outer: number;
  readonly train: readonly number[];
  readonly within: Within;
  /** Rows to be scored. */
  readonly rows: Int32Array;
}

interface Outer {
  readonly train: Int32Array;
  readonly test: Int32Array;
  readonly inverse: Float64Array;
  readonly within: Within;
  readonly correlation: Float32Array;
  readonly choice: ShrinkageChoice;
  /** Places of the inner systems, and the rows that they score together. */
  readonly inner: readonly number[];
  readonly scored: Int32Array;
}

/**
 * More rows than dimensions: the scatter of each fold is taken once, in products of rows centred by cell; every training set is a
 * sum of folds, its scaling and cell means applied afterwards. All systems (outer and inner folds) grow their Krylov spaces together.
 */
export async function primalDiscriminant(x: Rows, cells: Cells, folds: Folds, options: DiscriminantOptions): Promise<Discriminant> {
  const { n, d } = x;
  const { blas, breathe, replicates } = options;
  const sums = await sumFolds(x, cells, folds, blas, breathe);
  const all = Array.from({ length: folds.count }, (_, f) => f);
  const systems: System[] = [];
  const outers: Outer[] = [];
  for (const k of all) {
    const others = all.filter((f) => f !== k);
    const { train, test } = split(folds, k);
    const inverse = inverseScale(sums, others);
    const within = withinOf(sums, others, inverse);
    const correlation = correlationOf(sums, others, within, inverse);
    await breathe();
    const held = innerFolds(others, train.length, k);
    const own = options.shrinkage === undefined ? shrinkageOf(x, cells, train, inverse, within, correlation) : options.shrinkage;
    const inner = held.map((g) => {
      const set = others.filter((f) => f !== g);
      return systems.push({ outer: k, train: set, within: withinOf(sums, set, inverse), rows: train.filter((i) => folds.of[i] === g) }) - 1;
    });
    const scored = train.filter((i) => held.includes(folds.of[i]!));
    // With two folds there are no inner ones: Ledoit and Wolf's shrinkage.
    const choice = new ShrinkageChoice(own, held.length ? options.shrinkage : Math.min(1, Math.max(own, 1e-6)));
    outers.push({ train, test, inverse, within, correlation, choice, inner, scored });
    await breathe();
  }
  const starts = systems.map((s) => meanDifference(s.within, d));
  const batch = new LanczosBatch(
    starts,
    (which, directions) => applySystems(systems, outers, sums, which, directions, folds, blas),
    d <= 256 ? 2 * d : MOST_VECTORS,
  );
  await chooseTogether(batch, systems, outers, x, cells, breathe);
  const z = new Float64Array(n);
  const direction = new Float64Array(d);
  const out = replicates ? new Float32Array(replicates.count * replicates.rows.length) : undefined;
  for (const [fold, { train, test, inverse, within, correlation, choice, inner }] of outers.entries()) {
    const solver = await shrunkSolver(correlation, d, choice.lambda, blas, breathe);
    const u = solver.one(meanDifference(within, d));
    for (let j = 0; j < d; j++) u[j]! *= inverse[j]!;
    let { deviation } = choice;
    if (inner.length === 0) {
      const own = new Float64Array(n);
      score(x, cells, within, train, u, inverse, own);
      deviation = stratifiedEffect(own, cells, train).deviation || 1;
    }
    score(x, cells, within, test, u, inverse, z);
    for (const i of test) z[i]! /= deviation;
    addScaled(direction, 1 / folds.count, u);
    await breathe();
    if (replicates && out) await replicateScores(x, cells, { fold, inverse, within, solver, deviation }, replicates, folds, options, out);
  }
  return { z, shrinkage: outers.map((o) => o.choice.lambda), replicates: out, direction };
}

/** Every fold walks down its own grid, all of them a step at a time. */
async function chooseTogether(
  batch: LanczosBatch,
  systems: readonly System[],
  outers: readonly Outer[],
  x: Rows,
  cells: Cells,
  breathe: () => Promise<void>,
): Promise<void> {
  const z = new Float64Array(x.n);
  for (;;) {
    const open = outers.filter((o) => o.inner.length > 0 && o.choice.next !== undefined);
    if (open.length === 0) return;
    await batch.reach(
      open.flatMap((o) => o.inner.map((system): Asked => ({ system, lambda: o.choice.next! }))),
      RESIDUAL,
      breathe,
    );
    for (const o of open) {
      let solved = true;
      for (const s of o.inner) {
        const u = batch.solve(s, o.choice.next!);
        if (u) {
          for (let j = 0; j < u.length; j++) u[j]! *= o.inverse[j]!;
          score(x, cells, systems[s]!.within, systems[s]!.rows, u, o.inverse, z);
        } else solved = false;
      }
      o.choice.offer(solved ? stratifiedEffect(z, cells, o.scored) : undefined);
      await breathe();
    }
  }
}

/** Scores of rows, measured from the midpoints of its training classes. @param u in the units of x */
function score(x: Rows, cells: Cells, within: Within, rows: Int32Array, u: Float64Array, inverse: Float64Array, out: Float64Array): void {
  const { d, data } = x;
  const offset = offsets(within, u, inverse);
  for (const i of rows) {
    let s0 = 0;
    let s1 = 0;
    let j = 0;
    let at = i * d;
    for (; j + 1 < d; j += 2, at += 2) {
      s0 += data[at]! * u[j]!;
      s1 += data[at + 1]! * u[j + 1]!;
    }
    if (j < d) s0 += data[at]! * u[j]!;
    out[i] = s0 + s1 - offset[cells.stratum[i]!]!;
  }
}

/** Where the midpoint of each stratum lies along u (in the units of x). */
export function offsets(within: Within, u: Float64Array, inverse: Float64Array): number[] {
  const place = within.means.map((mean) => {
    let s = 0;
    for (let j = 0; j < u.length; j++) if (inverse[j]! > 0) s += (mean[j]! / inverse[j]!) * u[j]!;
    return s;
  });
  return midpoints(within.size).map((share) => share.reduce((s, v, c) => s + (v > 0 ? v * place[c]! : 0), 0));
}

/** The correlations of the systems named, each times its own direction. */
async function applySystems(
  systems: readonly System[],
  outers: readonly Outer[],
  sums: FoldSums,
  which: readonly number[],
  directions: readonly Float64Array[],
  folds: Folds,
  blas: Blas,
): Promise<Float64Array[]> {
  const d = directions[0]!.length;
  const m = which.length;
  const packed = new Float32Array(m * d);
  which.forEach((s, r) => {
    const { inverse } = outers[systems[s]!.outer]!;
    for (let j = 0, to = r * d; j < d; j++, to++) packed[to] = directions[r]![j]! * inverse[j]!;
  });
  const trains = which.map((s) => systems[s]!.train);
  const images = sums.rows ? await throughRows(sums.rows, packed, trains, folds, d, blas) : await throughScatters(sums, packed, trains, d, blas);
  return which.map((s, r) => {
    const { within, outer } = systems[s]!;
    const { inverse } = outers[outer]!;
    const own = Float64Array.from(images.subarray(r * d, (r + 1) * d));
    for (let j = 0; j < d; j++) own[j]! *= inverse[j]!;
    subtractShifts(within, directions[r]!, own);
    for (let j = 0; j < d; j++) own[j]! /= within.df;
    return own;
  });
}

/** Σ e (eᵀ v) over each system's training rows. */
async function throughRows(
  rows: Float32Array,
  packed: Float32Array,
  trains: readonly (readonly number[])[],
  folds: Folds,
  d: number,
  blas: Blas,
): Promise<Float32Array> {
  const n = folds.of.length;
  const m = trains.length;
  const places = await blas.matmul(packed, rows, m, d, n, true);
  trains.forEach((train, r) => {
    const held = Uint8Array.from({ length: folds.count }, (_, f) => (train.includes(f) ? 1 : 0));
    for (let i = 0, at = r * n; i < n; i++, at++) if (held[folds.of[i]!] === 0) places[at] = 0;
  });
  return blas.matmul(places, rows, m, n, d);
}

async function throughScatters(
  { parts }: FoldSums,
  packed: Float32Array,
  trains: readonly (readonly number[])[],
  d: number,
  blas: Blas,
): Promise<Float32Array> {
  const out = new Float32Array(packed.length);
  for (let f = 0; f < parts.length; f++) {
    const which = trains.map((_, r) => r).filter((r) => trains[r]!.includes(f));
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

/** Stratified mean difference on scaled axes. */
function meanDifference({ means, size }: Within, d: number): Float64Array {
  const w = stratumWeights(size);
  const all = w.reduce((s, v) => s + v, 0);
  const delta = new Float64Array(d);
  for (let a = 0; a < w.length; a++) {
    if (!(w[a]! > 0)) continue;
    addScaled(delta, w[a]! / all, means[2 * a + 1]!);
    addScaled(delta, -w[a]! / all, means[2 * a]!);
  }
  return delta;
}

/** Ledoit and Wolf's λ of the scaled residuals within cells. */
function shrinkageOf(x: Rows, cells: Cells, train: Int32Array, inverse: Float64Array, { means, df }: Within, r: Float32Array): number {
  const { d } = x;
  const n = train.length;
  let fourth = 0;
  for (let k = 0; k < n; k++) {
    const mean = means[cells.cell[train[k]!]!]!;
    let s = 0;
    for (let j = 0, at = train[k]! * d; j < d; j++, at++) {
      const e = x.data[at]! * inverse[j]! - mean[j]!;
      s += e * e;
    }
    fourth += s * s;
  }
  let trace = 0;
  for (let i = 0; i < d; i++) trace += r[i * d + i]!;
  const factor = df / n;
  return ledoitWolf(n, d, trace * factor, dotSingle(r) * factor * factor, fourth);
}

function dotSingle(r: Float32Array): number {
  let s = 0;
  for (let i = 0; i < r.length; i++) s += r[i]! * r[i]!;
  return s;
}
