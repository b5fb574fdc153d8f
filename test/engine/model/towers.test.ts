import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { glanceAt, listTaps, openModel } from "../../../src/engine/model/index.js";
import { INT64, OnnxBuilder } from "../../fixtures/onnx-builder.js";
import { meanAndLast, scratch, worstError } from "./scratch.js";

type Matrix = number[][];
const D = 6;
const folder = scratch();

/** Weights from a formula, the same for the graph and for the forward pass. */
const weight = (seed: number, rows: number, columns: number): Matrix =>
  Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => Math.fround(0.4 * Math.sin(1.3 * seed + 2.1 * i + 0.9 * j * j + i * j))));
const W = { source: weight(1, 30, D), target: weight(2, 30, D), self: weight(3, D, D), cross: weight(4, D, D), up: weight(5, D, 9), down: weight(6, 9, D) };

/** Two encoder blocks over input_ids; three decoder blocks over decoder_input_ids that look at the encoder's result. */
function encoderDecoder(): string {
  const g = new OnnxBuilder();
  for (const [name, values] of Object.entries(W)) g.weight(name, [values.length, values[0]!.length], Float32Array.from(values.flat()));
  const look = (x: string, at: string, by: string) => {
    const scores = g.node("MatMul", [x, g.node("Transpose", [at], { perm: [0, 2, 1] })]);
    return g.node("Add", [x, g.node("MatMul", [g.node("MatMul", [g.node("Softmax", [scores], { axis: -1 }), at]), by])]);
  };
  const mlp = (x: string) => g.node("Add", [x, g.node("MatMul", [g.node("Relu", [g.node("MatMul", [x, "up"])]), "down"])]);
  let x = g.node("Gather", ["source", g.input("input_ids", INT64, ["b", "s"])]);
  for (let i = 0; i < 2; i++) x = mlp(look(x, x, "self"));
  let y = g.node("Gather", ["target", g.input("decoder_input_ids", INT64, ["b", "t"])]);
  for (let i = 0; i < 3; i++) y = mlp(look(look(y, y, "self"), x, "cross"));
  g.output(y);
  const path = join(folder, "both.onnx");
  g.write(path);
  writeFileSync(join(folder, "config.json"), JSON.stringify({ is_encoder_decoder: true, decoder_start_token_id: 2, num_hidden_layers: 2 }));
  return path;
}

const times = (a: Matrix, b: Matrix) => a.map((row) => b[0]!.map((_, j) => row.reduce((sum, value, k) => sum + value * b[k]![j]!, 0)));
const plus = (a: Matrix, b: Matrix) => a.map((row, t) => row.map((value, j) => value + b[t]![j]!));
const look = (x: Matrix, at: Matrix, by: Matrix) => {
  const context = x.map((query) => {
    const products = at.map((key) => key.reduce((sum, value, j) => sum + value * query[j]!, 0));
    const scores = products.map((product) => Math.exp(product - Math.max(...products)));
    const total = scores.reduce((a, b) => a + b, 0);
    return query.map((_, j) => at.reduce((sum, row, t) => sum + (scores[t]! / total) * row[j]!, 0));
  });
  return plus(x, times(context, by));
};
const mlp = (x: Matrix) =>
  plus(
    x,
    times(
      times(x, W.up).map((row) => row.map((value) => Math.max(0, value))),
      W.down,
    ),
  );

function forward(ids: readonly number[]): { encoder: Matrix[]; decoder: Matrix[] } {
  const encoder = [ids.map((id) => W.source[id]!)];
  for (let i = 0; i < 2; i++) encoder.push(mlp(look(encoder[i]!, encoder[i]!, W.self)));
  // The row's tokens, one place behind the start token.
  const decoder = [[2, ...ids.slice(0, -1)].map((id) => W.target[id]!)];
  for (let i = 0; i < 3; i++) decoder.push(mlp(look(look(decoder[i]!, decoder[i]!, W.self), encoder[2]!, W.cross)));
  return { encoder, decoder };
}

describe("a graph with an encoder and a decoder", () => {
  const path = encoderDecoder();
  const ids = [4, 7, 5, 9, 11];

  it.each([
    ["encoder", undefined],
    ["encoder", "encoder"],
    ["encoder", "input_ids"],
    ["decoder", "decoder"],
    ["decoder", "decoder_input_ids"],
  ] as const)("the %s, asked for by %s, has every layer right", async (name, tower) => {
    const model = await openModel(path, { provider: "cpu", threads: 1, ...(tower ? { tower } : {}) });
    const states = forward(ids);
    expect(model.card).toMatchObject({ tower: name, hiddenSize: D });
    expect([...model.card.towers!].sort()).toEqual(["decoder", "encoder"]);
    expect([...glanceAt(path).towers!].sort()).toEqual(["decoder", "encoder"]);
    const got = await model.run(meanAndLast([ids]));
    const error = (wanted: Matrix[]) =>
      worstError(got, wanted.length, 1, D, (layer, _, pooling) => (pooling === 1 ? wanted[layer]![ids.length - 1] : undefined));
    expect(model.card.layers).toHaveLength(states[name].length);
    expect(error(states[name])).toBeLessThan(1e-5);
    // The other tower's states, as far as they go, are others.
    expect(error(states[name === "encoder" ? "decoder" : "encoder"].slice(0, 3))).toBeGreaterThan(0.1);
    await model.close();
  });

  it("says that there are two, and how to choose; a name that fits none is refused with those that do", () => {
    expect(listTaps(path).notices.map(({ message }) => message)).toEqual([
      "The graph has 2 residual streams: decoder (9 additions from decoder_input_ids); encoder (4 additions from input_ids). The one named encoder is looked at; --tower NAME chooses another.",
    ]);
    expect(() => listTaps(path, "vision")).toThrow(
      'no residual stream named "vision"; it has decoder (9 additions from decoder_input_ids); encoder (4 additions from input_ids).',
    );
  });
});
