import { describe, expect, it } from "vitest";
import { modelRows, notOffered } from "../../src/extension/modelRows.js";
import { nameOfModel } from "../../src/extension/runFolders.js";
import type { ModelGlance, ModelList } from "../../src/protocol/index.js";

const file = (path: string, precision = "float32", bytes = 1000) => ({ path, bytes, precision });
const list: ModelList = {
  models: [
    {
      path: "/w/llama",
      name: "llama",
      where: "folder",
      architecture: "llama",
      files: [file("/w/llama/model.onnx"), file("/w/llama/model_q4.onnx", "int4 weights", 250)],
    },
    { path: "/w/net.onnx", name: "net.onnx", where: "file", files: [file("/w/net.onnx", "")] },
    { path: "/c/models--a--b/snapshots/1", name: "a/b", where: "cache", files: [file("/c/models--a--b/snapshots/1/model.onnx")] },
  ],
  refused: [{ path: "/w/page.onnx", message: "a page" }],
  cut: false,
};
const embedded = [{ path: "/x/model", label: "Embedded model", description: "small" }];
const rows = (recent: string[] = [], glances: [string, Partial<ModelGlance>][] = [], of = list) =>
  modelRows(embedded, recent, of, new Map(glances.map(([path, glance]) => [path, { path, bytes: 1, ...glance }])), (path) => path);

describe("the picker's lines", () => {
  it("are in sections: embedded, recently used, folders, single files, cache; each model once", () => {
    expect(rows(["/w/llama"]).map(({ section, label }) => [section, label])).toEqual([
      ["embedded", "Embedded model"],
      ["recently used", "llama"],
      ["single files", "net.onnx"],
      ["Hugging Face cache", "a/b"],
    ]);
    expect(rows().map(({ section }) => section)).toEqual(["embedded", "workspace and configured folders", "single files", "Hugging Face cache"]);
  });

  it("say what names and sizes say, then what the graph says", () => {
    expect(rows()[1]).toMatchObject({ description: "llama · float32 · 1.0 kB", detail: "/w/llama · model.onnx and 1 other file" });
    expect(rows([], [["/w/llama/model.onnx", { bytes: 5e6, precision: "float16", architecture: "llama", blocks: 12 }]])[1]!.description).toBe(
      "llama · 12 blocks · float16 · 5.0 MB",
    );
    expect(rows()[2]!.description).toBe("1.0 kB");
  });

  it("a variant used recently stands under its own name, and its model stays", () => {
    const [, first, second] = rows(["/w/llama/model_q4.onnx"]);
    expect([first!.section, first!.label, first!.description, first!.detail]).toEqual([
      "recently used",
      "llama (model_q4.onnx)",
      "llama · int4 weights · 250 B",
      "/w/llama/model_q4.onnx",
    ]);
    expect(second!.label).toBe("llama");
  });

  it("what turns out to be no transformer leaves the list, and is told with the reason", () => {
    const refusal = { code: "model/no-residual-stream", message: "No residual stream" };
    expect(rows([], [["/w/net.onnx", { refusal }]]).map(({ label }) => label)).not.toContain("net.onnx");
    expect(notOffered(list, new Map([["/w/net.onnx", { path: "/w/net.onnx", bytes: 1, refusal }]]))).toEqual([
      { path: "/w/page.onnx", message: "a page" },
      { path: "/w/net.onnx", message: "No residual stream" },
    ]);
  });

  it("with nothing found the embedded model stands alone; something used that is gone is left out", () => {
    expect(rows(["/gone"], [], { models: [], refused: [], cut: false }).map(({ label }) => label)).toEqual(["Embedded model"]);
  });
});

describe("names of models in the cache", () => {
  it("are the repository's, not the commit's", () => {
    const snapshot = `/c/hub/models--HuggingFaceTB--SmolLM2-135M/snapshots/${"a".repeat(40)}`;
    expect(nameOfModel(snapshot)).toBe("HuggingFaceTB/SmolLM2-135M");
    expect(nameOfModel(`${snapshot}/onnx/model.onnx`)).toBe("HuggingFaceTB/SmolLM2-135M");
    expect(nameOfModel(`${snapshot}/onnx/model_q4.onnx`)).toBe("HuggingFaceTB/SmolLM2-135M (model_q4.onnx)");
  });
});
