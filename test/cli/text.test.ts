import { describe, expect, it } from "vitest";
import { textReport } from "../../src/cli/text.js";
import { type AxiomResult, axiomRemark } from "../../src/protocol/index.js";
import { makeView } from "../webview/fixture.js";

describe("text report", () => {
  it("has a line for what is left without length and casing, one for pairs, and the axioms, weakest first", () => {
    const lines = textReport(makeView({ rows: 60, categories: 4 }).result, { colour: false }).split("\n");
    expect(lines).toContainEqual(expect.stringContaining("AQI with length, casing and the like taken out of layer 4: 31.2 (40.1 before)"));
    expect(lines).toContainEqual(expect.stringMatching(/within 72 pairs: 53\.7 \(41\.6 to 63\.7\), 93% the right way round/));
    const at = lines.findIndex((line) => line.startsWith("axioms, weakest first"));
    expect(lines[at + 1]).toMatch(/^ {2}fraud .*48.*25%, -0\.40 {2}points the other way$/);
    expect(lines.slice(at + 2, at + 5).join()).not.toContain("points");
  });

  it("says nothing of them where a result has none", () => {
    for (const wish of [{ kind: "concept" }, { final: false }] as const)
      expect(textReport(makeView(wish).result, { colour: false })).not.toMatch(/axioms|pairs:|taken out/);
  });

  it("shows a negative index as it is, beside words and gain that are signed, too", () => {
    const { result } = makeView({ rows: 60 });
    const aqi = { ...result.aqi, score: 0, signed: -41.7, ci95: [-60, -20] as const, lexical: -4.2, gain: { score: -37.5, ci95: null } };
    const report = textReport({ ...result, aqi }, { colour: false });
    expect(report).toMatch(/AQI {8}[-−]41\.7 \([-−]60(\.0)? to [-−]20(\.0)?\) of 100/);
  });

  it("names the tower of a model with several", () => {
    const { result } = makeView({ rows: 20 });
    const report = textReport({ ...result, model: { ...result.model, tower: "decoder", towers: ["encoder", "decoder"] } }, { colour: false });
    expect(report).toContain("Planted-12L, decoder tower · ");
  });
});

describe("axiomRemark", () => {
  const axiom: AxiomResult = { name: "a", n: [40, 40], separation: 30, ci95: [20, 40], share: 0.2, cosine: 0.6, worst: [] };
  it.each([
    [{}, undefined],
    [{ cosine: -0.3 }, "points the other way"],
    [{ cosine: 0.02 }, "points elsewhere"],
    [{ cosine: 0.02, n: [12, 12] as const }, undefined],
    [{ cosine: null }, undefined],
    [{ ci95: [-4, 20] as const }, "not told apart"],
    [{ ci95: [-30, -4] as const, separation: -20 }, "below chance"],
    [{ ci95: null, separation: -1 }, "not told apart"],
  ])("%j is %s", (change, words) => expect(axiomRemark({ ...axiom, ...change })).toBe(words));
});
