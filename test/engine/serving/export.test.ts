import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as ort from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { openModel } from "../../../src/engine/model/index.js";
import { TYPES } from "../../../src/engine/model/onnx.js";
import { typed } from "../../../src/engine/model/typed.js";
import { type ExportWish, exportModel, nameFrom } from "../../../src/engine/serving/export.js";
import { modelHash, readIdentity } from "../../../src/engine/serving/identity.js";
import { settle } from "../../../src/engine/serving/settle.js";
import { VERSION } from "../../../src/engine/version.js";
import { problemOf } from "../../../src/protocol/index.js";
import { FAMILIES, writeFamily } from "../../fixtures/families.js";
import { writeTinyDecoder, writeTinyEncoder } from "../../fixtures/models.js";
import { writeVision } from "../../fixtures/vision.js";
import { scratch as scratchRoot } from "../model/scratch.js";

const root = scratchRoot();
const scratch = { folder: () => mkdtempSync(join(root, "x-")) };

const wish = (model: string, out: string, more: Partial<ExportWish> = {}): ExportWish => ({ model, taps: ["residual"], layout: "triton", out, ...more });
const codeOf = async (run: Promise<unknown>) =>
  run.then(
    () => "none",
    (error: unknown) => problemOf(error).code,
  );

describe("a tapped model as a server takes it", () => {
  it("loads in plain ONNX Runtime by its path, and gives what the model gives", async () => {
    const folder = scratch.folder();
    writeTinyDecoder(folder, { external: "weights.data", width: 64 });
    const out = join(scratch.folder(), "repository");
    const done = await exportModel(wish(folder, out, { name: "tiny" }));
    expect(readdirSync(join(out, "tiny")).sort()).toEqual(["1", "config.json", "config.pbtxt", "layerscope.json", "tokenizer.json", "tokenizer_config.json"]);
    expect(readdirSync(join(out, "tiny", "1")).sort()).toEqual(["model.onnx", "model.onnx.data"]);
    expect(done.files.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(2 * statSync(join(folder, "onnx", "weights.data")).size + 100_000);

    const session = await ort.InferenceSession.create(join(out, "tiny", "1", "model.onnx"));
    expect([...session.inputNames].sort()).toEqual(["attention_mask", "input_ids", "pool"]);
    expect([...session.outputNames]).toEqual(["layers", "layerscope_model"]);
    const ids = [
      [5, 9, 8, 11],
      [7, 6, 0, 0],
    ];
    const pool = Float32Array.from([0.25, 0.25, 0.25, 0.25, 0.5, 0.5, 0, 0]);
    const int64 = (values: number[][]) => new ort.Tensor("int64", BigInt64Array.from(values.flat(), BigInt), [2, 4]);
    const found = await session.run({
      input_ids: int64(ids),
      attention_mask: int64([
        [1, 1, 1, 1],
        [1, 1, 0, 0],
      ]),
      pool: new ort.Tensor("float32", pool, [2, 1, 4]),
    });
    await session.release();

    const model = await openModel(folder, { provider: "cpu", threads: 1 });
    const wanted = await model.run({ ids: [ids[0], [7, 6]], weights: [[pool.slice(0, 4)], [pool.slice(4, 6)]] });
    await model.close();
    expect(found.layers.dims).toEqual([2, 4, 1, 64]);
    const layers = found.layers.data as Float32Array;
    for (let b = 0; b < 2; b++)
      for (let layer = 0; layer < 4; layer++)
        for (let j = 0; j < 64; j++) expect(layers[(b * 4 + layer) * 64 + j]).toBeCloseTo(wanted[(layer * 2 + b) * 64 + j], 4);
    const identity = readIdentity(Array.from(found.layerscope_model.data as BigInt64Array, Number));
    expect(found.layerscope_model.dims).toEqual([2, 40]);
    expect(identity).toEqual({ format: 1, version: VERSION, layers: 4, width: 64, oneRowAtATime: false, tokens: 0, hash: modelHash(model.card) });
  }, 60_000);

  it("writes Triton's configuration, the batch being no part of the dims", async () => {
    const folder = scratch.folder();
    writeTinyDecoder(folder);
    const out = scratch.folder();
    await exportModel(wish(folder, out, { name: "tiny", instances: 2, maxBatch: 16 }));
    const text = readFileSync(join(out, "tiny", "config.pbtxt"), "utf8");
    expect(text).toMatch(/^name: "tiny"\nplatform: "onnxruntime_onnx"\nbackend: "onnxruntime"\nmax_batch_size: 16\n/);
    expect(text).toMatch(/name: "input_ids"\n {4}data_type: TYPE_INT64\n {4}dims: \[ -1 \]/);
    expect(text).toMatch(/name: "pool"\n {4}data_type: TYPE_FP32\n {4}dims: \[ -1, -1 \]/);
    expect(text).toMatch(/name: "layers"\n {4}data_type: TYPE_FP32\n {4}dims: \[ 4, -1, 16 \]/);
    expect(text).toMatch(/dynamic_batching/);
    expect(text).toMatch(/count: 2\n {4}kind: KIND_AUTO/);
    expect(text).toMatch(/key: "layerscope.identity"\n {2}value: \{ string_value: "[0-9a-f]{64}" \}/);
  }, 60_000);

  it("never joins rows that change each other, nor adds an axis to a traced shape", async () => {
    const dynamic = scratch.folder();
    writeTinyDecoder(dynamic, { dynamicQuantization: true });
    const out = scratch.folder();
    expect((await exportModel(wish(dynamic, out, { name: "dynamic" }))).maxBatch).toBe(1);
    expect(readFileSync(join(out, "dynamic", "config.pbtxt"), "utf8")).not.toMatch(/dynamic_batching/);
    const fixed = scratch.folder();
    writeTinyDecoder(fixed, { fixed: [2, 6] });
    expect((await exportModel(wish(fixed, out, { name: "fixed" }))).maxBatch).toBe(0);
    expect(readFileSync(join(out, "fixed", "config.pbtxt"), "utf8")).toMatch(/name: "input_ids"\n {4}data_type: TYPE_INT64\n {4}dims: \[ 2, 6 \]/);
  }, 60_000);

  it("gives out taps by name, and cuts the graph behind the deepest", async () => {
    const folder = scratch.folder();
    writeTinyEncoder(folder);
    const out = scratch.folder();
    const done = await exportModel(wish(folder, out, { taps: ["blocks.0.attn_out", "blocks.1.mlp_out"] }));
    expect(done.outputs.map(({ name }) => name)).toEqual(["blocks.0.attn_out", "blocks.1.mlp_out", "layerscope_model"]);
    const whole = await exportModel(wish(folder, out, { taps: ["residual"], name: "whole" }));
    const bytesOf = (one: typeof done) => one.files.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(bytesOf(done)).toBeLessThan(bytesOf(whole));
    expect(await codeOf(exportModel(wish(folder, out, { taps: ["no.such"], name: "x" })))).toBe("model/no-such-tap");
    expect(await codeOf(exportModel(wish(folder, out, { taps: [""], name: "x" })))).toBe("serving/taps");
  }, 60_000);

  it("exports every family, images too", async () => {
    for (const family of FAMILIES.slice(0, 4)) {
      const folder = scratch.folder();
      writeFamily(folder, family);
      expect((await exportModel(wish(folder, scratch.folder()))).checked, family).toBe(true);
    }
    const folder = scratch.folder();
    writeVision(folder);
    const done = await exportModel(wish(folder, scratch.folder()));
    expect(done.inputs.map(({ name }) => name)).toEqual(["pixel_values", "pool"]);
    const half = scratch.folder();
    writeTinyDecoder(half, { half: true, merged: true });
    expect((await exportModel(wish(half, scratch.folder()))).checked).toBe(true);
  }, 120_000);

  it("links where asked, and leaves the model's files as they are", async () => {
    const folder = scratch.folder();
    writeTinyDecoder(folder, { external: "weights.data", width: 64 });
    const before = readFileSync(join(folder, "onnx", "weights.data"));
    const out = scratch.folder();
    await exportModel(wish(folder, out, { name: "tiny", link: true }));
    const linked = join(out, "tiny", "1", "weights-0.bin");
    expect(statSync(linked).ino).toBe(statSync(join(folder, "onnx", "weights.data")).ino);
    expect(readFileSync(join(folder, "onnx", "weights.data")).equals(before)).toBe(true);
    const session = await ort.InferenceSession.create(join(out, "tiny", "1", "model.onnx"));
    await session.release();
  }, 60_000);

  it("never overwrites unasked, nor what it did not write, and leaves nothing half done", async () => {
    const folder = scratch.folder();
    writeTinyDecoder(folder);
    const out = scratch.folder();
    await exportModel(wish(folder, out, { name: "tiny" }));
    expect(await codeOf(exportModel(wish(folder, out, { name: "tiny" })))).toBe("serving/exists");
    writeFileSync(join(out, "tiny", "stale"), "");
    await exportModel(wish(folder, out, { name: "tiny", force: true }));
    expect(existsSync(join(out, "tiny", "stale"))).toBe(false);
    mkdirSync(join(out, "mine"));
    expect(await codeOf(exportModel(wish(folder, out, { name: "mine", force: true })))).toBe("serving/not-ours");
    expect(await codeOf(exportModel(wish(folder, folder, { name: "tiny" })))).toBe("serving/inside");
    expect(await codeOf(exportModel(wish(folder, out, { name: "No Name" })))).toBe("serving/name");
    const aborted = AbortSignal.abort();
    expect(await codeOf(exportModel(wish(folder, join(out, "new"), { name: "late" }), aborted))).toBe("run/cancelled");
    expect(readdirSync(out).sort()).toEqual(["mine", "tiny"]);
  }, 60_000);

  it("writes an InferenceService for KServe", async () => {
    const folder = scratch.folder();
    writeTinyDecoder(folder);
    const out = scratch.folder();
    const done = await exportModel(wish(folder, out, { layout: "kserve", name: "tiny", storageUri: "pvc://models/tiny" }));
    const text = readFileSync(join(out, "inferenceservice.yaml"), "utf8");
    expect(text).toMatch(/kind: InferenceService/);
    expect(text).toMatch(/storageUri: "pvc:\/\/models\/tiny"/);
    expect(text).toMatch(/protocolVersion: v2/);
    expect(done.files.map(({ path }) => path)).toContain("inferenceservice.yaml");
  }, 60_000);
});

describe("what need not be sent", () => {
  const feed = (
    name: string,
    type: number,
    dims: (number | string)[],
    make: (rows: { ids: readonly (readonly number[])[]; length: number }) => { dims: number[]; values: number[] },
  ) => {
    const input = { name, type, dims };
    return settle(input, (rows) => {
      const { dims: shape, values } = make(rows);
      return typed(input, shape, Float64Array.from(values));
    });
  };
  it("is empty past, token types, lengths; not masks, ids, positions", () => {
    expect(TYPES.get(7)?.name).toBe("int64");
    expect(feed("past", 1, ["b", 2, "p", 8], ({ ids }) => ({ dims: [ids.length, 2, 0, 8], values: [] }))).toMatchObject({
      dims: [{ perRow: 1 }, 2, 0, 8],
      fill: 0,
    });
    expect(feed("types", 7, ["b", "s"], ({ ids, length }) => ({ dims: [ids.length, length], values: Array(ids.length * length).fill(0) }))).toMatchObject({
      dims: [{ perRow: 1 }, "tokens"],
      fill: 0,
    });
    expect(feed("last", 6, ["b"], ({ ids, length }) => ({ dims: [ids.length], values: Array(ids.length).fill(length - 1) }))).toMatchObject({
      fill: { tokensPlus: -1 },
    });
    const mask = ({ ids, length }: { ids: readonly (readonly number[])[]; length: number }) => ({
      dims: [ids.length, length],
      values: ids.flatMap((row) => Array.from({ length }, (_, t) => Number(t < row.length))),
    });
    expect(feed("mask", 7, ["b", "s"], mask)).toBeUndefined();
    expect(
      feed("positions", 7, ["b", "s"], ({ ids, length }) => ({ dims: [ids.length, length], values: ids.flatMap(() => Array.from({ length }, (_, t) => t)) })),
    ).toBeUndefined();
  });
  it("names are those that Kubernetes, Triton and addresses take", () => {
    expect(nameFrom("SmolLM2-135M-Instruct")).toBe("smollm2-135m-instruct-layers");
    expect(nameFrom("日本")).toBe("model-layers");
    expect(nameFrom(`${"a".repeat(80)}`)).toHaveLength(63);
  });
});
