import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { closeCollection, collect, startCollection } from "../../../src/engine/audit/collect.js";
import { Workbench } from "../../../src/engine/audit/prepare.js";
import { studyRows } from "../../../src/engine/audit/study.js";
import { openModel } from "../../../src/engine/model/index.js";
import { READINGS } from "../../../src/engine/text/readings.js";
import { writeTinyDecoder } from "../../fixtures/models.js";

const folder = mkdtempSync(join(tmpdir(), "layerscope-talks-"));
const model = join(folder, "model");
const path = join(folder, "talks.jsonl");
const bench = new Workbench();
afterAll(async () => {
  await bench.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeAll(() => {
  mkdirSync(model, { recursive: true });
  writeTinyDecoder(model);
  const template = "{% for m in messages %}<{{ m.role }}>{{ m.content }}\n{% endfor %}";
  writeFileSync(join(model, "tokenizer_config.json"), JSON.stringify({ model_max_length: 512, chat_template: template }));
  const talk = (i: number) => [
    { role: "user", content: `please tell me number ${i}` },
    { role: "assistant", content: "which one" },
    { role: "user", content: `${i % 2 ? "qxz" : "aei"} the one after it` },
  ];
  writeFileSync(path, Array.from({ length: 16 }, (_, i) => JSON.stringify({ messages: talk(i), label: i % 2 ? "unsafe" : "safe" })).join("\n"));
});

describe("conversations under other views", () => {
  it("disturb the last message alone, repeat the whole, and are the same for rounded weights", async () => {
    const prepared = await bench.prepare({ data: { path, options: {} }, model, maxTokens: 256, seed: 0, provider: "cpu", threads: 1, pooling: "mean" });
    const wanted = READINGS.filter((one) => ["max", "echo", "prompted-last", "noise-prefix", "noise-characters", "int4"].includes(one.name));
    const collected = await startCollection(prepared, wanted);
    try {
      await collect(prepared, collected, 0, () => {});
      const study = studyRows(prepared.dataset, collected, "mean", 0);
      expect(study.count).toBe(16);
      const layer = 3;
      const { width } = study;
      const row = 5;
      const shown = prepared.shown.of(study.rows[row]!)!;
      expect(shown.text).toBe("<user>please tell me number 5\n<assistant>which one\n<user>qxz the one after it\n");
      /** Mean over tokens [from, end) of a text that is run alone. */
      const by = async (text: string, special: boolean, pool: "mean" | "second half" | "last", rounding?: number) => {
        const [{ ids }] = special ? await prepared.tokenizer.encode([text], 512) : await prepared.tokenizer.encodeShown([{ text, special: false }], 512);
        const twice = pool === "second half" ? [...ids, ...ids] : ids;
        const from = pool === "second half" ? ids.length : pool === "last" ? ids.length - 1 : 0;
        const weights = Float32Array.from(twice, (_, t) => (t < from ? 0 : 1 / (twice.length - from)));
        const opened = await openModel(model, { provider: "cpu", threads: 1, ...(rounding ? { rounding } : {}) });
        const states = await opened.run({ ids: [twice], weights: [[weights]] });
        await opened.close();
        return states.subarray(layer * width, (layer + 1) * width);
      };
      const own = async (name: string) => (await study.statesBy(name, layer)).subarray(row * width, (row + 1) * width);
      const apart = (a: Float32Array, b: Float32Array) => a.reduce((most, v, i) => Math.max(most, Math.abs(v - b[i]!)), 0);
      const at = shown.text.lastIndexOf("qxz");
      const prefixed = (word: string) => `${shown.text.slice(0, at)}${word} ${shown.text.slice(at)}`;
      const prefix = await own("noise-prefix");
      expect(Math.min(apart(prefix, await by(prefixed("aaa"), false, "mean")), apart(prefix, await by(prefixed("bbb"), false, "mean")))).toBeLessThan(1e-4);
      expect(apart(await own("echo"), await by(shown.text, false, "second half"))).toBeLessThan(1e-4);
      expect(apart(await own("int4"), await by(shown.text, false, "mean", 4))).toBeLessThan(1e-4);
      expect(apart(await own("int4"), await by(shown.text, false, "mean"))).toBeGreaterThan(1e-2);
      const asked = `This sentence: “${study.text(row)}” means in one word:`;
      expect(apart(await own("prompted-last"), await by(asked, true, "last"))).toBeLessThan(1e-4);
      // Letters are changed in some of the rows, and in no row before the last message: its states are those of a causal model.
      const [plain, changed] = [await study.statesBy("mean", layer), await study.statesBy("noise-characters", layer)];
      expect(plain.some((v, i) => Math.abs(v - changed[i]!) > 1e-3)).toBe(true);
      expect(changed.every(Number.isFinite)).toBe(true);
      expect((await study.statesBy("max", layer)).every((v, i) => v >= plain[i]! - 1e-5)).toBe(true);
    } finally {
      closeCollection(collected);
    }
  });

  it("run the views for the rows that are asked for, and count the passes apart", async () => {
    const prepared = await bench.prepare({ data: { path, options: {} }, model, maxTokens: 256, seed: 0, provider: "cpu", threads: 1, pooling: "mean" });
    const collected = await startCollection(
      prepared,
      READINGS.filter((one) => ["echo", "int8"].includes(one.name)),
    );
    try {
      const told: string[] = [];
      const tell = () => {
        expect(collected.done).toBeLessThanOrEqual(collected.passRows);
        expect(collected.passRows).toBeLessThanOrEqual(16);
        told.push(`${collected.pass} of ${collected.passes}`);
      };
      await collect(prepared, collected, 0, tell, undefined, (view, arrived) => (view === "echo" ? arrived.slice(0, 5) : arrived));
      expect([...new Set(told)]).toEqual(["1 of 3", "2 of 3", "3 of 3"]);
      const study = studyRows(prepared.dataset, collected, "mean", 0);
      const echo = await study.statesBy("echo", 1);
      const rows = Array.from({ length: 16 }, (_, i) => Number.isFinite(echo[i * study.width]!));
      expect(rows).toEqual(Array.from({ length: 16 }, (_, i) => i < 5));
      expect((await study.statesBy("int8", 1)).every(Number.isFinite)).toBe(true);
    } finally {
      closeCollection(collected);
    }
  });
});
