import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openModel, type TappedModel } from "../../../src/engine/model/index.js";
import { directionsOf, sharedLength } from "../../../src/engine/model/prefix.js";
import { distance } from "../../../src/engine/model/trial.js";
import { writeCached } from "../../fixtures/cached.js";
import { scratch } from "./scratch.js";

const folder = scratch();
const ZOO = join(import.meta.dirname, "..", "..", "..", "..", "shared", "models", "zoo");

/** Rows of 21 to 26 tokens that share `shared`, pooled four ways. */
function batchOf(shared: number) {
  const ids = Array.from({ length: 4 }, (_, b) => Array.from({ length: 26 - b }, (_, t) => (5 + t * 7 + (t < shared ? 0 : 11 * (b + 1))) % 250));
  const weights = ids.map(({ length: n }) => [
    new Float32Array(n).fill(1 / n),
    new Float32Array(n).fill(1 / (n - 1), 1),
    new Float32Array(n).fill(1, n - 1),
    Float32Array.from({ length: n }, (_, t) => (2 * (t + 1)) / (n * (n + 1))),
  ]);
  return { ids, weights };
}

/** The largest distance of a vector of the batch from that of its row alone. */
async function worst(model: TappedModel, shared: number): Promise<number> {
  const batch = batchOf(shared);
  const together = await model.run(batch);
  const rows = batch.ids.length;
  const size = together.length / model.card.layers.length / rows;
  const width = size / 4;
  let most = 0;
  for (let b = 0; b < rows; b++) {
    const alone = await model.run({ ids: [batch.ids[b]!], weights: [batch.weights[b]!] });
    for (let l = 0; l < model.card.layers.length; l++)
      for (let k = 0; k < 4; k++) {
        const at = (l * rows + b) * size + k * width;
        most = Math.max(most, distance(together.subarray(at, at + width), alone.subarray(l * size + k * width, l * size + (k + 1) * width)));
      }
  }
  return most;
}

describe("tokens that all rows begin with", () => {
  it("are counted in whole steps, and leave every row a token of its own", () => {
    const row = (n: number, from = 0) => Array.from({ length: n }, (_, t) => from + t);
    expect(sharedLength([row(30), row(30)])).toBe(24);
    expect(sharedLength([row(17), row(40)])).toBe(16);
    expect(sharedLength([row(16), row(40)])).toBe(8);
    expect(sharedLength([row(30), row(30, 1)])).toBe(0);
    expect(sharedLength([row(30)])).toBe(0);
  });

  it("are weighed in few directions: a mean is the same one whatever the row's length", () => {
    const { directions, parts } = directionsOf(batchOf(16).weights, 16);
    // Mean, mean without the first, and a rising one for the mean by position; the last token has no part in it.
    expect(directions.length).toBeLessThanOrEqual(2 + 4);
    expect(parts.map(({ direction }) => direction).slice(0, 3)).toEqual([0, 1, -1]);
    parts.forEach(({ direction, scale }, at) => {
      const weight = batchOf(16).weights[Math.floor(at / 4)]![at % 4]!;
      for (let t = 0; t < 16; t++) expect(direction < 0 ? 0 : scale * directions[direction]![t]!).toBeCloseTo(weight[t]!, 7);
    });
  });

  it("are run once where the export continues from them, and the states are those of the rows alone", async () => {
    const path = join(folder, "cached", "model.onnx");
    writeCached(path);
    const model = await openModel(path, { provider: "cpu", threads: 1 });
    expect(await worst(model, 17)).toBeLessThan(1e-5);
    expect(model.reusedTokens!()).toBe(3 * 16);
    // The same rows again, bit for bit, also in another model that has run nothing before.
    const again = await openModel(path, { provider: "cpu", threads: 1 });
    await model.run(batchOf(20));
    expect(await model.run(batchOf(17))).toEqual(await again.run(batchOf(17)));
    await again.close();
    await model.close();
  });

  it("are continued in a graph that ends early, too", async () => {
    const path = join(folder, "early", "model.onnx");
    writeCached(path);
    const model = await openModel(path, { provider: "cpu", threads: 1, upTo: 1 });
    expect(await worst(model, 24)).toBeLessThan(1e-5);
    expect(model.reusedTokens!()).toBeGreaterThan(0);
    await model.close();
  });

  it("are left alone when few, or when continuing is not the same computation", async () => {
    const few = join(folder, "few", "model.onnx");
    writeCached(few);
    const model = await openModel(few, { provider: "cpu", threads: 1 });
    expect(await worst(model, 15)).toBeLessThan(1e-5);
    expect(model.reusedTokens!()).toBe(0);
    await model.close();
    const wrong = join(folder, "wrong", "model.onnx");
    writeCached(wrong, { positions: "counted" });
    const counting = await openModel(wrong, { provider: "cpu", threads: 1 });
    expect(await worst(counting, 24)).toBeLessThan(1e-5);
    expect(counting.reusedTokens!()).toBe(0);
    await counting.close();
  });
});

describe.skipIf(!existsSync(ZOO))("exports of the zoo with past inputs", () => {
  const reusing = ["llama__optimum-past", "qwen3__optimum-past", "gpt2__optimum-past", "phi3__optimum-past", "opt__optimum-past", "llama__optimum-past-fused"];
  it.each(reusing)("%s continues from its prefix", async (name) => {
    const model = await openModel(join(ZOO, name), { provider: "cpu", threads: 1 });
    expect(await worst(model, 19)).toBeLessThan(1e-5);
    expect(model.reusedTokens!()).toBe(3 * 16);
    await model.close();
  });

  it.each(["llama-h16__genai-fp32", "gpt2__optimum-merged", "llama__optimum-past-fp16io", "llama__optimum-past-int8"])(
    "%s gives the same with or without",
    async (name) => {
      const model = await openModel(join(ZOO, name), { provider: "cpu", threads: 1 });
      const limit = /fp16/.test(name) ? 1e-2 : 1e-5;
      expect(await worst(model, 19)).toBeLessThan(limit);
      await model.close();
    },
  );
});
