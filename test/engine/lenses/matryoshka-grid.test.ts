import { describe, expect, it } from "vitest";
import { matryoshkaGrid } from "../../../src/engine/lenses/matryoshka-grid/index.js";
import { ladderOf, measureLayer, shortLadder } from "../../../src/engine/lenses/matryoshka-grid/layer.js";
import { ladderScores, prepareTraining } from "../../../src/engine/lenses/matryoshka-grid/nested.js";
import { starbucksLadder } from "../../../src/engine/lenses/matryoshka-grid/suggest.js";
import { Pace } from "../../../src/engine/lenses/pace.js";
import { auroc } from "../../../src/engine/stats/auc.js";
import { eigen } from "../../../src/engine/stats/eigen.js";
import { stratifiedGroupFolds } from "../../../src/engine/stats/folds.js";
import { drain } from "../../../src/engine/stats/lbfgs.js";
import { Random, range } from "../../../src/engine/stats/random.js";
import { makeStudy, tools } from "./plant.js";

const n = 600;
const d = 64;
const label = Uint8Array.from({ length: n }, (_, i) => i % 2);
const folds = stratifiedGroupFolds(label, range(n), 3, 1);

/** Dimensions whose variance and whose part of the label fall with their place; `order` says which place a column has. */
function ordered(seed: number, order: ArrayLike<number>): Float32Array {
  const random = new Random(seed);
  const x = new Float32Array(n * d);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < d; j++) {
      const place = order[j]!;
      x[i * d + j] = 0.8 ** place * (random.normal() + (label[i]! - 0.5) * 1.1 * 0.9 ** place);
    }
  return x;
}
const measure = (x: Float32Array) => measureLayer(x, d, label, folds, 1, tools.blas, new Pace(tools, 1));

describe("fewer layers, fewer dimensions", () => {
  it("N is 1 where the dimensions are ordered by variance", async () => {
    const values: number[] = [];
    for (let seed = 0; seed < 4; seed++) values.push((await measure(ordered(seed, range(d)))).nestedness!);
    expect(Math.abs(values.reduce((s, v) => s + v, 0) / values.length - 1)).toBeLessThan(0.02);
  });

  it("N is 0 on average where the same dimensions are permuted", async () => {
    const values: number[] = [];
    for (let seed = 0; seed < 100; seed++) values.push((await measure(ordered(seed % 4, new Random(90 + seed).shuffle(range(d))))).nestedness!);
    const mean = values.reduce((s, v) => s + v, 0) / values.length;
    // One permutation is one draw; its spread is that of the draws.
    expect(Math.abs(mean)).toBeLessThan(0.05);
  }, 120_000);

  it("reversed dimensions are worse than random ones", async () => {
    expect((await measure(ordered(1, range(d).reverse()))).nestedness!).toBeLessThan(-0.5);
  });

  it("says nothing of nestedness where random dimensions do as well", async () => {
    const random = new Random(8);
    const noise = Float32Array.from({ length: n * d }, () => random.normal());
    expect((await measure(noise)).nestedness).toBeNull();
  });

  it("all dimensions are all dimensions, in whatever order and by whatever ladder", async () => {
    const x = ordered(3, range(d));
    const training = await prepareTraining(x, n, d, label, tools.blas);
    const [plain] = await ladderScores(training, range(d), [d], x, n, tools.blas, async () => {});
    const laddered = (await ladderScores(training, range(d), ladderOf(d), x, n, tools.blas, async () => {})).at(-1)!;
    const shuffled = (await ladderScores(training, new Random(4).shuffle(range(d)), ladderOf(d), x, n, tools.blas, async () => {})).at(-1)!;
    expect(auroc(laddered, label)!).toBeCloseTo(auroc(plain!, label)!, 12);
    expect(auroc(shuffled, label)!).toBeCloseTo(auroc(plain!, label)!, 12);
    for (let i = 0; i < n; i++) expect(Math.abs(shuffled[i]! - plain![i]!)).toBeLessThan(1e-8);
    // A step of a ladder is a discriminant of its own.
    const eight = (await ladderScores(training, range(d), ladderOf(d), x, n, tools.blas, async () => {}))[0]!;
    const cut = new Float32Array(n * 8);
    for (let i = 0; i < n; i++) cut.set(x.subarray(i * d, i * d + 8), i * 8);
    const own = (await ladderScores(await prepareTraining(cut, n, 8, label, tools.blas), range(8), [8], cut, n, tools.blas, async () => {}))[0]!;
    for (let i = 0; i < n; i++) expect(Math.abs(eight[i]! - own[i]!)).toBeLessThan(1e-4);
  });

  it("suggests a size that holds, and lists the rows that break at smaller ones", async () => {
    const random = new Random(5);
    const noise = Float32Array.from({ length: n * d }, () => random.normal());
    const told = Float32Array.from({ length: n * d }, () => random.normal());
    // Layer 1 tells the classes by its first 4 dimensions, layer 2 as well: the smaller layer is enough.
    for (let i = 0; i < n; i++) for (let j = 0; j < 4; j++) told[i * d + j]! += 2 * label[i]!;
    const { values, pictures } = await matryoshkaGrid.run(makeStudy([noise, told, told], d, label), tools, new Map());
    expect(values.dims).toEqual([8, 16, 32, 64]);
    expect(values.compared).toEqual([8, 16, 32]);
    expect(values.suggestion!.point).toMatchObject({ layer: 1, dims: 8 });
    expect(values.suggestion!.full.auroc!).toBeGreaterThan(0.95);
    const grid = pictures[0]!;
    if (grid.shape !== "matrix") throw new Error();
    expect(grid.rows[0]!.marks!.some((mark) => mark.column === 1 && mark.text.startsWith("smallest within 1%"))).toBe(true);
    expect(grid.rows[0]!.rows![0]!.length).toBeGreaterThan(150);
    expect(grid.rows[0]!.rows![1]!.length).toBeLessThan(40);
    expect(JSON.parse(JSON.stringify(values))).toEqual(values);
    expect((await matryoshkaGrid.run(makeStudy([noise.subarray(0, n * 8)], 8, label), tools, new Map())).withheld).toContain("8 dimensions");
  });

  it("withholds itself where few rows would rank sizes by luck", async () => {
    const few = Uint8Array.from({ length: 76 }, (_, i) => (i < 19 ? 1 : 0));
    const random = new Random(3);
    const states = Float32Array.from({ length: 76 * 16 }, () => random.normal());
    const { withheld, values } = await matryoshkaGrid.run(makeStudy([states], 16, few), tools, new Map());
    expect(withheld).toBe("19 unsafe rows are too few for it (at least 20 of each class are needed)");
    expect(values.layers).toEqual([]);
  });

  it("says nothing of nestedness where the gain of components lies within its error", async () => {
    const few = Uint8Array.from({ length: 48 }, (_, i) => i % 2);
    const parts = stratifiedGroupFolds(few, range(48), 3, 1);
    let said = 0;
    for (let seed = 0; seed < 6; seed++) {
      const random = new Random(40 + seed);
      const noise = Float32Array.from({ length: 48 * 32 }, () => random.normal());
      const { nestedness, area } = await measureLayer(noise, 32, few, parts, 1, tools.blas, new Pace(tools, 1));
      if (nestedness !== null) expect(area.components! - area.random!).toBeGreaterThan(0.03);
      if (area.components! - area.random! > 0.01) said++;
    }
    expect(said).toBeGreaterThan(0);
  });

  it("has ladders", () => {
    expect(ladderOf(576)).toEqual([8, 16, 32, 64, 128, 256, 512, 576]);
    expect(shortLadder(576)).toEqual([8, 16, 32, 64, 128, 256]);
    expect(starbucksLadder(13, 768).map((step) => [step.layer, step.dims])).toEqual([
      [2, 32],
      [4, 64],
      [6, 128],
      [8, 256],
      [10, 512],
      [12, 768],
    ]);
  });
});

describe("eigenvectors of a symmetric matrix", () => {
  it("rebuild it, are orthonormal, and come in order", () => {
    const random = new Random(6);
    const k = 40;
    const a = new Float64Array(k * k);
    for (let i = 0; i < k; i++) for (let j = 0; j <= i; j++) a[i * k + j] = a[j * k + i] = random.normal();
    const { values, vectors } = drain(eigen(a.slice(), k));
    for (let i = 1; i < k; i++) expect(values[i]!).toBeLessThanOrEqual(values[i - 1]!);
    for (let i = 0; i < k; i++)
      for (let j = 0; j < k; j++) {
        let [sum, inner] = [0, 0];
        for (let m = 0; m < k; m++) {
          sum += values[m]! * vectors[m * k + i]! * vectors[m * k + j]!;
          inner += vectors[i * k + m]! * vectors[j * k + m]!;
        }
        expect(Math.abs(sum - a[i * k + j]!)).toBeLessThan(1e-11);
        expect(Math.abs(inner - (i === j ? 1 : 0))).toBeLessThan(1e-12);
      }
  });
});
