import { factoring } from "./cholesky.js";
import { type Cells, cellSizes, centreWithin } from "./contrast.js";
import { multiply } from "./dense.js";
import { solveFactored } from "./factored.js";
import type { Room } from "./room.js";
import { runSteps } from "./steps.js";

/** P K P: what is within cells, from the means of its rows and of their means. */
export function withinGram(k: Float64Array, cell: Int32Array, size: Float64Array, out: Float64Array): void {
  const m = cell.length;
  const cells = size.length;
  // Means by row and cell [m, cells], and of those by the row's cell [cells, cells].
  const mean = new Float64Array(m * cells);
  const both = new Float64Array(cells * cells);
  for (let i = 0, at = 0; i < m; i++) for (let j = 0; j < m; j++, at++) mean[i * cells + cell[j]!]! += k[at]!;
  for (let i = 0, at = 0; i < m; i++)
    for (let c = 0; c < cells; c++, at++) {
      if (size[c]! > 0) mean[at]! /= size[c]!;
      both[cell[i]! * cells + c]! += mean[at]! / size[cell[i]!]!;
    }
  for (let i = 0, at = 0; i < m; i++)
    for (let j = 0; j < m; j++, at++) out[at] = k[at]! - mean[i * cells + cell[j]!]! - (mean[j * cells + cell[i]!]! - both[cell[i]! * cells + cell[j]!]!);
}

/** λI + c P K P of the training rows, factored; c = (1-λ)/df. `within` of the room holds P K P. */
export interface Factored {
  readonly factor: Float64Array;
  readonly cell: Int32Array;
  readonly size: Float64Array;
  readonly lambda: number;
  readonly c: number;
}

export async function factorWithin(
  k: Float64Array,
  train: Int32Array,
  cells: Cells,
  shrinkage: number,
  room: Room,
  breathe: () => Promise<void>,
): Promise<Factored> {
  const m = train.length;
  const cell = Int32Array.from(train, (i) => cells.cell[i]!);
  const size = cellSizes(cells, train);
  const df = Math.max(1, m - size.reduce((s, c) => s + (c > 0 ? 1 : 0), 0));
  const within = room.take("within", m * m);
  withinGram(k, cell, size, within);
  const factor = room.take("factor", m * m);
  let lambda = shrinkage;
  for (;;) {
    const c = (1 - lambda) / df;
    for (let i = 0; i < factor.length; i++) factor[i] = c * within[i]!;
    for (let i = 0; i < m; i++) factor[i * m + i]! += lambda;
    if ((await runSteps(factoring(factor, m), breathe)) || lambda >= 1) return { factor, cell, size, lambda, c };
    // Float32 noise in the Gram matrix can exceed the smallest shrinkages.
    lambda = Math.min(1, lambda * 10);
  }
}

/** (λI + c P K)⁻¹ b = (1/λ) [b - c P (λI + c P K P)⁻¹ P K b] (Woodbury). */
export function solveWithin({ factor, cell, size, lambda, c }: Factored, k: Float64Array, b: Float64Array): Float64Array {
  const m = b.length;
  const y = new Float64Array(m);
  multiply(k, b, y);
  centreWithin(y, cell, size.length);
  solveFactored(factor, m, y);
  centreWithin(y, cell, size.length);
  return b.map((v, i) => (v - c * y[i]!) / lambda);
}
