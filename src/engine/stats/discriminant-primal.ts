import { type Cells, cellSizes, midpoints, stratifiedEffect, stratumWeights } from "./contrast.js";
import { addScaled, dot } from "./dense.js";
import type { Discriminant, DiscriminantOptions, Division } from "./discriminant.js";
import { split } from "./folds.js";
import type { Rows } from "./moments.js";
import { range } from "./random.js";
import type { Room } from "./room.js";
import { type Axes, axesWithin, scaleInto, squares, turnInto } from "./scaled-rows.js";
import { shrinkageOf } from "./shrinkage.js";
import { type Sides, solveShrunk } from "./shrunk-solver.js";

/** Rows of one product: its length bounds how long a cancel waits. */
const CHUNK = 1024;

/** What the rows of each fold add up to on the axes: their products [d, d], their sums by cell [cells, d]; Σ ‖e‖² and Σ ‖e‖⁴ of all. */
interface Sums {
  readonly scatters: readonly Float32Array[];
  readonly cells: readonly Float64Array[];
  readonly trace: number;
  readonly fourth: number;
}

/** The same as in rows where these are many: products of every fold are taken once, a chunk of rows at a time, and one system is solved a fold. */
export async function primalDiscriminant(
  x: Rows,
  cells: Cells,
  { folds, replicates }: Division,
  options: DiscriminantOptions,
  room: Room,
): Promise<Discriminant> {
  const { n, d } = x;
  const { blas, breathe } = options;
  const axes = await axesWithin(x, range(n), cells.stratum, breathe);
  const sums = await sumFolds(x, cells, folds, axes, options, room);
  const total = room.single("total", d * d).fill(0);
  for (const scatter of sums.scatters) for (let at = 0; at < total.length; at++) total[at]! += scatter[at]!;
  const lambda = options.shrinkage ?? shrinkageOf(n, d, sums.trace, squares(total), sums.fourth);
  const sampled = replicates && (await gather(x, cells, replicates.rows, axes, room.single("sampled", replicates.rows.length * d), breathe));
  const rules = new Float32Array(folds.count * d);
  const offsets: number[][] = [];
  const out = replicates ? new Float32Array(replicates.count * replicates.rows.length) : undefined;
  const r = room.single("training products", d * d);
  const direction = new Float64Array(d);
  for (let k = 0; k < folds.count; k++) {
    for (let at = 0; at < r.length; at++) r[at] = (total[at]! - sums.scatters[k]![at]!) / axes.df;
    await breathe();
    const size = cellSizes(cells, split(folds, k).train);
    const means = Array.from(size, (rows, c) => {
      const mean = new Float64Array(d);
      for (let f = 0; f < folds.count; f++) if (f !== k && rows > 0) addScaled(mean, 1 / rows, sums.cells[f]!.subarray(c * d, (c + 1) * d));
      return mean;
    });
    const middle = midpoints(size).map((share) => {
      const place = new Float64Array(d);
      for (let c = 0; c < share.length; c++) if (share[c]! > 0) addScaled(place, share[c]!, means[c]!);
      return place;
    });
    let sides: Sides | undefined;
    let held: number[] = [];
    if (replicates && sampled) {
      held = Array.from(replicates.rows.keys()).filter((at) => folds.of[replicates.rows[at]!] === k);
      const left = room.single("resampled contrasts", d * replicates.count);
      await blas.matmul(sampled, replicates.contrast[k]!, d, replicates.rows.length, replicates.count, true, { transposeA: true, into: left });
      const own = room.single("held rows", held.length * d);
      held.forEach((at, i) => {
        const place = middle[cells.stratum[replicates.rows[at]!]!]!;
        for (let j = 0; j < d; j++) own[i * d + j] = sampled[at * d + j]! - place[j]!;
      });
      const right = room.single("held columns", d * held.length);
      turnInto(right, held.length, 0, own, held.length, d);
      sides = { left, lefts: replicates.count, right, rights: held.length };
      await breathe();
    }
    const { one, products } = await solveShrunk(r, d, lambda, meanDifference(means, size), sides, blas, breathe, room);
    rules.set(one, k * d);
    offsets.push(middle.map((place) => dot(place, one)));
    for (let j = 0; j < d; j++) direction[j]! += (one[j]! * axes.inverse[j]!) / folds.count;
    if (out && products)
      for (let b = 0; b < replicates!.count; b++) for (const [i, at] of held.entries()) out[b * replicates!.rows.length + at] = products[b * held.length + i]!;
  }
  const z = new Float64Array(n);
  const rows = range(n);
  for (let from = 0; from < n; from += CHUNK) {
    const to = Math.min(n, from + CHUNK);
    const e = room.single("chunk", (to - from) * d);
    scaleInto(e, x, rows, cells.stratum, axes, from, to);
    const scores = await blas.matmul(e, rules, to - from, d, folds.count, true);
    for (let i = from; i < to; i++) z[i] = scores[(i - from) * folds.count + folds.of[i]!]! - offsets[folds.of[i]!]![cells.stratum[i]!]!;
    await breathe();
  }
  const { deviation } = stratifiedEffect(z, cells, rows);
  const unit = deviation > 0 ? 1 / deviation : 1;
  for (let i = 0; i < n; i++) z[i]! *= unit;
  if (out) for (let at = 0; at < out.length; at++) out[at]! *= unit;
  return { z, shrinkage: lambda, replicates: out, direction };
}

async function sumFolds(x: Rows, cells: Cells, folds: Division["folds"], axes: Axes, { blas, breathe }: DiscriminantOptions, room: Room): Promise<Sums> {
  const { d } = x;
  const product = room.single("product", d * d);
  const found = { scatters: [] as Float32Array[], cells: [] as Float64Array[], trace: 0, fourth: 0 };
  for (let f = 0; f < folds.count; f++) {
    const rows = split(folds, f).test;
    const stratum = Int32Array.from(rows, (i) => cells.stratum[i]!);
    const scatter = room.single(`scatter ${f}`, d * d).fill(0);
    const sums = new Float64Array(2 * cells.strata * d);
    for (let from = 0; from < rows.length; from += CHUNK) {
      const to = Math.min(rows.length, from + CHUNK);
      const e = room.single("chunk", (to - from) * d);
      const { trace, fourth } = scaleInto(e, x, rows, stratum, axes, from, to);
      found.trace += trace;
      found.fourth += fourth;
      for (let k = from; k < to; k++) addRow(sums, cells.cell[rows[k]!]! * d, e, (k - from) * d, d);
      await breathe();
      await blas.matmul(e, e, d, to - from, d, false, { transposeA: true, into: product });
      for (let at = 0; at < product.length; at++) scatter[at]! += product[at]!;
      await breathe();
    }
    found.scatters.push(scatter);
    found.cells.push(sums);
  }
  return found;
}

function addRow(sum: Float64Array, to: number, data: Float32Array, from: number, d: number): void {
  for (let j = 0; j < d; j++) sum[to + j]! += data[from + j]!;
}

async function gather(x: Rows, cells: Cells, rows: Int32Array, axes: Axes, out: Float32Array, breathe: () => Promise<void>): Promise<Float32Array> {
  const stratum = Int32Array.from(rows, (i) => cells.stratum[i]!);
  for (let from = 0; from < rows.length; from += CHUNK) {
    const to = Math.min(rows.length, from + CHUNK);
    scaleInto(out.subarray(from * x.d, to * x.d), x, rows, stratum, axes, from, to);
    await breathe();
  }
  return out;
}

/** Stratified mean difference. */
function meanDifference(means: readonly Float64Array[], size: Float64Array): Float64Array {
  const w = stratumWeights(size);
  const all = w.reduce((s, v) => s + v, 0);
  const delta = new Float64Array(means[0]!.length);
  for (let a = 0; a < w.length; a++) {
    if (!(w[a]! > 0)) continue;
    addScaled(delta, w[a]! / all, means[2 * a + 1]!);
    addScaled(delta, -w[a]! / all, means[2 * a]!);
  }
  return delta;
}
