import { type Cells, cellSizes, centreWithin, contrast, midpoints } from "./contrast.js";
import { addScaled, addTransposed, dot, multiply } from "./dense.js";
import { type DiscriminantOptions, type Fit, MOST_VECTORS, RESIDUAL, type Replicates, type Side } from "./discriminant.js";
import { type Factored, factorWithin, solveWithin, withinGram } from "./dual-factor.js";
import { solvingFactored } from "./factored.js";
import type { Folds } from "./folds.js";
import { GramKrylov } from "./gram-krylov.js";
import { KrylovSpace } from "./krylov.js";
import { type Rows, withinScale } from "./moments.js";
import type { Room } from "./room.js";
import { ledoitWolf } from "./shrinkage.js";
import { runSteps } from "./steps.js";

/** Residual over the right-hand side where shrinkages are compared; d′ is flat around its best direction. */
const INNER_RESIDUAL = 3e-4;
/** Vectors of a space in which shrinkages are compared. */
const INNER_VECTORS = 64;
/** Up to this many training rows, or where replicates need it anyway, the estimate comes from a factor. */
const MOST_FACTORED = 256;

/** Products of all rows on axes divided by their deviation within the cells of some. */
interface Frame {
  /** [n, n] */
  readonly gram: Float32Array;
  readonly inverse: Float64Array;
}

export interface DualSides {
  /** What is fitted without a fold; only the last one asked for can be used. */
  side(fold: number, train: Int32Array): Promise<Side>;
  /** What is fitted without two folds, on axes of its own, once for both; reads `score` rows. */
  inner(one: number, other: number, score: Int32Array): Promise<Fit>;
}

/**
 * Fewer rows than dimensions: u = Zᵀa with Z the scaled rows, so everything happens in the Gram matrix K = Z Zᵀ. The
 * correlation acts on coefficients as a -> P K a / df (P takes the cell means away), and ⟨a, b⟩ = aᵀ K b.
 */
export function dualSides(x: Rows, cells: Cells, folds: Folds, options: DiscriminantOptions, room: Room): DualSides {
  const { n, d } = x;
  const scaled = room.single("scaled", n * d);
  const pairs = new Map<string, (lambda: number) => Promise<Float64Array | undefined>>();
  const frames = new Map<string, { rows: Int32Array; size: Float64Array; gram: Float32Array }>();
  return { side, inner };

  async function frame(train: Int32Array, name: string): Promise<Frame> {
    const { scale } = withinScale(x, train, cells.cell, 2 * cells.strata);
    const inverse = scale.map((s) => 1 / s);
    // Shifts of all rows cancel in every score, so the rows stay centred as they came.
    scaleRows(scaled, x.data, inverse);
    await options.breathe();
    const gram = await options.blas.matmul(scaled, scaled, n, d, n, true, { into: room.single(`gram ${name}`, n * n) });
    return { gram, inverse };
  }

  /** What turns coefficients into scores, measured from the midpoints of the rows fitted on. */
  function scoring(gram: Float32Array, rows: Int32Array, size: Float64Array, score: Int32Array): (a: Float64Array) => Float64Array {
    const own = rows.length;
    const mean = new Float64Array(size.length * own);
    for (const i of rows) {
      const to = cells.cell[i]! * own;
      for (let k = 0, from = i * n; k < own; k++) mean[to + k]! += gram[from + rows[k]!]!;
    }
    const places = new Float64Array(size.length);
    const middle = midpoints(size).map((share) => share.map((v, c) => (size[c]! > 0 ? v / size[c]! : 0)));
    return (a) => {
      multiply(mean, a, places);
      const offset = middle.map((share) => dot(share, places));
      const out = new Float64Array(score.length);
      for (let r = 0; r < score.length; r++) {
        let s = -offset[cells.stratum[score[r]!]!]!;
        for (let k = 0, from = score[r]! * n; k < own; k++) s += gram[from + rows[k]!]! * a[k]!;
        out[r] = s;
      }
      return out;
    };
  }

  async function inner(one: number, other: number, score: Int32Array): Promise<Fit> {
    const key = `${Math.min(one, other)} ${Math.max(one, other)}`;
    let space = pairs.get(key);
    if (!space) {
      const rows = Int32Array.from({ length: n }, (_, i) => i).filter((i) => folds.of[i] !== one && folds.of[i] !== other);
      const { gram } = await frame(rows, key);
      const size = cellSizes(cells, rows);
      const own = rows.length;
      const k = sub(gram, n, rows, room.take(`pair ${key}`, own * own));
      const cell = Int32Array.from(rows, (i) => cells.cell[i]!);
      const most = Math.min(own, INNER_VECTORS);
      const krylov = new GramKrylov(
        { gram: k, size: own, cell, rows: size, df: freedom(own, size) },
        contrast(cells, rows),
        room.take(`basis ${key}`, most * own),
      );
      space = async (lambda) => {
        krylov.reach(lambda, INNER_RESIDUAL);
        return krylov.solve(lambda);
      };
      pairs.set(key, space);
      frames.set(key, { rows, size, gram });
    }
    const { rows, size, gram } = frames.get(key)!;
    const scores = scoring(gram, rows, size, score);
    return {
      async scores(lambda) {
        const a = await space(lambda);
        return a && scores(a);
      },
    };
  }

  async function side(fold: number, train: Int32Array): Promise<Side> {
    const { gram, inverse } = await frame(train, "whole");
    const m = train.length;
    const whole = sub(gram, n, train, room.take("whole", m * m));
    let last: Float64Array | undefined;
    let system: { shrinkage: number; factored: Factored } | undefined;
    const factoredAt = async (shrinkage: number): Promise<Factored> => {
      if (system?.shrinkage !== shrinkage) system = { shrinkage, factored: await factorWithin(whole, train, cells, shrinkage, room, options.breathe) };
      return system.factored;
    };
    return {
      shrinkage: shrinkageOf(whole, train, cells, d, room),
      async fit(score): Promise<Fit> {
        const size = cellSizes(cells, train);
        const b = contrast(cells, train);
        const scores = scoring(gram, train, size, score);
        const space = options.replicates || m <= MOST_FACTORED ? undefined : krylovOf(whole, train, size, b);
        return {
          async scores(lambda) {
            last = space ? await space(lambda) : solveWithin(await factoredAt(lambda), whole, b);
            return last && scores(last);
          },
        };
      },
      async replicate(shrinkage, replicates, test) {
        const h = await responses(gram, n, whole, train, test, cells, await factoredAt(shrinkage), options.breathe);
        return respond(h, train, test, replicates, fold, options);
      },
      direction() {
        const u = new Float64Array(d);
        if (!last) return u;
        const weight = new Float64Array(n);
        train.forEach((row, k) => {
          weight[row] = last![k]!;
        });
        // The scaled rows are gone: the last frame was another one's.
        addTransposed(x.data, weight, u);
        for (let j = 0; j < d; j++) u[j]! *= inverse[j]! * inverse[j]!;
        return u;
      },
    };
  }

  function krylovOf(k: Float64Array, rows: Int32Array, size: Float64Array, b: Float64Array): (lambda: number) => Promise<Float64Array | undefined> {
    const own = rows.length;
    const cell = Int32Array.from(rows, (i) => cells.cell[i]!);
    const df = freedom(own, size);
    const space = new KrylovSpace(
      {
        size: own,
        image: (v, out) => multiply(k, v, out),
        apply: (_v, image, out) => {
          for (let i = 0; i < own; i++) out[i] = image[i]! / df;
          centreWithin(out, cell, 2 * cells.strata);
        },
      },
      b,
      MOST_VECTORS,
    );
    return async (lambda) => {
      await runSteps(space.reaching(1 - lambda, lambda, RESIDUAL), options.breathe);
      return space.solve(1 - lambda, lambda);
    };
  }
}

function freedom(rows: number, size: Float64Array): number {
  return Math.max(1, rows - size.reduce((s, c) => s + (c > 0 ? 1 : 0), 0));
}

function scaleRows(out: Float32Array, data: Float32Array, inverse: Float64Array): void {
  const d = inverse.length;
  for (let at = 0; at < data.length; at += d) for (let j = 0; j < d; j++) out[at + j] = data[at + j]! * inverse[j]!;
}

/** The square of a Gram matrix that belongs to some rows, in float64. */
function sub(gram: Float32Array, n: number, rows: Int32Array, out: Float64Array): Float64Array {
  const m = rows.length;
  for (let i = 0, at = 0; i < m; i++) {
    const from = rows[i]! * n;
    for (let j = 0; j < m; j++, at++) out[at] = gram[from + rows[j]!]!;
  }
  return out;
}

/** Products of rows to be scored, measured from their stratum's midpoint, with the training rows: [score, rows]. */
function offsetRows(gram: Float32Array, n: number, score: Int32Array, rows: Int32Array, cells: Cells, size: Float64Array): Float64Array {
  const m = rows.length;
  const means = Array.from(size, () => new Float64Array(m));
  for (let k = 0; k < m; k++) {
    const c = cells.cell[rows[k]!]!;
    const mean = means[c]!;
    const from = rows[k]! * n;
    for (let j = 0; j < m; j++) mean[j]! += gram[from + rows[j]!]! / size[c]!;
  }
  const middle = midpoints(size).map((share) => {
    const out = new Float64Array(m);
    share.forEach((s, c) => {
      if (s > 0) addScaled(out, s, means[c]!);
    });
    return out;
  });
  const out = new Float64Array(score.length * m);
  for (let i = 0, at = 0; i < score.length; i++) {
    const from = score[i]! * n;
    const mid = middle[cells.stratum[score[i]!]!]!;
    for (let j = 0; j < m; j++, at++) out[at] = gram[from + rows[j]!]! - mid[j]!;
  }
  return out;
}

function shrinkageOf(whole: Float64Array, rows: Int32Array, cells: Cells, d: number, room: Room): number {
  const m = rows.length;
  const k = room.take("within", m * m);
  withinGram(
    whole,
    Int32Array.from(rows, (i) => cells.cell[i]!),
    cellSizes(cells, rows),
    k,
  );
  let trace = 0;
  let square = 0;
  let fourth = 0;
  for (let i = 0; i < m; i++) {
    const own = k[i * m + i]!;
    trace += own;
    fourth += own * own;
    for (let j = 0; j < m; j++) square += k[i * m + j]! * k[i * m + j]!;
  }
  return ledoitWolf(m, d, trace / m, square / m / m, fourth);
}

/**
 * H [test, train]: the score of a held-out row under a unit weight on each training row,
 * (1/λ) [K̃ - c K̃ P (λI + c P K P)⁻¹ P K].
 */
async function responses(
  gram: Float32Array,
  n: number,
  k: Float64Array,
  train: Int32Array,
  test: Int32Array,
  cells: Cells,
  { factor, cell, size, lambda, c }: Factored,
  breathe: () => Promise<void>,
): Promise<Float32Array> {
  const m = train.length;
  const against = offsetRows(gram, n, test, train, cells, size);
  const out = new Float32Array(test.length * m);
  const product = new Float64Array(m);
  const solved = against.slice();
  const row = (of: Float64Array, i: number) => of.subarray(i * m, (i + 1) * m);
  for (let i = 0; i < test.length; i++) centreWithin(row(solved, i), cell, size.length);
  await runSteps(solvingFactored(factor, m, solved, test.length), breathe);
  for (let i = 0; i < test.length; i++) {
    centreWithin(row(solved, i), cell, size.length);
    multiply(k, row(solved, i), product);
    for (let j = 0, at = i * m; j < m; j++, at++) out[at] = (against[at]! - c * product[j]!) / lambda;
    if (i % 16 === 15) await breathe();
  }
  return out;
}

async function respond(
  h: Float32Array,
  train: Int32Array,
  test: Int32Array,
  replicates: Replicates,
  fold: number,
  options: DiscriminantOptions,
): Promise<Float32Array> {
  const m = replicates.rows.length;
  const place = new Map<number, number>();
  train.forEach((row, j) => {
    place.set(row, j);
  });
  const wide = new Float32Array(test.length * m);
  for (let at = 0; at < m; at++) {
    const j = place.get(replicates.rows[at]!);
    if (j !== undefined) for (let i = 0; i < test.length; i++) wide[i * m + at] = h[i * train.length + j]!;
  }
  return options.blas.matmul(replicates.contrast[fold]!, wide, replicates.count, m, test.length, true);
}
