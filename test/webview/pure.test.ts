import { describe, expect, it } from "vitest";
import { type Curve, decodeView, embeddableJson, encodeView } from "../../src/protocol/index.js";
import { digits, duration, probability, shorten, signed } from "../../src/webview/format.js";
import { layerAxis } from "../../src/webview/layers.js";
import { disagreement, orderRows, risk } from "../../src/webview/order.js";
import { rowIndex } from "../../src/webview/rowIndex.js";
import { largest, orderByKey } from "../../src/webview/sorting.js";
import { standsOf } from "../../src/webview/stands.js";
import { FRESH, readState, Store } from "../../src/webview/state.js";
import { Texts } from "../../src/webview/texts.js";
import { shownRange } from "../../src/webview/views/curve.js";
import { countCells } from "../../src/webview/views/density.js";
import { makeGrid, nearest, runsIn } from "../../src/webview/views/grid.js";
import { place } from "../../src/webview/views/matrix.js";
import { layerSpread } from "../../src/webview/views/strips.js";
import { makeView, random } from "./fixture.js";

describe("layer axis", () => {
  it("fills its width with equal columns for 1 to 257 layers and finds the layer under each pixel", () => {
    for (const count of [1, 2, 9, 31, 100, 257]) {
      for (const width of [376, 560, 720, 1400]) {
        const axis = layerAxis(count, width);
        expect(axis.start(0)).toBe(axis.left);
        expect(axis.start(count - 1) + axis.step).toBeCloseTo(axis.right, 6);
        for (let l = 0; l < count; l++) expect(axis.at(axis.centre(l))).toBe(l);
        expect([axis.at(-50), axis.at(width + 50)]).toEqual([0, count - 1]);
        expect(axis.ticks[0]).toBe(0);
        expect(axis.ticks.at(-1)).toBe(count - 1);
        for (let i = 1; i < axis.ticks.length; i++) if (axis.ticks.length > 2) expect((axis.ticks[i] - axis.ticks[i - 1]) * axis.step).toBeGreaterThan(19);
      }
    }
  });
});

describe("numbers", () => {
  it("have at most three significant digits and no false zero", () => {
    expect([62.44, 0.9432, 1234.5, 0.00012345, -3.29, 0, 100].map((v) => digits(v))).toEqual(["62.4", "0.943", "1.23k", "0.000123", "−3.29", "0", "100"]);
    expect([null, undefined, Number.NaN, Number.POSITIVE_INFINITY].map((v) => digits(v))).toEqual(["–", "–", "–", "–"]);
    expect([0, 0.0004, 0.5, 0.9996, 1, Number.NaN].map(probability)).toEqual(["<0.001", "<0.001", "0.5", ">0.999", ">0.999", "–"]);
    expect([signed(22.1), signed(-3), signed(null)]).toEqual(["+22.1", "−3", "–"]);
    expect([840, 12_400, 200_000, 7_500_000].map(duration)).toEqual(["840 ms", "12.4 s", "3 min 20 s", "2 h 5 min"]);
    expect(shorten("𝕊𝕒𝕗𝕖 words", 30, 6)).toBe("𝕊𝕒𝕗𝕖…");
  });

  it("lie between chance and best, whichever is larger", () => {
    const row = { id: "x", name: "x", values: [] };
    expect(place({ ...row, chance: 0.5, best: 1 }, 0.75)).toBe(0.5);
    expect(place({ ...row, chance: 6, best: 2 }, 3)).toBe(0.75);
    expect(place({ ...row, chance: 1, best: 1 }, 5)).toBe(0);
  });

  it("start under chance on the curve only where nothing lies below", () => {
    const base = { chance: 0.5, range: [0, 1] } as unknown as Curve;
    const series = (values: (number | null)[]) => ({ ...base, series: [{ id: "a", name: "a", kind: "main" as const, values }] });
    expect(shownRange(series([0.45, null, 0.9]))).toEqual([0.4, 1]);
    expect(shownRange(series([0.2, 0.9]))).toEqual([0, 1]);
  });
});

describe("order of rows", () => {
  const { rows } = makeView({ rows: 500, seed: 3 });
  const wish = { filter: "", lasso: null, classNames: ["safe", "unsafe"] as const, text: () => undefined };

  it("sorts by disagreement, risk, category and file, unscored rows last", () => {
    const probability = rows.probability.slice();
    probability.fill(Number.NaN, 490);
    const some = { ...rows, probability, score: rows.score.slice().fill(Number.NaN, 490 * rows.columns) };
    const byWrong = orderRows(some, { ...wish, sort: "disagreement" });
    for (let k = 1; k < 490; k++) expect(disagreement(some, byWrong[k - 1])).toBeGreaterThanOrEqual(disagreement(some, byWrong[k]));
    expect(Array.from(byWrong.slice(490))).toEqual([490, 491, 492, 493, 494, 495, 496, 497, 498, 499]);
    const byRisk = orderRows(some, { ...wish, sort: "risk" });
    expect(risk(some, byRisk[0])).toBeGreaterThanOrEqual(risk(some, byRisk[200]));
    const byCategory = orderRows(some, { ...wish, sort: "category" });
    for (let k = 1; k < 500; k++) expect(some.category[byCategory[k]]).toBeGreaterThanOrEqual(some.category[byCategory[k - 1]]);
    const shuffled = { ...rows, id: rows.id.slice().reverse() };
    expect(orderRows(shuffled, { ...wish, sort: "file" })[0]).toBe(499);
    expect(orderRows(shuffled, { ...wish, sort: "arrival" })[0]).toBe(0);
  });

  it("keeps safe apart from unsafe in the filter, and every word must match", () => {
    const safe = orderRows(rows, { ...wish, sort: "file", filter: "safe" });
    expect(safe.length).toBe(rows.label.filter((l) => l === 0).length);
    const both = orderRows(rows, { ...wish, sort: "file", filter: "UNSAFE fraud" });
    expect(both.every((i) => rows.label[i] === 1 && rows.categories[rows.category[i]] === "fraud")).toBe(true);
    expect(Array.from(orderRows(rows, { ...wish, sort: "file", filter: "#12" }))).toEqual([rows.id.indexOf(11)]);
    expect(Array.from(orderRows(rows, { ...wish, sort: "file", filter: "Recipe", text: (id) => (id === 5 ? "a recipe" : "x") }))).toEqual([5]);
    expect(orderRows(rows, { ...wish, sort: "file", filter: "", lasso: new Set([rows.id[3], 999_999]) })).toHaveLength(1);
    expect(rowIndex(rows)(rows.id[77])).toBe(77);
    const turned = { id: rows.id.slice().reverse(), count: rows.count };
    expect([rowIndex(turned)(turned.id[77]), rowIndex(turned)(999_999)]).toEqual([77, -1]);
  });

  it("sorts by key as comparing does, signs, zeros and ties included", () => {
    const next = random(5);
    const keys = [
      Float64Array.from({ length: 5_000 }, () => -Math.fround(next())),
      Float64Array.from({ length: 3_000 }, () => Math.round(next() * 20) - 10),
      Float64Array.from([3, -1, -0, 0, 2.5, Number.NEGATIVE_INFINITY, 1e-300, -1e300, 3, 2, 0]),
      new Float64Array(0),
    ];
    for (const key of keys) expect(Array.from(orderByKey(key))).toEqual(Array.from(key.keys()).sort((a, b) => key[a] - key[b] || a - b));
    const values = Float32Array.from({ length: 4_000 }, (_, i) => (i % 9 === 0 ? Number.NaN : Math.round((next() - 0.5) * 400)));
    const plain = Array.from(values.keys()).filter((i) => Math.abs(values[i]) > 0);
    expect(largest(values, 50)).toEqual(plain.sort((a, b) => Math.abs(values[b]) - Math.abs(values[a]) || a - b).slice(0, 50));
  });

  it("knows no probability without a layer for it", () => {
    const early = { ...rows, probabilityLayer: -1, probability: new Float32Array(rows.count).fill(Number.NaN) };
    expect(risk(early, 5)).toBeNaN();
  });
});

describe("map", () => {
  it("finds the nearest point, and what is in sight, as a plain search does, at any zoom", () => {
    const next = random(11);
    const n = 3_000;
    const u = Float32Array.from({ length: n }, () => Math.min(1, next() ** 2 * 1.05));
    const v = Float32Array.from({ length: n }, (_, i) => (i % 50 === 0 ? Number.NaN : next()));
    const label = Uint8Array.from({ length: n }, () => Number(next() > 0.5));
    const grid = makeGrid(u, v, label);
    expect(grid.member.length).toBe(n - 60);
    for (let t = 0; t < 300; t++) {
      const k = 1 + (t % 40);
      const camera = { left: -next() * 400 * (k - 1), top: -next() * 300 * (k - 1), width: 400 * k, height: 300 * k };
      const x = (i: number) => camera.left + u[i] * camera.width;
      const y = (i: number) => camera.top + v[i] * camera.height;
      const [px, py] = [next() * 420 - 10, next() * 320 - 10];
      let best = -1;
      let least = 100;
      const inSight: number[] = [];
      for (let i = 0; i < n; i++) {
        const d = (x(i) - px) ** 2 + (y(i) - py) ** 2;
        if (d < least) [best, least] = [i, d];
        if (x(i) >= 0 && x(i) <= 400 && y(i) >= 0 && y(i) <= 300) inSight.push(i);
      }
      expect(nearest(grid, camera, px, py, 10)).toBe(best);
      const found = new Set<number>();
      runsIn(grid, camera, [0, 0, 400, 300], (from, to) => {
        for (const i of grid.member.subarray(from, to)) found.add(i);
      });
      expect(inSight.every((i) => found.has(i))).toBe(true);
      const listed = Uint8Array.from(grid.member, (i) => i % 2);
      const density = countCells(grid, camera, 400, 300, listed);
      const cells = density.across * density.down;
      const sum = (counts: Uint32Array) => counts.subarray(0, cells).reduce((total, one) => total + one, 0);
      expect(density.seen).toBeGreaterThanOrEqual(inSight.length);
      expect(sum(density.all)).toBe(density.seen);
      expect(sum(density.listed)).toBeLessThanOrEqual(density.seen);
      // Every point in sight lies in the cell that is drawn under it.
      for (const i of inSight.slice(0, 20)) {
        const column = Math.floor((x(i) - camera.left) / density.cellWidth) - density.column;
        const line = Math.floor((y(i) - camera.top) / density.cellHeight) - density.line;
        if (u[i] < 1) expect(density.all[line * density.across + column]).toBeGreaterThan(0);
      }
    }
  });

  it("gives each layer of the strips its own spread, and none where there is no score", () => {
    const { rows } = makeView({ rows: 200, layers: 4 });
    const table = { ...rows, score: rows.score.map((v, at) => (at % 4 === 2 ? Number.NaN : at % 4 === 3 ? v * 10 : v)) };
    expect(layerSpread(table, 2)).toBe(0);
    expect(layerSpread(table, 3)).toBeGreaterThan(layerSpread(table, 0) * 4);
  });
});

describe("state", () => {
  it("takes from an older page only what is whole", () => {
    expect(readState(null)).toEqual(FRESH);
    expect(readState({ v: 2, layer: 3 })).toEqual(FRESH);
    expect(readState({ v: 1, layer: -1, row: 1.5, sort: "evil", filter: 3, scroll: "x", tables: [1, "a"], lasso: [1, "b"] })).toEqual({
      ...FRESH,
      tables: ["a"],
    });
    expect(readState({ v: 1, layer: 4, row: 9, sort: "risk", filter: "hate", scroll: 30, tables: ["curve/0"], lasso: [1, 2] })).toEqual({
      layer: 4,
      row: 9,
      sort: "risk",
      filter: "hate",
      scroll: 30,
      tables: ["curve/0"],
      lasso: [1, 2],
      listed: FRESH.listed,
      folds: FRESH.folds,
    });
  });

  it("does not keep a lasso around half of a large file", () => {
    const saved: unknown[] = [];
    const store = new Store({ load: () => undefined, save: (state) => saved.push(state) }, () => {});
    store.set({ lasso: Array.from({ length: 2_001 }, (_, i) => i), layer: 2 });
    store.save();
    expect(saved).toEqual([{ v: 1, ...FRESH, layer: 2 }]);
  });
});

describe("texts", () => {
  it("asks once for each row in sight, and says once when they cannot be read", async () => {
    const asks: number[][] = [];
    let arrived = 0;
    const texts = new Texts(
      async (rows) => {
        asks.push(rows);
        return rows.map((row) => ({ row, text: `text ${row}` }));
      },
      () => arrived++,
    );
    texts.want([1, 2, 3]);
    texts.want(Array.from({ length: 500 }, (_, i) => i));
    await new Promise((done) => setTimeout(done, 80));
    expect(asks.map((a) => a.length)).toEqual([200]);
    expect(texts.get(3)).toBe("text 3");
    texts.want([1, 2, 3]);
    await new Promise((done) => setTimeout(done, 80));
    expect([asks.length, arrived]).toEqual([1, 1]);
    const broken = new Texts(
      () => Promise.reject(new Error("The file has changed.")),
      () => {},
    );
    broken.want([1]);
    await new Promise((done) => setTimeout(done, 80));
    expect(broken.trouble).toBe("The file has changed.");
  });
});

describe("places", () => {
  it("follow the slots, not the lenses, and a preview keeps free what the end brings", () => {
    const view = makeView();
    const mixed = { ...view, pictures: [...view.pictures].reverse() };
    expect(standsOf(mixed).map((s) => s.key)).toEqual(["curve/0", "metrics/0", "categories/0", "rows/0", "map/0"]);
    const early = standsOf(makeView({ final: false }));
    expect(early.map((s) => [s.key, Boolean(s.picture)])).toEqual([
      ["curve/0", true],
      ["metrics/0", true],
      ["categories/0", false],
      ["rows/0", true],
      ["map/0", false],
    ]);
    expect(standsOf(makeView({ final: false, categories: 0 })).map((s) => s.key)).not.toContain("categories/0");
  });
});

describe("portable view", () => {
  it("comes back as it was, NaN included, in text that no script element can be ended by", () => {
    const view = makeView({ rows: 37, layers: 5, scored: 0.5, categoryNames: ["</script><b>", "__proto__"] });
    const json = embeddableJson(encodeView(view, ["</script>", "b"]));
    expect(json).not.toContain("<");
    const { view: again, texts } = decodeView(JSON.parse(json));
    expect(again.rows.categories).toEqual(["</script><b>", "__proto__"]);
    expect(texts).toEqual(["</script>", "b"]);
    for (const column of ["id", "label", "category", "place", "score", "probability", "tokens"] as const) {
      expect(again.rows[column].constructor).toBe(view.rows[column].constructor);
      expect(Array.from(again.rows[column])).toEqual(Array.from(view.rows[column]));
    }
    expect(again.result).toEqual(view.result);
    const map = again.pictures.find((p) => p.shape === "points");
    expect(map?.shape === "points" && Array.from(map.y)).toEqual(
      Array.from((view.pictures.find((p) => p.shape === "points") as typeof map & { y: Float32Array }).y),
    );
    expect(() => decodeView({ portable: 2 })).toThrow(/portable/);
    expect(decodeView(JSON.parse(embeddableJson(encodeView(view)))).texts).toBeUndefined();
  });
});
