import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { analyse } from "../../../src/engine/model/analysis.js";
import { causalBy } from "../../../src/engine/model/causal.js";
import { readSheet } from "../../../src/engine/model/index.js";
import { FLOAT, INT64, modelProto, nodeProto, tensorProto, valueProto } from "../../../src/engine/model/onnx.js";
import { countParameters } from "../../../src/engine/model/parameters.js";
import { parseModel } from "../../../src/engine/model/parse.js";
import { memorySource } from "../../../src/engine/model/source.js";
import { tapGroups } from "../../../src/protocol/index.js";
import { writeTiny } from "../../fixtures/models.js";
import { scratch } from "./scratch.js";

const root = scratch();
const SHARED = resolve(import.meta.dirname, "../../../../shared/models");

describe("a model's sheet", () => {
  it("tells causal from bidirectional by the graph, whatever config.json calls the model", async () => {
    const named = { model_type: "new-thing", architectures: ["NewThing"] };
    const causalOf = async (path: string) => (await readSheet(path, "cpu")).stream!.causal;
    expect(await causalOf(writeTiny(join(root, "looks-back"), { causal: true, config: named }).folder)).toBe(true);
    expect(await causalOf(writeTiny(join(root, "both-sides"), { causal: false, config: named }).folder)).toBe(false);
    expect(await causalOf(writeTiny(join(root, "misnamed"), { causal: false, config: { architectures: ["NotForCausalLM"] } }).folder)).toBe(false);
    const past = writeTiny(join(root, "past"), { causal: true, merged: true, config: named });
    expect(await causalOf(past.folder)).toBe(true);
  });

  it("says that a tokenizer file is none", async () => {
    const { folder } = writeTiny(join(root, "no-json"));
    const codes = async () => (await readSheet(folder, "cpu")).notices.map(({ code }) => code);
    expect(await codes()).not.toContain("model/bad-tokenizer");
    writeFileSync(join(folder, "tokenizer.json"), "<html>");
    expect(await codes()).toContain("model/bad-tokenizer");
  });

  it.skipIf(!existsSync(join(SHARED, "zoo")))("never calls a causal model bidirectional, nor the other way round", async () => {
    const encoder = /^(albert|bert|clip_vision|distilbert|modernbert|roberta|t5_encoder|vit)_/;
    let told = 0;
    const folders = readdirSync(join(SHARED, "zoo"), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    for (const { name } of folders) {
      const analysis = analyse(join(SHARED, "zoo", name));
      const causal = causalBy(analysis);
      analysis.source.close();
      if (causal === undefined) continue;
      told++;
      expect([name, causal]).toEqual([name, !encoder.test(name)]);
    }
    expect(told).toBeGreaterThan(0.8 * folders.length);
  });

  it("tells all that the graph and the files beside it tell", async () => {
    const tiny = writeTiny(join(root, "tiny"), { blocks: 3, width: 16, external: "model.onnx_data" });
    writeFileSync(join(tiny.folder, "onnx", "model_fp16.onnx"), readFileSync(tiny.path));
    const sheet = await readSheet(tiny.folder, "cpu");
    expect(sheet).toMatchObject({
      path: tiny.path,
      name: "tiny",
      graph: { precision: "float32", opsets: [{ domain: "ai.onnx", version: expect.any(Number) }] },
      stream: { architecture: "tiny", causal: true, hiddenSize: 16, oneRowAtATime: false, maxTokens: 512 },
      providers: ["the CPU"],
      variants: [{ path: join(tiny.folder, "onnx", "model_fp16.onnx"), precision: "float16" }],
    });
    expect(sheet.refusal).toBeUndefined();
    expect(sheet.files.map(({ path, role }) => [path.slice(tiny.folder.length), role])).toEqual([
      ["/onnx/model.onnx", "graph"],
      ["/onnx/model.onnx_data", "weights"],
    ]);
    expect(sheet.bytes).toBe(sheet.files.reduce((n, file) => n + file.bytes, 0));
    expect(sheet.graph!.inputs.map(({ name, type, shape }) => [name, type, shape])).toEqual([
      ["input_ids", "int64", ["batch", "sequence"]],
      ["attention_mask", "int64", ["batch", "sequence"]],
    ]);
    expect(sheet.stream!.layers).toHaveLength(4);
    expect(sheet.stream!.taps.map(({ name }) => name)).toContain("blocks.2.attn_out");
    expect(sheet.memory!.note).toContain("estimate");
    expect(sheet.chatTemplate).toBeUndefined();
    writeFileSync(join(tiny.folder, "tokenizer_config.json"), '{"chat_template": "{{ x }}"}');
    expect((await readSheet(tiny.folder, "cpu")).chatTemplate).toBe("tokenizer_config.json");
  });

  it("a refused file keeps its sheet: what was found out, and why it stops there", async () => {
    const tiny = writeTiny(join(root, "lost"), { external: "model.onnx_data" });
    rmSync(join(tiny.folder, "onnx", "model.onnx_data"));
    const lost = await readSheet(tiny.folder, "cpu");
    expect(lost.refusal).toMatchObject({ code: "model/external-data" });
    expect(lost.stream!.layers).toHaveLength(4);
    expect(lost.graph!.parameters).toBeGreaterThan(1000);
    writeFileSync(tiny.path, "<html>Sign in</html>");
    const page = await readSheet(tiny.folder, "cpu");
    expect(page.refusal).toMatchObject({ code: "model/not-onnx" });
    expect(page.graph).toBeUndefined();
    expect(page.files).toEqual([{ path: tiny.path, bytes: 20, role: "graph" }]);
  });

  it.skipIf(!existsSync(SHARED))("counts what is known of real models: 134,515,008 of SmolLM2 in 4 bits, 22.6 M of MiniLM in 8", async () => {
    expect((await readSheet(join(SHARED, "SmolLM2-135M-Instruct"), "cpu")).graph!.parameters).toBe(134_515_008);
    expect((await readSheet(join(SHARED, "all-MiniLM-L6-v2"), "cpu")).graph!.parameters / 1e6).toBeCloseTo(22.6, 1);
  });
});

describe("counting parameters", () => {
  const count = (spec: Partial<Parameters<typeof modelProto>[0]>) =>
    countParameters(
      parseModel(
        memorySource(
          "m",
          modelProto({
            nodes: [],
            initializers: [],
            inputs: [valueProto("x", INT64, ["b"])],
            outputs: [valueProto("y", FLOAT)],
            opsets: new Map([["", 17]]),
            ...spec,
          }),
        ),
      ),
    );

  it("floats count by shape; shapes, scalars and masks do not", () => {
    expect(
      count({
        initializers: [
          tensorProto("w", FLOAT, [3, 4], new Uint8Array(48)),
          tensorProto("bias", FLOAT, [4], new Uint8Array(16)),
          tensorProto("eps", FLOAT, [], new Uint8Array(4)),
          tensorProto("shape", INT64, [3], new Uint8Array(24)),
          tensorProto("mask", 2, [1, 1, 4, 4], new Uint8Array(16)),
        ],
      }),
    ).toBe(16);
  });

  it("packed 4-bit weights count unpacked, their scales and zero points not at all", () => {
    const node = nodeProto({
      op: "MatMulNBits",
      domain: "com.microsoft",
      inputs: ["x", "B", "scales", "zeros"],
      outputs: ["y"],
      attributes: { K: 32, N: 8, bits: 4 },
    });
    const tensors = [
      tensorProto("B", 2, [8, 1, 16], new Uint8Array(128)),
      tensorProto("scales", FLOAT, [8], new Uint8Array(32)),
      tensorProto("zeros", 2, [8], new Uint8Array(8)),
    ];
    expect(count({ nodes: [node], initializers: tensors })).toBe(32 * 8);
  });

  it("8-bit weights count, scales and zero points of their operators do not", () => {
    const node = nodeProto({ op: "DequantizeLinear", inputs: ["w", "scale", "zero"], outputs: ["y"] });
    const tensors = [
      tensorProto("w", 3, [6, 4], new Uint8Array(24)),
      tensorProto("scale", FLOAT, [4], new Uint8Array(16)),
      tensorProto("zero", 3, [4], new Uint8Array(4)),
    ];
    expect(count({ nodes: [node], initializers: tensors })).toBe(24);
  });
});

describe("taps by kind", () => {
  it("blocks alike make one line; another operator, a gap or another reason begins a new one", () => {
    const taps = [
      { name: "embed", op: "Gather", tensor: "e" },
      ...[0, 1, 2, 3].map((i) => ({ name: `blocks.${i}.mlp_out`, op: i === 2 ? "Gemm" : "MatMul", tensor: `m${i}` })),
      ...[0, 1].map((i) => ({ name: `blocks.${i}.attn_pattern`, missing: `not in this export, because block ${i} fuses it` })),
      { name: "logits", missing: "not in this export, because it ends before" },
    ];
    expect(tapGroups(taps).map(({ name, count }) => [name, count])).toEqual([
      ["embed", 1],
      ["blocks.0–1.mlp_out", 2],
      ["blocks.2.mlp_out", 1],
      ["blocks.3.mlp_out", 1],
      ["blocks.0–1.attn_pattern", 2],
      ["logits", 1],
    ]);
  });
});
