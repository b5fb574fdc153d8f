import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { closeCollection, collect, startCollection } from "../../../src/engine/audit/collect.js";
import { Workbench } from "../../../src/engine/audit/prepare.js";
import { studyRows } from "../../../src/engine/audit/study.js";
import { Engine } from "../../../src/engine/engine.js";
import { chooseLenses, lensCards, readingsOf } from "../../../src/engine/lenses/choice.js";
import { lenses } from "../../../src/engine/lenses/index.js";
import { openModel } from "../../../src/engine/model/index.js";
import { Random } from "../../../src/engine/stats/random.js";
import { READINGS } from "../../../src/engine/text/readings.js";
import { echoed, misspelt } from "../../../src/engine/text/views.js";
import type { AuditPlan } from "../../../src/protocol/index.js";
import { writeTinyDecoder } from "../../fixtures/models.js";

const folder = mkdtempSync(join(tmpdir(), "layerscope-test-"));
const model = join(folder, "model");
const path = join(folder, "data.jsonl");
const bench = new Workbench();
const engine = new Engine();
afterAll(async () => {
  await bench.close();
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeAll(() => {
  mkdirSync(model, { recursive: true });
  writeTinyDecoder(model);
  const row = (i: number) => ({ text: `${i % 2 ? "qq xx zz" : "aa ee ii"} ${"bcdfg".repeat(1 + (i % 4))} ${i}`, label: i % 2 ? "unsafe" : "safe" });
  writeFileSync(path, Array.from({ length: 24 }, (_, i) => JSON.stringify(row(i))).join("\n"));
});
const plan = (more: Partial<AuditPlan> = {}): AuditPlan => ({
  data: { path, options: {} },
  model,
  maxTokens: 64,
  seed: 0,
  provider: "cpu",
  threads: 1,
  ...more,
});

describe("readings beside the audit's own pooling", () => {
  it("come in one pass where they are linear in the same tokens, in passes of their own else, and agree with token states", async () => {
    const prepared = await bench.prepare(plan());
    const readings = READINGS.filter((one) => one.name !== prepared.pooling);
    const collected = await startCollection(prepared, readings);
    try {
      let told = 0;
      await collect(prepared, collected, 0, () => {
        told++;
      });
      expect(told).toBeGreaterThan(1);
      expect([collected.done, collected.pass]).toEqual([collected.passRows, collected.passes]);
      const study = studyRows(prepared.dataset, collected, prepared.pooling, 0);
      expect([...study.poolings].sort()).toEqual(READINGS.map((one) => one.name).sort());
      const width = study.width;
      // The states of every token of one row, by running it alone.
      const [{ ids }] = await prepared.tokenizer.encode([study.text(5)], 64);
      const each = ids.map((_, k) => Float32Array.from(ids, (__, t) => (t === k ? 1 : 0)));
      const states = await prepared.model.run({ ids: [ids], weights: [each] });
      const layer = 2;
      const token = (t: number, j: number) => states[(layer * ids.length + t) * width + j]!;
      const last = ids.length - 1;
      const sum = (weight: (t: number) => number, j: number) => ids.reduce((s, _, t) => s + weight(t) * token(t, j), 0);
      const want: Record<string, (j: number) => number> = {
        first: (j) => token(0, j),
        last: (j) => token(last, j),
        mean: (j) => sum(() => 1 / ids.length, j),
        "mean-skip-first": (j) => sum((t) => (t === 0 ? 0 : 1 / last), j),
        "weighted-mean": (j) => sum((t) => (2 * (t + 1)) / (ids.length * (ids.length + 1)), j),
        max: (j) => Math.max(...ids.map((_, t) => token(t, j))),
      };
      for (const [name, value] of Object.entries(want)) {
        const rows = await study.statesBy(name, layer);
        for (let j = 0; j < width; j++) expect(rows[5 * width + j]!, `${name} ${j}`).toBeCloseTo(value(j), 4);
      }
      // A causal model sees the first copy while it reads the second: the echo is something else than the mean.
      const [mean, echo] = [await study.statesBy("mean", layer), await study.statesBy("echo", layer)];
      expect(echo.every(Number.isFinite)).toBe(true);
      expect(mean.some((v, i) => Math.abs(v - echo[i]!) > 1e-3)).toBe(true);
      for (const name of ["prompted-last", "noise-prefix", "noise-characters", "int8", "int4"])
        expect((await study.statesBy(name, layer)).every(Number.isFinite)).toBe(true);
      // Behind the final norm, which the tiny decoder has: the mean over the tokens of the same row alone.
      const final = await study.statesBy("final-norm", 0);
      const tapped = await openModel(model, { provider: "cpu", threads: 1, taps: ["final_norm"], residual: false });
      const { data } = (await tapped.runTaps({ ids: [ids], weights: [each] })).taps.get("final_norm")!;
      await tapped.close();
      for (let j = 0; j < width; j++)
        expect(final[5 * width + j]!).toBeCloseTo(
          ids.reduce((s, _, t) => s + data[t * width + j]! / ids.length, 0),
          4,
        );
      await expect(study.statesBy("nothing", 0)).rejects.toThrow("no states pooled by nothing");
    } finally {
      closeCollection(collected);
    }
  });

  it("the echo keeps the special tokens outside, pools the second copy, and is cut to what fits", () => {
    const row = { ids: [101, 5, 6, 7, 102], truncated: false };
    expect(echoed([row], [101, 102], 64)).toEqual([{ ids: [101, 5, 6, 7, 5, 6, 7, 102], truncated: false, span: [4, 7] }]);
    expect(echoed([row], [101, 102], 6)).toEqual([{ ids: [101, 5, 6, 5, 6, 102], truncated: true, span: [3, 5] }]);
    expect(echoed([{ ids: [9, 8], truncated: false }], [], 64)[0]).toEqual({ ids: [9, 8, 9, 8], truncated: false, span: [2, 4] });
    expect(echoed([{ ids: [101, 102], truncated: false }], [101, 102], 64)[0]!.span).toBeUndefined();
  });

  it("noise changes about one letter in twenty, and nothing else", () => {
    const text = "Where is the nearest library, and when does it open? ".repeat(40);
    const changed = misspelt(text, new Random(3));
    expect(changed.length).toBe(text.length);
    const letters = [...text].filter((c) => /\p{L}/u.test(c)).length;
    let other = 0;
    [...text].forEach((c, i) => {
      if (c === changed[i]) return;
      other++;
      expect(/\p{L}/u.test(c)).toBe(true);
    });
    expect(other / letters).toBeGreaterThan(0.03);
    expect(other / letters).toBeLessThan(0.07);
  });
});

describe("lenses on demand", () => {
  const ids = lenses.filter((lens) => !lens.core).map((lens) => lens.id);

  it("are listed with a question and a source, and refused by name when there is none", async () => {
    for (const card of lensCards()) {
      expect(card.question).toMatch(/\?$/);
      expect(card.cite.length).toBeGreaterThan(10);
    }
    expect(() => chooseLenses(["no-such-lens"])).toThrow(/no lens "no-such-lens"/);
    await expect(engine.audit(plan({ lenses: ["no-such-lens"] }))).rejects.toMatchObject({ problem: { code: "audit/unknown-lens" } });
    for (const lens of lenses) expect(() => readingsOf([lens], "mean")).not.toThrow();
  });

  it("run beside the core ones when the plan names them; their values and pictures are in the result", async () => {
    const view = await engine.audit(plan({ lenses: ids, reference: model }));
    expect(view.lenses!.filter((card) => card.state === "open")).toEqual([]);
    for (const card of view.lenses!.filter((one) => one.state === "ran" && !one.core)) {
      expect(view.result.lenses![card.id]).toBeDefined();
      expect(view.pictures.some((picture) => picture.lens === card.id && picture.slot === "extra")).toBe(true);
    }
    for (const card of view.lenses!.filter((one) => one.state === "no")) expect(card.why).toBeTruthy();
    // Plain data: what is stored is what was there.
    expect(JSON.parse(JSON.stringify(view.result.lenses ?? {}))).toEqual(view.result.lenses ?? {});
    const plain = await engine.audit(plan());
    expect(plain.lenses!.filter((card) => card.state === "open").map((card) => card.id)).toEqual(ids);
  });
});
