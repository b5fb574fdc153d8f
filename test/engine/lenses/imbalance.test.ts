import { describe, expect, it } from "vitest";
import { verdict } from "../../../src/engine/audit/verdict.js";
import { alignmentQuality } from "../../../src/engine/lenses/alignment-quality/index.js";
import { conceptDepth } from "../../../src/engine/lenses/concept-depth/index.js";
import type { Study } from "../../../src/engine/lenses/lens.js";
import { planOf, tooFewGroups } from "../../../src/engine/lenses/plan.js";
import { Random, range } from "../../../src/engine/stats/random.js";
import { makeStudy, tools } from "./plant.js";

const D = 12;

/** Noise in the embeddings, and one layer above them with the classes `effect` deviations apart; the scarce rows spread evenly, for the texts count. */
function planted(safe: number, unsafe: number, effect: number, seed: number, more: Partial<Study> = {}): Study {
  const random = new Random(seed);
  const n = safe + unsafe;
  const label = Uint8Array.from({ length: n }, (_, i) => Math.floor(((i + 1) * unsafe) / n) - Math.floor((i * unsafe) / n));
  const noise = () => Float32Array.from({ length: n * D }, () => random.normal());
  const upper = noise();
  for (let i = 0; i < n; i++) upper[i * D]! += effect * label[i]!;
  return makeStudy([noise(), upper], D, label, { seed, ...more });
}

async function audited(study: Study) {
  const { values, notices } = await alignmentQuality.run(study, tools, new Map());
  const { values: depth } = await conceptDepth.run(study, tools, new Map());
  const said = verdict({
    aqi: values.aqi,
    layers: values.layers.map((line, l) => ({ ...line, ...depth.layers[l]! })) as Parameters<typeof verdict>[0]["layers"],
    probe: depth.probe,
    controls: { words: 0.5, wordsCi95: null, length: 0.5, shuffled: 0.5, shuffledCi95: null, residualised: null },
    categories: [],
    dataset: { classes: [{ name: "safe" }, { name: "unsafe" }] } as unknown as Parameters<typeof verdict>[0]["dataset"],
  });
  return { aqi: values.aqi, layers: values.layers, depth, notices: notices.map(({ code }) => code), said };
}

describe("a scarce class", () => {
  it.each([1, 2, 3])("72 rows against 4 without signal (seed %d): no interval, no p, no claim", async (seed) => {
    const { aqi, layers, depth, notices, said } = await audited(planted(72, 4, 0, seed));
    expect(aqi.score).not.toBeNull();
    expect([aqi.ci95, aqi.gain.ci95, aqi.p, aqi.replicates]).toEqual([null, null, null, undefined]);
    expect([aqi.axioms![0]!.ci95, layers[1]!.aqiCi95, depth.layers[1]!.aurocCi95, depth.probe.depth95]).toEqual([null, null, null, null]);
    for (const field of ["ci95", "p", "gain"]) expect(aqi.why![field]).toBe("there are 4 unsafe rows only, and resampling needs 10");
    expect(notices.filter((code) => code !== "lens/not-stratified")).toEqual(["lens/few-groups"]);
    expect(said).toBe("Too few rows to claim anything: there are 4 unsafe rows only, and resampling needs 10.");
  });

  it.each([4, 5, 6])("114 rows against 12 without signal (seed %d): no claim", async (seed) => {
    expect((await audited(planted(114, 12, 0, seed))).said).toMatch(/^No evidence beyond vocabulary/);
  });

  it("380 rows against 20 with signal: the claim stands, and p agrees", async () => {
    const { aqi, notices, said } = await audited(planted(380, 20, 4, 7));
    expect(aqi.ci95![0]).toBeGreaterThan(0);
    expect(aqi.p!).toBeLessThanOrEqual(0.05);
    expect(notices).not.toContain("lens/p-at-odds");
    expect(said).toMatch(/beyond vocabulary: \+/);
    expect(said).not.toMatch(/^No/);
  });

  it("counts groups of each class, not rows and not all groups", () => {
    const label = Array.from({ length: 60 }, (_, i) => (i < 40 ? 0 : 1));
    const group = label.map((y, i) => (y === 0 ? i : 100 + (i % 5)));
    expect(tooFewGroups(group, label, ["safe", "unsafe"])).toBe("the unsafe rows come in 5 groups only, and resampling needs 10");
    expect(tooFewGroups(range(60), label)).toBeUndefined();
    // Pairs stand in both classes.
    const pairs = range(24).map((i) => i >> 1);
    expect(
      tooFewGroups(
        pairs,
        range(24).map((i) => i % 2),
      ),
    ).toBeUndefined();
    expect(
      tooFewGroups(
        pairs.slice(0, 18),
        range(18).map((i) => i % 2),
      ),
    ).toBe("there are 9 rows of one class only, and resampling needs 10");
    expect(tooFewGroups(pairs.map((i) => i % 9))).toBe("the rows come in 9 groups only, and resampling needs 10");
  });
});

describe("rows that contradict each other", () => {
  const both = (text: (row: number) => string) => planted(30, 30, 0, 3, { group: range(60).map((i) => i >> 1), text });

  it("give no index, no p and no probe, and the verdict says why", async () => {
    const { aqi, depth, said } = await audited(both((row) => `text ${row >> 1}`));
    expect([aqi.score, aqi.p, aqi.replicates]).toEqual([null, null, undefined]);
    expect(aqi.reason).toBe("every text carries both labels: the labels contradict each other");
    expect([depth.probe.nestedAuroc, depth.probe.depth95, depth.probe.converge, depth.probe.areaDepth]).toEqual([null, null, null, null]);
    expect(said).toBe("Every text carries both labels: the labels contradict each other.");
  });

  it("pairs of different texts are no contradiction", () => {
    expect(typeof planOf(both((row) => `text ${row}`))).toBe("object");
  });
});
