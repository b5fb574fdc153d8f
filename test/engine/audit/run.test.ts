import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Engine } from "../../../src/engine/engine.js";
import type { AuditPlan, AuditView, Progress } from "../../../src/protocol/index.js";
import { writeTinyDecoder } from "../../fixtures/models.js";

const folder = mkdtempSync(join(tmpdir(), "layerscope-test-"));
const engine = new Engine();
const model = join(folder, "model");
afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The class decides which letters a text is made of, so every layer of any model can tell; the canary must never be stored. */
const CANARY = "zebracanary";
function dataset(name: string, rows: number, more: (i: number) => Record<string, unknown> = () => ({})): string {
  const path = join(folder, name);
  const line = (i: number) => {
    const letters = i % 2 ? "qxzjv" : "aeiou";
    const word = (k: number) => letters[(i * 7 + k * 3) % 5].repeat(1 + ((i + k) % 3)) + letters[(i + k) % 5];
    return JSON.stringify({
      id: `r${i}`,
      text: `${CANARY} ${[0, 1, 2, 3, 4].map(word).join(" ")}`,
      label: i % 2 ? "unsafe" : "safe",
      category: i % 4 < 2 ? "one" : "two",
      ...more(i),
    });
  };
  writeFileSync(path, `${Array.from({ length: rows }, (_, i) => line(i)).join("\n")}\n`);
  return path;
}

const plan = (path: string, more: Partial<AuditPlan> = {}): AuditPlan => ({
  data: { path, options: {} },
  model,
  maxTokens: 64,
  seed: 0,
  provider: "cpu",
  threads: 1,
  ...more,
});

beforeAll(() => {
  mkdirSync(model, { recursive: true });
  writeTinyDecoder(model);
});

describe("an audit, end to end", () => {
  let view: AuditView;
  const seen: { views: AuditView[]; progress: Progress[] } = { views: [], progress: [] };
  const runFolder = join(folder, "runs", "one");

  it("streams previews, then gives a result", async () => {
    const path = dataset("data.jsonl", 80);
    view = await engine.audit(plan(path, { runFolder }), { onView: (v) => seen.views.push(v), onProgress: (p) => seen.progress.push(p) });
    expect(seen.views.length).toBeGreaterThan(0);
    expect(seen.views.every(({ result }) => !result.final && result.aqi.score === null)).toBe(true);
    expect(new Set(seen.progress.map(({ phase }) => phase))).toEqual(new Set(["opening", "running", "scoring"]));
    expect(view.result.final).toBe(true);
    expect(view.result.dataset).toMatchObject({ rows: 80, used: 80, kind: "safety", columns: { text: "text", label: "label", category: "category" } });
    expect(view.result.layers.map(({ layer }) => layer)).toEqual(view.result.layers.map((_, i) => i));
  });

  it("finds the planted difference, and shuffled labels do not", () => {
    const { probe, controls, aqi } = view.result;
    expect(view.result.layers[probe.bestLayer!].auroc).toBeGreaterThan(0.95);
    expect(aqi.score).toBeGreaterThan(40);
    expect(aqi.p).toBeLessThan(0.05);
    // Letters are vocabulary: the control must see through them.
    expect(controls.shuffled).toBeLessThan(0.75);
    expect(aqi.gain.ci95![0]).toBeLessThan(aqi.score!);
  });

  it("links every row to its line", () => {
    const { rows } = view;
    expect(rows.count).toBe(80);
    for (let i = 0; i < rows.count; i++) {
      expect(rows.place[i * 5 + 1]).toBe(rows.id[i]);
      expect(rows.label[i]).toBe(rows.id[i] % 2);
    }
    expect(rows.score.length).toBe(80 * view.result.layers.length);
    expect([...rows.score].every(Number.isFinite)).toBe(true);
  });

  it("stores the run without a word of the rows, and opens it again as it was", async () => {
    const names = readdirSync(runFolder).filter((name) => name !== "profile.json");
    expect(names.sort()).toEqual(["log.jsonl", "plan.json", "result.json", "view.json"]);
    for (const name of readdirSync(runFolder)) expect(readFileSync(join(runFolder, name), "utf8")).not.toContain(CANARY);
    const again = await engine.openRun(runFolder);
    expect(again.result).toEqual(JSON.parse(JSON.stringify(view.result)));
    expect(again.rows.score).toEqual(view.rows.score);
  });

  it("repeats to the last digit", async () => {
    const second = await engine.audit(plan(join(folder, "data.jsonl")));
    const { timing: _a, createdAt: _b, ...first } = view.result;
    const { timing: _c, createdAt: _d, ...same } = second.result;
    expect(same).toEqual(first);
  });

  it("gives texts of rows on request, and refuses them when the file has changed", async () => {
    const { path, options, sha256 } = view.result.dataset;
    const [row] = await engine.rowTexts(path, options, sha256, [3]);
    expect(row).toMatchObject({ row: 3, text: expect.stringContaining(CANARY) });
    await expect(engine.rowTexts(path, options, sha256, Array(201).fill(0))).rejects.toMatchObject({ problem: { code: "rows/too-many" } });
    writeFileSync(path, readFileSync(path, "utf8").replace("r3", "r3b"));
    await expect(engine.rowTexts(path, options, sha256, [3])).rejects.toMatchObject({ problem: { code: "rows/changed" } });
  });

  it("exports texts only when asked", async () => {
    const path = dataset("fresh.jsonl", 40);
    const fresh = await engine.audit(plan(path));
    for (const format of ["json", "csv", "html"] as const) expect(await engine.report(fresh, format, false)).not.toContain(CANARY);
    expect(await engine.report(fresh, "csv", true)).toContain(CANARY);
    expect(await engine.report(fresh, "html", true)).toContain(CANARY);
  });
});

describe("an audit that cannot give every number", () => {
  it("leaves the AQI out for a concept, with the reason, and probes all the same", async () => {
    const path = dataset("concept.jsonl", 60, (i) => ({ label: i % 2 ? "sadness" : "happiness", concept: "emotion" }));
    const { result } = await engine.audit(plan(path));
    expect(result.aqi.score).toBeNull();
    expect(result.aqi.reason).toMatch(/happiness and sadness/);
    expect(result.layers.some(({ auroc }) => (auroc ?? 0) > 0.9)).toBe(true);
    expect(result.verdict).toMatch(/sadness and happiness/);
  });

  it("withholds, never invents, with three rows of a class", async () => {
    const path = join(folder, "few.jsonl");
    writeFileSync(path, Array.from({ length: 6 }, (_, i) => JSON.stringify({ text: `text number ${i} is here`, label: i % 2 ? "unsafe" : "safe" })).join("\n"));
    const { result } = await engine.audit(plan(path));
    const numbers = JSON.stringify(result);
    expect(numbers).not.toMatch(/NaN|Infinity/);
    expect(result.layers.every(({ auroc, why }) => auroc !== null || Object.keys(why ?? {}).length > 0)).toBe(true);
  });

  it("gives no interval and no p-value when the rows come in a handful of groups, and says so", async () => {
    const path = dataset("grouped.jsonl", 80, (i) => ({ group: `g${i % 6}` }));
    const { result } = await engine.audit(plan(path, { data: { path, options: { group: "group" } } }));
    expect(result.aqi.score).not.toBeNull();
    expect([result.aqi.ci95, result.aqi.p, result.aqi.gain.ci95]).toEqual([null, null, null]);
    expect(result.notices.map(({ code }) => code)).toContain("lens/few-groups");
    expect(result.verdict).not.toMatch(/beyond vocabulary: \+/);
    expect(JSON.stringify(result)).not.toMatch(/NaN/);
  });

  it("counts rows that were cut, by class, and rows with one token only", async () => {
    const path = join(folder, "long.jsonl");
    const row = (i: number) => ({ text: i === 0 ? "x" : i < 4 ? "long ".repeat(60) : `some words ${i} and ${i * 7}`, label: i % 2 ? "unsafe" : "safe" });
    writeFileSync(path, Array.from({ length: 40 }, (_, i) => JSON.stringify(row(i))).join("\n"));
    const { result } = await engine.audit(plan(path, { maxTokens: 32 }));
    expect(result.dataset.truncated).toEqual({ total: 3, byClass: [1, 2] });
    expect(result.dataset.skipped).toContainEqual(expect.objectContaining({ reason: "one-token", count: 1, byClass: [1, 0], lines: [0] }));
    expect(result.dataset.used).toBe(39);
  });
});

describe("an audit that is stopped or refused", () => {
  it("is cancelled between batches and between layers", async () => {
    const path = dataset("many.jsonl", 400);
    for (const phase of ["running", "scoring"] as const) {
      const stop = new AbortController();
      const run = engine.audit(plan(path), { onProgress: (p) => p.phase === phase && stop.abort() }, stop.signal);
      await expect(run).rejects.toMatchObject({ problem: { code: "run/cancelled" } });
    }
    expect((await engine.audit(plan(dataset("after.jsonl", 20)))).result.final).toBe(true);
  });

  it("runs one at a time", async () => {
    const path = dataset("busy.jsonl", 40);
    const first = engine.audit(plan(path));
    await expect(engine.audit(plan(path))).rejects.toMatchObject({ problem: { code: "run/busy" } });
    await first;
  });

  it("refuses a dataset before any model is opened", async () => {
    await expect(engine.audit(plan(join(folder, "none.jsonl"), { model: join(folder, "no-model") }))).rejects.toMatchObject({
      problem: { code: expect.stringMatching(/^data\//) },
    });
  });
});
