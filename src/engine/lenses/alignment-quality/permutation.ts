import { type Cells, contrast, makeCells } from "../../stats/contrast.js";
import { type Folds, split, stratifiedGroupFolds } from "../../stats/folds.js";
import { scoreLeftOut } from "../../stats/left-out.js";
import type { Rows } from "../../stats/moments.js";
import { Random } from "../../stats/random.js";
import { MOST_IN_ROWS, type ResidualMaker, residualMakerOf } from "../../stats/residual-maker.js";
import { type Room, withRoom } from "../../stats/room.js";
import { runSteps } from "../../stats/steps.js";
import type { Blas } from "../lens.js";
import { composite } from "./composite.js";
import { permuteLabels } from "./permute.js";
import { poolLayers } from "./pooling.js";

export const PERMUTATIONS = 199;
/** Rows that the test runs on at most: it is exact on any subset, and finds more on a larger one. Where the index is solved in rows, the test takes all. */
export const mostPermuted = (count: number, width: number) => (count <= MOST_IN_ROWS || width <= 1024 ? MOST_IN_ROWS : 800);

/**
 * The permutation test of the pooled index. Everything that the labels do not touch (scale, whitening, folds) is fixed; the
 * observed labels go through the same label-free pipeline as the permuted ones, so the test is exact whatever the geometry. Scores are measured from
 * the mean of their stratum: unlike the midpoint of two classes it knows no labels, and it is the same for all folds.
 */
export class PermutationTest {
  private readonly folds: Folds;
  private readonly second: Folds;
  /** Labellings, the observed one first. */
  private readonly labellings: Cells[] = [];
  private readonly contrasts: Float32Array[] = [];
  private readonly layers: Float32Array[] = [];
  /** Rows that take part. */
  private readonly rows: Int32Array;
  private readonly stratum: Int32Array;
  private readonly group: Int32Array;
  private readonly random: Random;

  /** @param rows rows that take part */
  constructor(
    rows: Int32Array,
    cells: Cells,
    group: Int32Array,
    seed: number,
    folds: number,
    private readonly permutations = PERMUTATIONS,
  ) {
    const drawn = (all: Int32Array) => Int32Array.from(rows, (i) => all[i]!);
    this.rows = rows;
    this.stratum = drawn(cells.stratum);
    this.group = drawn(group);
    this.folds = stratifiedGroupFolds(this.stratum, this.group, folds, seed + 101);
    this.second = stratifiedGroupFolds(this.stratum, this.group, folds, seed + 202);
    this.labellings.push(
      makeCells(
        Uint8Array.from(this.rows, (i) => cells.label[i]!),
        this.stratum,
        cells.strata,
      ),
    );
    this.random = new Random(seed, 11);
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
    await withRoom(blas, async (room) => {
      const maker = await residualMakerOf(x, this.rows, this.stratum, blas, breathe, room);
      await this.scoreAll(maker, blas, breathe, room);
    });
  }

  /** The same from what is fitted already, to all the rows. */
  async addFitted(maker: ResidualMaker, blas: Blas, breathe: () => Promise<void>, room: Room): Promise<void> {
    await this.scoreAll(maker, blas, breathe, room);
  }

  private async scoreAll(maker: ResidualMaker, blas: Blas, breathe: () => Promise<void>, room: Room): Promise<void> {
    if (this.contrasts.length === 0) await runSteps(this.drawing(), breathe);
    const n = this.rows.length;
    const count = this.labellings.length;
    const out = new Float32Array(count * n);
    for (let f = 0; f < this.folds.count; f++) {
      const { test } = split(this.folds, f);
      const { scores } = await scoreLeftOut(maker, n, test, this.contrasts[f]!, blas, room);
      for (let p = 0, at = 0; p < count; p++) for (let i = 0; i < test.length; i++, at++) out[p * n + test[i]!] = scores[at]!;
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
