import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { listTaps, openModel } from "../../../src/engine/model/index.js";
import { tensorProto } from "../../../src/engine/model/onnx.js";
import { decodeNumbers, half } from "../../../src/engine/model/weights/decode.js";
import { dequantised, transposed } from "../../../src/engine/model/weights/fold.js";
import { openWeights } from "../../../src/engine/model/weights/index.js";
import { rangeFile } from "../../../src/engine/model/weights/ranges.js";
import { problemOf } from "../../../src/protocol/index.js";
import { writeTinyDecoder, writeTinyEncoder } from "../../fixtures/models.js";
import { FLOAT, INT64, OnnxBuilder } from "../../fixtures/onnx-builder.js";
import { distance, identitiesOf } from "./identities.js";
import { scratch } from "./scratch.js";

const folder = scratch();
const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return problemOf(error).code;
  }
  return "";
};
const ramp = (count: number, by = 0.01, from = -0.3) => Float32Array.from({ length: count }, (_, i) => from + by * ((i * 7) % 61));

describe("weights by role", () => {
  it.each([
    ["a decoder", () => writeTinyDecoder(join(folder, "decoder"))],
    ["a decoder of half floats beside its file", () => writeTinyDecoder(join(folder, "half"), { half: true, external: "weights.bin" })],
    ["attention and MLP side by side", () => writeTinyDecoder(join(folder, "parallel"), { parallel: "sum-first" })],
    ["attention and MLP one after the other, reading one state", () => writeTinyDecoder(join(folder, "state-first"), { parallel: "state-first" })],
    ["a post-norm encoder", () => writeTinyEncoder(join(folder, "encoder"))],
    ["layers inside an If", () => writeTinyDecoder(join(folder, "merged"), { merged: true })],
  ] as const)("%s: taps and weights fit together", async (what, write) => {
    const tiny = write();
    const model = await openModel(tiny.folder, { provider: "cpu", threads: 1, taps: ["*"] });
    const ids = [
      [5, 9, 8, 11],
      [7, 6],
    ];
    const weights = ids.map((row) => Array.from({ length: 4 }, (_, k) => Float32Array.from(row, (_, t) => (t === k ? 1 : 0))));
    const { taps } = await model.runTaps({ ids, weights });
    const reader = openWeights(tiny.folder);
    const reads = { taps, entries: model.taps, lengths: [4, 2], blocks: tiny.blocks, causal: model.card.causal };
    const errors = identitiesOf(reads, reader, 1e-5);
    expect([...errors.keys()].length).toBeGreaterThanOrEqual(6);
    for (const [identity, error] of errors) expect({ identity, error, ok: error < (what.includes("half") ? 5e-3 : 1e-5) }).toMatchObject({ ok: true });
    // Parts mixed up are noticed: the values' projection for the output's, one block's for another's.
    const swapped = { ...reader, read: (name: string) => reader.read(name.replace(/\.o$/, ".v").replace(/blocks\.1\.down/, "blocks.0.down")) };
    const wrong = identitiesOf(reads, swapped, 1e-5);
    expect(wrong.get("attn = head · o")).toBeGreaterThan(0.1);
    expect(wrong.get("mlp = act · down")).toBeGreaterThan(0.1);
    reader.close();
    await model.close();
  });

  it("is read at its own bytes and nothing else", () => {
    const tiny = writeTinyDecoder(join(folder, "bytes"), { external: "weights.bin" });
    let opened = 0;
    const reader = openWeights(tiny.folder, {
      open: (path) => {
        opened++;
        return rangeFile(path);
      },
    });
    expect([opened, reader.bytesRead]).toEqual([0, 0]);
    const entry = reader.entries.find(({ name }) => name === "blocks.1.down")!;
    expect(entry).toMatchObject({ shape: [16, 32], dtype: "float32", bytes: 2048, tensor: "layers.1.down.weight" });
    reader.read("blocks.1.down");
    expect([opened, reader.bytesRead]).toEqual([1, 2048]);
    // Two rows of the table of embeddings.
    expect(reader.read("embedding", { from: 3, to: 5 })).toEqual(reader.read("embedding").subarray(48, 80));
    expect(reader.bytesRead).toBe(2048 + 2 * 64 + 260 * 64);
    reader.close();
  });

  it("understanding a model, and listing taps and weights, reads none of them", () => {
    const tiny = writeTinyDecoder(join(folder, "unread"), { external: "weights.bin", width: 64 });
    const taps = listTaps(tiny.folder);
    expect(taps.taps.filter((tap) => !tap.missing).length).toBeGreaterThan(20);
    const reader = openWeights(tiny.folder);
    expect(reader.entries.length).toBeGreaterThan(20);
    expect(reader.bytesRead).toBe(0);
    truncateSync(join(tiny.folder, "onnx/weights.bin"), 100);
    expect(codeOf(() => reader.read("embedding"))).toBe("model/weight-unreadable");
    reader.close();
  });

  it("names what there is, and says why something is not", () => {
    const reader = openWeights(writeTinyEncoder(join(folder, "names")).folder);
    expect(codeOf(() => reader.read("blocks.0.gate"))).toBe("model/no-such-weight");
    reader.close();
  });
});

describe("quantised weights", () => {
  /** Embeds ids, adds one branch of two products twice over, so that there is a stream; `product` writes the down projection. */
  function write(name: string, product: (g: OnnxBuilder, x: string, i: number) => string, opset = 21): string {
    const g = new OnnxBuilder();
    g.input("input_ids", INT64, ["b", "s"]);
    g.weight("table", [40, 32], ramp(40 * 32));
    g.weight("up", [32, 32], ramp(1024, 0.02));
    g.weight("gamma", [32], ramp(32, 0.01, 0.5));
    g.weight("beta", [32], ramp(32));
    let x = g.node("Gather", ["table", "input_ids"]);
    for (let i = 0; i < 3; i++)
      x = g.node("Add", [x, product(g, g.node("Relu", [g.node("MatMul", [g.node("LayerNormalization", [x, "gamma", "beta"]), "up"])]), i)]);
    g.output(x, FLOAT);
    mkdirSync(join(folder, name), { recursive: true });
    g.write(join(folder, name, "model.onnx"), { opset, microsoft: true });
    return join(folder, name);
  }
  const bytesOf = (name: string, dims: number[], values: Uint8Array, type = 2) => tensorProto(name, type, dims, values);
  const noise = (count: number) => Uint8Array.from({ length: count }, (_, i) => (i * 37 + 11) % 256);

  /** Runs the graph and compares its MLP's output with its activation times the weight that was read. */
  async function agrees(path: string): Promise<number> {
    const model = await openModel(path, { provider: "cpu", threads: 1, taps: ["blocks.1.mlp_act", "blocks.1.mlp_out"] });
    const { taps } = await model.runTaps({ ids: [[3, 9, 17]], weights: [[0, 1, 2].map((k) => Float32Array.from([0, 1, 2], (t) => (t === k ? 1 : 0)))] });
    await model.close();
    const reader = openWeights(path);
    const w = reader.read("blocks.1.down");
    expect(reader.read("blocks.1.down", { from: 5, to: 7 })).toEqual(w.slice(5 * 32, 7 * 32));
    reader.close();
    const act = taps.get("blocks.1.mlp_act")!.data;
    const out = Float32Array.from({ length: 96 }, (_, i) => {
      let sum = 0;
      for (let k = 0; k < 32; k++) sum += act[Math.floor(i / 32) * 32 + k]! * w[(i % 32) * 32 + k]!;
      return sum;
    });
    return distance(out, taps.get("blocks.1.mlp_out")!.data);
  }

  it.each([
    [4, false],
    [4, true],
    [8, false],
    [8, true],
  ] as const)("MatMulNBits of %i bits, zero points: %s", async (bits, zeros) => {
    const path = write(`nbits${bits}${zeros}`, (g, x, i) => {
      const blob = (16 * bits) / 8;
      g.integers.push(bytesOf(`q${i}`, [32, 2, blob], noise(64 * blob)));
      g.weight(`scale${i}`, [64], ramp(64, 0.001, 0.002));
      if (zeros) g.integers.push(bytesOf(`zero${i}`, [32 * Math.ceil((2 * bits) / 8)], noise(32 * Math.ceil((2 * bits) / 8))));
      return g.node(
        "MatMulNBits",
        [x, `q${i}`, `scale${i}`, ...(zeros ? [`zero${i}`] : [])],
        { K: 32, N: 32, bits, block_size: 16, accuracy_level: 1 },
        { domain: "com.microsoft" },
      );
    });
    expect(await agrees(path)).toBeLessThan(1e-5);
  });

  it("DequantizeLinear along an axis with zero points", async () => {
    const path = write("qdq", (g, x, i) => {
      g.integers.push(bytesOf(`q${i}`, [32, 32], noise(1024)), bytesOf(`zero${i}`, [32], noise(32)));
      g.weight(`scale${i}`, [32], ramp(32, 0.001, 0.002));
      return g.node("MatMul", [x, g.node("DequantizeLinear", [`q${i}`, `scale${i}`, `zero${i}`], { axis: 1 })]);
    });
    // The runtime rounds the activations of this pattern to 8 bits.
    expect(await agrees(path)).toBeLessThan(5e-3);
  });

  it("a weight that nodes compute: cast, scaled by column, transposed", async () => {
    const path = write("computed", (g, x, i) => {
      g.integers.push(bytesOf(`q${i}`, [32, 32], noise(1024), 3));
      g.weight(`scale${i}`, [32, 1], ramp(32, 0.001, 0.002));
      return g.node("MatMul", [x, g.node("Transpose", [g.node("Mul", [g.node("Cast", [`q${i}`], { to: FLOAT }), `scale${i}`])], { perm: [1, 0] })]);
    });
    expect(await agrees(path)).toBeLessThan(1e-5);
  });

  it("refuses a weight that asks for more memory than is read at once", () => {
    const path = write("hostile", (g, x, i) => g.node("MatMul", [x, g.weight(`w${i}`, [32, 32], ramp(1024))]));
    const file = join(path, "model.onnx");
    // An attribute that claims a billion rows beside a kilobyte of data.
    const g = new OnnxBuilder();
    g.input("input_ids", INT64, ["b", "s"]);
    g.weight("table", [40, 32], ramp(40 * 32));
    g.integers.push(bytesOf("q", [32, 2, 8], noise(512)));
    g.weight("scale", [64], ramp(64));
    let x = g.node("Gather", ["table", "input_ids"]);
    for (let i = 0; i < 2; i++)
      x = g.node("Add", [x, g.node("MatMulNBits", [x, "q", "scale"], { K: 32, N: 1_000_000_000, bits: 4, block_size: 16 }, { domain: "com.microsoft" })]);
    g.output(x, FLOAT);
    writeFileSync(file, g.bytes(path, { microsoft: true }));
    const reader = openWeights(path);
    expect(codeOf(() => reader.read("blocks.0.down"))).toBe("model/weight-too-large");
    expect(codeOf(() => reader.read("blocks.0.down", { from: 0, to: 1 }))).toBe("model/weight-unreadable");
    reader.close();
  });
});

describe("stored numbers", () => {
  it("halves, their denormals and infinities", () => {
    expect([0x3c00, 0xc000, 0x0001, 0x7bff, 0x8000].map(half)).toEqual([1, -2, 2 ** -24, 65504, -0]);
    expect(half(0x7c00)).toBe(Number.POSITIVE_INFINITY);
    expect(half(0x7e01)).toBeNaN();
  });

  it("bfloat16, 8-bit floats, 4- and 2-bit integers", () => {
    const of = (type: number, bytes: number[], count: number) => [...decodeNumbers(type, Uint8Array.from(bytes), count)!];
    expect(of(16, [0x80, 0x3f, 0x49, 0xc0], 2)).toEqual([1, -3.140625]);
    expect(of(17, [0x38, 0xb8, 0x7e, 0x01], 4)).toEqual([1, -1, 448, 2 ** -9]);
    expect(of(19, [0x3c, 0x7b], 2)).toEqual([1, 57344]);
    expect(of(22, [0x7f, 0x80], 4)).toEqual([-1, 7, 0, -8]);
    expect(of(21, [0xf0], 2)).toEqual([0, 15]);
    expect(of(26, [0b11_10_01_00], 4)).toEqual([0, 1, -2, -1]);
    expect(decodeNumbers(8, Uint8Array.from([1]), 1)).toBeUndefined();
  });

  it("blocks of scales along an axis, and transposes of any rank", () => {
    const x = { dims: [4, 2], data: Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8]) };
    const scale = { dims: [2, 2], data: Float32Array.from([1, 10, 100, 1000]) };
    expect([...dequantised(x, scale, undefined, 0, 2).data]).toEqual([1, 20, 3, 40, 500, 6000, 700, 8000]);
    const cube = { dims: [2, 1, 3], data: Float32Array.from([0, 1, 2, 3, 4, 5]) };
    expect(transposed(cube, [2, 0, 1])).toEqual({ dims: [3, 2, 1], data: Float32Array.from([0, 3, 1, 4, 2, 5]) });
  });
});
