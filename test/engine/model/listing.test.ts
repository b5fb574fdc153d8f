import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { glanceAt, listModels } from "../../../src/engine/model/index.js";
import { folderOf, onnxFilesUnder } from "../../../src/engine/model/listing.js";
import { writeTiny } from "../../fixtures/models.js";
import { scratch } from "./scratch.js";

const root = scratch();
const model = readFileSync(writeTiny(join(root, "..", `${root}-source`), { blocks: 2 }).path);
const at = (...path: string[]) => join(root, ...path);
function put(path: string, content: Uint8Array | string): void {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), content);
}
for (const file of [
  "hf/onnx/model.onnx",
  "hf/onnx/model_q4.onnx",
  "hf/onnx/decoder.onnx",
  "flat/model.onnx",
  "bare/net.onnx",
  "node_modules/x/y.onnx",
  ".hidden/z.onnx",
])
  put(file, model);
put("hf/config.json", '{"model_type": "llama", "vocab_size": 9}');
put("flat/tokenizer.json", "{}");
put("flat/model.onnx_data", new Uint8Array(5000));
put("broken/model.onnx", "version https://git-lfs.github.com/spec/v1\n");

/** A made-up cache: two snapshots of one model, links into blobs, a model without any .onnx file. */
function makeCache(): string {
  const [old, now] = ["1".repeat(40), "2".repeat(40)];
  const blob = (n: string) => `hub/models--acme--tiny/blobs/${n.repeat(64)}`;
  put(blob("a"), model);
  put(blob("c"), '{"model_type": "gpt2"}');
  for (const commit of [old, now]) {
    mkdirSync(at("hub/models--acme--tiny/snapshots", commit, "onnx"), { recursive: true });
    symlinkSync(`../../../blobs/${"a".repeat(64)}`, at("hub/models--acme--tiny/snapshots", commit, "onnx/model.onnx"));
    symlinkSync(`../../blobs/${"c".repeat(64)}`, at("hub/models--acme--tiny/snapshots", commit, "config.json"));
  }
  put("hub/models--acme--tiny/refs/main", now);
  put("hub/models--acme--weights/snapshots/3/model.safetensors", "x");
  put("hub/datasets--acme--rows/snapshots/4/model.onnx", model);
  put("hub/version.txt", "1");
  return at("hub");
}
const cache = makeCache();

describe("model folders", () => {
  it("belong to config.json or tokenizer.json, in the folder or one above", () => {
    expect(folderOf(at("hf/onnx/model.onnx"))).toBe(at("hf"));
    expect(folderOf(at("flat/model.onnx"))).toBe(at("flat"));
    expect(folderOf(at("bare/net.onnx"))).toBe(at("bare"));
  });

  it("are found two levels deep, not in hidden folders or node_modules; one that is not there holds none", async () => {
    const found = await onnxFilesUnder(root, 2, 100);
    expect(found).toContain(at("hf/onnx/model.onnx"));
    expect(found.filter((file) => /node_modules|hidden|snapshots/.test(file))).toEqual([]);
    expect(await onnxFilesUnder(at("none"), 2, 100)).toEqual([]);
    expect(await onnxFilesUnder(root, 2, 3)).toHaveLength(3);
  });
});

describe("the list", () => {
  it("groups files by model, full precision first, with sizes and what names say; what is no model is told apart", async () => {
    const { models, refused, cut } = await listModels({
      folders: [at("hf"), at("flat"), at("broken")],
      files: [at("bare/net.onnx"), at("hf/onnx/model.onnx")],
    });
    expect(
      models.map(({ name, where, architecture, files }) => [
        name,
        where,
        architecture,
        files.map((f) => [f.path.slice(root.length + 1), f.bytes, f.precision]),
      ]),
    ).toEqual([
      ["flat", "folder", undefined, [["flat/model.onnx", model.length + 5000, "float32"]]],
      [
        "hf",
        "folder",
        "llama",
        [
          ["hf/onnx/model.onnx", model.length, "float32"],
          ["hf/onnx/model_q4.onnx", model.length, "int4 weights"],
          ["hf/onnx/decoder.onnx", model.length, ""],
        ],
      ],
      ["net.onnx", "file", undefined, [["bare/net.onnx", model.length, ""]]],
    ]);
    expect(refused).toEqual([{ path: at("broken/model.onnx"), message: `${at("broken/model.onnx")} is a Git LFS pointer, not an ONNX model.` }]);
    expect(cut).toBe(false);
  });

  it("has the cache's models once, by the snapshot that main names, through its links", async () => {
    const { models } = await listModels({ folders: [], files: [], cache });
    expect(models.map(({ path, name, where, architecture, files }) => ({ path, name, where, architecture, bytes: files[0]!.bytes }))).toEqual([
      { path: join(cache, "models--acme--tiny/snapshots", "2".repeat(40)), name: "acme/tiny", where: "cache", architecture: "gpt2", bytes: model.length },
    ]);
    expect((await listModels({ folders: [], files: [], cache: at("no cache") })).models).toEqual([]);
    expect(glanceAt(models[0]!.path)).toMatchObject({ blocks: 2, precision: "float32", architecture: "gpt2", bytes: model.length });
  });

  it("nothing at all is an empty list", async () => {
    expect(await listModels({ folders: [], files: [] })).toEqual({ models: [], refused: [], cut: false });
  });

  it("a glance at what is no transformer carries the reason", () => {
    expect(glanceAt(at("broken/model.onnx"))).toMatchObject({ refusal: { code: "model/not-onnx" } });
    expect(glanceAt(at("none.onnx"))).toMatchObject({ bytes: 0, refusal: { code: "model/missing" } });
  });
});
