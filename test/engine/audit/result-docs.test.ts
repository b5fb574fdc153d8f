import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { Engine } from "../../../src/engine/engine.js";
import { writeTinyDecoder } from "../../fixtures/models.js";

const folder = mkdtempSync(join(tmpdir(), "layerscope-test-"));
const engine = new Engine();
afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Keyed by what they hold (fields, lenses, modes), or described elsewhere (options of the reading). */
const OPEN = new Set(["why", "lenses", "options", "where", "byClass"]);

function fieldsOf(value: unknown, path: string, found: Map<string, string>): void {
  if (Array.isArray(value)) {
    for (const one of value) fieldsOf(one, `${path}[]`, found);
    return;
  }
  if (value === null || typeof value !== "object") return;
  for (const [name, inner] of Object.entries(value)) {
    found.set(name, `${path}.${name}`);
    if (!OPEN.has(name) && !path.endsWith("compat.rows[]")) fieldsOf(inner, `${path}.${name}`, found);
  }
}

it("docs/result.md names every field that an audit prints", async () => {
  const page = readFileSync(join(import.meta.dirname, "../../../docs/result.md"), "utf8");
  const model = join(folder, "model");
  mkdirSync(model);
  writeTinyDecoder(model);
  const path = join(folder, "pairs.jsonl");
  const line = (i: number) => {
    const letters = i % 2 ? "qxzjv" : "aeiou";
    const text = [0, 1, 2, 3, 4].map((k) => letters[(i * 7 + k * 3) % 5]!.repeat(1 + ((i + k) % 3)) + letters[(i + k) % 5]).join(" ");
    return JSON.stringify({ text: i === 7 ? "" : text, label: i % 2 ? "unsafe" : "safe", category: i % 8 < 4 ? "one" : "two", pair: `p${i >> 1}` });
  };
  writeFileSync(path, `${Array.from({ length: 96 }, (_, i) => line(i)).join("\n")}\n`);
  const plan = { data: { path, options: {} }, model, reference: model, maxTokens: 16, seed: 0, provider: "cpu" as const, threads: 1 };
  const { result } = await engine.audit(plan, {});
  const found = new Map<string, string>();
  fieldsOf(result, "", found);
  expect(found.size).toBeGreaterThan(90);
  expect([...found].filter(([name]) => !page.includes(`\`${name}\``)).map(([, at]) => at)).toEqual([]);
});
