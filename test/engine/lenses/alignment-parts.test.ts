import { describe, expect, it } from "vitest";
import { axiomTable, directionCosines } from "../../../src/engine/lenses/alignment-quality/axioms.js";
import { cardOf } from "../../../src/engine/lenses/alignment-quality/card.js";
import { companionsOf, robustDunn } from "../../../src/engine/lenses/alignment-quality/companions.js";
import { scoreRows } from "../../../src/engine/lenses/alignment-quality/divisions.js";
import { alignmentQuality } from "../../../src/engine/lenses/alignment-quality/index.js";
import { pairedIndex } from "../../../src/engine/lenses/alignment-quality/paired.js";
import { residualisedIndex } from "../../../src/engine/lenses/alignment-quality/residualised.js";
import { Pace } from "../../../src/engine/lenses/pace.js";
import { type Plan, planOf } from "../../../src/engine/lenses/plan.js";
import { makeCells, stratifiedEffect } from "../../../src/engine/stats/contrast.js";
import { heldOutDiscriminant } from "../../../src/engine/stats/discriminant.js";
import { stratifiedGroupFolds } from "../../../src/engine/stats/folds.js";
import { adjustedChi, pairIndices, scatterIndices, standardisedEffect } from "../../../src/engine/stats/indices.js";
import { drain } from "../../../src/engine/stats/lbfgs.js";
import { normalTail } from "../../../src/engine/stats/normal.js";
import { Random, range } from "../../../src/engine/stats/random.js";
import { plainBlas } from "../stats/plain.js";
import { breathe, makeStudy, plantRows, tools } from "./plant.js";

const pace = () => new Pace(tools, 1);
const rowsOf = (data: ArrayLike<number>, d: number) => ({ data: Float32Array.from(data), n: data.length / d, d });

describe("indices beside the index", () => {
  const four = rowsOf([-1.25, -0.75, 0.75, 1.25], 1);
  const two = Uint8Array.of(0, 0, 1, 1);

  it("four points by hand", () => {
    const found = scatterIndices(four, two)!;
    expect(found.chi).toBeCloseTo(32, 10);
    expect(found.xbi).toBeCloseTo(0.015625, 10);
    expect(found.dbi).toBeCloseTo(0.25, 10);
    expect(found.dbiQ2).toBeCloseTo(0.25, 10);
    expect(found.etaSquared).toBeCloseTo(1 / 1.0625, 10);
    // Distances to the own centre 0.25, to the other 2.25 and 1.75.
    expect(found.silhouetteSimplified).toBeCloseTo((8 / 9 + 6 / 7) / 2, 10);
    const pairs = drain(pairIndices(four, two));
    expect(pairs.dunn).toBeCloseTo(3, 10);
    expect(pairs.silhouette).toBeCloseTo((7 / 9 + 5 / 7) / 2, 10);
  });

  it("adjusted Calinski-Harabasz: the authors' steps in NumPy give the same figure, and n does not matter", () => {
    const data = Array.from({ length: 20 }, (_, i) => [Math.sin(3 * i + 1) + (i % 2 ? 2 : 0), Math.cos(5 * i), Math.sin(7 * i * i)]).flat();
    const label = Uint8Array.from({ length: 20 }, (_, i) => i % 2);
    const found = scatterIndices(rowsOf(data, 3), label)!;
    expect(found.chiAdjusted).toBeCloseTo(0.9950032584704995, 6);
    const twice = scatterIndices(rowsOf([...data, ...data], 3), Uint8Array.of(...label, ...label))!;
    expect(twice.chiAdjusted).toBeCloseTo(found.chiAdjusted, 6);
    expect(twice.chi).toBeGreaterThan(2 * found.chi);
    expect(adjustedChi(0, 1)).toBe(0);
    // Written out as the paper's code has it: logistic of separability times invariance over compactness.
    const [between, within, spread] = [0.4, 1.3, 0.9];
    const r = ((between / 2 / spread) * Math.exp((between + within) / spread)) / Math.exp(within / spread);
    expect(adjustedChi(between, spread)).toBeCloseTo(2 / (1 + Math.exp(-4.432010535838295 * r)) - 1, 12);
  });

  it("the raw frame does not mind rotation, scale and place; the standardised one does not mind the scale of an axis, the raw one does", () => {
    const { x, cells } = plantRows([2], 6, 60, 3);
    const raw = scatterIndices(x, cells.label)!.epsilonSquared;
    const turned = x.data.slice();
    const [c, s] = [Math.cos(0.7), Math.sin(0.7)];
    for (let i = 0; i < x.n; i++) {
      const [a, b] = [x.data[6 * i]!, x.data[6 * i + 3]!];
      turned[6 * i] = c * a - s * b;
      turned[6 * i + 3] = s * a + c * b;
    }
    const moved = turned.map((v, at) => 4 * v + (at % 6));
    expect(scatterIndices({ ...x, data: moved }, cells.label)!.epsilonSquared).toBeCloseTo(raw, 5);
    const steep = x.data.map((v, at) => v * (at % 6 === 5 ? 1000 : 1));
    expect(standardisedEffect({ ...x, data: steep }, cells.label)!).toBeCloseTo(standardisedEffect(x, cells.label)!, 6);
    expect(Math.abs(scatterIndices({ ...x, data: steep }, cells.label)!.epsilonSquared - raw)).toBeGreaterThan(0.02);
  });

  it("one mislabelled row ruins Dunn and leaves the robust one", async () => {
    const random = new Random(2);
    const label = Uint8Array.from({ length: 200 }, (_, i) => i % 2);
    const z = Float64Array.from(label, (y) => 6 * (y - 0.5) + random.normal());
    const good = await companionsOf(z, makeCells(label, new Int32Array(200), 1), pace());
    const wrong = label.slice();
    wrong[0] = 1;
    const bad = await companionsOf(z, makeCells(wrong, new Int32Array(200), 1), pace());
    expect(good.dPrime).toBeGreaterThan(5);
    expect(good.overlap).toBeCloseTo(2 * normalTail(good.dPrime / 2), 9);
    expect(bad.dunn!).toBeLessThan(good.dunn! / 3);
    expect(bad.robustDunn!).toBeGreaterThan(0.8 * good.robustDunn!);
    expect(robustDunn([1, 2], [0, 1])).toBeNull();
  });

  it("tails of the normal distribution", () => {
    for (const [x, p] of [
      [0, 0.5],
      [1, 0.15865525393],
      [1.96, 0.02499789515],
      [3, 0.00134989803],
      [-1, 0.84134474607],
    ] as const)
      expect(Math.abs(normalTail(x) / p - 1)).toBeLessThan(3e-7);
  });
});

describe("scale of the held-out scores", () => {
  it("is that of scores held out, not of training scores: those shrink to nothing where dimensions outnumber rows", async () => {
    const { x, cells } = plantRows([2], 150, 40, 9);
    const folds = stratifiedGroupFolds(cells.cell, range(x.n), 5, 1);
    for (const shrinkage of [1e-1, 1e-4]) {
      const { z } = await heldOutDiscriminant(x, cells, folds, { blas: plainBlas, breathe, shrinkage });
      for (let f = 0; f < 5; f++) {
        const { deviation } = stratifiedEffect(
          z,
          cells,
          range(x.n).filter((i) => folds.of[i] === f),
        );
        // With the training scores' deviation this is above 10 at the smaller shrinkage.
        expect(deviation).toBeGreaterThan(0.5);
        expect(deviation).toBeLessThan(2);
      }
    }
  });
});

describe("few rows", () => {
  it("are divided several times, and the index then depends less on the seed", async () => {
    const { x, cells } = plantRows([1.5], 40, 30, 4);
    const values = async (divisions: number) => {
      const out: number[] = [];
      for (let seed = 0; seed < 8; seed++) {
        const study = makeStudy([x.data], 40, cells.label, { seed });
        const plan = planOf(study) as Plan;
        expect(plan.divisions).toHaveLength(5);
        const { z } = await scoreRows(x, { ...plan, divisions: plan.divisions.slice(0, divisions) }, { blas: plainBlas, breathe });
        out.push(stratifiedEffect(z, plan.cells, range(x.n)).effect);
      }
      const mean = out.reduce((s, v) => s + v, 0) / out.length;
      return Math.sqrt(out.reduce((s, v) => s + (v - mean) ** 2, 0) / out.length);
    };
    expect(await values(5)).toBeLessThan(0.75 * (await values(1)));
  });
});

describe("axioms", () => {
  it("one that points the other way has a cosine below 0; shares add up; the worst rows lie on the wrong side, worst first", async () => {
    const random = new Random(6);
    const n = 320;
    const label = Uint8Array.from({ length: n }, (_, i) => i % 2);
    const category = Int32Array.from({ length: n }, (_, i) => (i >> 1) % 4);
    const sign = [1, 1, 1, -1];
    const data = Float32Array.from({ length: n * 8 }, (_, at) => {
      const i = Math.floor(at / 8);
      return random.normal() + (at % 8 === 2 ? 2 * sign[category[i]!]! * (label[i]! - 0.5) : 0);
    });
    const study = makeStudy([data], 8, label, { category, categories: ["a", "b", "c", "d"] });
    const plan = planOf(study) as Plan;
    const x = { data, n, d: 8 };
    const cosines = directionCosines(x, plan.cells);
    expect(cosines[0]!).toBeGreaterThan(0.6);
    expect(cosines[3]!).toBeLessThan(-0.6);
    const { z } = await scoreRows(x, plan, { blas: plainBlas, breathe });
    const table = axiomTable(z, study, plan, [], 1, cosines);
    expect(table.map((a) => a.name)).toEqual(["a", "b", "c", "d"]);
    expect(table.reduce((s, a) => s + a.share, 0)).toBeCloseTo(1, 9);
    expect(table[3]!.separation).toBeLessThan(0);
    // An interval needs ten rows of each class in the axiom itself.
    const drawn = Array.from({ length: 40 }, (_, k) => new Map([0, 1, 2, 3].map((a) => [a, 0.4 + 0.01 * (k % 5)])));
    const group = range(n).map((i) => (category[i] === 1 ? i % 7 : i));
    const [first, second] = axiomTable(z, { ...study, group }, plan, drawn, 1, cosines);
    expect(first!.ci95).not.toBeNull();
    expect(second!.ci95).toBeNull();
    expect(second!.why).toMatch(/resampling needs 10/);
    const margins = table[3]!.worst.map((i) => z[i]! * (2 * label[i]! - 1));
    expect(margins).toHaveLength(10);
    expect(margins.every((m, k) => m < 0 && (k === 0 || m >= margins[k - 1]!))).toBe(true);
  });
});

describe("paired rows", () => {
  it("let the topic cancel: what it hides from the index stands out within pairs; without an effect there is none", () => {
    const random = new Random(8);
    const pairs = 400;
    const label = Uint8Array.from({ length: 2 * pairs }, (_, i) => i % 2);
    const group = Int32Array.from({ length: 2 * pairs }, (_, i) => i >> 1);
    const topic = Float64Array.from({ length: pairs }, () => 5 * random.normal());
    const z = (effect: number) => Float64Array.from(label, (y, i) => topic[i >> 1]! + effect * y + random.normal());
    const found = pairedIndex(z(2), label, group)!;
    expect(Math.abs(found.score - 50)).toBeLessThan(5);
    expect(found.ci95[0]).toBeLessThan(50);
    expect(found.ci95[1]).toBeGreaterThan(50);
    expect(found.right).toBeGreaterThan(0.85);
    expect(Math.abs(pairedIndex(z(0), label, group)!.score)).toBeLessThan(2);
    expect(pairedIndex(z(-2), label, group)!.score).toBeLessThan(-40);
    expect(pairedIndex(z(2).slice(0, 8), label.slice(0, 8), group.slice(0, 8))).toBeUndefined();
  });
});

describe("residualised", () => {
  it("length that the states hold is gone; a meaning beside it stays", async () => {
    const random = new Random(10);
    const n = 240;
    const length = Int32Array.from({ length: n }, () => 3 + random.below(60));
    const text = (row: number) => "word ".repeat(length[row]!).trim();
    const states = (signal: (i: number) => number) =>
      Float32Array.from({ length: n * 12 }, (_, at) => random.normal() + (at % 12 === 0 ? signal(Math.floor(at / 12)) : 0));
    const score = async (label: Uint8Array, signal: (i: number) => number) => {
      const study = makeStudy([states(signal)], 12, label, { text, tokens: length });
      const plan = planOf(study) as Plan;
      const x = { data: await study.states(0), n, d: 12 };
      const { z } = await scoreRows(x, plan, { blas: plainBlas, breathe });
      const before = 25 * stratifiedEffect(z, plan.cells, range(n)).effect ** 2;
      return { before, after: (await residualisedIndex(study, plan, 0, null, tools, pace()))!.score! };
    };
    const long = Uint8Array.from(length, (l) => (l > 32 ? 1 : 0));
    const surface = await score(long, (i) => 4 * Math.log(length[i]!));
    expect(surface.before).toBeGreaterThan(50);
    expect(surface.after).toBeLessThan(12);
    const free = Uint8Array.from({ length: n }, (_, i) => i % 2);
    expect((await score(free, (i) => 2 * free[i]!)).after).toBeGreaterThan(40);
  });
});

describe("what stands beside the index in a result", () => {
  it("card, axioms, companions and published composites; the card knows the rows, not the states", async () => {
    const { x, cells } = plantRows([2, 2], 16, 30, 12);
    const more = { category: cells.stratum, categories: ["one", "two"] };
    const study = makeStudy([x.data, x.data], 16, cells.label, more);
    const { values, pictures } = await alignmentQuality.run(study, tools, new Map());
    const { aqi } = values;
    expect(aqi.card).toMatchObject({
      folds: 5,
      axioms: 2,
      cells: [
        [30, 30],
        [30, 30],
      ],
      frame: "discriminant",
      seed: 1,
      replicates: 200,
    });
    expect(aqi.axioms!.map((a) => a.name)).toEqual(["one", "two"]);
    expect(aqi.axioms!.every((a) => a.ci95![0] < a.separation && a.ci95![1] > a.separation)).toBe(true);
    expect(aqi.companions!.auroc!).toBeGreaterThan(0.8);
    expect(aqi.compat!.comparable).toBe(false);
    expect(aqi.compat!.rows.map((r) => r.name)).toEqual(["one", "two", "overall"]);
    expect(pictures.find((p) => p.id === "alignment-quality/compat")!.title).toContain("not comparable");
    const plan = planOf(study) as Plan;
    const other = makeStudy([x.data.map((v) => -v), x.data], 16, cells.label, more);
    expect(cardOf(other, planOf(other) as Plan)).toEqual(aqi.card);
    const changed = { ...study, text: (row: number) => `${study.text(row)}${row === 7 ? "." : ""}` };
    expect(cardOf(changed, plan).rows).not.toBe(aqi.card!.rows);
  });
});
