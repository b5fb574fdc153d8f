import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openModel } from "../../../src/engine/model/index.js";
import { FLOAT, INT64 } from "../../../src/engine/model/onnx.js";
import { OnnxBuilder } from "../../fixtures/onnx-builder.js";
import { meanAndLast, relativeError, scratch } from "./scratch.js";

const folder = scratch();
const [D, HEADS, WINDOW] = [16, 2, 3];
const INT32 = 6;

/** Two blocks of attention with a window and an MLP, as model builders write them: keys and values grow, or lie in a ring of the window's size. */
function write(name: string, ring: boolean): string {
  const g = new OnnxBuilder();
  let seed = 3;
  const matrix = (label: string, rows: number, columns: number) => {
    const values = Float32Array.from({ length: rows * columns }, () => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return (seed / 2 ** 31 - 1) * (1.5 / Math.sqrt(rows));
    });
    return g.weight(label, [rows, columns], values);
  };
  const ids = g.input("input_ids", INT64, ["batch", "tokens"]);
  g.input("seqlens_k", INT32, ["batch"]);
  g.input("total_sequence_length", INT32, []);
  let x = g.node("Gather", [matrix("table", 40, D), ids]);
  for (const i of [0, 1]) {
    const past = ["key", "value"].map((kind) => g.input(`past_key_values.${i}.${kind}`, FLOAT, ["batch", HEADS, "past_sliding_length", D / HEADS]));
    const [q, k, v] = ["q", "k", "v"].map((part) => g.node("MatMul", [x, matrix(`${i}.${part}`, D, D)]));
    const context = g.node(
      "GroupQueryAttention",
      [q!, k!, v!, ...past, "seqlens_k", "total_sequence_length"],
      { num_heads: HEADS, kv_num_heads: HEADS, local_window_size: WINDOW, ...(ring ? { sliding_window_cache: 1 } : {}) },
      { domain: "com.microsoft", outputs: [`${i}.context`, `present.${i}.key`, `present.${i}.value`] },
    );
    x = g.node("Add", [x, g.node("MatMul", [context, matrix(`${i}.o`, D, D)])]);
    x = g.node("Add", [x, g.node("MatMul", [g.node("Relu", [g.node("MatMul", [x, matrix(`${i}.up`, D, D)])]), matrix(`${i}.down`, D, D)])]);
  }
  g.output(x);
  const path = join(folder, name);
  g.write(path, { microsoft: true });
  return path;
}

describe("keys and values in a ring of the window's size", () => {
  it("the same states as with a cache that grows, in rows longer than the window, without a ring for every row", async () => {
    const batch = meanAndLast([
      [3, 9, 27, 4, 11, 8, 30],
      [5, 6, 7, 8, 11, 12, 13],
    ]);
    const runs: Float32Array[] = [];
    for (const path of [write("grows.onnx", false), write("ring.onnx", true)]) {
      const model = await openModel(path, { provider: "cpu", threads: 1 });
      expect(model.card.layers).toHaveLength(3);
      runs.push(await model.run(batch));
      await model.close();
    }
    expect(relativeError(runs[1]!, runs[0]!)).toBeLessThan(1e-6);
    // The last token reaches three tokens back, so the window was in force: the first token is not in its first block's state.
    const model = await openModel(join(folder, "ring.onnx"), { provider: "cpu", threads: 1 });
    const other = await model.run(meanAndLast([[4, 9, 27, 4, 11, 8, 30]]));
    const lastOf = (states: Float32Array, rows: number, layer: number) => states.subarray((layer * rows * 2 + 1) * D, (layer * rows * 2 + 2) * D);
    expect(relativeError(lastOf(other, 1, 1), lastOf(runs[1]!, 2, 1))).toBeLessThan(1e-6);
    await model.close();
  });
});
