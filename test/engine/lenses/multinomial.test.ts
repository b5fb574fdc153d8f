import { describe, expect, it } from "vitest";
import { classify } from "../../../src/engine/lenses/concepts-by-layer/classify.js";
import { fitMultinomial } from "../../../src/engine/lenses/concepts-by-layer/multinomial.js";
import { Pace } from "../../../src/engine/lenses/pace.js";
import { type Task, taskFolds } from "../../../src/engine/lenses/task.js";
import { drain } from "../../../src/engine/stats/lbfgs.js";
import { denseDesign } from "../../../src/engine/stats/logistic.js";
import { Random, range } from "../../../src/engine/stats/random.js";
import { fittingSoftmax } from "../../../src/engine/stats/softmax.js";
import { breathe, tools } from "./plant.js";

const random = new Random(61);

describe("multinomial rules with their products on the runtime", () => {
  it.each([0.01, 1, 100])("are those of the plain descent (C = %d), and not those of another strength", async (c) => {
    const [n, d, classes] = [60, 24, 4];
    const y = Int32Array.from({ length: n }, (_, i) => (i * 3) % classes);
    const x = Float32Array.from({ length: n * d }, (_, at) => random.normal() + (at % d === y[Math.floor(at / d)]! ? 1.5 : 0));
    const rules = (strength: number) =>
      fitMultinomial(x, n, d, y, classes, strength, { tolerance: 1e-4 * Math.min(1, strength), most: 600 }, tools.blas, breathe);
    const [own, wanted] = [await rules(c), drain(fittingSoftmax(denseDesign(x, n, d), y, classes, c, 1e-8, 3000))];
    const off = (found: { w: Float64Array }) => Math.max(...found.w.map((v, j) => Math.abs(v - wanted.w[j]!)));
    const largest = Math.max(...wanted.w.map(Math.abs));
    expect(off(own)).toBeLessThan(2e-3 * largest + 1e-4);
    for (let k = 0; k < classes; k++) expect(Math.abs(own.b[k]! - wanted.b[k]!)).toBeLessThan(5e-3 * largest + 1e-4);
    expect(off(await rules(3 * c))).toBeGreaterThan(0.05 * largest);
  });

  it("rows that repeat, in more dimensions than rows, are fitted all the same", async () => {
    const [n, d] = [60, 200];
    const of = Int32Array.from({ length: n }, (_, i) => (i >> 2) % 3);
    const x = Float32Array.from({ length: n * d }, (_, at) => random.normal() + (at % d === of[Math.floor(at / d)]! ? 4 : 0));
    // Four rows of each are one: their products have no root without a little more on the diagonal.
    for (let i = 0; i < n; i++) x.copyWithin(i * d, (i - (i % 4)) * d, (i - (i % 4) + 1) * d);
    for (let at = 0; at < x.length; at++) x[at]! *= 300;
    const task: Task = { name: "t", classes: ["a", "b", "c"], rows: range(n), of, group: range(n), audited: false };
    const folds = taskFolds(task, 1);
    if (typeof folds === "string") throw new Error(folds);
    const { log } = await classify({ data: x, n, d }, task, folds, tools.blas, new Pace(tools, 1), { seed: 1, tune: true, start: 3, most: 1200 });
    const right = [...range(n)].filter((i) => [0, 1, 2].every((k) => log[3 * i + of[i]!]! >= log[3 * i + k]!)).length;
    expect(right / n).toBeGreaterThan(0.9);
  });
});
