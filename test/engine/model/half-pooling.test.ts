import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { analyse } from "../../../src/engine/model/analysis.js";
import { locateWeights } from "../../../src/engine/model/external.js";
import { openModel } from "../../../src/engine/model/index.js";
import { parseModel } from "../../../src/engine/model/parse.js";
import { POOL } from "../../../src/engine/model/pooling.js";
import { tappedGraph } from "../../../src/engine/model/rewrite.js";
import { memorySource } from "../../../src/engine/model/source.js";
import { writeCached } from "../../fixtures/cached.js";
import { scratch } from "./scratch.js";

const folder = scratch();
const ZOO = join(import.meta.dirname, "..", "..", "..", "..", "shared", "models", "zoo");
const TOKENS = 12;

/**
 * The mean that the graph gives, against the mean of the states that it gives one by one, added up here in float64.
 * A sum in half precision is off by 2^-11 or more; one in float32 by about 1e-7.
 */
async function meanError(path: string): Promise<number> {
  const model = await openModel(path, { provider: "cpu", threads: 1 });
  const ids = Array.from({ length: TOKENS }, (_, t) => (7 + 31 * t) % 250);
  const single = ids.map((_, t) => Float32Array.from(ids, (__, i) => Number(i === t)));
  const states = await model.run({ ids: [ids], weights: [[new Float32Array(TOKENS).fill(1 / TOKENS), ...single]] });
  const width = model.card.hiddenSize;
  const weight = new Float32Array([1 / TOKENS])[0]!;
  let [error, scale] = [0, 0];
  for (let l = 0; l < model.card.layers.length; l++)
    for (let d = 0; d < width; d++) {
      const at = (k: number) => states[(l * (TOKENS + 1) + k) * width + d]!;
      let mean = 0;
      for (let t = 0; t < TOKENS; t++) mean += at(t + 1) * weight;
      error = Math.max(error, Math.abs(at(0) - mean));
      scale = Math.max(scale, Math.abs(mean));
    }
  await model.close();
  return error / scale;
}

describe("states in half precision", () => {
  it("are added up in float32", async () => {
    const path = join(folder, "half", "model.onnx");
    writeCached(path, { half: true });
    expect(await meanError(path)).toBeLessThan(1e-6);
    // The processor computes half precision in float32 anyway; other providers do what the graph says.
    const { model, links, taps, source } = analyse(path);
    const { bytes } = tappedGraph(model, links, taps, locateWeights(model), source);
    source.close();
    const { graph } = parseModel(memorySource("tapped", bytes));
    const maker = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
    const products = graph.nodes.filter(({ op, inputs }) => op === "MatMul" && inputs[0] === POOL);
    expect(products).toHaveLength(taps.layers.length);
    for (const { inputs } of products) {
      let from = maker.get(inputs[1]!)!;
      while (from.op === "Reshape") from = maker.get(from.inputs[0]!)!;
      expect([from.op, from.attributes.get("to")?.int]).toEqual(["Cast", 1]);
    }
  });

  it.skipIf(!existsSync(ZOO)).each(["bert__ts17-fp16", "llama__optimum-past-fp16io", "gpt2__optimum-past-fp16io", "llama__optimum-past-int8"])(
    "%s: so, too",
    async (name) => {
      const error = await meanError(join(ZOO, name));
      expect(error).toBeLessThan(1e-6);
    },
  );
});
