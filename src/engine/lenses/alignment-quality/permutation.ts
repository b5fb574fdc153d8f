import { cholesky } from "../../stats/cholesky.js";
import { type Cells, cellSizes, contrast, makeCells, midpoints } from "../../stats/contrast.js";
import { type Folds, split, stratifiedGroupFolds } from "../../stats/folds.js";
import type { Rows } from "../../stats/moments.js";
import { Random } from "../../stats/random.js";
import { ledoitWolf } from "../../stats/shrinkage.js";
import type { Blas } from "../lens.js";
import { composite } from "./composite.js";
import { poolLayers } from "./pooling.js";

export const PERMUTATIONS = 199;
/** The test runs on at most this many rows: exact on any subset, and its cost grows with the cube. */
export const MOST_ROWS = 600;

/**
 * The permutation test of the pooled index. Everything that the labels do not touch (scale, whitening, folds) is fixed; the
 * observed labels go through the same label-free pipeline as the permuted ones, so the test is exact whatever the geometry.
 */
export class PermutationTest {
  private readonly folds: Folds;
  private readonly second: Folds;
  /** Labellings, the observed one first. */
  private readonly labellings: Cells[] = [];
  private readonly contrasts: Float32Array[] = [];
  private readonly layers: Float32Array[] = [];
  private readonly stratum: Int32Array;

  /** @param rows rows that take part, at most MOST_ROWS of them */
  constructor(
    private readonly rows: Int32Array,
    cells: Cells,
    group: Int32Array,
    seed: number,
    folds: number,
    permutations = PERMUTATIONS,
  ) {
    const stratum = Int32Array.from(rows, (i) => cells.stratum[i]!);
    const label = Uint8Array.from(rows, (i) => cells.label[i]!);
    const own = Int32Array.from(rows, (i) => group[i]!);
    this.stratum = stratum;
    this.folds = stratifiedGroupFolds(stratum, own, folds, seed + 101);
    this.second = stratifiedGroupFolds(stratum, own, folds, seed + 202);
    const random = new Random(seed, 11);
    for (let p = 0; p <= permutations; p++)
      this.labellings.push(makeCells(p === 0 ? label : permuteLabels(label, stratum, own, random), stratum, cells.strata));
    const n = rows.length;
    for (let f = 0; f < folds; f++) {
      const { train } = split(this.folds, f);
      const r = new Float32Array(this.labellings.length * n);
      this.labellings.forEach((c, p) => {
        const values = contrast(c, train);
        for (let k = 0; k < train.length; k++) r[p * n + train[k]!] = values[k]!;
      });
      this.contrasts.push(r);
    }
  }

  /** Adds a layer: held-out scores under every labelling. */
  async add(x: Rows, blas: Blas, breathe: () => Promise<void>): Promise<void> {
    const n = this.rows.length;
    const h = await labelFreeKernel(x, this.rows, this.stratum, blas, breathe);
    const out = new Float32Array(this.labellings.length * n);
    for (let f = 0; f < this.folds.count; f++) {
      const scores = await blas.matmul(this.contrasts[f]!, h, this.labellings.length, n, n, true);
      const { train } = split(this.folds, f);
      this.labellings.forEach((c, p) => {
        const size = cellSizes(c, train);
        const mean = new Float64Array(size.length);
        for (const i of train) mean[c.cell[i]!]! += scores[p * n + i]! / size[c.cell[i]!]!;
        const middle = midpoints(size).map((share) => share.reduce((s, v, k) => s + v * mean[k]!, 0));
        for (let i = 0; i < n; i++) if (this.folds.of[i] === f) out[p * n + i] = scores[p * n + i]! - middle[c.stratum[i]!]!;
      });
      await breathe();
    }
    this.layers.push(out);
  }

  /** Share of labellings that score at least as high as the observed one, itself included. */
  async finish(breathe: () => Promise<void>): Promise<number> {
    const n = this.rows.length;
    let atLeast = 0;
    let observed = 0;
    for (let p = 0; p < this.labellings.length; p++) {
      const scores = this.layers.map((layer) => layer.subarray(p * n, (p + 1) * n));
      const cells = this.labellings[p]!;
      const value = composite(poolLayers(scores, cells, this.second).z, cells)?.aqi ?? Number.NEGATIVE_INFINITY;
      if (p === 0) observed = value;
      if (value >= observed - 1e-9) atLeast++;
      if (p % 8 === 7) await breathe();
    }
    return atLeast / this.labellings.length;
  }
}

/** E ((1-λ)R + λI)⁻¹ Eᵀ up to a factor, E = rows scaled and centred within strata, no labels: I - λ(λI + cG)⁻¹. [n, n] */
async function labelFreeKernel(x: Rows, rows: Int32Array, stratum: Int32Array, blas: Blas, breathe: () => Promise<void>): Promise<Float32Array> {
  const n = rows.length;
  const { d } = x;
  let strata = 0;
  for (const s of stratum) strata = Math.max(strata, s + 1);
  const mean = new Float64Array(strata * d);
  const size = new Float64Array(strata);
  for (let k = 0; k < n; k++) {
    const to = stratum[k]! * d;
    size[stratum[k]!]!++;
    for (let j = 0, at = rows[k]! * d; j < d; j++, at++) mean[to + j]! += x.data[at]!;
  }
  for (let s = 0; s < strata; s++) for (let j = 0; j < d; j++) mean[s * d + j]! /= Math.max(1, size[s]!);
  const e = new Float32Array(n * d);
  const scale = new Float64Array(d);
  for (let k = 0; k < n; k++)
    for (let j = 0, at = rows[k]! * d, m = stratum[k]! * d; j < d; j++, at++) {
      const v = x.data[at]! - mean[m + j]!;
      e[k * d + j] = v;
      scale[j]! += v * v;
    }
  const df = Math.max(1, n - size.reduce((s, c) => s + (c > 0 ? 1 : 0), 0));
  for (let j = 0; j < d; j++) scale[j] = Math.sqrt(scale[j]! / df);
  const alive = scale.filter((s) => s > 0).sort();
  const floor = alive.length ? 1e-6 * alive[alive.length >> 1]! : 1;
  for (let k = 0; k < n; k++) for (let j = 0; j < d; j++) e[k * d + j]! /= Math.max(scale[j]!, floor);
  const g = await blas.matmul(e, e, n, d, n, true);
  let trace = 0;
  let square = 0;
  let fourth = 0;
  for (let i = 0; i < n; i++) {
    trace += g[i * n + i]!;
    fourth += g[i * n + i]! ** 2;
  }
  for (let i = 0; i < g.length; i++) square += g[i]! * g[i]!;
  let lambda = Math.min(0.999, Math.max(1e-4, ledoitWolf(n, d, trace / n, square / n / n, fourth)));
  const factor = new Float64Array(n * n);
  for (;;) {
    const c = (1 - lambda) / df;
    for (let i = 0, at = 0; i < n; i++) for (let j = 0; j < n; j++, at++) factor[at] = c * g[at]! + (i === j ? lambda : 0);
    if (cholesky(factor, n) || lambda >= 1) break;
    lambda = Math.min(1, lambda * 10);
  }
  await breathe();
  const inverse = await invertFactored(factor, n, breathe);
  const out = new Float32Array(n * n);
  for (let i = 0, at = 0; i < n; i++) for (let j = 0; j < n; j++, at++) out[at] = (i === j ? 1 : 0) - lambda * inverse[at]!;
  return out;
}

/** (L Lᵀ)⁻¹ from the factor: L⁻¹ by rows, then its Gram matrix. */
async function invertFactored(l: Float64Array, n: number, breathe: () => Promise<void>): Promise<Float64Array> {
  // t holds the columns of L⁻¹ as rows: t[j] is zero before j.
  const t = new Float64Array(n * n);
  for (let j = 0; j < n; j++) {
    const to = j * n;
    t[to + j] = 1 / l[to + j]!;
    for (let i = j + 1; i < n; i++) {
      let s = 0;
      for (let k = j, at = i * n + j; k < i; k++, at++) s -= l[at]! * t[to + k]!;
      t[to + i] = s / l[i * n + i]!;
    }
    if (j % 64 === 63) await breathe();
  }
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let s = 0;
      for (let k = i; k < n; k++) s += t[i * n + k]! * t[j * n + k]!;
      out[i * n + j] = s;
      out[j * n + i] = s;
    }
    if (i % 64 === 63) await breathe();
  }
  return out;
}

/**
 * Labels shuffled among exchangeable rows: within a group that holds both classes (pairs), else whole groups among groups of
 * the same stratum and size.
 */
export function permuteLabels(label: Uint8Array, stratum: Int32Array, group: Int32Array, random: Random): Uint8Array {
  const out = Uint8Array.from(label);
  const members = new Map<number, number[]>();
  for (let i = 0; i < label.length; i++) {
    const list = members.get(group[i]!);
    if (list) list.push(i);
    else members.set(group[i]!, [i]);
  }
  const kin = new Map<string, number[][]>();
  for (const rows of members.values()) {
    if (rows.some((i) => label[i] !== label[rows[0]!])) {
      for (const part of byStratum(rows, stratum)) {
        const shuffled = random.shuffle(part.map((i) => label[i]!));
        part.forEach((i, k) => {
          out[i] = shuffled[k]!;
        });
      }
      continue;
    }
    const key = `${[...rows]
      .map((i) => stratum[i]!)
      .sort()
      .join(",")}`;
    const list = kin.get(key);
    if (list) list.push(rows);
    else kin.set(key, [rows]);
  }
  for (const groups of kin.values()) {
    const shuffled = random.shuffle(groups.map((rows) => label[rows[0]!]!));
    groups.forEach((rows, k) => {
      for (const i of rows) out[i] = shuffled[k]!;
    });
  }
  return out;
}

function byStratum(rows: readonly number[], stratum: Int32Array): number[][] {
  const parts = new Map<number, number[]>();
  for (const i of rows) {
    const list = parts.get(stratum[i]!);
    if (list) list.push(i);
    else parts.set(stratum[i]!, [i]);
  }
  return [...parts.values()];
}
