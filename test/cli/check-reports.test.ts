import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { type CheckCounts, mostlyOutside, summaryOf } from "../../src/cli/checkCounts.js";
import { type Finding, levelOf } from "../../src/cli/checkFindings.js";
import { jsonReport } from "../../src/cli/checkJson.js";
import { sarifReport } from "../../src/cli/checkSarif.js";
import { textLines } from "../../src/cli/checkText.js";
import { linksOf } from "../../src/cli/links.js";
import { PROMPT_CODES, PROMPT_RULES, type ProfileCard, type PromptScore, type PromptSide, ruleOf } from "../../src/protocol/index.js";
import { ruleErrors, schemaErrors } from "./sarif.js";

const ROOT = resolve(import.meta.dirname, "../..");
const card: ProfileCard = {
  path: "/a/b/p.json",
  sha256: "b",
  model: { name: "m", sha256: "a" },
  layer: 1,
  layers: 3,
  pooling: "mean",
  maxTokens: 64,
  threshold: 0.5,
  thresholds: { clear: 0.3, report: 0.5, error: 0.9 },
  calibration: { rows: 1, ece: null },
  dataset: { path: "/a/b/data.jsonl", sha256: "c", rows: 1, linked: true, options: {} },
  auroc: null,
  createdAt: "2026-01-31T00:00:00.000Z",
  notices: [{ code: "x/y", message: "z" }],
};

function findingOf(side: PromptSide, probability: number | null, more: Partial<PromptScore> = {}): Finding {
  const score: PromptScore = {
    key: "",
    side,
    probability,
    decision: probability,
    domain: { quantile: side === "outside" ? 0.99 : 0.5, limit: 0.96 },
    curve: [probability],
    emergence: 0,
    nearest: [{ row: 1, line: 4, unsafe: true, distance: 1 }],
    windows: [],
    tokens: 1,
    truncated: false,
    ...more,
  };
  return {
    path: "c/d é\u{1F600}.py",
    region: { startLine: 1, startColumn: 2, endLine: 1, endColumn: 9 },
    prompt: { shape: "marker", rank: "certain", role: "system", text: "canary", start: 0, end: 1, pieces: [], holes: 0 },
    score,
    ...levelOf(score, card.thresholds),
    key: "k",
    fingerprint: "f",
    accepted: false,
    worst: { startLine: 1, startColumn: 3, endLine: 1, endColumn: 8 },
  };
}
const fault = { code: "prompts/empty", message: "The prompt holds no words of its own." };
const findings = [
  findingOf("unsafe", 0.95),
  findingOf("unsafe", 0.6),
  findingOf("outside", 0.01),
  findingOf("outside", 0.99),
  findingOf("safe", 0.1),
  findingOf("unsure", null, { fault }),
  { ...findingOf("unsafe", 0.95), accepted: true },
];
const counts: CheckCounts = {
  files: 1,
  prompts: 7,
  errors: 1,
  warnings: 1,
  outside: 2,
  failed: 1,
  sides: { unsafe: 3, unsure: 0, safe: 1, outside: 2 },
  accepted: 1,
  ignored: 0,
  stale: 0,
  notices: [],
};

describe("reports of a check", () => {
  it("are valid by the schema of SARIF 2.1.0, with links and without", () => {
    for (const links of [{}, linksOf({ homepage: "https://example.org/", repository: "https://example.org/code.git" })]) {
      const log = sarifReport(findings, card, counts, "/a/b", links);
      expect(schemaErrors(log)).toEqual([]);
      expect(ruleErrors(log)).toEqual([]);
      expect(log).not.toContain("canary");
      expect(log.includes("helpUri")).toBe(links.docs !== undefined);
    }
    const log = sarifReport(findings, card, counts, "/a/b");
    expect(schemaErrors(log.replace('"level": "error"', '"level": "fatal"')).join()).toContain("fatal");
    expect(schemaErrors(log.replace('"ruleId"', '"ruleName"')).join()).toContain("ruleName");
    expect(ruleErrors(log.replace('"startLine": 1', '"startLine": 0'))).toEqual(["startLine 0"]);
    expect(ruleErrors(log.replace('"ruleIndex": 1', '"ruleIndex": 7'))).toHaveLength(1);
  }, 60_000);

  it("call no prompt out of domain, or one that is not scored, safe, whatever its probability", () => {
    const [, , near, far, , failed] = findings;
    for (const one of [near!, far!]) expect(one).toMatchObject({ level: "note", rule: "layerscope/out-of-domain" });
    expect(failed).toMatchObject({ level: "note", rule: "layerscope/not-scored" });
    const text = textLines(findings, card);
    expect(text.split("\n").filter((line) => line.includes("note[layerscope/out-of-domain]"))).toHaveLength(2);
    expect(text).toContain("least of all that it is safe");
    const { prompts, counts: told } = JSON.parse(jsonReport(findings, card, counts)) as { prompts: { side: string; rule?: string }[]; counts: CheckCounts };
    expect(prompts.filter(({ side, rule }) => side === "outside" && rule === "layerscope/out-of-domain")).toHaveLength(2);
    expect(told.sides).toMatchObject({ outside: 2, safe: 1 });
    const { runs } = JSON.parse(sarifReport(findings, card, counts, "/a/b")) as { runs: { results: { properties: { side: string } }[]; properties: object }[] };
    expect(runs[0]!.results.map(({ properties }) => properties.side)).toEqual(["unsafe", "unsafe", "outside", "outside", "unsure", "unsafe"]);
    expect(runs[0]!.properties).toMatchObject({ outside: 2, failed: 1 });
    expect(summaryOf(counts)).toContain("2 out of domain (nothing is claimed about them), 1 not scored");
  });

  it("tell where most prompts lie outside", () => {
    expect(mostlyOutside(counts)).toBeUndefined();
    expect(mostlyOutside({ sides: { unsafe: 1, unsure: 0, safe: 1, outside: 2 } })).toMatchObject({ code: "check/mostly-outside" });
    expect(mostlyOutside({ sides: { unsafe: 0, unsure: 0, safe: 0, outside: 0 } })).toBeUndefined();
  });
});

describe("rules of prompts", () => {
  it("each have a description and a heading in the documentation", () => {
    const headings = [...readFileSync(join(ROOT, "docs", "prompts.md"), "utf8").matchAll(/^#+ (.+)$/gm)].map(([, title]) => title);
    for (const code of Object.values(PROMPT_CODES)) {
      expect(PROMPT_RULES.filter((rule) => rule.code === code)).toHaveLength(1);
      expect(headings).toContain(code);
      expect(ruleOf(code)).toBe(`layerscope/${code}`);
    }
  });

  it("link to what package.json names, and to nothing where it names nothing", () => {
    expect(linksOf({})).toEqual({});
    expect(linksOf(null)).toEqual({});
    expect(linksOf({ homepage: "http://example.org", repository: "me/code" })).toEqual({});
    expect(linksOf({ repository: { type: "git", url: "git+https://example.org/me/code.git" } })).toEqual({
      home: "https://example.org/me/code",
      docs: "https://example.org/me/code/blob/HEAD/docs/prompts.md",
    });
    expect(linksOf({ homepage: "https://example.org/x#readme", repository: { url: "git@example.org:me/code.git" } })).toEqual({
      home: "https://example.org/x#readme",
    });
  });
});
