import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { inspectModel, listTaps, openModel } from "../../../src/engine/model/index.js";
import { type TinyOptions, writeTiny } from "../../fixtures/models.js";
import { meanAndLast, scratch, worstError } from "./scratch.js";

const folder = scratch();
const ROWS = [[65, 66, 67], [72, 101, 108, 108, 111, 33, 10], [200]];

/** Each is run for real and compared with a forward pass in plain TypeScript. */
const CASES: [string, TinyOptions, number][] = [
  ["pre-norm decoder", { causal: true }, 1e-5],
  ["post-norm encoder", { causal: false, norm: "post" }, 1e-5],
  ["parallel block, branches added first", { parallel: "sum-first" }, 1e-5],
  ["parallel block, state added first", { parallel: "state-first" }, 1e-5],
  ["scaled skip", { skipScale: 0.8 }, 1e-5],
  ["padding set to zero between blocks", { masked: true }, 1e-5],
  ["post-norm, padding set to zero between blocks", { masked: true, norm: "post", causal: false }, 1e-5],
  ["layers inside an If", { merged: true }, 1e-5],
  ["external data", { external: "model.onnx.data" }, 1e-5],
  ["float16", { half: true }, 1e-2],
  ["one block only", { blocks: 1 }, 1e-5],
];

describe("a tiny transformer built in code", () => {
  it.each(CASES)("%s: every layer agrees with a plain forward pass", async (name, options, limit) => {
    for (const config of [{}, { num_hidden_layers: undefined }]) {
      const tiny = writeTiny(join(folder, `${name}-${JSON.stringify(config)}`.replaceAll(/\W/g, "_")), { ...options, config });
      const model = await openModel(tiny.folder, { provider: "cpu", threads: 1 });
      expect(model.card).toMatchObject({
        hiddenSize: 16,
        causal: options.causal !== false,
        oneRowAtATime: false,
        precision: options.half ? "float16" : "float32",
      });
      expect(model.card.layers.map((tap) => tap.name)).toEqual(["embed", ...Array.from({ length: tiny.blocks }, (_, i) => `blocks.${i}.resid_post`)]);
      expect(model.vocabularySize).toBe(260);
      const states = ROWS.map((row) => tiny.reference(row));
      const got = await model.run(meanAndLast(ROWS));
      const error = worstError(got, tiny.blocks + 1, ROWS.length, 16, (layer, row, pooling) => {
        const tokens = states[row]![layer]!;
        return pooling === 1 ? tokens[tokens.length - 1]! : tokens[0]!.map((_, j) => tokens.reduce((sum, token) => sum + token[j]!, 0) / tokens.length);
      });
      expect(error).toBeLessThan(limit);
      await model.close();
    }
  });

  it("cuts the graph after a layer and gives the same states", async () => {
    const tiny = writeTiny(join(folder, "cut"), { blocks: 4 });
    const whole = await openModel(tiny.path, { provider: "cpu", threads: 1 });
    const cut = await openModel(tiny.path, { provider: "cpu", threads: 1, upTo: 2 });
    expect(cut.card.layers).toHaveLength(3);
    const batch = meanAndLast(ROWS);
    expect(await cut.run(batch)).toEqual((await whole.run(batch)).subarray(0, 3 * ROWS.length * 2 * 16));
    await whole.close();
    await cut.close();
  });

  it("lists taps and writes a card without a session", async () => {
    const tiny = writeTiny(join(folder, "card"), { external: "weights.bin" });
    const card = await inspectModel(tiny.folder);
    expect(card).toMatchObject({
      name: "card",
      path: tiny.path,
      architecture: "tiny",
      causal: true,
      hiddenSize: 16,
      maxTokens: 512,
      inputs: ["input_ids", "attention_mask"],
    });
    expect(card.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(card.weights).toHaveLength(1);
    expect(card.tokenizer?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(listTaps(tiny.folder)).toEqual({ model: tiny.path, hiddenSize: 16, layers: card.layers, notices: [] });
  });

  it("refuses a token that the embedding has no row for, by row and id", async () => {
    const tiny = writeTiny(join(folder, "range"));
    const model = await openModel(tiny.folder, { provider: "cpu", threads: 1 });
    await expect(model.run(meanAndLast([[1], [2, 260]]))).rejects.toThrow("Row 2 of a batch has the token id 260; the model's embedding has 260 rows.");
    await expect(model.run(meanAndLast([[1], [2, 259]]))).resolves.toHaveLength(4 * 2 * 2 * 16);
    await model.close();
  });
});
