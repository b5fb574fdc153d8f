import { describe, expect, it } from "vitest";
import { jsonReport } from "../../../src/cli/checkJson.js";
import { answerOf, evidenceMarkdown, evidenceOf, type Standpoint } from "../../../src/extension/prompts/evidence.js";
import type { FoundPrompt, ProfileCard, PromptScore } from "../../../src/protocol/index.js";

const CANARY = "a word of the prompt";
const found: FoundPrompt = { shape: "named-constant", rank: "likely", role: "system", text: CANARY, start: 0, end: 22, pieces: [], name: "SYSTEM", holes: 0 };
const score: PromptScore = {
  key: "k",
  side: "unsafe",
  probability: 0.97,
  decision: 2,
  domain: { quantile: 0.5, limit: 0.96 },
  curve: [0.2, null, 0.97],
  emergence: 2,
  nearest: [{ row: 4, line: 4, unsafe: true, distance: 1.234 }],
  windows: [],
  tokens: 7,
  truncated: false,
};
const card: ProfileCard = {
  path: "/somewhere/profile.json",
  sha256: "a".repeat(64),
  model: { name: "tiny", sha256: "b".repeat(64), path: "/somewhere/model" },
  layer: 2,
  layers: 5,
  pooling: "mean",
  maxTokens: 512,
  threshold: 0.8,
  thresholds: { clear: 0.3, report: 0.8, error: 0.95 },
  calibration: { rows: 144, ece: 0.05 },
  dataset: { path: "/somewhere/rows.jsonl", sha256: "c".repeat(64), rows: 144, linked: true, options: {} },
  auroc: 0.9,
  createdAt: "2026-11-23T00:00:00Z",
  notices: [],
};
const region = { startLine: 3, startColumn: 10, endLine: 3, endColumn: 32 };
const at: Standpoint = { path: "src/a.py", ...region, found, sha256: "d".repeat(64), accepted: false };

describe("what agents and clipboards get", () => {
  it("has the fields and values of the command line's JSON", () => {
    const finding = {
      path: "src/a.py",
      region,
      prompt: found,
      score,
      level: "error" as const,
      rule: "layerscope/unsafe-prompt",
      key: at.sha256,
      fingerprint: "f",
      accepted: false,
    };
    const theirs = JSON.parse(jsonReport([finding], card, {} as never));
    const ours = JSON.parse(JSON.stringify(answerOf(card, [evidenceOf(at, score, card, "error")])));
    // The command line says its version, counts, and a fingerprint for SARIF; the sentence is each one's own.
    const { layerscope: _l, counts: _c, ...rest } = theirs;
    const { fingerprint: _f, message: _m, ...prompt } = rest.prompts[0];
    const { message, ...own } = ours.prompts[0];
    expect({ ...ours, prompts: [own] }).toEqual({ ...rest, prompts: [prompt] });
    expect(message).toContain("97 %");
  });

  it("holds no word of the prompt and no path of this machine", () => {
    for (const text of [JSON.stringify(answerOf(card, [evidenceOf(at, score, card, "error")])), evidenceMarkdown(at, score, card)]) {
      expect(text).not.toContain(CANARY);
      expect(text).not.toContain("/somewhere");
    }
  });

  it("a safe prompt breaks no rule, one out of domain is a note", () => {
    expect(evidenceOf(at, { ...score, probability: 0.1, side: "safe" }, card, "none")).not.toHaveProperty("rule");
    expect(evidenceOf(at, { ...score, side: "outside" }, card, "information")).toMatchObject({ level: "note", rule: "layerscope/out-of-domain" });
  });
});
