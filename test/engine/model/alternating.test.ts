import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { listTaps } from "../../../src/engine/model/index.js";
import { INT64, OnnxBuilder } from "../../fixtures/onnx-builder.js";
import { scratch } from "./scratch.js";

const folder = scratch();
const D = 8;

/** Blocks of attention alone and of an MLP alone, in turn. */
function write(name: string, config: object, path: (i: number) => string): string {
  const g = new OnnxBuilder();
  const random = (count: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(1.7 * i * i));
  let x = g.node("Gather", [g.weight("table", [40, D], random(40 * D)), g.input("input_ids", INT64, ["b", "s"])]);
  g.weight("w", [D, D], random(D * D));
  for (let i = 0; i < 6; i++) {
    const scores = () => g.node("Softmax", [g.node("MatMul", [x, g.node("Transpose", [x], { perm: [0, 2, 1] })])], { axis: -1 });
    const inner = i % 2 === 0 ? g.node("MatMul", [scores(), x]) : g.node("Relu", [g.node("MatMul", [x, "w"])]);
    x = g.node("Add", [x, g.node("MatMul", [inner, "w"])], {}, { name: path(i) });
  }
  g.output(x);
  mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, name, "config.json"), JSON.stringify(config));
  g.write(join(folder, name, "model.onnx"));
  return join(folder, name);
}

describe("attention and MLP in turn, each a block of its own", () => {
  const numbered = (i: number) => `/h.${i}/Add`;
  it.each([
    ["config.json and the paths agree", { num_hidden_layers: 6 }, numbered, 6, 0],
    ["neither speaks", {}, () => "", 3, 0],
    ["only config.json speaks", { num_hidden_layers: 6 }, () => "", 3, 1],
    ["only the paths speak", {}, numbered, 3, 0],
    ["the paths agree with the pairs", { num_hidden_layers: 6 }, (i: number) => `/h.${i >> 1}/Add`, 3, 1],
  ] as const)("%s", (name, config, path, blocks, notices) => {
    const list = listTaps(write(name, config, path));
    expect(list.layers).toHaveLength(blocks + 1);
    expect(list.notices.map(({ code }) => code)).toEqual(Array.from({ length: notices }, () => "model/block-count"));
  });
});
