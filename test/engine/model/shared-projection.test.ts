import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { listTaps, openModel } from "../../../src/engine/model/index.js";
import { openWeights } from "../../../src/engine/model/weights/index.js";
import { INT64, OnnxBuilder } from "../../fixtures/onnx-builder.js";
import { scratch } from "./scratch.js";

const folder = scratch();
const [D, HEADS, WIDE] = [8, 2, 24];

/** x + W · concat(attention, gelu(u)), with q, k, v and u in one projection: ViT-22B's, PaLM's and Flux's single blocks. */
function write(name: string, mlpFirst: boolean): string {
  const g = new OnnxBuilder();
  const constants = new Map<string, string>();
  const random = (count: number, seed: number) => Float32Array.from({ length: count }, (_, i) => 0.4 * Math.sin(1.7 * i * i + seed));
  const ids = g.input("input_ids", INT64, ["b", "s"]);
  let x = g.node("Gather", [g.weight("table", [40, D], random(40 * D, 1)), ids]);
  g.weight("gamma", [D], new Float32Array(D).fill(1));
  g.weight("beta", [D], new Float32Array(D));
  const ints = (name: string, values: number[]) => constants.get(name) ?? constants.set(name, g.ints(name, values)).get(name)!;
  for (let i = 0; i < 3; i++) {
    const n = g.node("LayerNormalization", [x, "gamma", "beta"]);
    const packed = g.node("MatMul", [n, g.weight(`${i}.in`, [D, 3 * D + WIDE], random(D * (3 * D + WIDE), i))]);
    const part = (from: number, to: number) => g.node("Slice", [packed, ints(`from.${from}`, [from]), ints(`to.${to}`, [to]), ints("axes", [2])]);
    const heads = (v: string, perm: number[]) => g.node("Transpose", [g.node("Reshape", [v, ints("heads", [0, 0, HEADS, D / HEADS])])], { perm });
    const [q, k, v] = [heads(part(0, D), [0, 2, 1, 3]), heads(part(D, 2 * D), [0, 2, 3, 1]), heads(part(2 * D, 3 * D), [0, 2, 1, 3])];
    const context = g.node("MatMul", [g.node("Softmax", [g.node("MatMul", [q, k])], { axis: -1 }), v]);
    const attention = g.node("Reshape", [g.node("Transpose", [context], { perm: [0, 2, 1, 3] }), ints("merged", [0, 0, D])]);
    const both = [attention, g.node("Relu", [part(3 * D, 3 * D + WIDE)])];
    const branch = g.node("MatMul", [
      g.node("Concat", mlpFirst ? both.reverse() : both, { axis: -1 }),
      g.weight(`${i}.out`, [D + WIDE, D], random((D + WIDE) * D, i + 7)),
    ]);
    x = g.node("Add", [x, branch]);
  }
  g.output(x);
  mkdirSync(join(folder, name), { recursive: true });
  g.write(join(folder, name, "model.onnx"));
  return join(folder, name);
}

describe.each([
  ["attention first", false],
  ["MLP first", true],
] as const)("one output projection for attention and MLP, %s", (name, mlpFirst) => {
  it("each part is its own: heads, shapes, reasons", () => {
    const { taps } = listTaps(write(name, mlpFirst));
    const of = (tap: string) => taps.find((one) => one.name === `blocks.1.${tap}`)!;
    expect(of("attn_head")).toMatchObject({ shape: ["batch", "tokens", D], heads: HEADS, op: "Reshape" });
    expect(of("attn_pattern")).toMatchObject({ shape: ["batch", HEADS, "tokens", "tokens"], heads: HEADS });
    expect(of("mlp_act")).toMatchObject({ shape: ["batch", "tokens", WIDE], op: "Relu" });
    for (const tap of ["attn_out", "mlp_out"])
      expect(of(tap).missing).toBe(
        "not in this export, because the attention and the MLP of block 1 share one output projection, which adds them up; attn_head and mlp_act are what goes in",
      );
    expect(of("resid_mid").missing).toMatch(/parallel/);
  });

  it("what goes in, times the columns of each, is what the block adds", async () => {
    const path = write(name, mlpFirst);
    const model = await openModel(path, { provider: "cpu", threads: 1, taps: ["blocks.1.resid_*", "blocks.1.attn_head", "blocks.1.mlp_act"] });
    const { taps } = await model.runTaps({ ids: [[5, 9, 31]], weights: [[Float32Array.of(0, 1, 0)]] });
    await model.close();
    const reader = openWeights(path);
    const shape = (role: string) => reader.entries.find((entry) => entry.name === `blocks.1.${role}`)?.shape;
    expect([shape("q"), shape("up"), shape("o"), shape("down")]).toEqual([
      [D, D],
      [WIDE, D],
      [D, D],
      [D, WIDE],
    ]);
    const times = (tap: string, role: string, j: number) => {
      const input = taps.get(`blocks.1.${tap}`)!.data;
      const weight = reader.read(`blocks.1.${role}`);
      return input.reduce((sum, value, k) => sum + value * weight[j * input.length + k]!, 0);
    };
    const [before, after] = [taps.get("blocks.1.resid_pre")!.data, taps.get("blocks.1.resid_post")!.data];
    for (let j = 0; j < D; j++) {
      expect(times("attn_head", "o", j) + times("mlp_act", "down", j)).toBeCloseTo(after[j]! - before[j]!, 5);
      expect(Math.abs(times("mlp_act", "down", j))).toBeGreaterThan(1e-3);
    }
    // Some rows are those rows of the whole.
    expect(reader.read("blocks.1.down", { from: 2, to: 4 })).toEqual(reader.read("blocks.1.down").subarray(2 * WIDE, 4 * WIDE));
    reader.close();
  });
});
