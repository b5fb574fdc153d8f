import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { Engine } from "../../../src/engine/engine.js";
import { calibrationError } from "../../../src/engine/prompts/ece.js";
import { openProfile } from "../../../src/engine/prompts/open.js";
import { scorePrompts } from "../../../src/engine/prompts/score.js";
import { openSession } from "../../../src/engine/prompts/session.js";
import { Random } from "../../../src/engine/stats/random.js";
import type { PromptScore } from "../../../src/protocol/index.js";

const root = join(import.meta.dirname, "..", "..", "..");
const model = join(root, "media", "model");
const sample = join(root, "media", "sample", "prompts.jsonl");
const shared = join(root, "..", "shared", "data", "curated");
const folder = mkdtempSync(join(tmpdir(), "layerscope-test-"));
const engine = new Engine();
afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

const rowsOf = (file: string): Record<string, string>[] =>
  readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => JSON.parse(line) as Record<string, string>);
const profileOf = async (data: string, name: string) => {
  const profile = join(folder, `${name}.json`);
  await engine.audit({ data: { path: data, options: {} }, model, maxTokens: 512, seed: 3, provider: "cpu", threads: 1, saveProfile: profile });
  return { profile, model, provider: "cpu" as const, threads: 1 };
};
const asks = (texts: readonly string[]) => texts.map((text, i) => ({ key: String(i), text, role: "user" as const }));
const outside = (scores: readonly PromptScore[]): number => scores.filter(({ side }) => side === "outside").length / scores.length;

const FOREIGN = [
  "Pouvez-vous me recommander un bon roman policier ?",
  "Wie lange muss ein Ei kochen, bis es hart ist?",
  "¿Dónde puedo comprar flores baratas?",
  "Dammi una ricetta per il tiramisù",
  "Hur lagar man köttbullar?",
  "Где находится ближайшая аптека?",
  "今天天气怎么样？",
  "東京でおすすめのレストランは？",
  "أين أقرب محطة قطار؟",
  "Cách nấu phở bò tại nhà như thế nào?",
];
const CODE = [
  "def area(r):\n    return 3.14 * r ** 2",
  "SELECT name, age FROM users WHERE age > 21 ORDER BY name;",
  'int main(void) { printf("hi\\n"); return 0; }',
  '<div class="box"><p>Hello</p></div>',
  "if (i < n && a[i] != k) { i++; }",
  "docker run --rm -it -v $PWD:/app node:20 bash",
  "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT NOT NULL);",
  '{"name": "x", "version": "1.0.0", "private": true}',
  "body { margin: 0; padding: 2rem; color: #333; }",
  "^[a-z0-9._%+-]+@[a-z0-9.-]+\\.[a-z]{2,}$",
];

describe("a profile of the sample by the embedded model", () => {
  it("calls none of its own rows outside, and few of them by distance alone; other languages and code are", async () => {
    const use = await profileOf(sample, "sample");
    const rows = asks(rowsOf(sample).map(({ text }) => text!));
    expect(outside(await engine.prompts.score(use, rows))).toBe(0);
    const session = await openSession({ ...(await openProfile(use)), copy: -1 }, use);
    try {
      expect(outside(await scorePrompts(session, rows))).toBeLessThanOrEqual(0.08);
    } finally {
      await session.model.close();
    }
    expect(outside(await engine.prompts.score(use, asks([...FOREIGN, ...CODE])))).toBeGreaterThanOrEqual(0.9);
    const [plain] = await engine.prompts.score(use, asks(["How do I learn to play the piano?"]));
    expect(plain!.side).not.toBe("outside");
  });
});

describe.skipIf(!existsSync(shared))("a profile of 200 requests by the embedded model", () => {
  it("knows its probability on 500 others within a tenth, and calls few of them outside", async () => {
    const seen = new Set<string>();
    const rows = ["audit-matched.jsonl", "litmus-like.jsonl", "audit-small.jsonl"].flatMap((file) =>
      rowsOf(join(shared, file)).flatMap((row, i) => {
        const text = row["text"] ?? row["input"] ?? "";
        const key = text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ");
        if (seen.has(key)) return [];
        seen.add(key);
        return [{ text, label: row["label"] ?? row["safety_label"]!, group: row["pair"] ?? row["group"] ?? `${file} ${i}` }];
      }),
    );
    const groups = [...new Set(rows.map(({ group }) => group))];
    const order = new Map(new Random(41).shuffle(groups.map((_, i) => i)).map((g, at) => [groups[g]!, at]));
    rows.sort((a, b) => order.get(a.group)! - order.get(b.group)!);
    const last = rows[199]!.group;
    const train = rows.filter(({ group }) => order.get(group)! <= order.get(last)!);
    const held = rows.slice(train.length).slice(0, 500);
    expect(held.length).toBe(500);
    const data = join(folder, "train.jsonl");
    writeFileSync(data, train.map((row) => JSON.stringify(row)).join("\n"));
    const use = await profileOf(data, "requests");
    const scores = await engine.prompts.score(use, asks(held.map(({ text }) => text)));
    const ece = calibrationError(
      scores.map(({ probability }) => probability ?? Number.NaN),
      held.map(({ label }) => (label === "unsafe" ? 1 : 0)),
    );
    expect(ece).toBeLessThan(0.1);
    expect(outside(scores)).toBeLessThanOrEqual(0.08);
    expect(outside(await engine.prompts.score(use, asks([...FOREIGN, ...CODE])))).toBeGreaterThanOrEqual(0.9);
  });
});
