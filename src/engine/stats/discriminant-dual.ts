import { type Cells, cellSizes, centreWithin, contrast, midpoints } from "./contrast.js";
import { addScaled, addTransposed, dot, multiply } from "./dense.js";
import { type DiscriminantOptions, type Fit, MOST_VECTORS, RESIDUAL, type Replicates, type Side } from "./discriminant.js";
import { type Factored, factorWithin, solveWithin, withinGram } from "./dual-factor.js";
import { solvingFactored } from "./factored.js";
import type { Folds } from "./folds.js";
import { GramKrylov } from "./gram-krylov.js";
import { KrylovSpace } from "./krylov.js";
import { type Rows, withinScale } from "./moments.js";
import { Room } from "./room.js";
import { ledoitWolf } from "./shrinkage.js";
import { runSteps } from "./steps.js";

/** Residual over the right-hand side where shrinkages are compared; d′ is flat around its best direction. */
const INNER_RESIDUAL = 3e-4;
/** Vectors of a space in which shrinkages are compared. */
const INNER_VECTORS = 64;
/** Up to this many training rows, or where replicates need it anyway, the estimate comes from a factor. */
const MOST_FACTORED = 256;

/**
 * Fewer rows than dimensions: u = Zᵀa with Z the scaled rows, so everything happens in the Gram matrix K = Z Zᵀ. The
 * correlation acts on coefficients as a -> P K a / df (P takes the cell means away), and ⟨a, b⟩ = aᵀ K b.
 */
export async function dualSide(x: Rows, cells: Cells, folds: Folds, options: DiscriminantOptions): Promise<(fold: number, train: Int32Array) => Promise<Side>> {
  const { n, d } = x;
  const room = new Room();
  const scaled = new Float32Array(n * d);
  return async (fold, train) => {
    const { scale } = withinScale(x, train, cells.cell, 2 * cells.strata);
    const inverse = scale.map((s) => 1 / s);
    // Shifts of all rows cancel in every score, so the rows stay centred as they came.
    for (let i = 0, at = 0; i < n; i++) for (let j = 0; j < d; j++, at++) scaled[at] = x.data[at]! * inverse[j]!;
    await options.breathe();
    const gram = await options.blas.matmul(scaled, scaled, n, d, n, true);
    const m = train.length;
    const whole = sub(gram, n, train, room.take("whole", m * m));
    let last: { rows: Int32Array; a: Float64Array } | undefined;
    let system: { shrinkage: number; factored: Factored } | undefined;
    const factoredAt = async (shrinkage: number): Promise<Factored> => {
      if (system?.shrinkage !== shrinkage) system = { shrinkage, factored: await factorWithin(whole, train, cells, shrinkage, room, options.breathe) };
      return system.factored;
    };
    /** What turns coefficients into scores, measured from the midpoints of the rows fitted on. */
    const scoring = (rows: Int32Array, size: Float64Array, score: Int32Array) => {
      const own = rows.length;
      const mean = new Float64Array(size.length * own);
      for (const i of rows) {
        const to = cells.cell[i]! * own;
        for (let k = 0, from = i * n; k < own; k++) mean[to + k]! += gram[from + rows[k]!]!;
      }
      const places = new Float64Array(size.length);
      const middle = midpoints(size).map((share) => share.map((v, c) => (size[c]! > 0 ? v / size[c]! : 0)));
      return (a: Float64Array) => {
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
    };
    return {
      shrinkage: shrinkageOf(whole, train, cells, d, room),
      async fit(without, score): Promise<Fit> {
        const rows = without === undefined ? train : train.filter((i) => folds.of[i] !== without);
        const size = cellSizes(cells, rows);
        const b = contrast(cells, rows);
        const scores = scoring(rows, size, score);
        if (without === undefined && (options.replicates || m <= MOST_FACTORED))
          return {
            async scores(lambda) {
              const a = solveWithin(await factoredAt(lambda), whole, b);
              last = { rows, a };
              return scores(a);
            },
          };
        const space = spaceOf(without, rows, size, b);
        return {
          async scores(lambda) {
            const a = await space(lambda);
            if (!a) return undefined;
            if (without === undefined) last = { rows, a };
            return scores(a);
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
        last.rows.forEach((row, k) => {
          weight[row] = last!.a[k]!;
        });
        addTransposed(scaled, weight, u);
        for (let j = 0; j < d; j++) u[j]! *= inverse[j]!;
        return u;
      },
    };

    function spaceOf(
      without: number | undefined,
      rows: Int32Array,
      size: Float64Array,
      b: Float64Array,
    ): (lambda: number) => Promise<Float64Array | undefined> {
      const own = rows.length;
      const k = without === undefined ? whole : sub(gram, n, rows, room.take(`fold ${without}`, own * own));
      const cell = Int32Array.from(rows, (i) => cells.cell[i]!);
      const df = Math.max(1, own - size.reduce((s, c) => s + (c > 0 ? 1 : 0), 0));
      if (without !== undefined) {
        const most = Math.min(own, INNER_VECTORS);
        const space = new GramKrylov({ gram: k, size: own, cell, rows: size, df }, b, room.take(`basis ${without}`, most * own));
        return async (lambda) => {
          space.reach(lambda, INNER_RESIDUAL);
          return space.solve(lambda);
        };
      }
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
  };
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
