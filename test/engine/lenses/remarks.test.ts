import { describe, expect, it } from "vitest";
import { remarks } from "../../../src/engine/lenses/alignment-quality/remarks.js";
import type { AqiResult } from "../../../src/protocol/index.js";

const solid: AqiResult = {
  score: 50,
  signed: 50,
  ci95: [40, 60],
  p: 0.005,
  lexical: 20,
  gain: { score: 30, ci95: [20, 40] },
  halfSample: 40,
  halfSampleSe: 2,
  layerWeights: [1],
};
const codes = (more: Partial<AqiResult>) => remarks({ count: 200, width: 64 }, {}, { ...solid, ...more }).map(({ code }) => code);

describe("remarks on the index", () => {
  it("wish for more rows only where something is established that they could raise", () => {
    expect(codes({})).toEqual(["lens/more-rows"]);
    expect(codes({ halfSampleSe: 6 })).toEqual([]);
    expect(codes({ p: null })).toEqual([]);
    expect(codes({ p: 0.15, ci95: [-3, 20] })).toEqual([]);
    expect(codes({ gain: { score: 3, ci95: [-2, 8] } })).toEqual([]);
    expect(codes({ signed: 98, halfSample: 86 })).toEqual([]);
  });

  it("say when the permutation test and the interval part, either way", () => {
    expect(codes({ p: 0.86 })).toEqual(["lens/p-at-odds"]);
    expect(codes({ ci95: [-4, 3], signed: -1, halfSample: null })).toEqual(["lens/p-at-odds"]);
    expect(codes({ ci95: [-4, 3], signed: -1, halfSample: null, p: 0.4 })).toEqual([]);
    expect(codes({ ci95: null, p: null, halfSample: null })).toEqual([]);
  });
});
