import { type Cells, cellSizes, contrast, makeCells, midpoints } from "../../stats/contrast.js";
import { type Folds, split, stratifiedGroupFolds } from "../../stats/folds.js";
import type { Rows } from "../../stats/moments.js";
import { Random } from "../../stats/random.js";
import { runSteps } from "../../stats/steps.js";
import type { Blas } from "../lens.js";
import { composite } from "./composite.js";
import { labelFreeScores } from "./label-free.js";
import { permuteLabels } from "./permute.js";
import { poolLayers } from "./pooling.js";

export const PERMUTATIONS = 199;
/**
 * Rows that the test runs on at most: it is exact on any subset, and finds more on a larger one. Its cost grows with the rows
 * and the cube of the smaller of rows and dimensions.
 */
export const mostPermuted = (width: number) => (width <= 1024 ? 2000 : 800);

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
  private readonly group: Int32Array;
  private readonly random: Random;

  /** @param rows rows that take part */
  constructor(
    private readonly rows: Int32Array,
    cells: Cells,
    group: Int32Array,
    seed: number,
    folds: number,
    private readonly permutations = PERMUTATIONS,
  ) {
    const stratum = Int32Array.from(rows, (i) => cells.stratum[i]!);
    const label = Uint8Array.from(rows, (i) => cells.label[i]!);
    const own = Int32Array.from(rows, (i) => group[i]!);
    this.stratum = stratum;
    this.folds = stratifiedGroupFolds(stratum, own, folds, seed + 101);
    this.second = stratifiedGroupFolds(stratum, own, folds, seed + 202);
    this.labellings.push(makeCells(label, stratum, cells.strata));
    this.random = new Random(seed, 11);
    this.group = own;
  }

  /** Draws the labellings; stops after each. */
  private *drawing(): Generator<void, void> {
    const { labellings, stratum, rows, folds } = this;
    const [observed] = labellings;
    while (labellings.length <= this.permutations) {
      labellings.push(makeCells(permuteLabels(observed!.label, stratum, this.group, this.random), stratum, observed!.strata));
      yield;
    }
    const n = rows.length;
    for (let f = 0; f < folds.count; f++) {
      const { train } = split(folds, f);
      const r = new Float32Array(labellings.length * n);
      for (const [p, c] of labellings.entries()) {
        const values = contrast(c, train);
        for (let k = 0; k < train.length; k++) r[p * n + train[k]!] = values[k]!;
        yield;
      }
      this.contrasts.push(r);
    }
  }

  /** Adds a layer: held-out scores under every labelling. */
  async add(x: Rows, blas: Blas, breathe: () => Promise<void>): Promise<void> {
    if (this.contrasts.length === 0) await runSteps(this.drawing(), breathe);
    const n = this.rows.length;
    const scored = await labelFreeScores(x, this.rows, this.stratum, blas, breathe);
    const out = new Float32Array(this.labellings.length * n);
    for (let f = 0; f < this.folds.count; f++) {
      const scores = await scored(this.contrasts[f]!, this.labellings.length);
      await breathe();
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
      await breathe();
    }
    return atLeast / this.labellings.length;
  }
}
