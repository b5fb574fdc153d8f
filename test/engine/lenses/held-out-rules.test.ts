import { describe, expect, it } from "vitest";
import { classify } from "../../../src/engine/lenses/concepts-by-layer/classify.js";
import { scoreTask } from "../../../src/engine/lenses/concepts-by-layer/scores.js";
import { measureLayer } from "../../../src/engine/lenses/matryoshka-grid/layer.js";
import { Pace } from "../../../src/engine/lenses/pace.js";
import { infoNce } from "../../../src/engine/lenses/pooling-choice/infonce.js";
import { cosines, neighbourhood, toUnit } from "../../../src/engine/lenses/pooling-choice/neighbours.js";
import { type Task, taskFolds } from "../../../src/engine/lenses/task.js";
import { stratifiedGroupFolds } from "../../../src/engine/stats/folds.js";
import { Random, range } from "../../../src/engine/stats/random.js";
import { tools } from "./plant.js";

describe("what is held out stays held out", () => {
  it("the critic of InfoNCE is fitted on other rows: what only those hold is worth nothing", async () => {
    const random = new Random(71);
    const [n, d] = [200, 6];
    const x = Float32Array.from({ length: n * d }, () => random.normal());
    // Even rows come back as they were, odd ones as strangers.
    const y = x.map((v, at) => (Math.floor(at / d) % 2 === 0 ? v : random.normal()));
    const { bound } = await infoNce({ data: x, n, d }, { data: y, n, d }, 32, 1, tools.blas);
    expect(bound.at(-1)!).toBeLessThan(0.05);
    const other = await infoNce({ data: x, n, d }, { data: x.map((v) => v + 0.2 * random.normal()), n, d }, 32, 1, tools.blas);
    expect(other.bound.at(-1)!).toBeGreaterThan(1.5);
  });

  it("copies in a row's own group are no neighbours of its class", async () => {
    const random = new Random(72);
    const [n, d] = [540, 8];
    const group = Int32Array.from({ length: n }, (_, i) => Math.floor(i / 9));
    const side = Uint8Array.from({ length: n / 9 }, () => random.below(2));
    const x = Float32Array.from({ length: n * d }, () => random.normal());
    for (let i = 0; i < n; i++) x.copyWithin(i * d, 9 * group[i]! * d, (9 * group[i]! + 1) * d);
    toUnit({ data: x, n, d });
    const near = await cosines({ data: x, n, d }, tools.blas);
    const label = Uint8Array.from(group, (g) => side[g]!);
    expect(neighbourhood(near, label, group).auroc!).toBeLessThan(0.7);
    expect(neighbourhood(near, label, range(n)).auroc!).toBeGreaterThan(0.95);
  });
});

describe("concepts on axes of every size", () => {
  it.each([
    ["more rows than dimensions", 8],
    ["fewer", 240],
  ])("the small axis that holds the class is read: %s", async (_name, d) => {
    const random = new Random(73);
    const n = 200;
    const of = Int32Array.from({ length: n }, (_, i) => i % 2);
    const x = Float32Array.from({ length: n * d }, (_, at) => {
      const j = at % d;
      return j === 0 ? 1e-3 * (random.normal() + 6 * of[Math.floor(at / d)]!) : 100 * random.normal() * (j < 6 ? 1 : 1e-6);
    });
    const task: Task = { name: "t", classes: ["a", "b"], rows: range(n), of, group: range(n), audited: false };
    const folds = taskFolds(task, 1);
    if (typeof folds === "string") throw new Error(folds);
    const { log } = await classify({ data: x, n, d }, task, folds, tools.blas, new Pace(tools, 1), { seed: 1, tune: false, start: 3, most: 1200 });
    expect(scoreTask(log, of, 2).auroc!).toBeGreaterThan(0.9);
  });
});

describe("first dimensions of a layer", () => {
  const [n, d] = [160, 64];
  const label = Uint8Array.from({ length: n }, (_, i) => i % 2);
  const measure = (x: Float32Array) => measureLayer(x, d, label, stratifiedGroupFolds(label, range(n), 3, 1), 1, tools.blas, new Pace(tools, 1));
  const random = new Random(74);
  const noise = () => Float32Array.from({ length: n * d }, () => random.normal());

  it("tell nothing of noise on held-out rows", async () => {
    const full = await Promise.all([noise(), noise(), noise()].map(async (x) => (await measure(x)).prefix.at(-1)!));
    expect(full.reduce((s, v) => s + v / 3, 0)).toBeLessThan(0.6);
  });

  it("are read whatever the sizes of their axes", async () => {
    const x = noise().map((v, at) => (at % d === 0 ? 1e-3 * (v + 4 * label[Math.floor(at / d)]!) : 30 * v));
    expect((await measure(x)).prefix[0]!).toBeGreaterThan(0.9);
  });
});
