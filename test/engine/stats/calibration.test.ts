import { describe, expect, it } from "vitest";
import { aurocInterval } from "../../../src/engine/stats/auc.js";
import { fitPlatt, heldOutProbabilities, probabilityOf } from "../../../src/engine/stats/calibration.js";
import { sigmoid } from "../../../src/engine/stats/logistic.js";
import { Random, range } from "../../../src/engine/stats/random.js";

describe("calibration", () => {
  it("finds the slope and offset that made the labels", () => {
    const random = new Random(2);
    const score = Float64Array.from({ length: 20000 }, () => 3 * random.normal());
    const label = Uint8Array.from(score, (s) => (random.uniform() < sigmoid(0.7 * s - 0.4) ? 1 : 0));
    const platt = fitPlatt(score, label);
    expect(platt.slope).toBeCloseTo(0.7, 1);
    expect(platt.offset).toBeCloseTo(-0.4, 1);
    expect(
      fitPlatt(
        score.map((s) => -s),
        label,
      ).slope,
    ).toBeLessThan(0);
  });

  it("is never certain after a perfect split, and does not use a row's own fold", () => {
    expect(probabilityOf(fitPlatt([-2, -1, 1, 2], [0, 0, 1, 1]), 2)).toBeLessThan(0.95);
    const score = [-1, -1, 1, 1, -1, -1, 1, 1];
    const label = [0, 0, 1, 1, 1, 1, 0, 0];
    const fold = [0, 0, 0, 0, 1, 1, 1, 1];
    const p = heldOutProbabilities(score, label, fold, 2);
    // Fold 1 is labelled the other way round: its rows are read with what fold 0 taught.
    expect(p[4]!).toBeLessThan(0.5);
    expect(p[0]!).toBeGreaterThan(0.5);
  });
});

describe("interval of the AUROC", () => {
  const coverage = (copies: number, grouped: boolean) => {
    const random = new Random(9);
    let held = 0;
    for (let round = 0; round < 300; round++) {
      const score: number[] = [];
      const label: number[] = [];
      const group: number[] = [];
      for (let i = 0; i < 60; i++) {
        const y = i % 2;
        const s = random.normal() + y * 1.0486;
        for (let c = 0; c < copies; c++) {
          score.push(s);
          label.push(y);
          group.push(grouped ? i : score.length);
        }
      }
      const ci = aurocInterval(score, label, group)!.ci95;
      if (ci[0] <= 0.7708 && 0.7708 <= ci[1]) held++;
    }
    return held / 300;
  };

  it("covers the truth, also when rows are repeated, but only if repeats are grouped", () => {
    expect(coverage(1, true)).toBeGreaterThan(0.91);
    expect(coverage(3, true)).toBeGreaterThan(0.91);
    expect(coverage(3, false)).toBeLessThan(0.85);
  });

  it("stays inside 0 and 1", () => {
    expect(aurocInterval([1, 2, 3, 4], [0, 0, 1, 1], range(4))!.ci95[1]).toBe(1);
  });
});
