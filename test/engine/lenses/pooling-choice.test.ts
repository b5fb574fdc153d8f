import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Pace } from "../../../src/engine/lenses/pace.js";
import { compareScores, nestedScores } from "../../../src/engine/lenses/pooling-choice/compare.js";
import { ALL_LAYERS, poolingChoice } from "../../../src/engine/lenses/pooling-choice/index.js";
import { infoNce } from "../../../src/engine/lenses/pooling-choice/infonce.js";
import { cosines, neighbourhood, toUnit } from "../../../src/engine/lenses/pooling-choice/neighbours.js";
import { kernelClusters, vMeasure } from "../../../src/engine/stats/clusters.js";
import { holm, twoSided } from "../../../src/engine/stats/holm.js";
import { drain } from "../../../src/engine/stats/lbfgs.js";
import { Random, range } from "../../../src/engine/stats/random.js";
import { poolingWeights, type TokenPooling } from "../../../src/engine/text/pooling.js";
import { clustering } from "../stats/plain-clusters.js";
import { makeStudy, tools } from "./plant.js";

const n = 160;
const d = 12;
const T = 8;
const label = Uint8Array.from({ length: n }, (_, i) => i % 2);
const LINEAR: readonly TokenPooling[] = ["mean", "last", "first", "weighted-mean"];

/** A study whose rows have T token states each; the label's direction stands where `where` says. */
function tokenStudy(where: (t: number) => number, seed = 3) {
  const random = new Random(seed);
  const layer = () => {
    const tokens = Float32Array.from({ length: n * T * d }, () => random.normal());
    for (let i = 0; i < n; i++) for (let t = 0; t < T; t++) tokens[(i * T + t) * d]! += where(t) * (label[i]! - 0.5);
    return tokens;
  };
  const layers = [layer(), layer()];
  const pooled = (name: string, l: number) => {
    const out = new Float32Array(n * d);
    const weights = poolingWeights(name as TokenPooling, T)!;
    for (let i = 0; i < n; i++) for (let t = 0; t < T; t++) for (let j = 0; j < d; j++) out[i * d + j]! += weights[t]! * layers[l]![(i * T + t) * d + j]!;
    return out;
  };
  const states = layers.map((_, l) => pooled("mean", l));
  return makeStudy(states, d, label, { poolings: LINEAR, statesBy: async (name, l) => pooled(name, l) });
}

describe("choice of pooling", () => {
  it("the last token wins where the label stands there only", async () => {
    const { values, pictures } = await poolingChoice.run(
      tokenStudy((t) => (t === T - 1 ? 4 : 0)),
      tools,
      new Map(),
    );
    const at = (name: string) => values.comparison.values.find((one) => one.name === name)!.auroc!;
    expect(at("last")).toBeGreaterThan(0.95);
    for (const name of ["mean", "first", "weighted-mean"]) expect(at("last")).toBeGreaterThan(at(name));
    const pair = values.comparison.pairs.find((p) => [p.a, p.b].includes("last") && [p.a, p.b].includes("first"))!;
    expect(pair.p).toBeLessThan(0.01);
    const bars = pictures[0]!;
    if (bars.shape !== "bars") throw new Error();
    expect(bars.bars[0]!.id).toBe("last");
    expect(bars.bars[0]!.rows!.length).toBeGreaterThan(0);
    expect(pictures.filter((p) => p.shape === "matrix").map((p) => p.id)).toEqual(
      ["probe", "aqi", "neighbours", "clusters"].map((key) => `pooling-choice/${key}`),
    );
    expect(values.notApplicable.join(" ")).toContain("no graded pairs");
    expect(JSON.parse(JSON.stringify(values))).toEqual(values);
  });

  it("the mean wins where the label is spread over the tokens", async () => {
    const { values } = await poolingChoice.run(
      tokenStudy(() => 1),
      tools,
      new Map(),
    );
    const at = (name: string) => values.comparison.values.find((one) => one.name === name)!.auroc!;
    for (const name of ["last", "first"]) expect(at("mean")).toBeGreaterThan(at(name) + 0.1);
    expect(values.comparison.values.map((one) => one.name)).toContain(ALL_LAYERS);
  });

  it("does not call noise a difference, and names what cannot be told apart", async () => {
    const random = new Random(9);
    const score = () => Float64Array.from(label, (y) => 2 * y + 1.2 * random.normal());
    const weak = Float64Array.from(label, (y) => 0.2 * y + random.normal());
    const candidates = [
      { name: "a", score: score() },
      { name: "b", score: score() },
      { name: "weak", score: weak },
    ];
    const { pairs, ties } = await compareScores(candidates, label, range(n), 1, new Pace(tools, 1));
    expect(pairs.find((p) => p.a === "a" && p.b === "b")!.p).toBeGreaterThan(0.05);
    expect(pairs.filter((p) => p.b === "weak").every((p) => p.p < 0.05)).toBe(true);
    expect(ties.map((set) => [...set].sort())).toEqual([["a", "b"]]);
    // The same score twice: no difference, and no division by zero.
    const same = await compareScores([candidates[0]!, { ...candidates[0]!, name: "again" }], label, range(n), 1, new Pace(tools, 1));
    expect(same.pairs[0]).toMatchObject({ difference: 0, p: 1 });
  });

  it("knows a row again after noise although one dimension holds nearly all variance", async () => {
    const random = new Random(21);
    const own = Float32Array.from({ length: n * d }, () => random.normal());
    const other = own.map((v) => v + 0.2 * random.normal());
    for (let i = 0; i < n; i++) for (const x of [own, other]) x[i * d] = 500 * random.normal();
    const study = makeStudy([own], d, label, {
      poolings: ["mean", "noise-characters"],
      statesBy: async (name) => Float32Array.from(name === "mean" ? own : other),
    });
    const { values } = await poolingChoice.run(study, tools, new Map());
    expect(values.infoNce[0]!.bound.at(-1)!).toBeGreaterThan(0.9 * Math.log(64));
  });

  it("chooses the layer on other folds: the best of many layers of noise stays at chance", () => {
    const areas: number[] = [];
    for (let seed = 0; seed < 20; seed++) {
      const random = new Random(seed);
      const layers = Array.from({ length: 20 }, () => Float64Array.from(label, () => random.normal()));
      const folds = { of: Int32Array.from(label, (_, i) => (i >> 1) % 5), count: 5 };
      const nested = nestedScores(layers, label, folds);
      areas.push(nested.reduce((s, v, i) => s + (v > 0 === (label[i] === 1) ? 1 : 0), 0) / n);
    }
    expect(Math.abs(areas.reduce((s, v) => s + v, 0) / areas.length - 0.5)).toBeLessThan(0.03);
  });
});

describe("poolings of rows that say little", () => {
  it("are not ranked by a few of them", async () => {
    const few = Uint8Array.from({ length: 30 }, (_, i) => (i < 8 ? 0 : 1));
    const random = new Random(9);
    const states = Float32Array.from({ length: 30 * d }, () => random.normal());
    const { withheld, values } = await poolingChoice.run(makeStudy([states], d, few), tools, new Map());
    expect(withheld).toBe("8 safe rows are too few for it (at least 20 of each class are needed)");
    expect(values.strategies).toEqual([]);
  });

  it("have neighbours at chance, not at the share of the larger class", async () => {
    const uneven = Uint8Array.from({ length: 400 }, (_, i) => (i < 20 ? 1 : 0));
    const random = new Random(10);
    const states = Float32Array.from({ length: 400 * d }, () => random.normal());
    const { values } = await poolingChoice.run(makeStudy([states], d, uneven), tools, new Map());
    expect(Math.abs(values.strategies[0]!.layers[0]!.neighbours! - 0.5)).toBeLessThan(0.15);
  });
});

describe("InfoNCE", () => {
  const pairs = (rho: number, width: number, count: number, seed: number) => {
    const random = new Random(seed);
    const x = new Float32Array(count * width);
    const y = new Float32Array(count * width);
    for (let at = 0; at < x.length; at++) {
      x[at] = random.normal();
      y[at] = rho * x[at]! + Math.sqrt(1 - rho * rho) * random.normal();
    }
    return [
      { data: x, n: count, d: width },
      { data: y, n: count, d: width },
    ] as const;
  };

  it("is the mutual information of Gaussian pairs where that is far below log K", async () => {
    const [x, y] = pairs(0.6, 2, 2000, 5);
    const { k, bound, slope } = await infoNce(x, y, 128, 1, tools.blas);
    const truth = -Math.log(1 - 0.36);
    expect(k.at(-1)).toBe(128);
    expect(Math.abs(bound.at(-1)! - truth)).toBeLessThan(0.05);
    expect(Math.abs(slope)).toBeLessThan(0.05);
  });

  it("never exceeds log K, comes near it where the pairs are nearly the same, and is nothing for strangers", async () => {
    const [x, y] = pairs(0.999, 8, 400, 6);
    const near = await infoNce(x, y, 64, 1, tools.blas);
    near.bound.forEach((value, i) => {
      expect(value).toBeLessThanOrEqual(Math.log(near.k[i]!) + 1e-12);
    });
    expect(near.bound.at(-1)!).toBeGreaterThan(0.95 * Math.log(64));
    expect(near.accuracy.at(-1)!).toBeGreaterThan(0.98);
    const [a] = pairs(0.6, 4, 400, 7);
    const [, b] = pairs(0.6, 4, 400, 8);
    const strangers = await infoNce(a, b, 64, 1, tools.blas);
    expect(strangers.bound.at(-1)!).toBeLessThan(0.03);
  });
});

describe("what it is made of", () => {
  const golden = JSON.parse(readFileSync(new URL("golden/pooling.json", import.meta.url), "utf8")) as {
    tokens: number[][][];
    lengths: number[];
    pooled: Record<string, number[][]>;
    v: { truth: number[]; found: number[]; value: number }[];
    p: { z: number; p: number }[];
  };

  it("pools as sentence-transformers does", () => {
    const names: Record<string, TokenPooling> = { cls: "first", mean: "mean", weightedmean: "weighted-mean", lasttoken: "last" };
    for (const [theirs, ours] of Object.entries(names))
      golden.tokens.forEach((rows, i) => {
        const length = golden.lengths[i]!;
        const weights = poolingWeights(ours, length)!;
        golden.pooled[theirs]![i]!.forEach((want, j) => {
          const value = rows.slice(0, length).reduce((s, row, t) => s + weights[t]! * row[j]!, 0);
          expect(Math.abs(value - want), theirs).toBeLessThan(1e-5);
        });
      });
    golden.tokens.forEach((rows, i) => {
      golden.pooled["max"]![i]!.forEach((want, j) => {
        expect(Math.max(...rows.slice(0, golden.lengths[i]).map((row) => row[j]!))).toBeCloseTo(want, 5);
      });
    });
  });

  it("measures partitions and tails as scikit-learn and SciPy do", () => {
    for (const { truth, found, value } of golden.v) expect(vMeasure(truth, found)).toBeCloseTo(value, 10);
    for (const { z, p } of golden.p) expect(Math.abs(twoSided(z) - p)).toBeLessThan(2e-7);
  });

  it("corrects as Holm does", () => {
    expect(holm([0.01, 0.04, 0.03, 0.005])).toEqual([0.03, 0.06, 0.06, 0.02].map((p) => expect.closeTo(p, 12)));
    expect(holm([0.9, 0.8])).toEqual([1, 1]);
    expect(holm([])).toEqual([]);
  });

  it("finds clusters that are there, and neighbours outside a row's own group", async () => {
    const random = new Random(2);
    const x = { data: Float32Array.from({ length: 60 * 4 }, () => 0.1 * random.normal()), n: 60, d: 4 };
    const truth = Uint8Array.from({ length: 60 }, (_, i) => i % 2);
    for (let i = 0; i < 60; i++) x.data[i * 4]! += truth[i]! ? 1 : -1;
    expect(vMeasure(truth, drain(clustering(x, 2, 1)))).toBe(1);
    toUnit(x);
    const near = await cosines(x, tools.blas);
    const alone = neighbourhood(near, truth, range(60));
    expect(alone).toMatchObject({ accuracy: 1, auroc: 1, mates: null });
    // Pairs of the two classes: nothing else is a mate, and mates lie far apart here.
    const paired = neighbourhood(
      near,
      truth,
      Int32Array.from({ length: 60 }, (_, i) => i >> 1),
    );
    expect(paired.accuracy).toBe(1);
    expect(paired.mates!).toBeLessThan(0.1);
  });

  it("clusters by products as by coordinates", async () => {
    const random = new Random(8);
    for (let trial = 0; trial < 12; trial++) {
      const [n, d, k] = [40 + trial, 5 + trial, 2 + (trial % 3)];
      const x = { data: Float32Array.from({ length: n * d }, () => random.normal()), n, d };
      toUnit(x);
      expect(drain(kernelClusters(await cosines(x, tools.blas), n, k, trial))).toEqual(drain(clustering(x, k, trial)));
    }
  });
});
