import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AuditResult } from "../../src/protocol/index.js";
import { writeTinyDecoder } from "../fixtures/models.js";
import { buildCli, runCli } from "./program.js";

let cli: string;
const folder = mkdtempSync(join(tmpdir(), "layerscope-test-"));
const model = join(folder, "model");
const data = join(folder, "data.jsonl");

beforeAll(async () => {
  cli = await buildCli("cli");
  mkdirSync(model);
  writeTinyDecoder(model);
  const row = (i: number) => ({ text: `${i % 2 ? "qq xx zz" : "aa ee ii"} ${"bcdfg"[i % 5]}${i}`, label: i % 2 ? "unsafe" : "safe" });
  writeFileSync(data, Array.from({ length: 40 }, (_, i) => JSON.stringify(row(i))).join("\n"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const layerscope = (args: readonly string[], onStart: (kill: (signal: NodeJS.Signals) => void) => void = () => {}) =>
  runCli(cli, args, folder, {}, (child) => onStart((signal) => child.kill(signal)));

describe("layerscope on the command line", () => {
  it("lists lenses, runs those that are named, and refuses what is none of them", async () => {
    const list = await layerscope(["lenses"]);
    expect(list).toMatchObject({ code: 0, err: "" });
    for (const id of ["alignment-quality", "pooling-choice", "matryoshka-grid"]) expect(list.out).toContain(`\n  ${id}\n`);
    const cards = JSON.parse((await layerscope(["lenses", "--format", "json"])).out) as { id: string; core: boolean; question: string }[];
    expect(cards.filter((card) => card.core).map((card) => card.id)).toEqual(["concept-depth", "surface-versus-meaning", "alignment-quality"]);
    const audit = ["audit", "data.jsonl", "--model", "model", "--provider", "cpu"];
    const named = await layerscope([...audit, "--lens", "surface-by-layer", "--lens", "concepts-by-layer"]);
    expect(named.code).toBe(0);
    expect(named.out).toMatch(/Surface against meaning by layer: All surface features together/);
    expect(named.out).toMatch(/Concepts by layer: /);
    // At once: the model is not even looked for.
    const alone = await layerscope(["audit", "data.jsonl", "--model", "not-there", "--lens", "relative-anchors"]);
    expect(alone).toMatchObject({ code: 2, out: "" });
    expect(alone.err).toContain("The lens relative-anchors holds the model against a second one, and none is named.");
    const none = await layerscope([...audit, "--lens", "entropy"]);
    expect(none.code).toBe(2);
    expect(none.err).toContain('There is no lens "entropy"');
    expect(none.err).toContain("pooling-choice");
  });

  it("audits: text for people, one JSON object for programs", async () => {
    const text = await layerscope(["audit", "data.jsonl", "--model", "model", "--provider", "cpu"]);
    expect(text).toMatchObject({ code: 0, err: "" });
    expect(text.out).toMatch(/AQI/);
    expect(text.out).toMatch(/never proof that a model is safe/);
    const json = await layerscope(["audit", "data.jsonl", "--model", "model", "--provider", "cpu", "--format", "json", "--seed", "3"]);
    const result = JSON.parse(json.out) as AuditResult;
    expect(Object.keys(result)).toEqual(expect.arrayContaining(["schemaVersion", "model", "dataset", "aqi", "layers", "probe", "controls", "timing"]));
    expect(result.settings).toMatchObject({ seed: 3, pooling: "mean-skip-first" });
    expect(result.model).toMatchObject({ provider: "cpu", layers: 3 });
  });

  it("fails a threshold with 1, and says which", async () => {
    const passed = await layerscope(["audit", data, "--model", model, "--min-auroc", "0.6"]);
    expect(passed.code).toBe(0);
    const failed = await layerscope(["audit", data, "--model", model, "--min-auroc", "1.01", "--min-aqi", "101", "--format", "json"]);
    expect(failed.code).toBe(1);
    expect(failed.err).toMatch(/AUROC .* below the 1.01/);
    expect(failed.err).toMatch(/AQI .* below the 101/);
    expect(() => JSON.parse(failed.out)).not.toThrow();
  });

  it("refuses with 2 where somebody would have to be asked, and names the options", async () => {
    writeFileSync(join(folder, "numbers.csv"), `text,label\n${Array.from({ length: 20 }, (_, i) => `some prompt ${i},${i % 2}`).join("\n")}\n`);
    const asked = await layerscope(["audit", "numbers.csv", "--model", model]);
    expect(asked.code).toBe(2);
    expect(asked.err).toMatch(/--unsafe 1/);
    const answered = await layerscope(["audit", "numbers.csv", "--model", model, "--unsafe", "1", "--safe", "0"]);
    expect(answered.code).toBe(0);
  });

  it("refuses bad usage and bad input with 2 and a sentence, never a stack", async () => {
    const cases: [string[], RegExp][] = [
      [["audt"], /no command "audt"/],
      [["audit", "data.jsonl"], /--model is missing/],
      [["audit", "--model", "model"], /dataset is missing/],
      [["audit", "data.jsonl", "--model", "model", "--pool", "max"], /--pool takes one of/],
      [["audit", "data.jsonl", "--model", "model", "--frobnicate"], /frobnicate/],
      [["audit", "nowhere.jsonl", "--model", "model"], /nowhere.jsonl/],
      [["audit", "data.jsonl", "--model", "nowhere"], /nowhere/],
      [["taps", "data.jsonl"], /data.jsonl/],
      [["extract", "data.jsonl", "--model", "model"], /--out is missing/],
      [["taps", "model", "--tap", "blocks.*.attn_oot"], /No tap of .* is called "blocks\.\*\.attn_oot"\.\n.*There are embed, blocks\.N\.resid_pre/],
      [["taps", "model", "--tap", "embed", "--weights"], /Either --tap or --weights/],
    ];
    for (const [args, sentence] of cases) {
      const { code, err, out } = await layerscope(args);
      expect({ args, code, out }).toEqual({ args, code: 2, out: "" });
      expect(err).toMatch(sentence);
      expect(err).not.toMatch(/^\s+at .*:\d+:\d+\)/m);
    }
  });

  it("lists taps by pattern and weights by role, and extracts one tensor a tap", async () => {
    const one = await layerscope(["taps", "model", "--tap", "blocks.*.mlp_act"]);
    expect(one.code).toBe(0);
    expect(one.out.match(/blocks\.\d\.mlp_act .*\[batch, tokens, 32\]/g)).toHaveLength(3);
    const { taps } = JSON.parse((await layerscope(["taps", "model", "--tap", "logits", "--format", "json"])).out) as {
      taps: { name: string; shape: unknown[] }[];
    };
    expect(taps).toMatchObject([{ name: "logits", shape: ["batch", "tokens", 260] }]);
    const { weights } = JSON.parse((await layerscope(["taps", "model", "--weights", "--format", "json"])).out) as {
      weights: { name: string; shape: number[] }[];
    };
    expect(weights.find(({ name }) => name === "blocks.2.down")).toMatchObject({ shape: [16, 32], dtype: "float32", bytes: 2048 });
    writeFileSync(join(folder, "ids.json"), "[[5, 6, 7], [9]]");
    const options = ["--ids", "ids.json", "--model", "model", "--tap", "blocks.*.mlp_act", "--tap", "logits"];
    expect((await layerscope(["extract", ...options, "--pool", "last", "--out", "taps.safetensors"])).code).toBe(0);
    const header = (file: string) => {
      const bytes = readFileSync(join(folder, file));
      return JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE(0))).toString()) as Record<string, { shape: number[] }>;
    };
    const { __metadata__, ...tensors } = header("taps.safetensors");
    expect(Object.entries(tensors).map(([name, { shape }]) => [name, shape])).toEqual([
      ["blocks.0.mlp_act", [2, 32]],
      ["blocks.1.mlp_act", [2, 32]],
      ["blocks.2.mlp_act", [2, 32]],
      ["logits", [2, 260]],
    ]);
    expect((await layerscope(["extract", ...options, "--out", "two.safetensors"])).code).toBe(0);
    expect(Object.keys(header("two.safetensors"))).toContain("logits/mean");
    const refused = async (tap: string) => layerscope(["extract", "--ids", "ids.json", "--model", "model", "--tap", tap, "--out", "no.safetensors"]);
    expect(await refused("blocks.9.mlp_out")).toMatchObject({ code: 2, err: expect.stringMatching(/No tap of .* is called "blocks\.9\.mlp_out"/) });
    expect(await refused("*attn_pattern")).toMatchObject({ code: 2, err: expect.stringMatching(/a matrix of tokens by tokens/) });
  });

  it("lists taps, and extracts the states that they carry", async () => {
    const taps = JSON.parse((await layerscope(["taps", "model", "--format", "json"])).out) as {
      hiddenSize: number;
      layers: { layer: number; tensor: string; op: string }[];
    };
    expect(taps.hiddenSize).toBe(16);
    expect(taps.layers.map(({ layer }) => layer)).toEqual([0, 1, 2, 3]);
    writeFileSync(join(folder, "ids.json"), "[[5, 6, 7], [9]]");
    const done = await layerscope(["extract", "--ids", "ids.json", "--model", "model", "--pool", "mean-skip-first,last", "--out", "s.safetensors"]);
    expect(done.code).toBe(0);
    const bytes = readFileSync(join(folder, "s.safetensors"));
    const length = Number(bytes.readBigUInt64LE(0));
    const header = JSON.parse(bytes.subarray(8, 8 + length).toString()) as Record<string, { shape: number[]; data_offsets: [number, number] }>;
    expect(header["mean-skip-first"].shape).toEqual([4, 2, 16]);
    expect(header["last"].shape).toEqual([4, 2, 16]);
    const value = (name: string, layer: number, row: number) => bytes.readFloatLE(8 + length + header[name].data_offsets[0] + (layer * 2 + row) * 16 * 4);
    // A single token has no mean without its first one.
    expect(value("mean-skip-first", 2, 1)).toBeNaN();
    expect(Number.isFinite(value("mean-skip-first", 2, 0))).toBe(true);
    expect(Number.isFinite(value("last", 3, 1))).toBe(true);
  });

  it("extracts rows without labels, in file order", async () => {
    writeFileSync(join(folder, "plain.txt"), "one prompt\nanother prompt\n\nthe last one\n");
    const done = await layerscope(["extract", "plain.txt", "--model", "model", "--pool", "mean", "--out", "t.safetensors"]);
    expect(done.code).toBe(0);
    expect(done.err).toMatch(/3 rows/);
  });

  it("writes over nothing that it reads, and says so before any work", async () => {
    writeFileSync(join(folder, "own.jsonl"), readFileSync(data));
    for (const args of [
      ["audit", "own.jsonl", "--out", "own.jsonl"],
      ["audit", data, "--contrast", "own.jsonl", "--out", "./own.jsonl"],
      ["extract", "own.jsonl", "--out", "own.jsonl"],
      ["audit", "own.jsonl", "--out", "no/such/folder/x.json"],
    ]) {
      const { code, err } = await layerscope([...args, "--model", model]);
      expect({ args, code }).toEqual({ args, code: 2 });
      expect(err).toMatch(/overwritten|no folder/);
    }
    expect(readFileSync(join(folder, "own.jsonl"))).toEqual(readFileSync(data));
  });

  it("gives the same numbers whichever of two files is named first", async () => {
    for (const [name, letters] of [
      ["bad.txt", "qxz"],
      ["good.txt", "aei"],
    ])
      writeFileSync(join(folder, name), Array.from({ length: 20 }, (_, i) => `${letters[i % 3]}${letters[(i + 1) % 3]} word ${"bcdfg"[i % 5]}${i}`).join("\n"));
    const run = async (first: string, second: string, all: string, contrastAll: string) =>
      JSON.parse(
        (await layerscope(["audit", first, "--contrast", second, "--all", all, "--contrast-all", contrastAll, "--model", model, "--format", "json"])).out,
      ) as AuditResult;
    const [one, other] = [await run("bad.txt", "good.txt", "unsafe", "safe"), await run("good.txt", "bad.txt", "safe", "unsafe")];
    expect(other.layers).toEqual(one.layers);
    expect(other.aqi).toEqual(one.aqi);
    const both = await layerscope(["extract", "bad.txt", "--contrast", "good.txt", "--model", model, "--pool", "mean", "--out", "both.safetensors"]);
    expect(both.err).toMatch(/40 rows/);
  });

  it("ends with 130 when it is interrupted, and leaves nothing behind", async () => {
    writeFileSync(
      join(folder, "big.jsonl"),
      Array.from({ length: 20_000 }, (_, i) => JSON.stringify({ text: `prompt ${i} with some more words`, label: i % 2 ? "unsafe" : "safe" })).join("\n"),
    );
    const ended = await layerscope(["audit", "big.jsonl", "--model", "model", "--out", "big.json", "--format", "json"], (kill) =>
      setTimeout(() => kill("SIGINT"), 1500),
    );
    expect(ended.code).toBe(130);
    expect(existsSync(join(folder, "big.json"))).toBe(false);
  });

  it("prints help and its version", async () => {
    expect((await layerscope(["help"])).out).toMatch(/exit codes/);
    expect((await layerscope(["--version"])).out).toBe("0.0.0-test\n");
    expect((await layerscope([])).code).toBe(2);
  });
});
