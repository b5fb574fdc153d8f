import { describe, expect, it } from "vitest";
import { compareRuns } from "../../../src/engine/compare/index.js";
import { aurocInterval } from "../../../src/engine/stats/auc.js";
import { Random } from "../../../src/engine/stats/random.js";
import type { AuditView, CompareResult, PairComparison } from "../../../src/protocol/index.js";
import { plantRun, shuffleRows } from "./plant.js";

const FLAT = [0.4, 0.8, 1.2, 1.2, 1.2, 1.2];
const BETTER = [0.4, 0.8, 1.2, 2.2, 2.2, 1.2];

async function pairOf(a: AuditView, b: AuditView): Promise<PairComparison> {
  return (await compareRuns([a, b])).result.pairs[0];
}

describe("two runs of the same rows", () => {
  it("A against A differs by exactly 0 everywhere, and says so", async () => {
    const run = plantRun({ strength: FLAT, categories: ["x", "y"], replicates: [1, 2, 3] });
    const pair = await pairOf(run, run);
    expect(pair.identical).toBe(true);
    for (const { auroc, metrics, disagreements } of pair.layers) {
      expect([auroc.value, ...auroc.ci95!, ...auroc.band95!]).toEqual([0, 0, 0, 0, 0]);
      expect(metrics.accuracy).toMatchObject({ value: 0, ci95: [0, 0], band95: [0, 0] });
      expect([disagreements!.onlyA, disagreements!.onlyB, disagreements!.p]).toEqual([0, 0, 1]);
    }
    expect(pair.aqi).toEqual({ value: 0, ci95: [0, 0] });
    expect(pair.moved).toEqual([]);
    expect(pair.verdict).toBe("A and B score every row alike at every layer: no difference.");
  });

  it("finds the planted layers, and only those", async () => {
    const pair = await pairOf(plantRun({ strength: FLAT, rows: 600 }), plantRun({ strength: BETTER, rows: 600, own: 3 }));
    const beyond = pair.layers.flatMap(({ auroc: { band95 } }, l) => (band95![0] > 0 || band95![1] < 0 ? [l] : []));
    expect(beyond).toEqual([3, 4]);
    expect(pair.verdict).toContain("B's probe is better at layers 3 to 4 (AUROC up to +0.1");
    // The other way round the signs turn, and nothing else.
    const back = await pairOf(plantRun({ strength: BETTER, rows: 600, own: 3 }), plantRun({ strength: FLAT, rows: 600 }));
    pair.layers.forEach(({ auroc }, l) => {
      expect(back.layers[l].auroc.value).toBeCloseTo(-auroc.value!, 12);
      expect(back.layers[l].auroc.ci95![0]).toBeCloseTo(-auroc.ci95![1], 9);
    });
    expect(back.verdict).toContain("worse at layers 3 to 4");
  });

  it("the paired interval is narrower than one that forgets that the rows are the same, and close to the spread that there is", async () => {
    const [a, b] = [plantRun({ strength: FLAT, rows: 400 }), plantRun({ strength: FLAT, rows: 400, own: 3 })];
    const pair = await pairOf(a, b);
    const se = [a, b].map(
      ({ rows }) =>
        aurocInterval(
          Float64Array.from({ length: 400 }, (_, i) => rows.score[i * 6 + 3]),
          rows.label,
          rows.group!,
        )!.se,
    );
    const unpaired = 1.96 * Math.hypot(se[0], se[1]);
    const half = (pair.layers[3].auroc.ci95![1] - pair.layers[3].auroc.ci95![0]) / 2;
    expect(half).toBeLessThan(0.5 * unpaired);
    const differences = Array.from({ length: 60 }, (_, k) => {
      const [x, y] = [
        plantRun({ strength: [1.2], rows: 400, shared: 100 + k, own: 300 + k }),
        plantRun({ strength: [1.2], rows: 400, shared: 100 + k, own: 900 + k }),
      ];
      return y.result.layers[0].auroc! - x.result.layers[0].auroc!;
    });
    const spread = Math.sqrt(differences.reduce((s, d) => s + d * d, 0) / differences.length);
    expect(half / (1.96 * spread)).toBeGreaterThan(0.7);
    expect(half / (1.96 * spread)).toBeLessThan(1.4);
  });

  it("rows that belong together are drawn together: twins widen the interval by the root of two", async () => {
    const twins = (own: number) => {
      const run = plantRun({ strength: FLAT, rows: 300, own });
      const { rows } = run;
      // Every row twice: twice as many rows, no more information.
      const twice = <T extends { slice(): T; length: number }>(from: T, make: (i: number) => number, width = 1) =>
        (from.constructor as unknown as { from(length: { length: number }, f: (_: unknown, k: number) => number): T }).from({ length: 600 * width }, (_, k) =>
          make(Math.floor(k / width / 2) * width + (k % width)),
        );
      const two = {
        ...rows,
        count: 600,
        id: Uint32Array.from({ length: 600 }, (_, i) => i),
        label: twice(rows.label, (i) => rows.label[i]),
        category: twice(rows.category, (i) => rows.category[i]),
        place: twice(rows.place, (i) => rows.place[i], 5),
        score: twice(rows.score, (i) => rows.score[i], rows.columns),
        probability: twice(rows.probability, (i) => rows.probability[i]),
        tokens: twice(rows.tokens, (i) => rows.tokens[i]),
        group: Int32Array.from({ length: 600 }, (_, i) => i >> 1),
      };
      return {
        run,
        two: { ...run, rows: two } as AuditView,
        loose: { ...run, rows: { ...two, group: Int32Array.from({ length: 600 }, (_, i) => i) } } as AuditView,
      };
    };
    const [a, b] = [twins(2), twins(3)];
    const width = (p: PairComparison) => p.layers[3].auroc.ci95![1] - p.layers[3].auroc.ci95![0];
    const [once, grouped, loose] = [width(await pairOf(a.run, b.run)), width(await pairOf(a.two, b.two)), width(await pairOf(a.loose, b.loose))];
    expect(grouped / once).toBeCloseTo(1, 0.9);
    expect(once / loose).toBeGreaterThan(1.25);
  });

  it("matches rows by id, whatever their order", async () => {
    const [a, b] = [plantRun({ strength: FLAT, categories: ["x", "y"] }), plantRun({ strength: BETTER, own: 3, categories: ["x", "y"] })];
    const plain = await pairOf(a, b);
    const mixed = await pairOf(a, shuffleRows(b, 11));
    const numbers = ({ layers, categories, moved, rows }: PairComparison) => JSON.stringify({ layers, categories, moved, rows });
    expect(numbers(mixed)).toBe(numbers(plain));
    // The wrong variant, rows by position, is another result.
    const wrong = shuffleRows(b, 11);
    const byPosition = await pairOf(a, { ...wrong, rows: { ...wrong.rows, id: b.rows.id, label: b.rows.label } });
    expect(numbers(byPosition)).not.toBe(numbers(plain));
  });

  it("compares the rows that both have, and counts the others", async () => {
    const [a, b] = [plantRun({ strength: FLAT }), plantRun({ strength: BETTER, own: 3, replicates: [1, 2] })];
    const fewer: AuditView = { ...b, rows: { ...b.rows, count: 200 } };
    const { rows, notices, aqi } = await pairOf({ ...a, result: { ...a.result, aqi: { ...a.result.aqi, replicates: [1, 2] } } }, fewer);
    expect(rows).toEqual({ common: 200, onlyA: 40, onlyB: 0, groups: 200 });
    expect(notices.map((n) => n.code)).toContain("compare/rows");
    expect(aqi.ci95).toBeNull();
    expect(aqi.why).toContain("40 rows take part in one run only");
  });

  it("the index: interval from the replicates, draw by draw; without them the interval is withheld, the rest stands", async () => {
    const random = new Random(4, 4);
    const shared = Array.from({ length: 200 }, () => 6 * random.normal());
    const jitter = () => random.normal();
    const a = plantRun({ strength: FLAT, replicates: shared.map((x) => 40 + x + jitter()), signed: 40 });
    const b = plantRun({ strength: FLAT, own: 3, replicates: shared.map((x) => 47 + x + jitter()), signed: 47 });
    const { aqi, verdict } = await pairOf(a, b);
    expect(aqi.value).toBe(7);
    // Each run alone is known to 12; their difference to 1.96 times the root of 2.
    expect(aqi.ci95![1] - aqi.value!).toBeGreaterThan(2.2);
    expect(aqi.ci95![1] - aqi.value!).toBeLessThan(3.4);
    expect(verdict).toMatch(/^B holds safe and unsafe further apart than A: AQI \+7 \(4 to 10\)\./);
    const old = await pairOf(plantRun({ strength: FLAT, signed: 40 }), b);
    expect(old.aqi).toMatchObject({ value: 7, ci95: null });
    expect(old.aqi.why).toContain("run A has no stored replicates");
    expect(old.layers[0].auroc.ci95).not.toBeNull();
    expect(old.verdict).not.toMatch(/further apart/);
  });

  it("rows that moved: standardised, with direction and side, and never a text", async () => {
    const a = plantRun({ strength: FLAT });
    const b = plantRun({ strength: FLAT, own: 2 });
    const score = b.rows.score.slice();
    for (let l = 0; l < 6; l++) score[7 * 6 + l] = -9; // row 7 is unsafe
    const { moved, column } = await pairOf(a, { ...b, rows: { ...b.rows, score } });
    expect(column).not.toBeNull();
    expect(moved[0]).toMatchObject({ row: 7, label: 1, direction: "away" });
    expect(moved[0].crossed).toBe(a.rows.score[7 * 6 + column!] > 0);
    expect(moved[0].change).toBeLessThan(-4);
  });

  it("layers by the share of the depth where one run has more of them", async () => {
    const { matched, layers, notices, verdict } = await pairOf(
      plantRun({ strength: FLAT }),
      plantRun({ strength: [...FLAT, ...BETTER].sort(), own: 3, rows: 240 }),
    );
    expect(matched).toBe("relative-depth");
    expect(layers.map(({ layerA }) => layerA)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(layers.map(({ layerB }) => layerB)).toEqual([0, 2, 4, 7, 9, 11]);
    expect(notices.map((n) => n.code)).toContain("compare/depth");
    expect(verdict).not.toContain("undefined");
  });

  it("with a handful of groups no interval is given, and nothing is claimed", async () => {
    const pair = await pairOf(plantRun({ strength: FLAT, groupSize: 60 }), plantRun({ strength: BETTER, own: 3, groupSize: 60 }));
    expect(pair.layers.every(({ auroc }) => auroc.ci95 === null && auroc.why?.includes("4 groups"))).toBe(true);
    expect(pair.verdict).toMatch(/too few to say/);
  });

  it("two perfect runs are not told apart with certainty", async () => {
    const pair = await pairOf(plantRun({ strength: [40, 40], rows: 40 }), plantRun({ strength: [40, 40], rows: 40, own: 3 }));
    expect(pair.layers[0].auroc.value).toBe(0);
    expect(pair.layers[0].auroc.ci95).toEqual([-0.15, 0.15]);
  });

  it("a layer that a run withholds has a reason, not a 0", async () => {
    const b = plantRun({ strength: BETTER, own: 3 });
    const layers = b.result.layers.map((layer, l) => (l === 2 ? { ...layer, auroc: null, accuracy: null, chi: null } : layer));
    const pair = await pairOf(plantRun({ strength: FLAT }), { ...b, result: { ...b.result, layers } });
    expect(pair.layers[2].auroc).toMatchObject({ value: null, ci95: null, band95: null, why: "a run has no held-out scores at this layer" });
    expect(pair.layers[2].disagreements).toBeNull();
    expect(pair.layers[1].auroc.value).not.toBeNull();
  });

  it("where nothing differs, the band for all layers leaves 0 out in about one comparison of twenty", async () => {
    let claims = 0;
    for (let k = 0; k < 60; k++) {
      const run = (own: number) => plantRun({ strength: [1, 1, 1, 1, 1, 1], rows: 160, shared: 50 + k, own, common: 0.5 });
      const pair = await pairOf(run(1000 + k), run(3000 + k));
      if (pair.layers.some(({ auroc: { band95 } }) => band95![0] > 0 || band95![1] < 0)) claims++;
    }
    expect(claims).toBeLessThanOrEqual(8);
  }, 60_000);

  it("a series: each later run against the first, the chosen pair shown", async () => {
    const runs = [FLAT, BETTER, FLAT].map((strength, i) => plantRun({ strength, own: i + 2 }));
    const view = await compareRuns(runs, 0);
    const result: CompareResult = view.result;
    expect(result.runs.map(({ mark, name }) => `${mark} ${name}`)).toEqual(["A m2", "B m3", "C m4"]);
    expect(result.pairs.map(({ a, b }) => a + b)).toEqual(["AB", "AC"]);
    expect(view.shown).toBe(0);
    expect(view.pictures.map(({ id }) => id)).toContain("compare/series-auroc");
    expect(view.pictures.find(({ id }) => id === "compare/delta")!.title).toBe("Probe: B less A");
  });
});
