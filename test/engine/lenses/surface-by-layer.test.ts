import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { surfaceByLayer } from "../../../src/engine/lenses/surface-by-layer/index.js";
import { mixCurve, normalised } from "../../../src/engine/lenses/surface-by-layer/mix.js";
import { surfaceTargets } from "../../../src/engine/lenses/surface-by-layer/targets.js";
import { FEATURES, surfaceFeatures } from "../../../src/engine/lenses/surface-versus-meaning/features.js";
import { regressOut } from "../../../src/engine/lenses/surface-versus-meaning/residual.js";
import { Random } from "../../../src/engine/stats/random.js";
import { makeStudy, tools } from "./plant.js";

const n = 800;
const d = 20;
const random = new Random(41);
const texts = Array.from({ length: n }, () => {
  const words = Array.from({ length: 2 + random.below(14) }, () => "abcdefghijklmnopqrstuvwxyz"[random.below(26)]!.repeat(2 + random.below(6)));
  return `${random.uniform() < 0.5 ? "X" : "x"}${words.join(" ")}${random.uniform() < 0.4 ? " 42" : ""}${random.uniform() < 0.3 ? "?" : "."}`;
});
const tokens = Int32Array.from(texts, (t) => t.split(" ").length);
const text = (i: number) => texts[i]!;
const noise = () => Float32Array.from({ length: n * d }, () => random.normal());
const along = (label: ArrayLike<number>, effect: number, axis = 0, x = noise()) => {
  for (let i = 0; i < n; i++) x[i * d + axis]! += effect * (label[i]! - 0.5);
  return x;
};

describe("surface against meaning by layer", () => {
  const meaning = Uint8Array.from({ length: n }, (_, i) => i % 2);
  const parity = Uint8Array.from(texts, (t) => t.length % 2);
  const long = Uint8Array.from(tokens, (t) => (t > 8 ? 1 : 0));

  it("puts surface where it was planted and meaning where that was", async () => {
    const layers = [along(long, 4), along(long, 1.5, 0, along(meaning, 1.5, 1)), along(meaning, 4, 1)];
    const { values, pictures } = await surfaceByLayer.run(makeStudy(layers, d, meaning, { text, tokens }), tools, new Map());
    const length = values.targets.find((one) => one.name.startsWith("longer than"))!;
    expect(length.auroc[0]!).toBeGreaterThan(0.9);
    expect(length.auroc[2]!).toBeLessThan(0.6);
    expect(values.meaning[2]!).toBeGreaterThan(0.9);
    expect(values.meaning[0]!).toBeLessThan(0.15);
    expect(values.mix[0]!.best).toBe(2);
    expect(values.mix[10]!.best).toBe(0);
    expect(pictures.map((p) => p.shape)).toEqual(["curve", "matrix", "matrix", "bars"]);
    // Independent of surface: taking surface out changes the AUROC by less than 0.02.
    expect(Math.abs(values.residual[2]! - values.meaning[2]!) / 2).toBeLessThan(0.02);
    expect(values.confound.together.auroc!).toBeLessThan(0.57);
    expect(JSON.parse(JSON.stringify(values))).toEqual(values);
  });

  it("a label that is the parity of the length: told by one feature, gone when that is taken out", async () => {
    const left: number[] = [];
    for (let k = 0; k < 3; k++) {
      const { values, pictures } = await surfaceByLayer.run(makeStudy([along(parity, 3)], d, parity, { text, tokens, seed: k }), tools, new Map());
      expect(values.meaning[0]!).toBeGreaterThan(0.9);
      left.push(0.5 + values.residual[0]! / 2);
      expect(values.confound.each[0]).toMatchObject({ name: "characters even", auroc: expect.closeTo(1, 9) });
      const bars = pictures.at(-1)!;
      if (bars.shape !== "bars") throw new Error();
      expect(bars.bars[1]!.rows!.length).toBe(200);
    }
    expect(Math.abs(left.reduce((s, v) => s + v, 0) / left.length - 0.5)).toBeLessThan(0.05);
  });

  it("asks only what the rows differ in", () => {
    const alike = makeStudy([noise()], d, meaning, { text: () => "The same words here." });
    expect(surfaceTargets(alike)).toEqual([]);
    const names = surfaceTargets(makeStudy([noise()], d, meaning, { text, tokens })).map((one) => one.id);
    expect(names).toEqual(expect.arrayContaining(["length", "digits", "first-case", "question", "stop"]));
    expect(names).not.toContain("markers");
  });

  it("mixes", () => {
    expect(normalised(0.75)).toBe(0.5);
    expect(normalised(null)).toBeNull();
    const rows = mixCurve([0.8, 0.2, null], [0.1, 0.6, 0.9], 2);
    expect(rows.map((r) => r.best)).toEqual([1, 0, 0]);
    expect(rows[1]!.values).toEqual([expect.closeTo(0.45, 12), expect.closeTo(0.4, 12), null]);
  });
});

describe("what is left after surface is regressed out", () => {
  it("is what scikit-learn's LinearRegression leaves, on rows it was not fitted on too", () => {
    const golden = JSON.parse(readFileSync(new URL("golden/residual.json", import.meta.url), "utf8")) as {
      x: number[][];
      s: number[][];
      train: number[];
      residual: number[][];
    };
    const exact = new Float64Array(golden.x.flat().length);
    const x = { data: Float32Array.from(golden.x.flat()), n: golden.x.length, d: golden.x[0]!.length };
    regressOut(x, Float64Array.from(golden.s.flat()), 3, golden.train, exact);
    golden.residual.flat().forEach((want, i) => {
      expect(Math.abs(exact[i]! - want)).toBeLessThan(1e-9);
    });
  });

  it("is orthogonal to the features on the training rows to 1e-10, and only there", () => {
    const features = surfaceFeatures(makeStudy([], d, new Uint8Array(n), { text, tokens }));
    const x = { data: noise(), n, d };
    const train = Array.from({ length: n }, (_, i) => i).filter((i) => i % 5 !== 0);
    const exact = new Float64Array(n * d);
    regressOut(x, features, FEATURES.length, train, exact);
    const across = (rows: readonly number[]) => {
      let [num, s2, x2] = [0, 0, 0];
      for (let f = 0; f < FEATURES.length; f++)
        for (let j = 0; j < d; j++) {
          let s = 0;
          for (const i of rows) s += features[i * FEATURES.length + f]! * exact[i * d + j]!;
          num += s * s;
        }
      for (const i of rows) {
        for (let f = 0; f < FEATURES.length; f++) s2 += features[i * FEATURES.length + f]! ** 2;
        for (let j = 0; j < d; j++) x2 += exact[i * d + j]! ** 2;
      }
      return Math.sqrt(num / (s2 * x2));
    };
    expect(across(train)).toBeLessThan(1e-10);
    expect(across(Array.from({ length: n / 5 }, (_, k) => 5 * k))).toBeGreaterThan(1e-4);
  });
});
