import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AuditResult } from "../../src/protocol/index.js";
import { stripes, writePng } from "../fixtures/images.js";
import { VIT_PROCESSOR, writeVision } from "../fixtures/vision.js";
import { buildCli, runCli } from "./program.js";

let cli: string;
const folder = mkdtempSync(join(tmpdir(), "layerscope-test-"));
const EACH = 16;

beforeAll(async () => {
  cli = await buildCli("images");
  writeVision(join(folder, "vit"), { processor: VIT_PROCESSOR });
  for (let i = 0; i < EACH; i++)
    for (const turn of [0, 1] as const) {
      writePng(join(folder, "set", turn ? "unsafe" : "safe", `${i}.png`), stripes(16, turn, 2 * i + turn));
      writePng(join(folder, "three", ["cats", "dogs", "birds"][i % 3]!, `${i}.png`), stripes(16, turn, i));
    }
  writeFileSync(join(folder, "set", "safe", "broken.png"), "no image");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const layerscope = (...args: string[]) => runCli(cli, args, folder);

describe("images on the command line", async () => {
  it("audits a folder; the report speaks of pixels, never of words", async () => {
    const text = await layerscope("audit", "set", "--model", "vit", "--provider", "cpu");
    expect(text).toMatchObject({ code: 0, err: "" });
    expect(text.out).toMatch(/controls {3}pixels 0\.\d+, shuffled labels/);
    expect(text.out).toMatch(/rows {7}32 used of 33 \(16 safe, 16 unsafe\)/);
    expect(text.out).toMatch(/1 skipped: the image is no JPEG, PNG, WebP, GIF, TIFF or AVIF/);
    expect(text.out).not.toMatch(/words|vocabulary|length/);
    const json = JSON.parse(
      (await layerscope("audit", "set", "--model", "vit", "--provider", "cpu", "--format", "json", "--pool", "first")).out,
    ) as AuditResult;
    expect(json).toMatchObject({ dataset: { input: "images" }, settings: { pooling: "first" }, controls: { words: null } });
  });

  it("asks which two of three folders are meant, and takes the answer", async () => {
    const asked = await layerscope("audit", "three", "--model", "vit");
    expect(asked.code).toBe(2);
    expect(asked.err).toMatch(/--unsafe \w+ --safe \w+ --concept/);
    expect((await layerscope("audit", "three", "--model", "vit", "--provider", "cpu", "--unsafe", "cats", "--safe", "dogs", "--concept")).out).toMatch(
      /cats and dogs|dogs and cats/,
    );
    const empty = await layerscope("audit", "vit", "--model", "vit");
    expect(empty).toMatchObject({ code: 2 });
    expect(empty.err).toMatch(/The folder "vit" holds no images in subfolders: 3 other files\./);
  });

  it("extracts states, with NaN for an image that cannot be read", async () => {
    const done = await layerscope("extract", "set", "--model", "vit", "--provider", "cpu", "--pool", "mean,mean-skip-first", "--out", "states.safetensors");
    expect(done).toMatchObject({ code: 0 });
    expect(done.err).toMatch(/4 layers x 33 rows x 12 \(1 without tokens \(NaN\)\)/);
    const bytes = readFileSync(join(folder, "states.safetensors"));
    const size = Number(bytes.readBigUInt64LE(0));
    const header = JSON.parse(bytes.subarray(8, 8 + size).toString("utf8")) as Record<string, { shape?: number[] }>;
    expect(header["mean-skip-first"]?.shape).toEqual([4, 33, 12]);
  });

  it("lists the layers of a vision encoder", async () => {
    expect((await layerscope("taps", "vit")).out).toMatch(/hidden size 12, 3 blocks/);
  });
});
