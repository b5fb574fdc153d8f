import { describe, expect, it } from "vitest";
import type { Config } from "../../../src/engine/model/config.js";
import type { Value } from "../../../src/engine/model/graph.js";
import { planInputs } from "../../../src/engine/model/inputs.js";

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

  it("names everything it cannot feed", () => {
    const strange: Value[] = [ids, { name: "encoder_hidden_states", type: FLOAT, dims: ["b", "s", 32] }, { name: "speaker", type: FLOAT, dims: [1] }];
    expect(() => planInputs("m.onnx", strange, { classes: [] })).toThrow("m.onnx has inputs that Layerscope cannot feed: encoder_hidden_states, speaker.");
    expect(() => planInputs("m.onnx", [{ name: "x", type: FLOAT, dims: ["b", 3] }], { classes: [] })).toThrow("cannot feed: x");
    expect(() => planInputs("m.onnx", [], { classes: [] })).toThrow("m.onnx has no input for token ids (its inputs: none).");
  });
});
