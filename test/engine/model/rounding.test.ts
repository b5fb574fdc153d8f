import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openModel } from "../../../src/engine/model/index.js";
import { tensorProto } from "../../../src/engine/model/onnx.js";
import { half } from "../../../src/engine/model/weights/decode.js";
import { encodeNumbers, toHalf } from "../../../src/engine/model/weights/encode.js";
import { halfToEven, roundChannels } from "../../../src/engine/model/weights/round.js";
import { roundingOf, sayRoles } from "../../../src/engine/model/weights/rounding.js";
import { type TinyOptions, writeTiny, writeTinyDecoder } from "../../fixtures/models.js";
import { FLOAT, INT64, OnnxBuilder } from "../../fixtures/onnx-builder.js";
import { scratch } from "./scratch.js";

const folder = scratch();
let made = 0;
const place = () => join(folder, `m${made++}`);

/** Every row alone, all layers, mean over the tokens. */
async function statesOf(path: string, rounding?: number): Promise<Float32Array> {
  const model = await openModel(path, { provider: "cpu", threads: 1, ...(rounding ? { rounding } : {}) });
  try {
    const ids = [5, 9, 8, 11, 77, 3];
    return await model.run({ ids: [ids], weights: [[new Float32Array(ids.length).fill(1 / ids.length)]] });
  } finally {
    await model.close();
  }
}
const apart = (a: Float32Array, b: Float32Array) => a.reduce((most, v, i) => Math.max(most, Math.abs(v - b[i]!)), 0);
const isLinear = (name: string) => /^layers\.\d+\.(q|k|v|o|up|down)\.weight$/.test(name);

/** Written again from the definition: [in, out], so an output channel is a column; `by` "in" is the wrong axis. */
function rounded(dims: readonly number[], values: Float32Array, bits: number, by: "out" | "in"): Float32Array {
  const [rows, columns] = dims as [number, number];
  const steps = 2 ** (bits - 1) - 1;
  const out = new Float32Array(values.length);
  const [outer, inner] = by === "out" ? [columns, rows] : [rows, columns];
  for (let c = 0; c < outer; c++) {
    const at = (k: number) => (by === "out" ? k * columns + c : c * columns + k);
    let most = 0;
    for (let k = 0; k < inner; k++) most = Math.max(most, Math.abs(values[at(k)]!));
    for (let k = 0; k < inner; k++) out[at(k)] = Math.round((values[at(k)]! * steps) / most) * (most / steps);
  }
  return out;
}
/** The two ways of the test to make a file of rounded weights. */
const file = (options: TinyOptions, bits: number, by: "out" | "in") =>
  writeTiny(place(), { ...options, change: (name, dims, values) => (isLinear(name) ? rounded(dims, values, bits, by) : values) }).folder;

describe("weight rounding", () => {
  const decoder: TinyOptions = { causal: true, norm: "pre" };
  const encoder: TinyOptions = { causal: false, norm: "post" };

  it.each([
    ["a decoder", decoder],
    ["a post-norm encoder", encoder],
    ["weights beside the file", { ...decoder, external: "weights.bin" }],
    ["layers inside an If", { ...decoder, merged: true }],
  ] as const)("%s: the run equals that of a file with rounded weights, and only that", async (_, options) => {
    const own = writeTiny(place(), options).folder;
    const plain = await statesOf(own);
    for (const bits of [8, 4]) {
      const here = await statesOf(own, bits);
      expect(apart(here, await statesOf(file(options, bits, "out")))).toBeLessThan(2e-5);
      // Per input channel is another model, and so is the one that was not rounded.
      expect(apart(here, await statesOf(file(options, bits, "in")))).toBeGreaterThan(bits === 4 ? 0.02 : 1e-3);
      expect(apart(here, plain)).toBeGreaterThan(bits === 4 ? 0.02 : 1e-3);
    }
    // 16 bits are finer than what the states are compared by.
    expect(apart(await statesOf(own, 16), plain)).toBeLessThan(1e-3);
  });

  it("half floats stay half floats", async () => {
    const own = writeTinyDecoder(place(), { half: true });
    const here = await statesOf(own.folder, 8);
    const plain = await statesOf(own.folder);
    expect(apart(here, plain)).toBeGreaterThan(1e-3);
    expect(apart(await statesOf(own.folder, 16), plain)).toBeLessThan(0.02);
  });

  it("weights behind a transpose, and weights of a Gemm, are rounded by the outputs as well", async () => {
    const write = (bits?: number) => {
      const at = place();
      mkdirSync(at, { recursive: true });
      const g = new OnnxBuilder();
      const ids = g.input("input_ids", INT64, ["batch", "sequence"]);
      const width = 8;
      const values = (seed: number) => Float32Array.from({ length: width * width }, (_, i) => Math.sin(seed + 1.7 * i) * (1 + (i % width)) * 0.2);
      const embedding = Float32Array.from({ length: 96 * width }, (_, i) => Math.cos(i * 1.3));
      let x = g.node("Gather", [g.weight("embed.weight", [96, width], embedding), ids]);
      for (let i = 0; i < 2; i++) {
        // Stored [out, in], turned in the graph: what is an output channel there is a row here.
        const turn = (v: Float32Array) => Float32Array.from(v, (_, k) => v[(k % width) * width + Math.floor(k / width)]!);
        const fitted = (v: Float32Array) => (bits ? turn(rounded([width, width], turn(v), bits, "out")) : v);
        const weight = (name: string, seed: number) => g.node("Transpose", [g.weight(name, [width, width], fitted(values(seed)))], { perm: [1, 0] });
        const up = g.node("Relu", [g.node("MatMul", [x, weight(`layers.${i}.up.weight`, i)])]);
        x = g.node("Add", [x, g.node("MatMul", [up, weight(`layers.${i}.down.weight`, 9 + i)])]);
      }
      g.output(x, FLOAT, ["batch", "sequence", width]);
      g.write(join(at, "model.onnx"));
      writeFileSync(join(at, "config.json"), JSON.stringify({ model_type: "tiny", num_hidden_layers: 2, hidden_size: width }));
      return at;
    };
    const own = write();
    expect(roundingOf(own).roles.map(({ role, rounded: n }) => [role, n])).toEqual([
      ["up", 2],
      ["down", 2],
    ]);
    expect(apart(await statesOf(own, 4), await statesOf(write(4)))).toBeLessThan(2e-5);
    expect(apart(await statesOf(own, 4), await statesOf(own))).toBeGreaterThan(0.01);
  });

  it("says what is rounded and what is not", () => {
    const report = roundingOf(writeTinyDecoder(place()).folder);
    expect(report.roles.map(({ role }) => role)).toEqual(["q", "k", "v", "o", "up", "down"]);
    expect(report.roles.every((one) => one.rounded === 3 && one.blocks === 3 && one.why === undefined)).toBe(true);
    expect(report).toMatchObject({ bytes: 3 * 4 * (4 * 16 * 16 + 2 * 16 * 32) });
    expect(report.why).toBeUndefined();
  });

  it("leaves weights that are rounded already, and says so by role", async () => {
    const at = place();
    mkdirSync(at, { recursive: true });
    const g = new OnnxBuilder();
    const ids = g.input("input_ids", INT64, ["batch", "sequence"]);
    const width = 8;
    let x = g.node("Gather", [
      g.weight(
        "embed.weight",
        [96, width],
        Float32Array.from({ length: 96 * width }, (_, i) => Math.cos(i)),
      ),
      ids,
    ]);
    const values = Float32Array.from({ length: width * width }, (_, i) => 0.3 * Math.sin(i * i));
    for (let i = 0; i < 2; i++) {
      g.integers.push(tensorProto(`q${i}`, 3, [width, width], new Uint8Array(Int8Array.from(values, (v) => 100 * v).buffer)));
      const small = g.node("DequantizeLinear", [`q${i}`, g.weight(`s${i}`, [], Float32Array.of(0.01))]);
      const up = g.node("Relu", [g.node("MatMul", [x, small])]);
      x = g.node("Add", [x, g.node("MatMul", [up, g.weight(`down${i}`, [width, width], values)])]);
    }
    g.output(x, FLOAT, ["batch", "sequence", width]);
    g.write(join(at, "model.onnx"));
    writeFileSync(join(at, "config.json"), JSON.stringify({ model_type: "tiny", num_hidden_layers: 2, hidden_size: width }));
    const report = roundingOf(at);
    expect(report.roles).toEqual([
      { role: "up", rounded: 0, blocks: 2, why: "the weights are already int8" },
      { role: "down", rounded: 2, blocks: 2 },
    ]);
    expect(sayRoles(report.roles)).toBe("up: the weights are already int8");
    expect(apart(await statesOf(at, 4), await statesOf(at))).toBeGreaterThan(1e-3);
  });

  it("rounds to the nearest, halves to even, by the largest of each channel", () => {
    expect([0.5, 1.5, 2.5, -0.5, -1.5, 1.2, -1.7].map((x) => halfToEven(x) + 0)).toEqual([0, 2, 2, 0, -2, 1, -2]);
    const data = Float32Array.of(7, 0.6, -3.4, 0, 0, 0);
    roundChannels({ dims: [2, 3], data }, true, 4);
    expect([...data]).toEqual([7, 1, -3, 0, 0, 0]);
    const columns = Float32Array.of(7, 70, 0.6, 6);
    roundChannels({ dims: [2, 2], data: columns }, false, 4);
    expect([...columns]).toEqual([7, 70, 1, 10]);
    const broken = Float32Array.of(Number.NaN, 0.6, 7, 0.6);
    roundChannels({ dims: [2, 2], data: broken }, true, 4);
    expect([...broken]).toEqual([Number.NaN, Math.fround(0.6), 7, 1]);
  });

  it("writes half floats as it reads them", () => {
    for (let bits = 0; bits < 0x7c00; bits += 7) expect(toHalf(half(bits))).toBe(bits);
    expect([toHalf(65504), toHalf(1e6), toHalf(-(2 ** -24)), toHalf(1 + 2 ** -11), toHalf(1 + 3 * 2 ** -11)]).toEqual([0x7bff, 0x7c00, 0x8001, 0x3c00, 0x3c02]);
    expect([...new Uint16Array(encodeNumbers(16, Float32Array.of(1, -2, 1 + 2 ** -8))!.buffer)]).toEqual([0x3f80, 0xc000, 0x3f80]);
  });
});
