import { type Cells, midpoints, stratifiedEffect, stratumWeights } from "./contrast.js";
import { addScaled } from "./dense.js";
import { type Discriminant, type DiscriminantOptions, innerFolds } from "./discriminant.js";
import { replicateSides } from "./discriminant-replicates.js";
import { type Folds, split } from "./folds.js";
import { innerSystems } from "./inner-systems.js";
import type { Rows } from "./moments.js";
import type { Room } from "./room.js";
import { largeNorms } from "./row-norms.js";
import { ledoitWolf } from "./shrinkage.js";
import { ShrinkageChoice } from "./shrinkage-choice.js";
import { solveShrunk } from "./shrunk-solver.js";
import { correlationOf, inverseScale, sumFolds, type Within, withinOf } from "./training-sums.js";

interface Outer {
  readonly train: Int32Array;
  readonly test: Int32Array;
  readonly inverse: Float64Array;
  readonly within: Within;
  /** [d, d], upper triangle. */
  readonly correlation: Float32Array;
  readonly choice: ShrinkageChoice;
  readonly held: readonly number[];
}

/**
 * More rows than dimensions: the scatter of each fold is taken once, in products of rows centred by cell; every training set is a
 * sum of folds, its scaling and cell means applied afterwards. The inner training sets' Krylov spaces grow together.
 */
export async function primalDiscriminant(x: Rows, cells: Cells, folds: Folds, options: DiscriminantOptions, room: Room): Promise<Discriminant> {
  const { n, d } = x;
  const { blas, breathe, replicates } = options;
  const sums = await sumFolds(x, cells, folds, blas, breathe, room);
  const all = Array.from({ length: folds.count }, (_, f) => f);
  const prepared = all.map((k) => {
    const others = all.filter((f) => f !== k);
    const inverse = inverseScale(sums, others);
    return { others, inverse, within: withinOf(sums, others, inverse), ...split(folds, k) };
  });
  await breathe();
  const fourths = options.shrinkage === undefined ? await largeNorms(x, cells, folds, prepared, blas, breathe, room) : [];
  const outers: Outer[] = [];
  for (const [k, { others, inverse, within, train, test }] of prepared.entries()) {
    const correlation = room.single(`correlation ${k}`, d * d);
    const { trace, square } = await correlationOf(sums, others, within, inverse, blas, room, correlation);
    const held = innerFolds(others, train.length, k);
    const factor = within.df / train.length;
    const own = options.shrinkage ?? ledoitWolf(train.length, d, trace * factor, square * factor * factor, fourths[k]!);
    // With two folds there are no inner ones: Ledoit and Wolf's shrinkage.
    const choice = new ShrinkageChoice(own, held.length ? options.shrinkage : Math.min(1, Math.max(own, 1e-6)));
    outers.push({ train, test, inverse, within, correlation, choice, held });
    await breathe();
  }
  await chooseTogether(innerSystems(x, cells, folds, sums, outers, blas, breathe, room), outers, cells, folds, n);
  const z = new Float64Array(n);
  const direction = new Float64Array(d);
  const out = replicates ? new Float32Array(replicates.count * replicates.rows.length) : undefined;
  for (const [fold, { train, test, inverse, within, correlation, choice, held }] of outers.entries()) {
    const sides = replicates ? await replicateSides(x, cells, { fold, inverse, within }, replicates, folds, options, room) : undefined;
    const { one: u, products } = await solveShrunk(correlation, d, choice.lambda, meanDifference(within, d), sides, blas, breathe, room);
    for (let j = 0; j < d; j++) u[j]! *= inverse[j]!;
    let { deviation } = choice;
    if (held.length === 0) {
      const own = new Float64Array(n);
      score(x, cells, within, train, u, inverse, own);
      deviation = stratifiedEffect(own, cells, train).deviation || 1;
    }
    score(x, cells, within, test, u, inverse, z);
    for (const i of test) z[i]! /= deviation;
    addScaled(direction, 1 / folds.count, u);
    await breathe();
    if (!replicates || !out || !sides || !products) continue;
    const { rows, count } = replicates;
    for (let b = 0; b < count; b++) for (let i = 0; i < sides.rights; i++) out[b * rows.length + sides.held[i]!] = products[b * sides.rights + i]! / deviation;
  }
  return { z, shrinkage: outers.map((o) => o.choice.lambda), replicates: out, direction };
}

/** Every fold walks down its own grid, all of them a step at a time. */
async function chooseTogether(
  solve: (asked: readonly { readonly outer: number; readonly lambda: number }[]) => Promise<readonly (Float64Array | undefined)[]>,
  outers: readonly Outer[],
  cells: Cells,
  folds: Folds,
  n: number,
): Promise<void> {
  const scored = outers.map((o) => {
    const held = Uint8Array.from({ length: folds.count }, (_, f) => (o.held.includes(f) ? 1 : 0));
    return Int32Array.from({ length: n }, (_, i) => i).filter((i) => held[folds.of[i]!] === 1);
  });
  for (;;) {
    const open = outers.map((_, k) => k).filter((k) => outers[k]!.held.length > 0 && outers[k]!.choice.next !== undefined);
    if (open.length === 0) return;
    const found = await solve(open.map((outer) => ({ outer, lambda: outers[outer]!.choice.next! })));
    open.forEach((k, at) => {
      const z = found[at];
      outers[k]!.choice.offer(z ? stratifiedEffect(z, cells, scored[k]!) : undefined);
    });
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

/** Stratified mean difference on scaled axes. */
export function meanDifference({ means, size }: Within, d: number): Float64Array {
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
