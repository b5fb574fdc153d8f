import { describe, expect, it } from "vitest";
import { verdict } from "../../../src/engine/audit/verdict.js";
import type { AuditResult, LayerScores } from "../../../src/protocol/index.js";

type Parts = Parameters<typeof verdict>[0];

const layer = (index: number, aqi: number | null, half: number, auroc = 0.9): LayerScores =>
  ({ layer: index, aqi, aqiCi95: aqi === null ? null : [aqi - half, aqi + half], auroc, aurocCi95: [auroc - 0.04, auroc + 0.04] }) as unknown as LayerScores;

const classes = (negative: string, positive: string) => ({ classes: [{ name: negative }, { name: positive }] }) as unknown as AuditResult["dataset"];

const parts = (more: Partial<Parts>): Parts =>
  ({
    dataset: classes("safe", "unsafe"),
    aqi: { score: 52, signed: 52, ci95: [46, 58], p: 0.005, lexical: 30, gain: { score: 22, ci95: [15, 28] }, halfSample: 50, layerWeights: [] },
    layers: [layer(0, 20, 5), layer(1, 40, 5), layer(2, 50, 5), layer(3, 33, 5)],
    probe: { bestLayer: 2, nestedAuroc: 0.91, jump: 1, converge: 2, depth95: 1, areaDepth: 0.2 },
    controls: { words: 0.76, wordsCi95: null, length: 0.57, shuffled: 0.5, shuffledCi95: null, residualised: null },
    categories: [],
    ...more,
  }) as Parts;

describe("the verdict", () => {
  it("names the layers whose interval lies above words alone", () => {
    expect(verdict(parts({}))).toBe("Layers 1 to 2 hold the two apart beyond vocabulary: +22 (15 to 28).");
  });

  it("claims nothing when the gain's interval holds zero", () => {
    const aqi = { ...parts({}).aqi, gain: { score: 4, ci95: [-3, 11] as const } };
    expect(verdict(parts({ aqi }))).toBe("No evidence beyond vocabulary: the gain over words alone is +4 (−3 to 11).");
  });

  it("claims nothing when words alone do as well as the best layer, whatever the index says", () => {
    const controls = { ...parts({}).controls, words: 0.92 };
    expect(verdict(parts({ controls }))).toBe("No evidence beyond vocabulary: words alone reach AUROC 0.92, the best layer 0.91.");
  });

  it("claims nothing without an interval, and never calls the classes held apart", () => {
    const { aqi } = parts({});
    const why = { ci95: "there are 4 unsafe rows only, and resampling needs 10" };
    const few = { ...aqi, score: 0, signed: -41.7, ci95: null, p: null, gain: { score: -37, ci95: null }, why: { ...why, gain: why.ci95 } };
    expect(verdict(parts({ aqi: few }))).toBe("Too few rows to claim anything: there are 4 unsafe rows only, and resampling needs 10.");
    expect(verdict(parts({ aqi: { ...aqi, signed: 3, ci95: [-4, 9], gain: { score: 12, ci95: [2, 22] } } }))).toBe(
      "No evidence beyond vocabulary: the index itself may be 0 (−4 to 9).",
    );
  });

  it("claims nothing where the permutation test does not agree; without a test the interval decides", () => {
    const { aqi } = parts({});
    expect(verdict(parts({ aqi: { ...aqi, p: 0.86 } }))).toBe("No evidence beyond vocabulary: shuffled labels reach as high too often (p 0.86).");
    expect(verdict(parts({ aqi: { ...aqi, p: null } }))).toContain("beyond vocabulary: +22");
  });

  it("claims nothing where words alone tell the classes apart, nor for a gain of a point or two", () => {
    const { aqi, controls } = parts({});
    const small = { ...aqi, signed: 99, ci95: [98, 100] as const, lexical: 98, gain: { score: 1, ci95: [0.4, 1.6] as const } };
    const alone = "No evidence beyond vocabulary: the classes' vocabularies alone tell them apart; nothing can be said beyond them.";
    expect(verdict(parts({ aqi: small }))).toBe(
      "No evidence beyond vocabulary: words, length and casing alone tell the classes apart; nothing can be said beyond them.",
    );
    expect(verdict(parts({ controls: { ...controls, words: 0.99 } }))).toBe(alone);
    expect(verdict(parts({ aqi: { ...aqi, gain: small.gain } }))).toBe(
      "No evidence beyond vocabulary: the gain over words alone is +1, less than the 3 points that would be claimed.",
    );
  });

  it("does not tell a concept's classes apart by rounding, nor without an interval", () => {
    const aqi = { ...parts({}).aqi, score: null, reason: "the classes are false and true" };
    const line = { ...layer(2, null, 0, 0.5), aurocCi95: [0.5000000000000001, 0.5000000000000002] as const };
    const of = (best: LayerScores) => parts({ aqi, dataset: classes("false", "true"), layers: [layer(0, null, 0), layer(1, null, 0), best] });
    expect(verdict(of(line))).toContain("No evidence that true and false can be told apart");
    expect(verdict(of({ ...line, aurocCi95: null, why: { aurocCi95: "there are 4 true rows only" } }))).toMatch(
      /^Too few rows to claim that true and false can be told apart \(there are 4 true rows only\)/,
    );
  });

  it("names no weak category on few rows, nor where nothing was found", () => {
    const categories = [0.8, 0.3].map((auroc, i) => ({ name: `c${i}`, n: [4, 4] as const, auroc: [0.5, 0.5, auroc, 0.5], separation: [] }));
    expect(verdict(parts({ categories }))).not.toContain("Weakest");
    const many = categories.map((category) => ({ ...category, n: [20, 20] as const }));
    const aqi = { ...parts({}).aqi, gain: { score: -0.2, ci95: [-3, 3] as const } };
    expect(verdict(parts({ aqi, categories: many }))).toBe("No evidence beyond vocabulary: the gain over words alone is 0 (−3 to 3).");
  });

  it("speaks of the concept's own classes where there is no AQI", () => {
    const aqi = { ...parts({}).aqi, score: null, reason: "the classes are false and true" };
    const dataset = classes("false", "true");
    expect(verdict(parts({ aqi, dataset }))).toBe("true and false can be told apart with AUROC 0.91 (words alone 0.76), best at layer 2.");
    const low = [layer(0, null, 0, 0.52), layer(1, null, 0, 0.53), layer(2, null, 0, 0.53)];
    expect(verdict(parts({ aqi, dataset, layers: low }))).toContain("No evidence that true and false can be told apart");
  });

  it("names the weakest category", () => {
    const category = (name: string, auroc: number | null) => ({ name, n: [12, 12] as const, auroc: [0.5, 0.5, auroc, 0.5], separation: [] });
    expect(verdict(parts({ categories: [category("fraud", 0.8), category("hate", 0.61), category("few", null)] }))).toContain(
      "Weakest: hate (AUROC 0.61 at layer 2).",
    );
    expect(verdict(parts({ categories: [category("fraud", 0.8), category("few", null)] }))).not.toContain("Weakest");
  });
});
