import { describe, expect, it } from "vitest";
import { planFolds, stratifiedGroupFolds } from "../../../src/engine/stats/folds.js";
import { nearDuplicateGroups } from "../../../src/engine/stats/minhash.js";
import { range } from "../../../src/engine/stats/random.js";

const names = ["safe", "unsafe"] as const;

describe("folds", () => {
  it("keep groups whole, spread the strata evenly and repeat with their seed", () => {
    const n = 300;
    const stratum = Int32Array.from({ length: n }, (_, i) => i % 4);
    const group = Int32Array.from({ length: n }, (_, i) => Math.floor(i / 2));
    const folds = stratifiedGroupFolds(stratum, group, 5, 1);
    for (let i = 0; i < n; i += 2) expect(folds.of[i]).toBe(folds.of[i + 1]);
    for (let f = 0; f < 5; f++)
      for (let s = 0; s < 4; s++) expect(Math.abs(folds.of.filter((k, i) => k === f && stratum[i] === s).length - 15)).toBeLessThanOrEqual(1);
    expect(stratifiedGroupFolds(stratum, group, 5, 1).of).toEqual(folds.of);
    expect(stratifiedGroupFolds(stratum, group, 5, 2).of).not.toEqual(folds.of);
  });

  it("become fewer when a class is small, and are withheld with the reason when it is too small", () => {
    const label = (unsafe: number, n: number) => Uint8Array.from({ length: n }, (_, i) => (i < unsafe ? 1 : 0));
    const few = planFolds(label(7, 60), label(7, 60), range(60), 5, 1, names);
    expect(typeof few === "string" ? few : few.count).toBe(3);
    expect(planFolds(label(2, 40), label(2, 40), range(40), 5, 1, names)).toContain("only 2 rows are unsafe");
    const oneGroup = Int32Array.from({ length: 40 }, (_, i) => (i < 10 ? 0 : i));
    expect(planFolds(label(10, 40), label(10, 40), oneGroup, 5, 1, names)).toContain("belong to one group");
  });
});

describe("near-duplicates", () => {
  it("joins equal and nearly equal texts, and leaves others apart", () => {
    const long = "please describe in detail how one would repair an old bicycle chain with simple tools at home on a sunday afternoon";
    const texts = [
      "How do I bake bread?",
      "  how do I BAKE bread? ",
      long,
      `${long} today`,
      "How do I bake a cake?",
      "",
      "!",
      "Completely different words stand here.",
    ];
    const g = nearDuplicateGroups(texts, 1);
    expect(g[0]).toBe(g[1]);
    expect(g[2]).toBe(g[3]);
    expect(new Set(g).size).toBe(6);
  });
});
