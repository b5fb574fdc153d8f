import type { Blas } from "../lenses/lens.js";
import { eliminate } from "./elimination.js";
import { invertInPlace } from "./inverse.js";
import type { Rows } from "./moments.js";
import type { Room } from "./room.js";
import { type Scaled, scaledWithin, squares, turnInto } from "./scaled-rows.js";
import { shrinkageOf } from "./shrinkage.js";

/** Labels that the ridge regression of any labels on the rows leaves over, per unit of label. */
export interface ResidualMaker {
  /** M = λ(λI + cEEᵀ)⁻¹ [n, n]. */
  readonly m: Float32Array;
  readonly lambda: number;
  /** (1-λ) over the degrees of freedom. */
  readonly c: number;
}

/** Rows up to which M is made: it grows with their square. */
export const MOST_IN_ROWS = 2000;

/** Whether everything is solved in rows; else, where these are many, a system a fold in dimensions (`discriminant-primal.ts`) costs less. */
export const solvesInRows = (n: number, d: number) => n <= Math.min(MOST_IN_ROWS, 4 * d);

/** M of rows as they are scaled by `scaledWithin`, whatever their shrinkage. */
export async function residualMakerOf(
  x: Rows,
  rows: Int32Array,
  stratum: Int32Array,
  blas: Blas,
  breathe: () => Promise<void>,
  room: Room,
  shrinkage?: number,
): Promise<ResidualMaker & { readonly scaled: Scaled }> {
  const scaled = await scaledWithin(x, rows, stratum, breathe, room);
  await breathe();
  const { e, n, d, trace, fourth } = scaled;
  const size = Math.min(n, d);
  const gram = room.single("gram", size * size);
  if (n > d) await blas.matmul(e, e, d, n, d, false, { transposeA: true, into: gram });
  else await blas.matmul(e, e, n, d, n, true, { into: gram });
  await breathe();
  // The squared norm of EᵀE is that of EEᵀ, so either product will do.
  const lambda = shrinkage ?? shrinkageOf(n, d, trace, squares(gram), fourth);
  return { scaled, ...(await residualMaker(scaled, gram, lambda, blas, breathe, room)) };
}

/**
 * M of scaled rows E, by which every set of labels, every fold left out and every weighting is solved in rows. In dimensions where rows are more
 * (I - c E((1-λ)R + λI)⁻¹Eᵀ), else in rows. Products are float32: their entries are at most about 1.
 * @param room holds what is returned, until it is asked again
 */
async function residualMaker(
  { e, n, d, df }: Scaled,
  gram: Float32Array,
  lambda: number,
  blas: Blas,
  breathe: () => Promise<void>,
  room: Room,
): Promise<ResidualMaker> {
  const c = (1 - lambda) / df;
  const m = room.single("residual maker", n * n);
  if (n <= d) {
    for (let i = 0; i < n; i++) shrinkRow(m, i * n, gram, i * n, n, c, i, lambda);
    if (await invertInPlace(m, n, blas, breathe)) for (let at = 0; at < m.length; at++) m[at]! *= lambda;
    else identity(m, n);
    return { m, lambda, c };
  }
  const width = d + n;
  const a = room.single("residual system", d * width);
  for (let i = 0; i < d; i++) shrinkRow(a, i * width, gram, i * d, d, c, i, lambda);
  turnInto(a, width, d, e, n, d);
  await breathe();
  identity(m, n);
  if (!(await eliminate(a, d, width, blas, breathe, room))) return { m, lambda, c };
  const root = Math.sqrt(c);
  const columns = room.single("residual columns", d * n);
  for (let i = 0, to = 0; i < d; i++) for (let j = 0, at = i * width + d; j < n; j++, at++, to++) columns[to] = root * a[at]!;
  await breathe();
  await blas.matmul(columns, columns, n, d, n, false, { transposeA: true, from: m, into: m });
  await breathe();
  return { m, lambda, c };
}

function shrinkRow(out: Float32Array, to: number, g: Float32Array, from: number, size: number, c: number, i: number, lambda: number): void {
  for (let j = 0; j < size; j++) out[to + j] = c * g[from + j]!;
  out[to + i]! += lambda;
}

function identity(m: Float32Array, n: number): void {
  m.fill(0);
  for (let i = 0; i < n; i++) m[i * n + i] = 1;
}
