import { describe, expect, it } from "vitest";
import { axisLayer } from "../../../src/engine/lenses/concept-robustness/axes.js";
import { conceptRobustness } from "../../../src/engine/lenses/concept-robustness/index.js";
import { Pace } from "../../../src/engine/lenses/pace.js";
import { type Task, taskFolds } from "../../../src/engine/lenses/task.js";
import { auroc } from "../../../src/engine/stats/auc.js";
import { Random, range } from "../../../src/engine/stats/random.js";
import { makeStudy, tools } from "./plant.js";

const n = 240;
const random = new Random(41);
const label = Uint8Array.from({ length: n }, (_, i) => i % 2);
const topic = Int32Array.from({ length: n }, (_, i) => (i * 5) % 3);
const noise = (d: number) => Float32Array.from({ length: n * d }, () => random.normal());

const taskOf = (of: Int32Array, classes: number, group = range(of.length)): Task => ({
  name: "t",
  classes: Array.from({ length: classes }, (_, k) => `c${k}`),
  rows: range(of.length),
  of,
  group,
  audited: false,
});

async function read(x: Float32Array, d: number, task: Task) {
  const folds = taskFolds(task, 1);
  if (typeof folds === "string") throw new Error(folds);
  return { folds, layer: await axisLayer(x, d, task, folds, tools.blas, new Pace(tools, 1)) };
}

/** w of (ZᵀZ + 4 I) w = Zᵀ y by elimination, Z and y about their training means. */
function ridge(z: number[][], y: number[]): number[] {
  const d = z[0]!.length;
  const a = Array.from({ length: d }, (_, i) => [
    ...Array.from({ length: d }, (__, j) => z.reduce((s, row) => s + row[i]! * row[j]!, i === j ? 4 : 0)),
    z.reduce((s, row, r) => s + row[i]! * y[r]!, 0),
  ]);
  for (let i = 0; i < d; i++)
    for (let r = 0; r < d; r++) {
      if (r === i) continue;
      const f = a[r]![i]! / a[i]![i]!;
      for (let j = i; j <= d; j++) a[r]![j]! -= f * a[i]![j]!;
    }
  return a.map((row, i) => row[d]! / row[i]!);
}

describe("another column of one layer", () => {
  it("is read by the ridge regression written out in the dimensions, on held-out rows", async () => {
    const d = 5;
    const x = noise(d);
    for (let i = 0; i < n; i++) x[i * d + 1]! += 0.8 * (topic[i] === 1 ? 1 : 0);
    const task = taskOf(topic, 3);
    const { folds, layer } = await read(x, d, task);
    const column = (j: number) => Array.from({ length: n }, (_, i) => x[i * d + j]!);
    const scaled = Array.from({ length: d }, (_, j) => {
      const all = column(j);
      const mean = all.reduce((s, v) => s + v, 0) / n;
      const sd = Math.sqrt(all.reduce((s, v) => s + (v - mean) ** 2, 0) / n);
      return all.map((v) => (v - mean) / sd);
    });
    const areas = [0, 1, 2].map((c) => {
      const score = new Float64Array(n);
      for (let k = 0; k < folds.count; k++) {
        const train = [...range(n)].filter((i) => folds.of[i] !== k);
        const middle = scaled.map((own) => train.reduce((s, i) => s + own[i]!, 0) / train.length);
        const share = train.reduce((s, i) => s + (topic[i] === c ? 1 : 0), 0) / train.length;
        const w = ridge(
          train.map((i) => scaled.map((own, j) => own[i]! - middle[j]!)),
          train.map((i) => (topic[i] === c ? 1 : 0) - share),
        );
        for (let i = 0; i < n; i++) if (folds.of[i] === k) score[i] = share + w.reduce((s, v, j) => s + v * (scaled[j]![i]! - middle[j]!), 0);
      }
      return auroc(
        score,
        topic.map((own) => (own === c ? 1 : 0)),
      )!;
    });
    // A pair of rows that float32 products may turn is worth 1 / (80 · 160).
    expect(Math.abs(layer.auroc! - areas.reduce((s, v) => s + v / 3, 0))).toBeLessThan(2e-4);
    expect(layer.auroc!).toBeGreaterThan(0.55);
    expect(layer.low!).toBeLessThan(layer.auroc!);
  });

  it("is at chance on noise, where a score of its own training rows would not be", async () => {
    const values: number[] = [];
    for (let k = 0; k < 5; k++) values.push((await read(noise(100), 100, taskOf(topic, 3))).layer.auroc!);
    expect(Math.abs(values.reduce((s, v) => s + v / 5, 0) - 0.5)).toBeLessThan(0.05);
  });

  it("is read from a small axis beside large ones", async () => {
    const d = 12;
    const x = noise(d).map((v, at) => v * 10 ** (3 * ((at % d) / (d - 1)) - 3));
    for (let i = 0; i < n; i++) x[i * d]! += 4e-3 * (topic[i] === 2 ? 1 : 0);
    const two = taskOf(
      topic.map((own) => (own === 2 ? 1 : 0)),
      2,
    );
    expect((await read(x, d, two)).layer.auroc!).toBeGreaterThan(0.97);
  });

  it("keeps the rows of a group together: copies tell nothing", async () => {
    const d = 60;
    const x = noise(d);
    for (let i = 1; i < n; i += 2) x.copyWithin(i * d, (i - 1) * d, i * d);
    const of = Int32Array.from({ length: n }, (_, i) => (i >> 1) % 2);
    expect((await read(x, d, taskOf(of, 2))).layer.auroc!).toBeGreaterThan(0.7);
    const whole = taskOf(
      of,
      2,
      Int32Array.from({ length: n }, (_, i) => i >> 1),
    );
    expect(Math.abs((await read(x, d, whole)).layer.auroc! - 0.5)).toBeLessThan(0.12);
  });
});

describe("how much deeper noise moves a label and a column", () => {
  const d = 24;
  /** The label along axis 0, the topic along three axes from 4, each where it can be read. */
  const layer = (byLabel: boolean, byTopic: boolean) => {
    const x = noise(d);
    for (let i = 0; i < n; i++) {
      if (byLabel) x[i * d]! += 5 * label[i]!;
      if (byTopic) x[i * d + 4 + topic[i]!]! += 6;
    }
    return x;
  };
  // As they are: label from layer 1, topic from layer 2. Disturbed: label from layer 3, topic from layer 4, of six layers.
  const plain = [0, 1, 2, 3, 4, 5].map((l) => layer(l >= 1, l >= 2));
  const deeper = [0, 1, 2, 3, 4, 5].map((l) => layer(l >= 3, l >= 4));
  const study = makeStudy(plain, d, label, {
    axes: [{ name: "topic", classes: ["law", "food", "sport"], of: topic }],
    poolings: ["mean", "noise-prefix", "noise-characters"],
    statesBy: async (name, l) => Float32Array.from((name === "noise-characters" ? deeper : plain)[l]!),
  });

  it("is the difference of the area depths, above 0 where it lies deeper; nothing moved, nothing shifted", async () => {
    const { values } = await conceptRobustness.run(study, tools, new Map());
    const [same, moved] = values.disturbed;
    expect(values.plain.areaDepth!).toBeCloseTo(1 / 6, 1);
    expect(same!.shift).toBe(0);
    expect(Math.abs(moved!.shift! - 2 / 6)).toBeLessThan(0.05);
    expect([values.plain.depth95, moved!.depth95]).toEqual([1, 3]);
    const [column] = values.axes;
    expect(values.axes).toHaveLength(1);
    expect(column).toMatchObject({ name: "topic", classes: 3, rows: n });
    expect(column!.disturbed.map((one) => one.view)).toEqual(["noise-prefix", "noise-characters"]);
    expect(Math.abs(column!.plain.areaDepth! - 2 / 6)).toBeLessThan(0.05);
    expect(column!.disturbed[0]!.shift).toBe(0);
    expect(Math.abs(column!.disturbed[1]!.shift! - 2 / 6)).toBeLessThan(0.06);
    expect([column!.plain.depth95, column!.disturbed[1]!.depth95]).toEqual([2, 4]);
  });

  it("has no shift where there is no depth to move", async () => {
    // The same noise at every layer: one look, for the best of six looks is above chance by luck often enough.
    const lost = noise(d);
    const { values } = await conceptRobustness.run({ ...study, statesBy: async () => Float32Array.from(lost) }, tools, new Map());
    expect(values.disturbed.map((one) => one.shift)).toEqual([null, null]);
    expect(values.axes[0]!.disturbed.map((one) => one.shift)).toEqual([null, null]);
  });
});
