import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { folderOf, groupModels, onnxFilesUnder } from "../../src/extension/modelFiles.js";

let root: string;
const at = (...path: string[]) => join(root, ...path);
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "layerscope-models-"));
  const files = [
    "hf/config.json",
    "hf/onnx/model.onnx",
    "hf/onnx/model_q4.onnx",
    "hf/onnx/decoder.onnx",
    "flat/tokenizer.json",
    "flat/model.onnx",
    "bare/net.onnx",
    "node_modules/x/y.onnx",
    ".cache/z.onnx",
  ];
  for (const file of files) {
    mkdirSync(dirname(at(file)), { recursive: true });
    writeFileSync(at(file), "");
  }
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe("model folders", () => {
  it("belong to config.json or tokenizer.json, in the folder or one above", () => {
    expect(folderOf(at("hf", "onnx", "model.onnx"))).toBe(at("hf"));
    expect(folderOf(at("flat", "model.onnx"))).toBe(at("flat"));
    expect(folderOf(at("bare", "net.onnx"))).toBe(at("bare"));
  });

  it("are found two levels deep and grouped, full precision first", async () => {
    const groups = groupModels((await onnxFilesUnder(root)).reverse());
    expect(groups.map((g) => g.folder)).toEqual([at("bare"), at("flat"), at("hf")]);
    expect(groups[2]!.files).toEqual([at("hf", "onnx", "model.onnx"), at("hf", "onnx", "model_q4.onnx"), at("hf", "onnx", "decoder.onnx")]);
  });

  it("a folder that is not there holds none", async () => {
    expect(await onnxFilesUnder(at("none"))).toEqual([]);
  });
});
