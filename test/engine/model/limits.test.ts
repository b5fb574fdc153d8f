import { join } from "node:path";
import { expect, it } from "vitest";
import { explainSession } from "../../../src/engine/model/explain.js";
import { openModel } from "../../../src/engine/model/index.js";
import { planInputs } from "../../../src/engine/model/inputs.js";
import { linksOf } from "../../../src/engine/model/links.js";
import { FLOAT, INT64 } from "../../../src/engine/model/onnx.js";
import { parseModel } from "../../../src/engine/model/parse.js";
import { fileSource } from "../../../src/engine/model/source.js";
import { positionsOf, vocabularyOf } from "../../../src/engine/model/vocabulary.js";
import { writeTiny } from "../../fixtures/models.js";
import { OnnxBuilder } from "../../fixtures/onnx-builder.js";
import { meanAndLast, scratch } from "./scratch.js";

const root = scratch();

it("the table of positions is found by what looks it up, not taken for the one of tokens", () => {
  const g = new OnnxBuilder();
  const ids = g.input("idx", INT64, ["batch", "sequence"]);
  g.weight("tokens", [260, 16], new Float32Array(260 * 16));
  g.weight("positions", [64, 16], new Float32Array(64 * 16));
  const length = g.node("Squeeze", [g.node("Slice", [g.node("Shape", [ids]), g.ints("one", [1]), g.ints("two", [2])])]);
  const range = g.node("Range", [g.ints("zero", [0], []), length, g.ints("step", [1], [])]);
  g.output(g.node("Add", [g.node("Gather", ["tokens", ids]), g.node("Gather", ["positions", range])]), FLOAT, ["batch", "sequence", 16]);
  const path = join(root, "table.onnx");
  g.write(path);
  const source = fileSource(path);
  const links = linksOf(parseModel(source));
  source.close();
  expect([vocabularyOf(links, "idx"), positionsOf(links, 16), positionsOf(links, 8)]).toEqual([260, 64, undefined]);
});

it("a token id beyond the table, and a row longer than config.json allows, are named for what they are", async () => {
  const tiny = writeTiny(join(root, "tiny"));
  const model = await openModel(tiny.folder, { provider: "cpu", threads: 1 });
  try {
    await expect(model.run(meanAndLast([[5, 100_000]]))).rejects.toMatchObject({
      problem: { code: "model/token-out-of-range", message: expect.stringContaining("100000") },
    });
    const long = new Array<number>(700).fill(5);
    await expect(model.run(meanAndLast([long]))).rejects.toMatchObject({
      problem: { code: "model/row-too-long", message: expect.stringContaining("at most 512") },
    });
  } finally {
    await model.close();
  }
});

it("a refusal of the runtime points at no log: its words are given with it", () => {
  expect(explainSession("m.onnx", new Error("some words")).problem).toMatchObject({
    details: expect.stringContaining("some words"),
    hint: expect.not.stringContaining("log"),
  });
});

it("token ids that are texts are no token ids", () => {
  expect(() => planInputs("m.onnx", [{ name: "input_ids", type: 8, dims: ["batch", "sequence"] }], { classes: [] })).toThrow(/cannot feed: input_ids \(string/);
});
