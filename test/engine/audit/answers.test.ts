import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { extractToFile } from "../../../src/engine/audit/extraction.js";
import { Engine } from "../../../src/engine/engine.js";
import { openModel } from "../../../src/engine/model/index.js";
import { openTokenizer } from "../../../src/engine/text/tokenizer.js";
import { writeTinyDecoder } from "../../fixtures/models.js";

const folder = mkdtempSync(join(tmpdir(), "layerscope-answers-"));
const model = join(folder, "model");
const path = join(folder, "pairs.jsonl");
const prompt = (i: number) => `question ${i} of them`;
const good = (i: number) => `aeiou aeiou ${i}`;
const bad = (i: number) => `qxzjv qxzjv ${i}`;
const options = { expandAnswers: true, safe: ["chosen"], unsafe: ["rejected"] };
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(() => {
  mkdirSync(model, { recursive: true });
  writeTinyDecoder(model);
  const lines = Array.from({ length: 24 }, (_, i) => JSON.stringify({ prompt: prompt(i), chosen: good(i), rejected: bad(i) }));
  writeFileSync(path, lines.join("\n"));
});

/** The first tensor of a safetensors file, float32. */
function tensor(file: string, name: string): { shape: number[]; data: Float32Array } {
  const bytes = readFileSync(file);
  const head = Number(bytes.readBigUInt64LE(0));
  const { shape, data_offsets } = JSON.parse(bytes.subarray(8, 8 + head).toString())[name];
  return { shape, data: new Float32Array(bytes.buffer.slice(bytes.byteOffset + 8 + head + data_offsets[0], bytes.byteOffset + 8 + head + data_offsets[1])) };
}

describe("an audit of answers", () => {
  it("pools the answers' tokens, read behind their prompts", async () => {
    const out = join(folder, "states.safetensors");
    await extractToFile({ source: { path, options }, model, poolings: ["mean"], out, maxTokens: 64, provider: "cpu", threads: 1, seed: 0 }, () => {});
    const { shape, data } = tensor(out, "mean");
    const [layers, rows, width] = shape as [number, number, number];
    expect(rows).toBe(48);

    // By hand: all token states of row 3 (the rejected answer of record 1), and their mean over the answer.
    const opened = await openModel(model, { provider: "cpu", threads: 1 });
    try {
      const tokenizer = await openTokenizer(join(model, "tokenizer.json"));
      const front = `${prompt(1)}\n\n`;
      const [whole, head] = await tokenizer.encode([front + bad(1), front], 64);
      const n = whole!.ids.length;
      const states = await opened.run({
        ids: [whole!.ids],
        weights: [Array.from({ length: n }, (_, k) => Float32Array.from({ length: n }, (__, t) => (t === k ? 1 : 0)))],
      });
      const first = whole!.ids.findIndex((id, k) => id !== head!.ids[k]);
      expect(first).toBeGreaterThan(front.length / 4);
      const last = n - 1 - (whole!.ids.at(-1) === head!.ids.at(-1) ? 1 : 0);
      for (let layer = 0; layer < layers; layer++)
        for (let j = 0; j < width; j++) {
          let sum = 0;
          for (let t = first; t <= last; t++) sum += states[(layer * n + t) * width + j]!;
          expect(data[(layer * rows + 3) * width + j]).toBeCloseTo(sum / (last - first + 1), 4);
        }
    } finally {
      await opened.close();
    }
  });

  it("says which tokens were pooled, and counts rows cut by class", async () => {
    const engine = new Engine();
    try {
      const plan = { data: { path, options }, model, maxTokens: 64, seed: 0, provider: "cpu", threads: 1 } as const;
      const { result } = await engine.audit(plan);
      expect(result.settings).toMatchObject({ tokenSet: "completion", chatTemplate: "none" });
      expect(result.notices.map((n) => n.code)).toContain("tokens/completion");
      expect((await engine.audit({ ...plan, tokens: "all" })).result.settings.tokenSet).toBe("all");
      const cut = (await engine.audit({ ...plan, maxTokens: 16 })).result;
      expect(cut.dataset.truncated).toMatchObject({ total: 48, byClass: [24, 24] });
      expect(cut.notices.find((n) => n.code === "audit/truncated")?.message).toContain("the head of a prompt goes first");
      expect(cut.probe.nestedAuroc).toBeGreaterThan(0.9);
    } finally {
      await engine.close();
    }
  });
});
