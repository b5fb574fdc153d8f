import type { Blas } from "../lenses/lens.js";
import { type Cells, stratifiedEffect } from "./contrast.js";
import { type DualSides, dualSides } from "./discriminant-dual.js";
import { primalDiscriminant } from "./discriminant-primal.js";
import type { Folds } from "./folds.js";
import { split } from "./folds.js";
import type { Rows } from "./moments.js";
import { type Room, withRoom } from "./room.js";
import { ShrinkageChoice } from "./shrinkage-choice.js";

/** Up to this share of rows per dimension the systems are written in rows: small matrices, exact in float64. */
const DUAL_SHARE = 0.6;

/** Above this many training rows the shrinkage is chosen on two of the inner folds instead of all. */
const MANY_ROWS = 400;

/** Vectors of a Krylov space at most in systems above 256 unknowns; the smallest shrinkages are then cut off early, which shrinks too. */
export const MOST_VECTORS = 64;

/** Residual of a system over its right-hand side; the products behind it are float32. */
export const RESIDUAL = 1e-7;

/** Replicates of the training contrast: rows of `contrast[fold]` are weights over `rows`. */
export interface Replicates {
  readonly count: number;
  /** Rows that are resampled; others keep their part in the whitening only. */
  readonly rows: Int32Array;
  /** Per fold [count, rows.length]; 0 for rows of the fold. */
  readonly contrast: readonly Float32Array[];
}

/** One training set's side of a fold in dual coordinates (rows). */
export interface Side {
  /** Ledoit and Wolf's shrinkage of the training rows. */
  readonly shrinkage: number;
  /** What is fitted on the training rows; reads `score` rows. */
  fit(score: Int32Array): Promise<Fit>;
  /** Held-out scores under each replicate of the contrast, whitening kept: [count, test rows]. */
  replicate(shrinkage: number, replicates: Replicates, test: Int32Array): Promise<Float32Array>;
  /** Direction in the units of x of the whole training set's fit that was scored last. */
  direction(): Float64Array;
}

/** One system of equations, solved for as many shrinkages as are asked for; large ones are cheap, and smaller ones go on from them. */
export interface Fit {
  /** Scores of the rows, or nothing where the system cannot be solved. */
  scores(shrinkage: number): Promise<Float64Array | undefined>;
}

export interface Discriminant {
  /** [n] held-out scores in within-class standard deviations, 0 = midpoint, positive = class 1. */
  readonly z: Float64Array;
  /** Chosen shrinkage by fold. */
  readonly shrinkage: readonly number[];
  /** [count, replicates.rows.length] held-out scores by replicate. */
  readonly replicates?: Float32Array;
  /** [d] mean direction in the units of x. */
  readonly direction: Float64Array;
}

export interface DiscriminantOptions {
  readonly blas: Blas;
  readonly breathe: () => Promise<void>;
  readonly replicates?: Replicates;
  /** Fixed shrinkage: no inner folds. */
  readonly shrinkage?: number;
}

/**
 * Held-out scores of the shrunk discriminant (lenses 1.1.3, frame `discriminant`): on the training folds the dimensions are
 * divided by their within-cell deviation, R is the correlation of what is left within cells, u = ((1-λ)R + λI)⁻¹ δ; λ is the best
 * by d′ on inner folds. What is fitted without two folds serves either as the other's inner fold, so its axes are those of its own training rows:
 * nothing of a held-out row touches them, and each system is solved once. Scores are divided by the within-class deviation of the *inner held-out* scores: the deviation of the
 * training scores themselves shrinks with λ (to 0 when rows are fewer than dimensions) and would mix scales between folds.
 * @param x rows, centred
 */
export function heldOutDiscriminant(x: Rows, cells: Cells, folds: Folds, options: DiscriminantOptions): Promise<Discriminant> {
  return withRoom(options.blas, (room) => (x.n > DUAL_SHARE * x.d ? primalDiscriminant : dualDiscriminant)(x, cells, folds, options, room));
}

async function dualDiscriminant(x: Rows, cells: Cells, folds: Folds, options: DiscriminantOptions, room: Room): Promise<Discriminant> {
  const z = new Float64Array(x.n);
  const chosen: number[] = [];
  const direction = new Float64Array(x.d);
  const { replicates } = options;
  const out = replicates ? new Float32Array(replicates.count * replicates.rows.length) : undefined;
  const sides = dualSides(x, cells, folds, options, room);
  for (let k = 0; k < folds.count; k++) {
    const { train, test } = split(folds, k);
    const side = await sides.side(k, train);
    const { lambda, deviation } = await choose(side, sides, cells, folds, k, train, options);
    chosen.push(lambda);
    const scores = await (await side.fit(test)).scores(lambda);
    if (scores) for (let i = 0; i < test.length; i++) z[test[i]!] = scores[i]! / deviation;
    const u = side.direction();
    for (let j = 0; j < x.d; j++) direction[j]! += u[j]! / folds.count;
    await options.breathe();
    if (!replicates || !out) continue;
    const place = new Map<number, number>();
    replicates.rows.forEach((row, at) => {
      if (folds.of[row] === k) place.set(row, at);
    });
    const held = Int32Array.from(place.keys());
    const to = Int32Array.from(place.values());
    const values = await side.replicate(lambda, replicates, held);
    for (let b = 0; b < replicates.count; b++)
      for (let i = 0; i < held.length; i++) out[b * replicates.rows.length + to[i]!] = values[b * held.length + i]! / deviation;
    await options.breathe();
  }
  return { z, shrinkage: chosen, replicates: out, direction };
}

/** The shrinkage with the largest d′ on the inner folds, and the deviation of its inner held-out scores. */
async function choose(
  side: Side,
  sides: DualSides,
  cells: Cells,
  folds: Folds,
  outer: number,
  train: Int32Array,
  options: DiscriminantOptions,
): Promise<{ lambda: number; deviation: number }> {
  const others = Array.from({ length: folds.count }, (_, f) => f).filter((f) => f !== outer);
  const held = innerFolds(others, train.length, outer);
  if (held.length === 0) {
    // Two folds leave one for training: no inner folds, Ledoit and Wolf's shrinkage, the deviation of its own scores.
    const lambda = options.shrinkage ?? Math.min(1, Math.max(side.shrinkage, 1e-6));
    const scores = await (await side.fit(train)).scores(lambda);
    const z = new Float64Array(cells.label.length);
    train.forEach((row, i) => {
      z[row] = scores?.[i] ?? 0;
    });
    return { lambda, deviation: stratifiedEffect(z, cells, train).deviation || 1 };
  }
  const scored = held.length < others.length ? train.filter((row) => held.includes(folds.of[row]!)) : train;
  const fits: { fit: Fit; rows: Int32Array }[] = [];
  for (const f of held) {
    const rows = train.filter((row) => folds.of[row] === f);
    fits.push({ fit: await sides.inner(outer, f, rows), rows });
    await options.breathe();
  }
  const choice = new ShrinkageChoice(side.shrinkage, options.shrinkage);
  const inner = new Float64Array(cells.label.length);
  for (let lambda = choice.next; lambda !== undefined; lambda = choice.next) {
    let solved = true;
    for (const { fit, rows } of fits) {
      const scores = await fit.scores(lambda);
      await options.breathe();
      if (!scores) solved = false;
      else for (let i = 0; i < rows.length; i++) inner[rows[i]!] = scores[i]!;
    }
    choice.offer(solved ? stratifiedEffect(inner, cells, scored) : undefined);
  }
  return choice;
}

/**
 * Folds within the training folds on which the shrinkage is chosen; none where one fold is all there is to train on. With many rows those beside the
 * outer one in a ring, so that two outer folds can share what is fitted without both.
 */
export function innerFolds(others: readonly number[], rows: number, outer: number): readonly number[] {
  if (others.length < 2) return [];
  if (rows <= MANY_ROWS) return others;
  const count = others.length + 1;
  return [(outer + 1) % count, (outer + count - 1) % count].sort((a, b) => a - b);
}
