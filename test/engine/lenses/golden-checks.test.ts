import { existsSync, readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { compatible, type RawMetrics, xbFromChi } from "../../../src/engine/lenses/alignment-quality/compat.js";
import { composite } from "../../../src/engine/lenses/alignment-quality/composite.js";
import { alignmentQuality } from "../../../src/engine/lenses/alignment-quality/index.js";
import { conceptDepth } from "../../../src/engine/lenses/concept-depth/index.js";
import { surfaceVersusMeaning } from "../../../src/engine/lenses/surface-versus-meaning/index.js";
import { createBlas } from "../../../src/engine/model/blas.js";
import { type Cells, makeCells, stratifiedEffect } from "../../../src/engine/stats/contrast.js";
import { heldOutDiscriminant } from "../../../src/engine/stats/discriminant.js";
import { stratifiedGroupFolds } from "../../../src/engine/stats/folds.js";
import { scatterIndices } from "../../../src/engine/stats/indices.js";
import type { Rows } from "../../../src/engine/stats/moments.js";
import { Random, range } from "../../../src/engine/stats/random.js";
import { breathe, makeStudy, plantRows, tools } from "./plant.js";

const blas = createBlas();
const published = new URL("../../../../shared/data/published-aqi.json", import.meta.url);

/** Rows of d dimensions, the label along the first, `effect` deviations apart. */
function planted(n: number, d: number, effect: number, seed: number, scale: (j: number) => number = () => 1) {
  const random = new Random(seed, 5);
  const label = Uint8Array.from({ length: n }, (_, i) => i % 2);
  const x = Float32Array.from(
    { length: n * d },
    (_, at) => scale(at % d) * (random.normal() + (at % d === 0 ? effect * (label[Math.floor(at / d)]! - 0.5) : 0)),
  );
  return { x, label };
}
const heldOut = (x: Rows, cells: Cells) => heldOutDiscriminant(x, cells, stratifiedGroupFolds(cells.cell, range(x.n), 5, 3), { blas: tools.blas, breathe });
const quality = async (layers: readonly Float32Array[], d: number, label: Uint8Array, more: Parameters<typeof makeStudy>[3] = {}) =>
  alignmentQuality.run(makeStudy(layers, d, label, more), { blas: await blas, progress: async () => {} }, new Map());

describe("frames", () => {
  it("the raw one is left as it is by a turn, a scale and a move that float32 holds exactly, to 1e-10", () => {
    const random = new Random(4);
    const [n, d] = [80, 6];
    const data = Float32Array.from({ length: n * d }, (_, at) => random.below(41) - 20 + (at % d === 1 ? 16 * (Math.floor(at / d) % 2) : 0));
    const label = Uint8Array.from({ length: n }, (_, i) => i % 2);
    // 5 x a rotation in whole numbers, in two planes that share an axis.
    const turned = data.slice();
    const turn = (a: number, b: number) => {
      for (let i = 0; i < n; i++) {
        const [p, q] = [turned[i * d + a]!, turned[i * d + b]!];
        for (let j = 0; j < d; j++) turned[i * d + j]! *= 5;
        turned[i * d + a] = 3 * p - 4 * q;
        turned[i * d + b] = 4 * p + 3 * q;
      }
    };
    turn(0, 1);
    turn(1, 4);
    const moved = turned.map((v, at) => v + 100 * (at % d));
    const plain = scatterIndices({ data, n, d }, label)!;
    const other = scatterIndices({ data: moved, n, d }, label)!;
    expect(plain.epsilonSquared).toBeGreaterThan(0.05);
    expect(Math.abs(other.epsilonSquared - plain.epsilonSquared)).toBeLessThan(1e-10);
  });

  it.each([
    ["more dimensions than rows", 80, 30],
    ["more rows than dimensions", 24, 120],
  ])("the discriminant one by the scale of the axes, to 1e-6: %s", async (_name, d, perCell) => {
    const of = async (scale: (j: number) => number) => {
      const { x, cells } = plantRows([2.5], d, perCell, 6, scale);
      return composite((await heldOut(x, cells)).z, cells)!.aqi;
    };
    const plain = await of(() => 1);
    expect(plain).toBeGreaterThan(20);
    expect(Math.abs((await of((j) => 2 ** ((5 * j) % 21))) - plain)).toBeLessThan(1e-6);
  });

  it.each([
    ["more dimensions than rows", 300, 50],
    ["more rows than dimensions", 60, 75],
  ])("its scores stand in deviations of held-out rows: %s", async (_name, d, perCell) => {
    const { x, cells } = plantRows([2], d, perCell, 9);
    const { deviation } = stratifiedEffect((await heldOut(x, cells)).z, cells, range(x.n));
    // Training scores spread less where dimensions are many: by their deviation this would be well above.
    expect(deviation).toBeGreaterThan(0.75);
    expect(deviation).toBeLessThan(1.25);
  });
});

describe("the index of scores that tell nothing", () => {
  it.each([1, 4])("is 0 on average however few the rows (%d axioms), where the plain share of scatter is not", (axioms) => {
    const random = new Random(23);
    const n = 10 * axioms;
    const label = Uint8Array.from({ length: n }, (_, i) => i % 2);
    const cells = makeCells(
      label,
      Int32Array.from({ length: n }, (_, i) => (i >> 1) % axioms),
      axioms,
    );
    let [sum, rounds] = [0, 0];
    while (rounds < 1500) {
      const { c, effect } = composite(
        Float64Array.from({ length: n }, () => random.normal()),
        cells,
      )!;
      // C carries the sign of the difference; half of the draws are enough to see its size.
      if (effect < 0) continue;
      sum += c;
      rounds++;
    }
    expect(Math.abs(sum / rounds)).toBeLessThan(0.02);
  });
});

describe("the lens as a whole", () => {
  afterAll(async () => (await blas).close());

  it("a label that is length, in states that hold length, gains nothing over the surface", async () => {
    const random = new Random(14);
    const [n, d] = [160, 16];
    const tokens = Int32Array.from({ length: n }, () => 2 + random.below(60));
    const label = Uint8Array.from(tokens, (t) => (t > 31 ? 1 : 0));
    const x = Float32Array.from({ length: n * d }, (_, at) => random.normal() + (at % d === 3 ? 3 * Math.log(tokens[Math.floor(at / d)]!) : 0));
    const noise = Float32Array.from({ length: n * d }, () => random.normal());
    const { aqi } = (await quality([noise, x, x], d, label, { tokens, text: (i) => "word ".repeat(tokens[i]!).trim() })).values;
    expect(aqi.signed!).toBeGreaterThan(30);
    expect(aqi.gain.ci95![0]).toBeLessThanOrEqual(0);
  });

  it("permuted labels gain nothing, of states and words that hold the true ones", async () => {
    const { x, label } = planted(160, 16, 3, 15);
    const noise = planted(160, 16, 0, 16).x;
    const mixed = new Random(8).shuffle(label.slice());
    const { aqi } = (await quality([noise, x, x], 16, mixed, { text: (i) => (label[i] ? "stop this" : "go on") })).values;
    expect(aqi.gain.ci95![0]).toBeLessThanOrEqual(0);
    expect(aqi.gain.ci95![1]).toBeGreaterThanOrEqual(0);
    expect(aqi.p!).toBeGreaterThan(0.05);
  });

  it("wishes for more rows where dimensions outnumber them, and not where rows are many", async () => {
    // One division of all rows, so that what is missing from the halves is rows and nothing else.
    const few = planted(300, 120, 3, 17);
    const short = await quality([planted(300, 120, 0, 18).x, few.x], 120, few.label);
    expect(short.values.aqi.halfSample!).toBeLessThan(short.values.aqi.signed! - 6);
    expect(short.notices.find(({ code }) => code === "lens/more-rows")!.message).toMatch(/more rows would raise this/);
    const many = planted(500, 8, 2.5, 19);
    const long = await quality([planted(500, 8, 0, 20).x, many.x], 8, many.label);
    expect(Math.abs(long.values.aqi.halfSample! - long.values.aqi.signed!)).toBeLessThan(3);
    expect(long.notices.map(({ code }) => code)).not.toContain("lens/more-rows");
  });

  it("half of few rows is averaged over as many divisions as all of them, so that averaging alone is no wish for rows", async () => {
    const gaps: number[] = [];
    for (const seed of [31, 32, 33]) {
      const { x, label } = planted(200, 6, 2, seed);
      const found = await quality([planted(200, 6, 0, seed + 10).x, x], 6, label);
      gaps.push(found.values.aqi.signed! - found.values.aqi.halfSample!);
    }
    // 3.5 is what rows are worth here; with one division of each half it were 4.8.
    expect(gaps.reduce((a, b) => a + b) / gaps.length).toBeLessThan(4.1);
  });

  it("equal axioms leave the index where each of them is, one without separation pulls it down", async () => {
    const of = async (effects: readonly number[]) => {
      const { x, cells } = plantRows(effects, 24, 50, 22);
      const categories = effects.map((_, a) => `axiom ${a}`);
      return (await quality([x.data], 24, cells.label, { category: cells.stratum, categories })).values;
    };
    const [equal, weak] = [await of([3, 3, 3, 3]), await of([3, 3, 3, 0])];
    expect(Math.abs(equal.layers[0]!.aqi! - 69)).toBeLessThan(8);
    expect(weak.layers[0]!.aqi!).toBeLessThan(equal.layers[0]!.aqi! - 15);
    expect(weak.aqi.axioms!.at(-1)!.separation).toBeLessThan(0.1);
  });
});

describe("published composites", () => {
  it("ref-xb-chi by hand: least to most of the table to 0..100; logistic of median and quartiles, never below 10", () => {
    const rows: RawMetrics[] = [1, 2, 4, 7, 30].map((xb, i) => ({ name: `a${i}`, chi: [50, 40, 20, 35, 10][i]!, xb }));
    // Median 4, quartiles 2 and 7.
    const logistic = (xb: number) => Math.max(10, 100 * (1 - 1 / (1 + Math.exp(-(xb - 4) / (5 + 1e-9)))));
    compatible(rows, "ref-xb-chi").forEach(({ parts, aqi }, i) => {
      const [chi, xb] = [(100 * (rows[i]!.chi! - 10)) / 40, logistic(rows[i]!.xb!)];
      expect(Math.abs(parts[0]! - chi)).toBeLessThan(1e-9);
      expect(Math.abs(parts[1]! - xb)).toBeLessThan(1e-9);
      expect(Math.abs(aqi! - (chi + xb) / 2)).toBeLessThan(1e-9);
    });
    expect(compatible(rows, "ref-xb-chi")[4]!.parts[1]).toBe(10);
  });

  it.skipIf(!existsSync(published))("six models' eight values follow from CHI and the number of rows alone, to 1e-3", () => {
    const tables = JSON.parse(readFileSync(published, "utf8")) as { table: string; columns: string[]; rows: string[][] }[];
    const first = tables.filter(({ table }) => table.startsWith("phase1"));
    expect(first).toHaveLength(6);
    for (const { table, rows } of first) {
      expect(rows).toHaveLength(8);
      const known = rows.map(([name, chi]): RawMetrics => ({ name: name!, chi: Number(chi), xb: xbFromChi(Number(chi), name === "overall" ? 2800 : 400) }));
      compatible(known, "ref-xb-chi").forEach(({ aqi }, i) => {
        expect(Math.abs(aqi! - Number(rows[i]!.at(-1))), `${table} ${rows[i]![0]}`).toBeLessThan(1e-3);
      });
    }
  });
});

describe("probes that have nothing to find", () => {
  it("an exclusive or of two signs stays within 0.05 of chance on average", async () => {
    const [n, d] = [400, 32];
    const areas: number[] = [];
    for (let seed = 0; seed < 6; seed++) {
      const random = new Random(200 + seed);
      const label = Uint8Array.from({ length: n }, (_, i) => i % 2);
      const x = Float32Array.from({ length: n * d }, () => random.normal());
      for (let i = 0; i < n; i++) {
        const a = random.uniform() < 0.5 ? 1 : -1;
        x[i * d] = 3 * a + 0.3 * random.normal();
        x[i * d + 1] = 3 * a * (label[i] ? 1 : -1) + 0.3 * random.normal();
      }
      areas.push((await conceptDepth.run(makeStudy([x], d, label), tools, new Map())).values.layers[0]!.auroc!);
    }
    expect(Math.abs(areas.reduce((s, v) => s + v, 0) / areas.length - 0.5)).toBeLessThan(0.05);
  });

  it("the parity of the length, regressed out, stays within 0.05 of chance on average", async () => {
    const [n, d] = [300, 16];
    const areas: number[] = [];
    for (let seed = 0; seed < 5; seed++) {
      const random = new Random(300 + seed);
      const texts = Array.from({ length: n }, () => "ab ".repeat(1 + random.below(20)).trim() + "x".repeat(random.below(7)));
      const label = Uint8Array.from(texts, (t) => t.length % 2);
      const x = Float32Array.from({ length: n * d }, (_, at) => random.normal() + (at % d === 0 ? 4 * label[Math.floor(at / d)]! : 0));
      const study = makeStudy([x], d, label, { text: (i) => texts[i]!, tokens: Int32Array.from(texts, (t) => t.split(" ").length) });
      areas.push((await surfaceVersusMeaning.run(study, tools, new Map())).values.residualised!);
    }
    expect(Math.abs(areas.reduce((s, v) => s + v, 0) / areas.length - 0.5)).toBeLessThan(0.05);
  });
});
