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
  ["embeddings mixed in again before each block", { remix: true }, 1e-5],
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
    expect(listTaps(tiny.folder)).toMatchObject({ model: tiny.path, hiddenSize: 16, layers: card.layers, notices: [] });
  });

  it("refuses a token that the embedding has no row for, by row and id", async () => {
    const tiny = writeTiny(join(folder, "range"));
    const model = await openModel(tiny.folder, { provider: "cpu", threads: 1 });
    await expect(model.run(meanAndLast([[1], [2, 260]]))).rejects.toThrow("Row 2 of a batch has the token id 260; the model's embedding has 260 rows.");
    await expect(model.run(meanAndLast([[1], [2, 259]]))).resolves.toHaveLength(4 * 2 * 2 * 16);
    await model.close();
  });

  it("runs an export of fixed shape: shorter rows are padded, longer ones refused", async () => {
    for (const [rows, length] of [
      [1, 8],
      [4, 8],
    ] as const) {
      const tiny = writeTiny(join(folder, `fixed-${rows}`), { fixed: [rows, length] });
      const model = await openModel(tiny.folder, { provider: "cpu", threads: 1 });
      expect(model.card).toMatchObject({ maxTokens: 8, oneRowAtATime: rows === 1 });
      const got = await model.run(meanAndLast(ROWS));
      const states = ROWS.map((row) => tiny.reference(row));
      expect(worstError(got, 4, 3, 16, (layer, row, pooling) => (pooling === 1 ? states[row]![layer]!.at(-1) : undefined))).toBeLessThan(1e-5);
      await expect(model.run(meanAndLast([[1, 2, 3, 4, 5, 6, 7, 8, 9]]))).rejects.toThrow("Row 1 of a batch has 9 tokens; this export takes at most 8.");
      await model.close();
    }
  });

  it("runs dynamically quantised rows one at a time, so that no row depends on its companions", async () => {
    const tiny = writeTiny(join(folder, "dynamic"), { dynamicQuantization: true });
    const model = await openModel(tiny.folder, { provider: "cpu", threads: 1 });
    expect(model.card).toMatchObject({ oneRowAtATime: true, precision: "int8 dynamic", causal: true });
    expect(model.card.notices.map((notice) => notice.code)).toEqual(["model/quantized", "model/one-row"]);
    const together = await model.run(meanAndLast(ROWS));
    const alone = await model.run(meanAndLast([ROWS[1]!]));
    for (let layer = 0; layer < 4; layer++)
      expect(together.subarray((layer * 3 + 1) * 32, (layer * 3 + 2) * 32)).toEqual(alone.subarray(layer * 32, (layer + 1) * 32));
    await model.close();
  });
});
