import { describe, expect, it } from "vitest";
import { depthOf } from "../../../src/engine/lenses/concept-depth/depth.js";
import { conceptDepth } from "../../../src/engine/lenses/concept-depth/index.js";
import { categoryMatrix } from "../../../src/engine/lenses/concept-depth/pictures.js";
import { Random } from "../../../src/engine/stats/random.js";
import { makeStudy, tools } from "./plant.js";

const n = 400;
const d = 32;
const random = new Random(12);
const label = Uint8Array.from({ length: n }, (_, i) => i % 2);
const noise = () => Float32Array.from({ length: n * d }, () => random.normal());

/** The label along the first axis, classes `effect` deviations apart. */
function readable(effect: number): Float32Array {
  const x = noise();
  for (let i = 0; i < n; i++) x[i * d]! += (label[i]! - 0.5) * effect;
  return x;
}

/** The label is the exclusive or of two signs: both class means are the same. */
function exclusive(): Float32Array {
  const x = noise();
  for (let i = 0; i < n; i++) {
    const a = random.uniform() < 0.5 ? 1 : -1;
    x[i * d] = 3 * a + 0.3 * random.normal();
    x[i * d + 1] = 3 * a * (label[i] ? 1 : -1) + 0.3 * random.normal();
  }
  return x;
}

describe("concept depth", () => {
  const layers = [...Array.from({ length: 3 }, () => noise()), ...Array.from({ length: 5 }, () => readable(4))];

  it("finds the layer from which a label can be read", async () => {
    const category = Int32Array.from({ length: n }, (_, i) => (i < 4 ? 1 : i < 8 ? 2 : 0));
    for (let i = 4; i < 8; i++) category[i] = label[i] ? 2 : 0;
    const study = makeStudy(layers, d, label, { category, categories: ["many", "few", "one-sided"] });
    const { values, pictures } = await conceptDepth.run(study, tools, new Map());
    values.layers.forEach((l) => {
      if (l.layer < 3) expect(l.auroc!).toBeLessThan(0.6);
      else expect(l.auroc!).toBeGreaterThan(0.97);
      expect(l.aurocCi95![0]).toBeLessThanOrEqual(l.auroc!);
    });
    expect(values.probe.jump).toBe(3);
    expect(values.probe.converge).toBe(4);
    expect(values.probe.depth95).toBe(3);
    expect(values.probe.areaDepth!).toBeCloseTo(3 / 8, 1);
    expect(values.probe.nestedAuroc!).toBeGreaterThan(0.96);
    expect(values.score.length).toBe(n * 8);
    // Row-major: the score of row i at layer l lies at i * layers + l, positive for class 1.
    let right = 0;
    for (let i = 0; i < n; i++) if (values.score[i * 8 + 5]! > 0 === (label[i] === 1)) right++;
    expect(right / n).toBeCloseTo(values.layers[5]!.accuracy!, 9);
    expect(values.probability.every((p) => p >= 0 && p <= 1)).toBe(true);
    expect(values.shuffled!).toBeGreaterThan(0.4);
    expect(values.shuffled!).toBeLessThan(0.6);
    expect(values.categories[0]!.auroc[4]!).toBeGreaterThan(0.97);
    expect(values.categories[1]!.why).toContain("fewer than 3");
    expect(values.categories[2]!.why).toBe("only unsafe rows");
    expect(pictures.map((p) => p.slot)).toEqual(["curve", "rows", "categories"]);
  });

  it("a linear probe does not see an exclusive or", async () => {
    const { values } = await conceptDepth.run(makeStudy([exclusive(), exclusive()], d, label), tools, new Map());
    for (const l of values.layers) expect(Math.abs(l.auroc! - 0.5)).toBeLessThan(0.08);
    expect(values.probe.jump).toBeNull();
  });

  it("a label that is the parity of the length is no more readable than any label of the length", async () => {
    const lengths = Int32Array.from({ length: n }, (_, i) => 3 + (i % d));
    const parity = Uint8Array.from(lengths, (t) => t % 2);
    const x = noise();
    for (let i = 0; i < n; i++) x[i * d + (i % d)]! += 12;
    const { values } = await conceptDepth.run(makeStudy([x], d, parity, { tokens: lengths }), tools, new Map());
    expect(values.layers[0]!.accuracy!).toBeGreaterThan(0.95);
    expect(Math.abs(values.selectivity!)).toBeLessThan(0.05);
    const meaning = await conceptDepth.run(makeStudy([readable(4)], d, label, { tokens: lengths }), tools, new Map());
    expect(meaning.values.selectivity!).toBeGreaterThan(0.3);
  });

  it("a null stays a null: too few rows give the reason", async () => {
    const few = makeStudy([noise().subarray(0, 5 * d)], d, Uint8Array.of(0, 0, 0, 1, 1));
    const { values, notices } = await conceptDepth.run(few, tools, new Map());
    expect(values.layers[0]!.auroc).toBeNull();
    expect(values.layers[0]!.why!["auroc"]).toContain("only 3 rows are safe");
    expect(values.score.every(Number.isNaN)).toBe(true);
    expect(notices[0]!.message).toContain("only 3 rows are safe");
  });

  it("noise about chance is no jump", () => {
    const lines = [0.5, 0.56, 0.5].map((accuracy) => ({ auroc: accuracy, low: accuracy - 0.08, accuracy }));
    expect(depthOf(lines)).toMatchObject({ bestLayer: 1, jump: null, converge: null, depth95: null });
  });

  it("rounding about chance is no depth", () => {
    const lines = [0.5, 0.5, 0.5].map((accuracy) => ({ auroc: accuracy + 1e-16, low: 0.5000000000000001, accuracy }));
    expect(depthOf(lines)).toMatchObject({ jump: null, converge: null, depth95: null, areaDepth: null });
  });

  it("hears a cancel between layers", async () => {
    const control = new AbortController();
    let steps = 0;
    const stop = {
      ...tools,
      signal: control.signal,
      progress: async () => {
        if (++steps === 3) control.abort();
      },
    };
    await expect(conceptDepth.run(makeStudy(layers, d, label), stop, new Map())).rejects.toMatchObject({ problem: { code: "run/cancelled" } });
  });
});

describe("the matrix of categories", () => {
  const category = (name: string, values: (number | null)[]) => ({ name, n: [5, values[0] === null ? 0 : 5] as const, auroc: values });
  const names = (count: number) => {
    const empty = Array.from({ length: count }, (_, i) => category(`empty ${i}`, [null, null]));
    const picture = categoryMatrix([...empty, category("both", [0.5, 0.8])]);
    return picture.shape === "matrix" ? { rows: picture.rows.map(({ name }) => name), note: picture.note } : undefined;
  };

  it("keeps a few categories that have no number, with their reason", () => {
    expect(names(2)!.rows).toEqual(["both", "empty 0", "empty 1"]);
  });

  it("counts many of them instead of drawing them", () => {
    expect(names(25)!.rows).toEqual(["both"]);
    expect(names(25)!.note).toContain("25 of 26");
  });
});
