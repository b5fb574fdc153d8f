import { describe, expect, it } from "vitest";
import { linksOf } from "../../../src/engine/model/links.js";
import { parseModel } from "../../../src/engine/model/parse.js";
import { memorySource } from "../../../src/engine/model/source.js";
import { findTaps } from "../../../src/engine/model/taps.js";
import { FLOAT, INT64, OnnxBuilder } from "../../fixtures/onnx-builder.js";

describe("a graph of 10,000 nodes", () => {
  it("is understood in well under 1.5 s (a third of that is promised)", () => {
    const g = new OnnxBuilder();
    g.input("input_ids", INT64, ["b", "s"]);
    g.weight("embed", [8, 4], new Float32Array(32));
    g.weight("w", [4, 4], new Float32Array(16));
    g.weight("scale", [4], new Float32Array(4));
    let x = g.node("Gather", ["embed", "input_ids"]);
    const branch = (mixes: boolean) => {
      let y = g.node("MatMul", [g.node("LayerNormalization", [x, "scale", "scale"]), "w"]);
      if (mixes) y = g.node("MatMul", [g.node("Softmax", [g.node("MatMul", [y, g.node("Transpose", [y], { perm: [0, 2, 1] })])]), y]);
      // Noise of the kind that exporters leave: casts, reshapes, additions that are none of the stream's.
      for (let i = 0; i < 18; i++)
        y = i % 3 === 0 ? g.node("Cast", [y], { to: FLOAT }) : i % 3 === 1 ? g.node("Add", [y, g.node("Relu", [y])]) : g.node("Mul", [y, "scale"]);
      return g.node("MatMul", [y, "w"]);
    };
    const blocks = 190;
    for (let i = 0; i < blocks; i++) {
      x = g.node("Add", [x, branch(true)]);
      x = g.node("Add", [x, branch(false)]);
    }
    g.output(x, FLOAT);
    const bytes = g.bytes();
    const started = performance.now();
    const model = parseModel(memorySource("large.onnx", bytes));
    const { layers } = findTaps(linksOf(model));
    const took = performance.now() - started;
    expect(model.graph.nodes.length).toBeGreaterThan(10_000);
    expect(layers).toHaveLength(blocks + 1);
    expect(took).toBeLessThan(1_500);
  });
});
