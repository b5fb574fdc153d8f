import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AcceleratorReport, ModelSheet } from "../../src/protocol/index.js";
import { FakeHub } from "../engine/hub/fake-hub.js";
import { writeTinyDecoder } from "../fixtures/models.js";
import { buildCli, runCli } from "./program.js";

let cli: string;
const folder = mkdtempSync(join(tmpdir(), "layerscope-test-"));
const cache = join(folder, "cache");
let hub: FakeHub;

beforeAll(async () => {
  cli = await buildCli("models");
  const tiny = writeTinyDecoder(join(folder, "model"), { blocks: 2 });
  writeFileSync(join(folder, "page.onnx"), "<html></html>");
  const read = (path: string) => readFileSync(join(tiny.folder, path));
  hub = await FakeHub.start(new Map(["config.json", "tokenizer.json", "onnx/model.onnx"].map((path) => [path, read(path)])));
});
afterAll(async () => {
  await hub?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const layerscope = (args: readonly string[]) =>
  runCli(cli, args, folder, { HF_ENDPOINT: hub.url, HF_HUB_CACHE: cache, NO_PROXY: "*", HF_TOKEN: "hf_neverShown" });

describe("models on the command line", () => {
  it("card: what a model is, for people and for programs; a refused file exits with 2", async () => {
    const text = await layerscope(["card", "model"]);
    expect(text).toMatchObject({ code: 0, err: "" });
    for (const part of [
      /^model$/m,
      /^layers +2 blocks, hidden size 16, up to 512 tokens$/m,
      /^tokenizer +tokenizer\.json$/m,
      /blocks\.0–1\.attn_out/,
      /memory +about .*estimate/,
    ])
      expect(text.out).toMatch(part);
    const sheet = JSON.parse((await layerscope(["card", "model", "--format", "json"])).out) as ModelSheet;
    expect(sheet.stream?.layers).toHaveLength(3);
    const refused = await layerscope(["card", "page.onnx"]);
    expect(refused.code).toBe(2);
    expect(refused.out).toContain("is a web page, not an ONNX model.");
  });

  it("download: shows what would come and fetches nothing until it is told yes", async () => {
    const asked = await layerscope(["download", "acme/tiny"]);
    expect(asked.code).toBe(2);
    expect(asked.err).toContain("licence apache-2.0");
    expect(asked.err).toContain("onnx/model.onnx");
    expect(asked.err).toContain("Nothing was downloaded: nobody is there to be asked.");
    expect(existsSync(cache)).toBe(false);
    expect(hub.seen.every(({ authorization }) => authorization === undefined)).toBe(true);
    const done = await layerscope(["download", "acme/tiny", "--yes"]);
    expect(done).toMatchObject({ code: 0 });
    const path = done.out.trim();
    expect(path.startsWith(cache)).toBe(true);
    expect((await layerscope(["card", path])).out).toMatch(/^acme\/tiny$/m);
    expect(done.out + done.err + asked.err).not.toContain("hf_neverShown");
  });

  it("download: refusals are sentences with their exit code", async () => {
    const of = async (...args: string[]) => {
      const { code, err } = await layerscope(["download", ...args]);
      return [code, err.split("\n")[0]];
    };
    expect(await of()).toEqual([2, "layerscope: The model's name (org/name) is missing."]);
    expect(await of("../x")).toEqual([2, 'layerscope: "../x" is not the name of a model on the Hub.']);
    expect(await of("acme/tiny", "--file", "nope.onnx")).toEqual([2, 'layerscope: acme/tiny has no file "nope.onnx".']);
    expect(await of("acme/other")).toEqual([2, expect.stringMatching(/shows no model named acme\/other: there is none, or it is private\.$/)]);
    expect(await of("acme/tiny", "--token", "hf_value")).toEqual([2, 'layerscope: --token takes one of env, file, not "hf_value".']);
  });

  it("check-accelerators: the CPU computes", { timeout: 60_000 }, async () => {
    const { code, out } = await layerscope(["check-accelerators", "--format", "json", "--model", "model"]);
    expect(code).toBe(0);
    const report = JSON.parse(out) as AcceleratorReport;
    expect(report.rows[0]).toMatchObject({ id: "cpu", state: "computes" });
    expect(await layerscope(["check-accelerators", "x"])).toMatchObject({ code: 2 });
  });
});
