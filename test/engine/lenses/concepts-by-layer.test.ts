import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { classify, STRENGTHS } from "../../../src/engine/lenses/concepts-by-layer/classify.js";
import { conceptsByLayer } from "../../../src/engine/lenses/concepts-by-layer/index.js";
import { guessOf, largestRise, scoreTask } from "../../../src/engine/lenses/concepts-by-layer/scores.js";
import { Pace } from "../../../src/engine/lenses/pace.js";
import { type Task, taskFolds, tasksOf } from "../../../src/engine/lenses/task.js";
import { auroc } from "../../../src/engine/stats/auc.js";
import { drain } from "../../../src/engine/stats/lbfgs.js";
import { denseDesign } from "../../../src/engine/stats/logistic.js";
import { Random, range } from "../../../src/engine/stats/random.js";
import { fittingSoftmax, logSoftmax } from "../../../src/engine/stats/softmax.js";
import { rankScores, weightedAuroc } from "../../../src/engine/stats/weighted-auc.js";
import { makeStudy, tools } from "./plant.js";

const n = 400;
const d = 32;
const random = new Random(12);
const label = Uint8Array.from({ length: n }, (_, i) => i % 2);
const noise = () => Float32Array.from({ length: n * d }, () => random.normal());
const along = (classes: ArrayLike<number>, effect: number, axis = 0) => {
  const x = noise();
  for (let i = 0; i < n; i++) x[i * d + axis + classes[i]!]! += effect;
  return x;
};
const topic = Int32Array.from({ length: n }, (_, i) => (i * 7) % 3);
const add = (...all: Float32Array[]) => Float32Array.from(all[0]!, (_, j) => all.reduce((s, x) => s + x[j]!, 0) / Math.sqrt(all.length));

/** One probe of a labelling of n rows. */
async function probe(x: Float32Array, of: Int32Array, classes: number, tune = false) {
  const task: Task = {
    name: "t",
    classes: Array.from({ length: classes }, (_, k) => `c${k}`),
    rows: range(of.length),
    of,
    group: range(of.length),
    audited: false,
  };
  const folds = taskFolds(task, 1);
  if (typeof folds === "string") throw new Error(folds);
  const found = await classify({ data: x, n: of.length, d }, task, folds, tools.blas, new Pace(tools, 1), { seed: 1, tune, start: 3, most: 4000 });
  return { ...found, score: scoreTask(found.log, of, classes) };
}

describe("concepts by layer", () => {
  // Eight layers: the label from the 4th on, a topic of three classes from the 6th on.
  const layers = Array.from({ length: 8 }, (_, l) => add(l < 3 ? noise() : along(label, 6), l < 5 ? noise() : along(topic, 6, 8)));
  const axes = [
    { name: "topic", classes: ["law", "food", "sport"], of: topic },
    { name: "rare", classes: ["a", "b"], of: Int32Array.from({ length: n }, (_, i) => (i < 3 ? 1 : 0)) },
  ];

  it("finds where each column becomes readable, with the rows behind every cell", async () => {
    const { values, pictures, notices } = await conceptsByLayer.run(makeStudy(layers, d, label, { axes }), tools, new Map());
    const [own, other] = values.concepts;
    expect(values.concepts.map((c) => c.name)).toEqual(["unsafe / safe", "topic"]);
    expect(notices.find((one) => one.code === "lens/left-columns")!.message).toContain("rare: fewer than two classes");
    own!.layers.forEach((l, at) => {
      if (at < 3) expect(l.auroc!).toBeLessThan(0.6);
      else expect(l.auroc!).toBeGreaterThan(0.97);
      expect(l.aurocCi95![0]).toBeLessThanOrEqual(l.auroc!);
    });
    expect(own!.rise).toEqual({ layer: 3, frequency: 1 });
    // The published ratios may also call noise at chance a jump; the rise and its frequency do not.
    expect(own!.jump!).toBeLessThanOrEqual(3);
    expect(own!.depth95).toBe(3);
    expect(own!.areaDepth!).toBeCloseTo(3 / 8, 1);
    expect(other!.layers[4]!.auroc!).toBeLessThan(0.6);
    expect(other!.layers[5]!.auroc!).toBeGreaterThan(0.95);
    expect(other!.rise!.layer).toBe(5);
    expect(other!.n.reduce((s, v) => s + v, 0)).toBe(n);
    // Bits: about the entropy of the classes where nothing can be read, few where much can.
    expect(other!.layers[0]!.bits).toBeGreaterThan(1.4);
    expect(other!.layers[7]!.bits).toBeLessThan(0.8);
    const matrix = pictures[0]!;
    if (matrix.shape !== "matrix") throw new Error();
    const wrong = matrix.rows[0]!.rows![5]!;
    expect(wrong.length).toBe(Math.round(n * (1 - own!.layers[5]!.accuracy)));
    const bars = pictures[1]!;
    if (bars.shape !== "bars") throw new Error();
    const before = matrix.rows[0]!.rows![2]!;
    for (const row of bars.bars[0]!.rows!) {
      expect(before).toContain(row);
      expect(matrix.rows[0]!.rows![3]).not.toContain(row);
    }
    expect(JSON.parse(JSON.stringify(values))).toEqual(values);
  });

  it("a linear probe stays at chance on an exclusive or: 0.5 within 0.05 on average, and C does not help", async () => {
    const areas: number[] = [];
    for (let seed = 0; seed < 6; seed++) {
      const own = new Random(100 + seed);
      const x = Float32Array.from({ length: n * d }, () => own.normal());
      for (let i = 0; i < n; i++) {
        const a = own.uniform() < 0.5 ? 1 : -1;
        x[i * d] = 3 * a + 0.3 * own.normal();
        x[i * d + 1] = 3 * a * (label[i] ? 1 : -1) + 0.3 * own.normal();
      }
      areas.push((await probe(x, Int32Array.from(label), 2, seed < 2)).score.auroc!);
    }
    expect(Math.abs(areas.reduce((s, v) => s + v, 0) / areas.length - 0.5)).toBeLessThan(0.05);
  });

  it("a label that is the parity of the length has no selectivity, one that means something has", async () => {
    const tokens = Int32Array.from({ length: n }, (_, i) => 3 + ((i * 13) % d));
    const parity = Uint8Array.from(tokens, (t) => t % 2);
    const x = noise();
    for (let i = 0; i < n; i++) x[i * d + (tokens[i]! - 3)]! += 12;
    const surface = (await conceptsByLayer.run(makeStudy([x, x], d, parity, { tokens }), tools, new Map())).values.concepts[0]!;
    expect(surface.layers[0]!.accuracy).toBeGreaterThan(0.95);
    expect(Math.abs(surface.selectivity.length!)).toBeLessThan(0.05);
    const meaning = (await conceptsByLayer.run(makeStudy([along(label, 4), along(label, 4)], d, label, { tokens }), tools, new Map())).values.concepts[0]!;
    expect(meaning.selectivity.length!).toBeGreaterThan(0.3);
  });

  it("the choice of C pays where C = 1 overfits, and looks at no held-out row", async () => {
    const x = along(label, 1);
    const [fixed, tuned] = [await probe(x, Int32Array.from(label), 2), await probe(x, Int32Array.from(label), 2, true)];
    expect(tuned.score.bits).toBeLessThan(fixed.score.bits);
    expect(tuned.chosen.every((at) => STRENGTHS[at]! < 1)).toBe(true);
    const shuffled = Int32Array.from(new Random(5).shuffle(Uint8Array.from(label)));
    const none = await probe(x, shuffled, 2, true);
    expect(Math.abs(none.score.auroc! - 0.5)).toBeLessThan(0.08);
    // Without knowledge a tuned probe falls back to the share of the classes: one bit.
    expect(none.score.bits).toBeLessThan(1.06);
  });

  it("leaves out what cannot be divided", () => {
    const study = makeStudy([noise()], d, label, {
      axes: [{ name: "one group", classes: ["a", "b"], of: Int32Array.from(label) }],
      group: Int32Array.from(label),
    });
    const { tasks } = tasksOf(study);
    expect(taskFolds(tasks[0]!, 1)).toContain("no fold can hold some of them out");
    expect(
      tasksOf(makeStudy([noise()], d, label, { categories: ["x", "y"], category: Int32Array.from(topic, (t) => (t === 2 ? -1 : t)) })).tasks[1]!.rows.length,
    ).toBeLessThan(n);
  });
});

describe("multinomial logistic regression", () => {
  const golden = JSON.parse(readFileSync(new URL("golden/softmax.json", import.meta.url), "utf8")) as {
    x: number[][];
    y: number[];
    c: number;
    coef: number[][];
    intercept: number[];
    log_proba: number[][];
    accuracy: number;
    f1: number;
    auroc: number;
    bits: number;
  };
  const rows = golden.x.length;
  const width = golden.x[0]!.length;
  const design = denseDesign(Float32Array.from(golden.x.flat()), rows, width);
  const fitAt = (c: number) => drain(fittingSoftmax(design, golden.y, 3, c, 1e-9, 3000));

  it("has scikit-learn's coefficients, probabilities and scores", () => {
    const { w, b } = fitAt(golden.c);
    const most = Math.max(...golden.coef.flat().map(Math.abs));
    golden.coef.flat().forEach((want, i) => {
      expect(Math.abs(w[i]! - want) / most).toBeLessThan(1e-4);
    });
    golden.intercept.forEach((want, k) => {
      expect(Math.abs(b[k]! - want)).toBeLessThan(1e-4);
    });
    const log = Float64Array.from(golden.x.flatMap((row) => [0, 1, 2].map((k) => b[k]! + row.reduce((s, v, j) => s + Math.fround(v) * w[k * width + j]!, 0))));
    logSoftmax(log, 3);
    golden.log_proba.flat().forEach((want, i) => {
      expect(Math.abs(log[i]! - want)).toBeLessThan(1e-4);
    });
    golden.log_proba.forEach((row, i) => {
      expect(guessOf(log, i, 3)).toBe(row.indexOf(Math.max(...row)));
    });
    const score = scoreTask(log, Int32Array.from(golden.y), 3);
    expect(score.accuracy).toBeCloseTo(golden.accuracy, 12);
    expect(score.f1).toBeCloseTo(golden.f1, 12);
    expect(score.auroc!).toBeCloseTo(golden.auroc, 9);
    expect(score.bits).toBeCloseTo(golden.bits, 5);
  });

  it("and another penalty would not have", () => {
    const { w } = fitAt(golden.c * 1.05);
    const most = Math.max(...golden.coef.flat().map(Math.abs));
    expect(Math.max(...golden.coef.flat().map((want, i) => Math.abs(w[i]! - want) / most))).toBeGreaterThan(1e-3);
  });
});

describe("an AUROC of weighted rows", () => {
  it("is the plain one for equal weights, and counts a row of weight two twice", () => {
    const own = new Random(4);
    const score = Float64Array.from({ length: 60 }, () => Math.round(4 * own.normal()) / 2);
    const truth = Uint8Array.from({ length: 60 }, (_, i) => (own.uniform() < 0.4 + (score[i]! > 0 ? 0.2 : 0) ? 1 : 0));
    const weight = new Float64Array(60).fill(1);
    expect(weightedAuroc(rankScores(score), truth, weight)!).toBeCloseTo(auroc(score, truth)!, 12);
    weight[7] = 2;
    weight[20] = 0;
    const twice = [...range(60)].filter((i) => i !== 20).concat(7);
    expect(weightedAuroc(rankScores(score), truth, weight)!).toBeCloseTo(
      auroc(
        twice.map((i) => score[i]!),
        twice.map((i) => truth[i]!),
      )!,
      12,
    );
  });

  it("names the largest rise", () => {
    expect(largestRise([0.5, 0.6, null, 0.7, 0.95])).toBe(4);
    expect(largestRise([0.5, null, 0.9])).toBeNull();
  });
});
