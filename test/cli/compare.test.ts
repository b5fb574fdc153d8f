import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AuditResult, CompareResult } from "../../src/protocol/index.js";
import { writeTinyDecoder } from "../fixtures/models.js";
import { buildCli, runCli } from "./program.js";

const ROOT = resolve(import.meta.dirname, "../..");
let cli: string;
const folder = mkdtempSync(join(tmpdir(), "layerscope-compare-"));

const layerscope = (...args: readonly string[]) => runCli(cli, args, folder);

const audit = (run: string, ...more: readonly string[]) => layerscope("audit", "data.jsonl", "--model", "model", "--provider", "cpu", "--run", run, ...more);

beforeAll(async () => {
  cli = await buildCli("compare/report");
  for (const name of ["model", "other"]) {
    mkdirSync(join(folder, name));
    writeTinyDecoder(join(folder, name));
  }
  const row = (i: number) => ({ text: `${i % 2 ? "qq xx zz" : "aa ee ii"} ${"bcdfg"[i % 5]}${i} canary${i}`, label: i % 2 ? "unsafe" : "safe" });
  writeFileSync(join(folder, "data.jsonl"), Array.from({ length: 60 }, (_, i) => JSON.stringify(row(i))).join("\n"));
  await audit("a");
  await audit("b");
  // As a run with another seed would have left it.
  cpSync(join(folder, "a"), join(folder, "seeded"), { recursive: true });
  const view = JSON.parse(readFileSync(join(folder, "seeded", "view.json"), "utf8"));
  view.result.settings.seed = 4;
  writeFileSync(join(folder, "seeded", "view.json"), JSON.stringify(view));
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("two runs on the command line", () => {
  it("an audit leaves a run; the same model twice is no difference", async () => {
    for (const name of ["plan.json", "result.json", "view.json"]) {
      expect(existsSync(join(folder, "a", name)), name).toBe(true);
      expect(readFileSync(join(folder, "a", name), "utf8")).not.toContain("canary");
    }
    const text = await layerscope("compare", "a", "b");
    expect(text).toMatchObject({ code: 0, err: "" });
    expect(text.out).toMatch(/^A and B score every row alike at every layer: no difference\.\n/);
    const json = await layerscope("compare", "a", "b", "--format", "json");
    const result = JSON.parse(json.out) as CompareResult;
    expect(result).toMatchObject({ schemaVersion: 1, kind: "comparison" });
    expect(result.pairs[0].layers.every(({ auroc }) => auroc.value === 0)).toBe(true);
    expect(result.pairs[0].aqi.value).toBe(0);
    expect(json.out).not.toContain("canary");
  });

  it("refuses what cannot be compared with exit code 2, naming what differs", async () => {
    const refused = await layerscope("compare", "a", "seeded");
    expect(refused.code).toBe(2);
    expect(refused.err).toContain("measure different things: seed (0 against 4)");
    expect(refused.err).toContain("Run one of them again");
    expect((await layerscope("compare", "a")).err).toContain("Two runs or more are compared, not 1.");
    const nowhere = await layerscope("compare", "a", "nowhere");
    expect(nowhere.code).toBe(2);
    expect(nowhere.err).toContain("There is no folder nowhere.");
    expect(nowhere.err).not.toMatch(/ENOENT|stat/);
    writeFileSync(join(folder, "no-run.txt"), "");
    expect((await layerscope("compare", "a", "no-run.txt")).err).toContain("no-run.txt is a file; a run is a folder.");
    mkdirSync(join(folder, "hollow"));
    const hollow = await layerscope("compare", "a", "hollow");
    expect(hollow.err).toContain("The folder hollow holds no finished run.");
    expect(hollow.err).not.toContain("ENOENT");
  });

  it("writes a page that carries the comparison, texts only on demand", async () => {
    const plain = await layerscope("compare", "a", "b", "--format", "html", "--out", "plain.html");
    if (!existsSync(join(ROOT, "dist", "report.js"))) {
      expect(plain.err).toContain("The parts that an HTML report is made of are missing");
      return;
    }
    const page = readFileSync(join(folder, "plain.html"), "utf8");
    expect(page).toContain('"portable":"compare-1"');
    expect(page).not.toContain("canary");
    expect(page).not.toContain(folder);
    await layerscope("compare", "a", "b", "--format", "html", "--with-text", "--out", "texts.html");
    expect(readFileSync(join(folder, "texts.html"), "utf8")).toContain("canary");
    expect((await layerscope("compare", "a", "b", "--with-text")).code).toBe(2);
  });

  it("does not mix a run with other things, and never lets a run that is cut off pass for the former one", async () => {
    mkdirSync(join(folder, "full"));
    writeFileSync(join(folder, "full", "notes.txt"), "mine");
    const refused = await audit("full");
    expect(refused.code).toBe(2);
    expect(refused.err).toContain("holds other things than a run (notes.txt)");
    expect(readFileSync(join(folder, "full", "notes.txt"), "utf8")).toBe("mine");
    cpSync(join(folder, "a"), join(folder, "again"), { recursive: true });
    const failed = await layerscope("audit", "data.jsonl", "--model", "model", "--max-tokens", "1", "--run", "again");
    expect(failed.code).toBe(2);
    expect(existsSync(join(folder, "again", "result.json"))).toBe(false);
    expect((await layerscope("compare", "a", "again")).code).toBe(2);
  });

  it("reads the same rows through a second model: the same weights agree wholly", async () => {
    const { code, out, err } = await layerscope("audit", "data.jsonl", "--model", "model", "--reference", "other", "--provider", "cpu", "--format", "json");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const result = JSON.parse(out) as AuditResult;
    expect(result.reference).toMatchObject({ name: "other", sha256: result.model.sha256 });
    const lens = result.lenses?.["relative-anchors"] as { layers: { mrr: number; agreement: number }[] };
    expect(lens.layers).toHaveLength(result.layers.length);
    for (const { mrr, agreement } of lens.layers) {
      expect(mrr).toBeGreaterThan(0.99);
      expect(agreement).toBeGreaterThan(0.9999);
    }
    expect((await layerscope("audit", "data.jsonl", "--model", "model", "--reference", "nowhere")).code).toBe(2);
  });
});
