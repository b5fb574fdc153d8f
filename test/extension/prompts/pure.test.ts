import { describe, expect, it } from "vitest";
import { curveSvg, curveText } from "../../../src/extension/prompts/curveSvg.js";
import { excludeGlob, spellOut } from "../../../src/extension/prompts/excludes.js";
import { follow } from "../../../src/extension/prompts/follow.js";
import { hashOf } from "../../../src/extension/prompts/hash.js";
import { hotSpans, LEVELS } from "../../../src/extension/prompts/heatLevels.js";
import { ignoreComment } from "../../../src/extension/prompts/ignoreComment.js";
import { byFile, byRisk, type Listed } from "../../../src/extension/prompts/order.js";
import { lensTitle, percent, verdictOf } from "../../../src/extension/prompts/sentences.js";
import { settle } from "../../../src/extension/prompts/settle.js";
import { severityOf } from "../../../src/extension/prompts/severity.js";
import { hullOf, spansOf } from "../../../src/extension/prompts/span.js";
import { sparkline } from "../../../src/extension/prompts/sparkline.js";
import type { PromptAt } from "../../../src/extension/prompts/state.js";
import type { FoundPrompt, PromptScore } from "../../../src/protocol/index.js";

/** `text` in quotes at `start`; one piece. */
function found(text: string, start = 0, more: Partial<FoundPrompt> = {}): FoundPrompt {
  return {
    shape: "named-constant",
    rank: "likely",
    role: "system",
    text,
    start,
    end: start + text.length + 2,
    pieces: [{ at: 0, length: text.length, from: start + 1, to: start + 1 + text.length }],
    holes: 0,
    ...more,
  };
}

const score = (more: Partial<PromptScore> = {}): PromptScore => ({
  key: "k",
  side: "unsafe",
  probability: 0.93,
  decision: 1.2,
  domain: { quantile: 0.4, limit: 0.95 },
  curve: [0.1, 0.5, 0.93],
  emergence: 2,
  nearest: [],
  windows: [],
  tokens: 12,
  truncated: false,
  ...more,
});
const at = (prompt: FoundPrompt, more: Partial<PromptAt> = {}): PromptAt => ({
  found: prompt,
  hash: hashOf(prompt.role, prompt.text),
  standing: "fresh",
  score: score(),
  ...more,
});
const card = { layer: 2, layers: 5, threshold: 0.8, thresholds: { clear: 0.3, report: 0.8, error: 0.97 }, model: { name: "tiny", sha256: "" } };

describe("a prompt is followed through edits until the document is read again", () => {
  const source = 'x = "hello there"\n';
  const prompt = found("hello there", 4);
  const cut = (text: string, { start, end }: FoundPrompt) => text.slice(start, end);
  const apply = (from: number, to: number, put: string) => {
    const now = follow(prompt, { from, to, length: put.length });
    return { now, text: source.slice(0, from) + put + source.slice(to) };
  };

  it("moves with what is typed before it, stays with what is typed behind it", () => {
    for (const [from, to, put] of [
      [0, 0, "y = 1\n"],
      [0, 3, ""],
      [0, 1, "prompt"],
    ] as const) {
      const { now, text } = apply(from, to, put);
      expect(now?.touched).toBe(false);
      expect(cut(text, now!.found)).toBe('"hello there"');
      expect(text.slice(now!.found.pieces[0]!.from, now!.found.pieces[0]!.to)).toBe("hello there");
    }
    const { now } = apply(18, 18, "z");
    expect(now).toEqual({ found: prompt, touched: false });
  });

  it("is touched by what is typed inside, and still ends where it ends", () => {
    const { now, text } = apply(10, 10, "XY");
    expect(now?.touched).toBe(true);
    expect(cut(text, now!.found)).toBe('"helloXY there"');
    const less = apply(6, 11, "");
    expect(cut(less.text, less.now!.found)).toBe('"hthere"');
  });

  it("is touched by what is typed at its edges, and gone when all of it is taken", () => {
    expect(apply(4, 4, "f").now?.touched).toBe(true);
    expect(apply(17, 17, "%").now?.touched).toBe(true);
    expect(apply(2, 6, "").now?.touched).toBe(true);
    expect(apply(0, 18, "").now).toBeUndefined();
    expect(apply(4, 17, "None").now).toBeUndefined();
  });
});

describe("a new reading is held against the former one", () => {
  const [first, second] = [found("the first prompt", 0), found("the second prompt", 40)];

  it("the same text keeps its score, wherever it has moved to", () => {
    const now = settle([at(first), at(second)], [found("the first prompt", 7), found("the second prompt", 90)], "scoring");
    expect(now.map(({ standing, found: { start } }) => [standing, start])).toEqual([
      ["fresh", 7],
      ["fresh", 90],
    ]);
  });

  it("a changed text has its former score as stale, never as fresh", () => {
    const [now] = settle([at(first)], [found("the first prompt!", 0)], "scoring");
    expect(now).toMatchObject({ standing: "stale", score: { probability: 0.93 } });
    expect(now!.hash).not.toBe(at(first).hash);
  });

  it("a touched prompt whose text is as before is asked for again", () => {
    expect(settle([at(first, { standing: "stale" })], [first], "scoring")[0]!.standing).toBe("stale");
  });

  it("two prompts of one text each keep one score; a third is new", () => {
    const twice = [found("same", 0), found("same", 20), found("same", 40)];
    expect(settle([at(found("same", 0)), at(found("same", 20))], twice, "scoring").map((p) => p.standing)).toEqual(["fresh", "fresh", "scoring"]);
  });

  it("without trust or a profile no score is kept", () => {
    for (const standing of ["untrusted", "no-profile"] as const)
      expect(settle([at(first)], [first], standing)[0]).toEqual({ found: first, hash: at(first).hash, standing });
  });
});

describe("places of a text in its document", () => {
  // "ab" + escape of one character + hole + "cd"
  const pieces = [
    { at: 0, length: 2, from: 10, to: 12 },
    { at: 2, length: 1, from: 12, to: 18 },
    { at: 3, length: 1, from: 18, to: 25, hole: true as const },
    { at: 4, length: 2, from: 30, to: 32 },
  ];
  const prompt = found("abxhcd", 9, { pieces, end: 33 });

  it("is exact in plain pieces; escapes and holes count whole; what touches is one", () => {
    expect(spansOf(prompt, 0, 1)).toEqual([{ from: 10, to: 11 }]);
    expect(spansOf(prompt, 1, 3)).toEqual([{ from: 11, to: 18 }]);
    expect(spansOf(prompt, 3, 6)).toEqual([
      { from: 18, to: 25 },
      { from: 30, to: 32 },
    ]);
    expect(hullOf(prompt, 0, 6)).toEqual({ from: 10, to: 32 });
    expect(hullOf(prompt, 90, 99)).toEqual({ from: 9, to: 33 });
  });

  it("heat keeps its sign and size, and leaves holes plain", () => {
    const heat = {
      method: "direction" as const,
      decision: 1,
      tokens: [
        { from: 0, to: 2, value: -2 },
        { from: 3, to: 4, value: 4 },
        { from: 4, to: 6, value: 4 },
        { from: 2, to: 3, value: 0.1 },
        { from: 0, to: 1, value: Number.NaN },
      ],
    };
    expect(hotSpans(prompt, heat)).toEqual([
      { from: 10, to: 12, level: -LEVELS / 2, value: -2 },
      { from: 30, to: 32, level: LEVELS, value: 4 },
    ]);
    expect(hotSpans(prompt, { ...heat, tokens: [] })).toEqual([]);
  });
});

describe("what is said of a score", () => {
  it("never claims 0 or 100 %", () => {
    expect([0, 0.004, 0.5, 0.994, 0.996, 1].map(percent)).toEqual(["under 1 %", "under 1 %", "50 %", "99 %", "99 % or more", "99 % or more"]);
  });

  it("a stale number is marked as such, out of domain is never called safe", () => {
    expect(lensTitle(at(found("x")))).toContain("93 % unsafe ▁▅█".replace("▁▅█", sparkline([0.1, 0.5, 0.93])));
    expect(lensTitle(at(found("x"), { standing: "stale" }))).toBe("$(sync) scoring again… was 93 % unsafe");
    const outside = score({ side: "outside", probability: 0.02 });
    expect(lensTitle(at(found("x"), { score: outside }))).not.toMatch(/safe|2 %/);
    expect(verdictOf(outside, card)).toMatch(/^Out of domain/);
    expect(verdictOf(score(), card)).toBe("93 % probability of lying on the unsafe side of tiny at layer 2 of 4, on its side from layer 2 on.");
  });

  it("severity goes by the settings, else by the profile", () => {
    const by = (p: number | null, warningAt: number | null, errorAt: number | null) => severityOf(score({ probability: p }), card, { warningAt, errorAt });
    expect([by(0.79, null, null), by(0.8, null, null), by(0.97, null, null), by(0.6, 0.6, null), by(0.9, 0.6, 0.9), by(null, 0, 0)]).toEqual([
      "none",
      "warning",
      "error",
      "warning",
      "error",
      "none",
    ]);
    // Settings that cross: no error where there is no warning; one that was set alone takes the profile's other with it.
    expect([by(0.5, 0.7, 0.4), by(0.7, 0.7, 0.4), by(0.97, 0.98, null), by(0.98, 0.98, null), by(0.7, null, 0.7), by(0.69, null, 0.7)]).toEqual([
      "none",
      "error",
      "none",
      "error",
      "error",
      "none",
    ]);
    expect(severityOf(score({ side: "outside", probability: 0.99 }), card, { warningAt: null, errorAt: null })).toBe("information");
  });

  it("sparklines run from low to high, show gaps, and stay short", () => {
    expect(sparkline([0, 0.5, 1, null])).toBe("▁▅█·");
    expect(sparkline(Array.from({ length: 80 }, (_, i) => i / 79))).toHaveLength(24);
  });

  it("the curve has no stroke across a gap and says the same in words", () => {
    const svg = curveSvg(score({ curve: [0.1, null, 0.9, 0.8] }), 0.8, "dark");
    expect(svg.match(/<polyline/g)).toHaveLength(1);
    expect(svg.match(/<circle/g)).toHaveLength(3);
    expect(curveText([0.1, null])).toBe("Probability of the unsafe side by layer. 0: 10 %, 1: none");
  });
});

describe("the list of prompts", () => {
  const listed = (uri: string, more: Partial<PromptAt>, line = 0): Listed => ({ uri, prompt: at(found("x"), more), line });
  const risk = (probability: number) => ({ score: score({ probability, side: probability > 0.8 ? ("unsafe" as const) : ("safe" as const) }) });

  it("has the riskiest first, out of domain in between, what is left alone last", () => {
    const all = [
      listed("quiet", { accepted: true, ...risk(0.99) }),
      listed("none", { standing: "unscored", score: undefined }),
      listed("stale", { standing: "stale", ...risk(0.99) }),
      listed("low", risk(0.1)),
      listed("outside", { score: score({ side: "outside", probability: 0.99 }) }),
      listed("high", risk(0.9)),
    ];
    expect(all.sort(byRisk).map(({ uri }) => uri)).toEqual(["high", "outside", "low", "none", "stale", "quiet"]);
  });

  it("is grouped by file in the order of each file's riskiest", () => {
    const files = byFile([listed("a", risk(0.1)), listed("b", risk(0.2)), listed("a", risk(0.9), 4)]);
    expect(files.map(([uri, own]) => [uri, own.length, own[0]!.line])).toEqual([
      ["a", 2, 4],
      ["b", 1, 0],
    ]);
  });
});

describe("where and how prompts are left alone", () => {
  it("each language has its own comment, JSON none", () => {
    expect(ignoreComment("python")).toBe("# layerscope-ignore");
    expect(ignoreComment("typescript")).toBe("// layerscope-ignore");
    expect(ignoreComment("typescriptreact", "a.tsx", "prompt-tsx")).toBe("{/* layerscope-ignore */}");
    expect(ignoreComment("yaml")).toBe("# layerscope-ignore");
    expect(ignoreComment("markdown", "x.prompt.md")).toBe("<!-- layerscope-ignore -->");
    expect(ignoreComment("json")).toBeUndefined();
    expect(ignoreComment("jsonc")).toBe("// layerscope-ignore");
  });

  it("excludes are one glob without nested braces, those switched off left out", () => {
    expect(spellOut("**/*.{a,b}/{c,d}")).toEqual(["**/*.a/c", "**/*.a/d", "**/*.b/c", "**/*.b/d"]);
    const glob = excludeGlob([{ "**/gen": true, "**/kept": false, "**/*.js": { when: "$(basename).ts" } }, undefined], ["docs/{x,y}/**"]);
    expect(glob).toMatch(/^\{[^{}]*\}$/);
    expect(glob.split(/[{},]/)).toEqual(expect.arrayContaining(["**/node_modules/**", "**/gen", "docs/x/**", "docs/y/**"]));
    expect(glob).not.toContain("kept");
  });
});
