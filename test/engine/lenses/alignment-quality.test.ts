import { describe, expect, it } from "vitest";
import { composite } from "../../../src/engine/lenses/alignment-quality/composite.js";
import { alignmentQuality } from "../../../src/engine/lenses/alignment-quality/index.js";
import { PermutationTest } from "../../../src/engine/lenses/alignment-quality/permutation.js";
import { deviation, mean } from "../../../src/engine/stats/bootstrap.js";
import { oneStratum } from "../../../src/engine/stats/contrast.js";
import { heldOutDiscriminant } from "../../../src/engine/stats/discriminant.js";
import { stratifiedGroupFolds } from "../../../src/engine/stats/folds.js";
import { Random, range } from "../../../src/engine/stats/random.js";
import { plainBlas } from "../stats/plain.js";
import { breathe, makeStudy, plantRows, tools } from "./plant.js";

const options = { blas: plainBlas, breathe };

async function scored(effects: readonly number[], d: number, perCell: number, seed: number, scale?: (j: number) => number) {
  const { x, cells } = plantRows(effects, d, perCell, seed, scale);
  const folds = stratifiedGroupFolds(cells.cell, range(x.n), 5, seed);
  const found = await heldOutDiscriminant(x, cells, folds, options);
  return { x, cells, folds, z: found.z, value: composite(found.z, cells)! };
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const [x, y] = [a, b].map((v) => v.map((e) => (e - mean(v)) / deviation(v)));
  return x!.reduce((s, v, i) => s + v * y![i]!, 0) / (a.length - 1);
}

describe("AQI against theory (d = 64, 800 rows a class)", () => {
  it.each([
    [0, 0],
    [1, 20],
    [2, 50],
    [4, 80],
  ])("classes %d deviations apart give %d, within 4", async (effect, want) => {
    const { value } = await scored([effect], 64, 800, 11 + effect);
    expect(Math.abs(value.aqi - want)).toBeLessThan(4);
  });

  it("the wrong sign, a score read on its own training rows, and missing standardisation all miss it", async () => {
    const { z, cells } = await scored([2], 64, 800, 13);
    expect(
      composite(
        z.map((v) => -v),
        cells,
      )!.aqi,
    ).toBeLessThan(0);
    const null_ = plantRows([0], 64, 60, 3);
    // In sample: the mean difference scores the rows it was taken from.
    const u = new Float64Array(64);
    for (let i = 0; i < null_.x.n; i++) for (let j = 0; j < 64; j++) u[j]! += (null_.cells.label[i] === 1 ? 1 : -1) * null_.x.data[i * 64 + j]!;
    const own = Float64Array.from({ length: null_.x.n }, (_, i) => u.reduce((s, v, j) => s + v * null_.x.data[i * 64 + j]!, 0));
    expect(composite(own, null_.cells)!.aqi).toBeGreaterThan(20);
    // Axes of 1 to 1000: the held-out frame does not mind, raw distance does.
    const steep = (j: number) => 10 ** ((3 * j) / 63);
    const right = await scored([2], 64, 400, 17, steep);
    expect(Math.abs(right.value.aqi - 50)).toBeLessThan(6);
    const c = new Float64Array(64);
    for (let i = 0; i < right.x.n; i += 2)
      for (let j = 0; j < 64; j++) c[j]! += (right.x.data[(i + 1) * 64 + j]! - right.x.data[i * 64 + j]!) / (right.x.n / 2);
    const raw = Float64Array.from({ length: right.x.n }, (_, i) => c.reduce((s, v, j) => s + v * right.x.data[i * 64 + j]!, 0));
    expect(composite(raw, right.cells)!.aqi).toBeLessThan(30);
  });
});

describe("axioms", () => {
  it("one without separation among strong ones is seen; equal ones do not lower the index", async () => {
    const { value } = await scored([3, 3, 3, 3, 3, 3, 0], 64, 100, 5);
    expect(value.c).toBeGreaterThan(0.55);
    expect(value.x).toBeLessThan(0.05);
    expect(value.axioms.find((a) => a.stratum === 6)!.epsilonSquared).toBeLessThan(0.05);
    const equal = (await scored([3, 3, 3, 3], 64, 200, 6)).value;
    expect(Math.abs(100 * (equal.x - equal.c))).toBeLessThan(3);
  });
});

describe("discriminant frame", () => {
  it.each([
    ["more dimensions than rows (dual)", 160, 40],
    ["more rows than dimensions (primal)", 24, 100],
  ])("does not change when axes are rescaled: %s", async (_name, d, perCell) => {
    const plain = await scored([2], d, perCell, 21);
    const scaled = await scored([2], d, perCell, 21, (j) => 2 ** ((j % 9) - 4));
    for (let i = 0; i < plain.z.length; i++) expect(Math.abs(plain.z[i]! - scaled.z[i]!)).toBeLessThan(1e-4);
    expect(Math.abs(plain.value.aqi - scaled.value.aqi)).toBeLessThan(1e-3);
  });

  it("dual and primal agree with the shrunk solution written out", async () => {
    const { x, cells } = plantRows([1.5], 30, 20, 8);
    const folds = stratifiedGroupFolds(cells.cell, range(x.n), 4, 2);
    const { z } = await heldOutDiscriminant(x, cells, folds, { ...options, shrinkage: 0.1 });
    // The same rows with 50 empty dimensions more: fewer rows than dimensions, the other side of the algebra.
    const wide = new Float32Array(x.n * 80);
    for (let i = 0; i < x.n; i++) wide.set(x.data.subarray(i * 30, (i + 1) * 30), i * 80);
    const other = await heldOutDiscriminant({ data: wide, n: x.n, d: 80 }, cells, folds, { ...options, shrinkage: 0.1 });
    for (let i = 0; i < x.n; i++) expect(Math.abs(z[i]! - other.z[i]!)).toBeLessThan(1e-4);
  });

  it("systems of each fold in few dimensions give what leaving folds out in rows gives, with replicates", async () => {
    const { x, cells } = plantRows([1.5, 0.5], 9, 40, 8);
    const folds = stratifiedGroupFolds(cells.cell, range(x.n), 4, 2);
    const random = new Random(3);
    const contrast = Array.from({ length: 4 }, (_, f) => Float32Array.from({ length: 3 * x.n }, (_, at) => (folds.of[at % x.n] === f ? 0 : random.normal())));
    const more = { ...options, shrinkage: 0.1, replicates: { count: 3, rows: range(x.n), contrast } };
    const few = await heldOutDiscriminant(x, cells, folds, more);
    const wide = new Float32Array(x.n * 80);
    for (let i = 0; i < x.n; i++) wide.set(x.data.subarray(i * 9, (i + 1) * 9), i * 80);
    const rows = await heldOutDiscriminant({ data: wide, n: x.n, d: 80 }, cells, folds, more);
    for (let i = 0; i < x.n; i++) expect(Math.abs(few.z[i]! - rows.z[i]!)).toBeLessThan(1e-4);
    for (let at = 0; at < few.replicates!.length; at++) expect(Math.abs(few.replicates![at]! / rows.replicates![at]! - 1)).toBeLessThan(1e-2);
    for (let j = 0; j < 9; j++) expect(rows.direction[j]! / few.direction[j]!).toBeCloseTo(1, 3);
  });

  it("replicates with weights of 1 repeat the estimate, on both sides", async () => {
    for (const [d, perCell] of [
      [100, 25],
      [20, 60],
    ] as const) {
      const { x, cells } = plantRows([2], d, perCell, 31);
      const folds = stratifiedGroupFolds(cells.cell, range(x.n), 5, 1);
      const { contrast } = await import("../../../src/engine/stats/contrast.js");
      const contrasts = Array.from({ length: 5 }, (_, f) => {
        const train = range(x.n).filter((i) => folds.of[i] !== f);
        const out = new Float32Array(x.n);
        contrast(cells, train).forEach((v, k) => {
          out[train[k]!] = v;
        });
        return out;
      });
      const found = await heldOutDiscriminant(x, cells, folds, { ...options, replicates: { count: 1, rows: range(x.n), contrast: contrasts } });
      for (let i = 0; i < x.n; i++) expect(Math.abs(found.replicates![i]! - found.z[i]!)).toBeLessThan(2e-3);
    }
  });

  it("rows that are repeated with the other label, and few directions for many rows, do no harm", async () => {
    const { x, cells } = plantRows([3], 100, 20, 6);
    for (let j = 0; j < 100; j++) {
      x.data[100 + j] = x.data[j]!;
      x.data[300 + j] = x.data[200 + j]!;
    }
    const folds = stratifiedGroupFolds(cells.cell, range(x.n), 5, 1);
    const { z } = await heldOutDiscriminant(x, cells, folds, options);
    expect(Math.max(...z.map(Math.abs))).toBeLessThan(10);
    expect(composite(z, cells)!.aqi).toBeGreaterThan(20);
    // 15 directions mixed into 100 dimensions, the signal along one of them.
    const random = new Random(5);
    const mix = Float64Array.from({ length: 15 * 100 }, () => random.normal());
    const label = cells.label;
    const low = new Float32Array(x.n * 100);
    for (let i = 0; i < x.n; i++)
      for (let r = 0; r < 15; r++) {
        const v = random.normal() + (r === 0 ? 3 * label[i]! : 0);
        for (let j = 0; j < 100; j++) low[i * 100 + j]! += v * mix[r * 100 + j]!;
      }
    const flat = await heldOutDiscriminant({ data: low, n: x.n, d: 100 }, cells, folds, options);
    expect(flat.z.every(Number.isFinite)).toBe(true);
    expect(composite(flat.z, cells)!.aqi).toBeGreaterThan(40);
  });

  it("a column that only held-out rows use does no harm", async () => {
    const { x, cells } = plantRows([3], 50, 20, 4);
    for (let i = 0; i < x.n; i++) x.data[i * 50 + 7] = i === 5 ? 1 : 0;
    const folds = stratifiedGroupFolds(cells.cell, range(x.n), 5, 1);
    const { z } = await heldOutDiscriminant(x, cells, folds, options);
    expect(Math.max(...z.map(Math.abs))).toBeLessThan(10);
  });
});

describe("without signal", () => {
  it.each([
    ["in rows", 30, 10],
    ["in dimensions", 6, 20],
  ])("the index is centred at 0 although scale and shrinkage come from all rows: %s", async (_name, d, perCell) => {
    const found: number[] = [];
    for (let run = 0; run < 200; run++) {
      const { x, cells } = plantRows([0, 0], d, perCell, 5000 + run);
      const folds = stratifiedGroupFolds(cells.cell, range(x.n), 5, run);
      found.push((await heldOutDiscriminant(x, cells, folds, options)).z.reduce((s, v, i) => s + (cells.label[i] === 1 ? v : -v), 0) / x.n);
    }
    expect(Math.abs(mean(found))).toBeLessThan((3 * deviation(found)) / Math.sqrt(200));
  });
});

describe("permutation test", () => {
  it("rejects between 2% and 9% of 300 sets without signal (39 permutations each), and finds a signal", async () => {
    const random = new Random(77);
    let rejected = 0;
    const p = async (effect: number, n: number) => {
      const label = Uint8Array.from({ length: n }, (_, i) => i % 2);
      const test = new PermutationTest(range(n), oneStratum(label), range(n), random.below(1e9), 5, 39);
      for (let layer = 0; layer < 2; layer++) {
        const d = 30;
        const data = Float32Array.from(
          { length: n * d },
          (_, at) => random.normal() * (1 + (at % d)) + (at % d === 0 ? effect * label[Math.floor(at / d)]! : 0),
        );
        await test.add({ data, n, d }, plainBlas, breathe);
      }
      return test.finish(breathe);
    };
    for (let run = 0; run < 300; run++) if ((await p(0, 30)) <= 0.05) rejected++;
    expect(rejected / 300).toBeGreaterThanOrEqual(0.02);
    expect(rejected / 300).toBeLessThanOrEqual(0.09);
    expect(await p(3, 40)).toBeCloseTo(1 / 40, 10);
  });
});

describe("the lens", () => {
  const d = 32;
  const layers = [0, 1, 3].map((effect, l) => plantRows([effect], d, 50, 40 + l));
  const label = layers[0]!.cells.label;
  const study = makeStudy(
    layers.map((l) => l.x.data),
    d,
    label,
  );

  it("puts the weight where the signal is, and reports interval, p, lexical baseline, gain and the half sample", async () => {
    const { values, pictures } = await alignmentQuality.run(study, tools, new Map());
    const { aqi } = values;
    expect(aqi.signed!).toBeGreaterThan(50);
    expect(aqi.layerWeights[2]!).toBeGreaterThan(0.7);
    expect(aqi.layerWeights.reduce((s, v) => s + v, 0)).toBeCloseTo(1, 9);
    expect(aqi.ci95![0]).toBeLessThan(aqi.signed!);
    expect(aqi.p!).toBeLessThan(0.01);
    expect(aqi.lexical!).toBeLessThan(15);
    expect(aqi.gain.ci95![0]).toBeGreaterThan(0);
    expect(aqi.halfSample).not.toBeNull();
    expect(pictures.map((p) => p.slot)).toEqual(["metrics", "map"]);
    const again = await alignmentQuality.run(study, tools, new Map());
    expect(again.values.aqi).toEqual(aqi);
  });

  it("keeps the score of every replicate, drawn alike for another model of another width over the same rows", async () => {
    const run = async (more: Parameters<typeof makeStudy>[3]) =>
      (
        await alignmentQuality.run(
          makeStudy(
            layers.map((l) => l.x.data),
            d,
            label,
            more,
          ),
          tools,
          new Map(),
        )
      ).values.aqi;
    const base = await run({});
    expect(base.replicates).toHaveLength(200);
    expect(base.ci95![1] - base.ci95![0]).toBeCloseTo(2 * 1.96 * deviation(base.replicates!), 9);
    // Another model: the same rows in 40 dimensions, with noise of its own.
    const random = new Random(3);
    const wide = layers.map(({ x }) =>
      Float32Array.from({ length: x.n * 40 }, (_, at) => (at % 40 < d ? x.data[Math.floor(at / 40) * d + (at % 40)]! : 0) + 0.2 * random.normal()),
    );
    const other = (await alignmentQuality.run(makeStudy(wide, 40, label), tools, new Map())).values.aqi;
    const reseeded = await run({ seed: 2 });
    expect(correlation(base.replicates!, other.replicates!)).toBeGreaterThan(0.7);
    expect(Math.abs(correlation(base.replicates!, reseeded.replicates!))).toBeLessThan(0.3);
  });

  it("gives a concept its geometry and map, no index, and says why", async () => {
    const { values, pictures } = await alignmentQuality.run({ ...study, kind: "concept", classNames: ["false", "true"] }, tools, new Map());
    expect(values.aqi.score).toBeNull();
    expect(values.aqi.reason).toBe("the classes are false and true, not safe and unsafe");
    expect(values.layers[2]!.aqi).toBeNull();
    expect(values.layers[2]!.chi).toBeGreaterThan(1);
    const map = pictures.find((p) => p.shape === "points")!;
    expect(map.shape === "points" && map.x.every(Number.isFinite)).toBe(true);
  });

  it("withholds what too few rows cannot tell, never as 0 or NaN", async () => {
    const few = makeStudy([Float32Array.from({ length: 6 * d }, (_, i) => Math.sin(i))], d, Uint8Array.of(0, 0, 0, 0, 0, 1));
    const { values } = await alignmentQuality.run(few, tools, new Map());
    expect(values.aqi.score).toBeNull();
    expect(values.aqi.reason).toContain("only 1 row is unsafe");
    expect(values.layers[0]!.why!["aqi"]).toBe(values.aqi.reason);
    expect(values.layers[0]!.chi).not.toBeNull();
  });
});
