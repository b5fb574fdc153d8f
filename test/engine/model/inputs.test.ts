import { describe, expect, it } from "vitest";
import type { Config } from "../../../src/engine/model/config.js";
import type { Value } from "../../../src/engine/model/graph.js";
import { planInputs } from "../../../src/engine/model/inputs.js";
import { half } from "../../../src/engine/model/typed.js";

const [FLOAT, INT32, INT64, BOOL, HALF] = [1, 6, 7, 9, 10];
const rows = { ids: [[11, 12, 13], [21]], length: 3 };
const ids: Value = { name: "input_ids", type: INT64, dims: ["batch", "sequence"] };

/** What an input is fed for two rows of three and one tokens. */
function fed(input: Value, config: Partial<Config> = {}) {
  const { type, dims, data } = planInputs("m.onnx", [ids, input], { classes: [], ...config }).feeds.get(input.name)!(rows);
  return { type, dims, data: Array.from(data, Number) };
}

describe("what a graph is fed", () => {
  it("ids and masks, right-padded, in the graph's own integer type", () => {
    const { feeds } = planInputs("m.onnx", [ids], { classes: [] });
    expect(Array.from(feeds.get("input_ids")!(rows).data, Number)).toEqual([11, 12, 13, 21, 0, 0]);
    const dims = ["batch", "sequence"];
    expect(fed({ name: "attention_mask", type: INT64, dims })).toEqual({ type: "int64", dims: [2, 3], data: [1, 1, 1, 1, 0, 0] });
    expect(fed({ name: "attention_mask", type: INT32, dims })).toEqual({ type: "int32", dims: [2, 3], data: [1, 1, 1, 1, 0, 0] });
    expect(fed({ name: "attention_mask", type: FLOAT, dims })).toEqual({ type: "float32", dims: [2, 3], data: [1, 1, 1, 1, 0, 0] });
    expect(fed({ name: "attention_mask", type: HALF, dims }).data).toEqual([0x3c00, 0x3c00, 0x3c00, 0x3c00, 0, 0]);
    expect(fed({ name: "token_type_ids", type: INT64, dims }).data).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it("torch's padding mask, true on padding; not where it is made of numbers, whose meaning differs", () => {
    const dims = ["batch", "sequence"];
    expect(fed({ name: "src_key_padding_mask", type: BOOL, dims })).toEqual({ type: "bool", dims: [2, 3], data: [0, 0, 0, 0, 1, 1] });
    expect(() => fed({ name: "src_key_padding_mask", type: FLOAT, dims })).toThrow("cannot feed: src_key_padding_mask");
  });

  it("positions that respect the mask; three axes of them for multimodal models", () => {
    expect(fed({ name: "position_ids", type: INT64, dims: ["batch", "sequence"] }).data).toEqual([0, 1, 2, 0, 0, 0]);
    expect(fed({ name: "position_ids", type: INT64, dims: [3, "batch", "sequence"] })).toMatchObject({ dims: [3, 2, 3] });
    expect(fed({ name: "cache_position", type: INT64, dims: ["sequence"] })).toMatchObject({ dims: [3], data: [0, 1, 2] });
  });

  it("an empty past of every shape in use", () => {
    const past = (dims: (number | string)[], config: Partial<Config> = {}) => fed({ name: "past_key_values.0.key", type: FLOAT, dims }, config).dims;
    expect(past(["batch_size", 4, "past_sequence_length", 8])).toEqual([2, 4, 0, 8]);
    expect(past(["batch_size", 2, "past_sequence_length", "kv_cache_dim"], { headSize: 16 })).toEqual([2, 2, 0, 16]);
    expect(past(["batch_size", 4, 8, "past_sequence_length"])).toEqual([2, 4, 8, 0]);
    expect(past([2, "batch_size", 4, "past_sequence_length", 8])).toEqual([2, 2, 4, 0, 8]);
    expect(past(["batch_size", 64, 4])).toEqual([2, 64, 4]);
    expect(fed({ name: "use_cache_branch", type: BOOL, dims: [1] })).toEqual({ type: "bool", dims: [1], data: [0] });
  });

  it("a free name is taken for the ids when only one input can be", () => {
    const { feeds } = planInputs("m.onnx", [{ name: "input.1", type: INT64, dims: ["b", "s"] }], { classes: [] });
    expect(Array.from(feeds.get("input.1")!(rows).data, Number)).toEqual([11, 12, 13, 21, 0, 0]);
  });

  it("masks of three and four axes: added to the scores where they are floats, a decoder's hide what comes later", () => {
    const padding = fed({ name: "attention_mask", type: INT64, dims: ["b", 1, 1, "s"] });
    expect(padding).toEqual({ type: "int64", dims: [2, 1, 1, 3], data: [1, 1, 1, 1, 0, 0] });
    expect(fed({ name: "attention_mask", type: BOOL, dims: ["b", "s", "s"] }).data).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 0, 0, 1, 0, 0]);
    const added = fed({ name: "attention_mask", type: FLOAT, dims: ["b", 1, "s", "s"] }, { isDecoder: true });
    expect(added.dims).toEqual([2, 1, 3, 3]);
    expect(added.data.map((v) => v === 0)).toEqual([
      true,
      false,
      false,
      true,
      true,
      false,
      true,
      true,
      true,
      true,
      false,
      false,
      true,
      false,
      false,
      true,
      false,
      false,
    ]);
    expect(fed({ name: "attention_mask", type: HALF, dims: ["b", 1, 1, "s"] }).data).toEqual([0, 0, 0, 0, 0xfbff, 0xfbff]);
    expect(() => fed({ name: "attention_mask", type: INT32, dims: ["b"] })).toThrow("attention_mask (int32 [b])");
  });

  it("a decoder's own ids beside an encoder's: the row's, one place on behind the start token", () => {
    const dims = ["batch", "decoder_sequence"];
    expect(fed({ name: "decoder_input_ids", type: INT64, dims }, { decoderStart: 2 }).data).toEqual([2, 11, 12, 2, 0, 0]);
    expect(fed({ name: "decoder_input_ids", type: INT64, dims }).data).toEqual([11, 11, 12, 21, 0, 0]);
    expect(fed({ name: "decoder_attention_mask", type: INT64, dims }).data).toEqual([1, 1, 1, 1, 0, 0]);
    // A decoder alone reads its ids as they are.
    const alone = planInputs("m.onnx", [{ name: "decoder_input_ids", type: INT64, dims }], { classes: [] });
    expect(Array.from(alone.feeds.get("decoder_input_ids")!(rows).data, Number)).toEqual([11, 12, 13, 21, 0, 0]);
  });

  it("inputs that transformers fills in by itself: boxes, head masks, global attention", () => {
    expect(fed({ name: "bbox", type: INT64, dims: ["b", "s", 4] })).toMatchObject({ dims: [2, 3, 4], data: new Array(24).fill(0) });
    expect(fed({ name: "head_mask", type: FLOAT, dims: [2, 4] }).data).toEqual(new Array(8).fill(1));
    expect(fed({ name: "global_attention_mask", type: INT64, dims: ["b", "s"] }).data).toEqual([0, 0, 0, 0, 0, 0]);
    expect(() => fed({ name: "bbox", type: INT64, dims: ["b", 4] })).toThrow("bbox (int64 [b, 4])");
  });

  it("names everything it cannot feed, with what the graph declares", () => {
    const plan = (...inputs: Value[]) => planInputs("m.onnx", inputs, { classes: [] });
    const strange: Value = { name: "speaker", type: FLOAT, dims: [1] };
    expect(() => plan(ids, strange, { name: "mood", type: INT64, dims: ["b", ""] })).toThrow(
      "m.onnx has inputs that Layerscope cannot feed: speaker (float32 [1]), mood (int64 [b, ?]).",
    );
    expect(() => plan(ids, { name: "encoder_hidden_states", type: FLOAT, dims: ["b", "s", 32] }, strange)).toThrow(
      "m.onnx is a decoder that reads an encoder's states; Layerscope cannot feed: encoder_hidden_states (float32 [b, s, 32]), speaker (float32 [1]).",
    );
    expect(() => plan(ids, { ...ids, name: "input_ids_2" })).toThrow(
      "m.onnx reads several texts together in one stream (input_ids, input_ids_2); a row is one.",
    );
    expect(() => plan({ ...ids, name: "query" }, { ...ids, name: "passage" })).toThrow("several texts together in one stream (query, passage)");
    // One of two texts, where each has a stream of its own and the other's inputs are left out.
    expect(plan({ ...ids, name: "query_input_ids" }, { name: "query_attention_mask", type: INT64, dims: ["b", "s"] }).ids).toBe("query_input_ids");
    // Its cross-attention would see nothing; the decoder's own past may be empty.
    expect(() => plan(ids, { name: "past_key_values.0.encoder.key", type: FLOAT, dims: ["b", 2, "encoder_sequence", 4] })).toThrow(
      "m.onnx is a decoder that goes on from what an earlier run kept of an encoder's states; Layerscope cannot feed: past_key_values.0.encoder.key (float32 [b, 2, encoder_sequence, 4]).",
    );
    expect(() => plan(ids, { name: "past_key_cross_0", type: FLOAT, dims: ["b", 2, "s", 4] })).toThrow("kept of an encoder's states");
    expect(plan(ids, { name: "past_key_values.0.decoder.key", type: FLOAT, dims: ["b", 2, "past", 4] }).feeds.size).toBe(2);
    expect(() => plan({ name: "inputs_embeds", type: FLOAT, dims: ["b", "s", 64] })).toThrow(
      "m.onnx wants embeddings, not token ids; Layerscope cannot feed: inputs_embeds (float32 [b, s, 64]).",
    );
    expect(() => plan({ name: "input_features", type: FLOAT, dims: ["b", 80, 3000] })).toThrow("m.onnx reads audio;");
    expect(() => plan({ name: "pixel_values", type: FLOAT, dims: ["b", "patches", 768] })).toThrow(
      "m.onnx reads images in a shape that is not fed; Layerscope cannot feed: pixel_values (float32 [b, patches, 768]).",
    );
    expect(() => plan({ name: "x", type: FLOAT, dims: ["b", 3] })).toThrow("cannot feed: x (float32 [b, 3])");
    expect(() => plan()).toThrow("m.onnx has no input for token ids (its inputs: none).");
  });
});

describe("what a vision encoder is fed", () => {
  const shape = { channels: 3, height: 2, width: 2, last: false };
  const pixels: Value = { name: "pixel_values", type: FLOAT, dims: ["batch", 3, 2, 2] };
  const images = [Float32Array.from({ length: 12 }, (_, i) => i), new Float32Array(12).fill(0.5)];
  const batch = { ids: [[0], [0]], length: 1, images };
  const fedImages = (inputs: Value[], as = shape) => {
    const plan = planInputs("m.onnx", inputs, { classes: [] }, () => as);
    return Object.fromEntries([...plan.feeds].map(([name, feed]) => [name, feed(batch)]));
  };

  it("pixels as they come, in the graph's own type and order of axes", () => {
    expect(fedImages([pixels])["pixel_values"]).toEqual({ type: "float32", dims: [2, 3, 2, 2], data: Float32Array.from([...images[0]!, ...images[1]!]) });
    const last = fedImages([{ ...pixels, dims: ["batch", 2, 2, 3] }], { ...shape, last: true });
    expect(last["pixel_values"]!.dims).toEqual([2, 2, 2, 3]);
    const halves = fedImages([{ ...pixels, type: HALF }])["pixel_values"]!;
    expect(Array.from(halves.data, Number).slice(0, 4)).toEqual([0, 0x3c00, 0x4000, 0x4200]);
    expect(halves.data[12]).toBe(0x3800);
  });

  it("by shape where the name is free; a mask, a flag and masked patches in their neutral state", () => {
    expect(Object.keys(fedImages([{ name: "x", type: FLOAT, dims: ["b", 3, 2, 2] }]))).toEqual(["x"]);
    const all = fedImages([
      pixels,
      { name: "pixel_mask", type: INT64, dims: ["b", 2, 2] },
      { name: "interpolate_pos_encoding", type: BOOL, dims: [] },
      { name: "bool_masked_pos", type: BOOL, dims: ["b", 4] },
    ]);
    expect(all["pixel_mask"]).toMatchObject({ dims: [2, 2, 2], data: new BigInt64Array(8).fill(1n) });
    expect(all["bool_masked_pos"]).toMatchObject({ dims: [2, 4], data: new Uint8Array(8) });
  });

  it("refuses what is not images alone", () => {
    expect(() => fedImages([pixels, ids])).toThrow("m.onnx reads texts and images together (input_ids, pixel_values) in one stream.");
    expect(() => fedImages([pixels, { name: "depth", type: FLOAT, dims: ["b", 1, 2] }])).toThrow("cannot feed: depth (float32 [b, 1, 2])");
  });
});

describe("half precision", () => {
  it("rounds to the nearest, ties to even, as IEEE 754 has it", () => {
    const cases: [number, number][] = [
      [1, 0x3c00],
      [-2, 0xc000],
      [65504, 0x7bff],
      [-1e9, 0xfbff],
      [0.1, 0x2e66],
      [2 ** -24, 1],
      [2 ** -26, 0],
      [1 + 2 ** -11, 0x3c00],
      [1 + 3 * 2 ** -11, 0x3c02],
      [6.0e-5, 0x03ef],
      [2 - 2 ** -12, 0x4000],
    ];
    for (const [value, bits] of cases) expect([value, half(value)]).toEqual([value, bits]);
  });
});
