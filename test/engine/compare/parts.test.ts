import { describe, expect, it } from "vitest";
import { alignLayers } from "../../../src/engine/compare/align.js";
import { compareRuns } from "../../../src/engine/compare/index.js";
import { mcnemar } from "../../../src/engine/compare/mcnemar.js";
import { markOf, nameRuns } from "../../../src/engine/compare/names.js";
import { rank, weightedAuroc } from "../../../src/engine/compare/ranked.js";
import { auroc } from "../../../src/engine/stats/auc.js";
import { Random } from "../../../src/engine/stats/random.js";
import { problemOf } from "../../../src/protocol/index.js";
import { plantRun } from "./plant.js";

const refusal = async (...runs: Parameters<typeof compareRuns>[0]) => problemOf(await compareRuns(runs).catch((error: unknown) => error));

describe("what may be compared", () => {
  const a = plantRun({ strength: [1, 1] });

  it("names every setting that differs, with both values, and what to do", async () => {
    const other = plantRun({
      strength: [1, 1],
      own: 3,
      result: { settings: { pooling: "last", maxTokens: 128, seed: 0, folds: 5, threads: 4 } },
    });
    const problem = await refusal(a, other);
    expect(problem.code).toBe("compare/not-comparable");
    expect(problem.message).toBe("Runs A and B measure different things: pooling (mean against last), maximal tokens (512 against 128).");
    expect(problem.hint).toContain("settings of the other");
  });

  it("the index is compared by its card: measured otherwise it is refused, without a card on one side it is withheld", async () => {
    const card = {
      rows: "ab",
      pooling: "mean",
      frame: "discriminant",
      folds: 5,
      divisions: 1,
      shrinkage: "x",
      gamma: 0.5,
      axioms: 1,
      cells: [],
      replicates: 200,
      permutations: 199,
      seed: 0,
    } as const;
    const other = plantRun({ strength: [1, 1], own: 3 });
    const carded = (run: typeof a, more: object = {}) => ({
      ...run,
      result: { ...run.result, aqi: { ...run.result.aqi, replicates: [1, 2, 3], card: { ...card, ...more } } },
    });
    expect((await refusal(carded(a), carded(other, { divisions: 3, gamma: 0.2 }))).message).toBe(
      "Runs A and B measure different things: divisions into folds (1 against 3), weight of the axioms (0.5 against 0.2).",
    );
    expect((await compareRuns([carded(a), other])).result.pairs[0].aqi).toMatchObject({
      value: null,
      why: expect.stringContaining("run B was made by an older"),
    });
    expect((await compareRuns([carded(a), carded(other)])).result.pairs[0].aqi.ci95).not.toBeNull();
    expect((await compareRuns([carded(a), carded(other, { rows: "cd" })])).result.pairs[0].aqi.ci95).toBeNull();
  });

  it("another dataset is refused, another model is not", async () => {
    const file = plantRun({ strength: [1, 1], own: 3 });
    const problem = await refusal(a, { ...file, result: { ...file.result, dataset: { ...file.result.dataset, sha256: "cd".repeat(32) } } });
    expect(problem.message).toContain("dataset SHA-256 (abababababab against cdcdcdcdcdcd)");
    expect(problem.hint).toContain("Audit the same file");
    expect((await compareRuns([a, file])).result.pairs).toHaveLength(1);
  });

  it("the third run of a series is checked like the second", async () => {
    const seed = plantRun({ strength: [1, 1], own: 4, result: { settings: { ...a.result.settings, seed: 9 } } });
    expect((await refusal(a, plantRun({ strength: [1, 1], own: 3 }), seed)).message).toBe("Runs A and C measure different things: seed (0 against 9).");
  });

  it("one run, an unfinished run, other labels and no common row are refused in a sentence", async () => {
    expect((await refusal(a)).code).toBe("compare/runs");
    expect((await refusal(a, { ...a, result: { ...a.result, final: false } })).message).toBe(
      "Run B (m2 · run 2) has not ended, so there is nothing to compare yet.",
    );
    const flipped = a.rows.label.map((y) => 1 - y);
    expect((await refusal(a, { ...a, rows: { ...a.rows, label: flipped } })).code).toBe("compare/labels");
    expect((await refusal(a, { ...a, rows: { ...a.rows, id: a.rows.id.map((id) => id + 1000) } })).code).toBe("compare/no-rows");
  });
});

describe("the parts of a comparison", () => {
  it("a weighted AUROC is that of rows repeated as often as they weigh, ties included", () => {
    const random = new Random(3, 1);
    const score = Float64Array.from({ length: 60 }, () => Math.round(4 * random.normal()) / 2);
    const label = Uint8Array.from({ length: 60 }, () => random.below(2));
    const weight = Float64Array.from({ length: 60 }, () => random.below(4));
    const repeated = Array.from({ length: 60 }, (_, i) => Array.from({ length: weight[i] }, () => i)).flat();
    expect(weightedAuroc(rank(score), label)).toBeCloseTo(auroc(score, label)!, 14);
    expect(weightedAuroc(rank(score), label, weight)).toBeCloseTo(
      auroc(
        repeated.map((i) => score[i]),
        repeated.map((i) => label[i]),
      )!,
      14,
    );
    expect(weightedAuroc(rank(score), new Uint8Array(60))).toBeNull();
  });

  it("McNemar's exact p, as scipy.stats.binomtest gives it", () => {
    for (const [b, c, p] of [
      [10, 6, 0.454498291015625],
      [8, 1, 0.0390625],
      [0, 5, 0.0625],
      [3, 3, 1],
      [0, 0, 1],
      [40, 80, 0.00033040001839131815],
    ])
      expect(mcnemar(b, c)).toBeCloseTo(p, 9);
    expect(mcnemar(4000, 5000)).toBeGreaterThan(0);
  });

  it("layers by number, or by the share of the depth", () => {
    expect(alignLayers(3, 3)).toEqual({ matched: "layer", a: [0, 1, 2], b: [0, 1, 2] });
    expect(alignLayers(13, 7)).toEqual({ matched: "relative-depth", a: [0, 2, 4, 6, 8, 10, 12], b: [0, 1, 2, 3, 4, 5, 6] });
    expect(alignLayers(1, 7)).toEqual({ matched: "relative-depth", a: [0], b: [0] });
  });

  it("names tell runs apart by what differs first", () => {
    const result = plantRun({ strength: [1] }).result;
    const q4 = { ...result, model: { ...result.model, precision: "int4 weights" } };
    expect(nameRuns([result, q4])).toEqual(["m2 · float32", "m2 · int4 weights"]);
    expect(nameRuns([result, { ...result, createdAt: "2026-01-02T00:00:00.000Z" }])[1]).toBe("m2 · 2026-01-02 00:00:00");
    expect(nameRuns([result, result])).toEqual(["m2 · run 1", "m2 · run 2"]);
    expect([0, 25, 26].map(markOf)).toEqual(["A", "Z", "AA"]);
  });
});
