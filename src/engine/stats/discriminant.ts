import type { Blas } from "../lenses/lens.js";
import { type Cells, cellSizes, contrast, midpoints, stratifiedEffect } from "./contrast.js";
import { primalDiscriminant } from "./discriminant-primal.js";
import { type Folds, split } from "./folds.js";
import { measureFrom, scoreLeftOut } from "./left-out.js";
import type { Rows } from "./moments.js";
import { range } from "./random.js";
import { type ResidualMaker, residualMakerOf, solvesInRows } from "./residual-maker.js";
import { type Room, withRoom } from "./room.js";
import type { Scaled } from "./scaled-rows.js";

/** Replicates of the training contrast: rows of `contrast[fold]` are weights over `rows`. */
export interface Replicates {
  readonly count: number;
  /** Rows that are resampled; others keep their part in the whitening only. */
  readonly rows: Int32Array;
  /** Per fold [count, rows.length]; 0 for rows of the fold. */
  readonly contrast: readonly Float32Array[];
}

export interface Discriminant {
  /** [n] held-out scores in within-class standard deviations, 0 = midpoint, positive = class 1. */
  readonly z: Float64Array;
  readonly shrinkage: number;
  /** [count, replicates.rows.length] held-out scores by replicate. */
  readonly replicates?: Float32Array;
  /** [d] mean direction in the units of x. */
  readonly direction: Float64Array;
}

export interface DiscriminantOptions {
  readonly blas: Blas;
  readonly breathe: () => Promise<void>;
  /** Fixed shrinkage; absent: from the rows. */
  readonly shrinkage?: number;
}

/** What is asked of rows, once for each division into folds. */
export interface Division {
  readonly folds: Folds;
  readonly replicates?: Replicates;
}

/** Held-out scores under one division into folds. */
export async function heldOutDiscriminant(
  x: Rows,
  cells: Cells,
  folds: Folds,
  { replicates, ...options }: DiscriminantOptions & { readonly replicates?: Replicates },
): Promise<Discriminant> {
  return (await heldOutDiscriminants(x, cells, [{ folds, replicates }], options))[0]!;
}

/**
 * Held-out scores of the shrunk discriminant (lenses 1.1.3, frame `discriminant`): the dimensions are centred within strata and divided by their
 * deviation there, R is the correlation of the training rows, u = ((1-λ)R + λI)⁻¹ δ with δ the training rows' mean difference. Centre, scale and λ are
 * those of all rows and know no labels; R and δ know no held-out row. Between the classes R holds what is proportional to δ, which changes u in
 * length only (Sherman and Morrison). Scores are divided by the within-class deviation of all held-out scores.
 * @param x rows, centred; @param use is given M of all rows, while it lasts
 */
export function heldOutDiscriminants(
  x: Rows,
  cells: Cells,
  divisions: readonly Division[],
  options: DiscriminantOptions,
  use?: (m: ResidualMaker, room: Room) => Promise<void>,
): Promise<Discriminant[]> {
  return withRoom(options.blas, async (room) => {
    const out: Discriminant[] = [];
    if (!solvesInRows(x.n, x.d)) {
      for (const division of divisions) out.push(await primalDiscriminant(x, cells, division, options, room));
      return out;
    }
    const maker = await residualMakerOf(x, range(x.n), cells.stratum, options.blas, options.breathe, room, options.shrinkage);
    for (const division of divisions) out.push(await divided(maker, cells, division, options, room));
    await use?.(maker, room);
    return out;
  });
}

async function divided(
  maker: ResidualMaker & { readonly scaled: Scaled },
  cells: Cells,
  { folds, replicates }: Division,
  { blas, breathe }: DiscriminantOptions,
  room: Room,
): Promise<Discriminant> {
  const { n } = maker.scaled;
  const count = 1 + (replicates?.count ?? 0);
  const contrasts = room.single("contrasts", count * n);
  const z = new Float64Array(n);
  const out = replicates ? new Float32Array(replicates.count * n) : undefined;
  const fitted = new Float64Array(n);
  for (let k = 0; k < folds.count; k++) {
    const { train, test } = split(folds, k);
    contrasts.fill(0, 0, n);
    contrast(cells, train).forEach((r, at) => {
      contrasts[train[at]!] = r;
      fitted[train[at]!]! += r / folds.count;
    });
    if (replicates) contrasts.set(replicates.contrast[k]!, n);
    const found = await scoreLeftOut(maker, n, test, contrasts, blas, room);
    // What a rule without the fold is in terms of all rows: its own scores stand where labels are missing.
    for (let i = 0; i < test.length; i++) fitted[test[i]!]! += (maker.c * found.scores[i]!) / folds.count;
    await measureFrom(midpointWeights(cells, train, n), cells.stratum, maker, test, contrasts, found, blas);
    const { scores } = found;
    for (let i = 0; i < test.length; i++) z[test[i]!] = scores[i]!;
    await breathe();
    if (out)
      for (let b = 0; b < replicates!.count; b++) for (let i = 0, at = (b + 1) * test.length; i < test.length; i++, at++) out[b * n + test[i]!] = scores[at]!;
  }
  const { deviation } = stratifiedEffect(z, cells, range(n));
  const unit = deviation > 0 ? 1 / deviation : 1;
  for (let i = 0; i < n; i++) z[i]! *= unit;
  if (out) for (let at = 0; at < out.length; at++) out[at]! *= unit;
  return { z, shrinkage: maker.lambda, replicates: out, direction: await directionOf(maker, fitted, blas) };
}

/** Direction in the units of x: Eᵀ M v / λ on scaled axes. */
async function directionOf({ scaled, m, lambda }: ResidualMaker & { readonly scaled: Scaled }, v: Float64Array, blas: Blas): Promise<Float64Array> {
  const { e, n, d, inverse } = scaled;
  const solved = await blas.matmul(Float32Array.from(v), m, 1, n, n);
  const u = await blas.matmul(solved, e, 1, n, d);
  return Float64Array.from(u, (own, j) => (own * inverse[j]!) / lambda);
}

/** Weights over all rows of the midpoint between the classes that each stratum is measured from. */
function midpointWeights(cells: Cells, train: Int32Array, n: number): Float64Array[] {
  const size = cellSizes(cells, train);
  return midpoints(size).map((share) => {
    const out = new Float64Array(n);
    for (const i of train) out[i] = share[cells.cell[i]!]! / size[cells.cell[i]!]!;
    return out;
  });
}
