import { describe, expect, it } from "vitest";
import type { ReferenceStates, Study } from "../../../src/engine/lenses/lens.js";
import { agreementOf, chanceRank } from "../../../src/engine/lenses/relative-anchors/agreement.js";
import { anchorCount, chooseAnchors } from "../../../src/engine/lenses/relative-anchors/anchors.js";
import { matchedLayer, relativeAnchors } from "../../../src/engine/lenses/relative-anchors/index.js";
import { asMatrix, type Matrix64, permuteColumns, relativeRows, units } from "../../../src/engine/lenses/relative-anchors/relative.js";
import { Random, range } from "../../../src/engine/stats/random.js";
import { plainBlas } from "../stats/plain.js";
import { makeStudy, tools } from "./plant.js";

const N = 240;
const D = 24;

/** Gaussian rows, two classes apart along one direction, with a mean far from the origin: as anisotropic as real states. */
function rowsOf(seed: number, n = N, d = D, effect = 3, offset = 20): { x: Matrix64; label: Uint8Array } {
  const random = new Random(seed, 1);
  const label = Uint8Array.from({ length: n }, (_, i) => i % 2);
  const data = new Float64Array(n * d);
  for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) data[i * d + j] = random.normal() * (1 + j / d) + offset + (j === 0 ? effect * (label[i]! - 0.5) : 0);
  return { x: { data, n, d }, label };
}

/** 3 x Q with Q orthogonal (Gram and Schmidt on a random matrix), moved away from the origin. */
function turned({ data, n, d }: Matrix64, seed: number, move = 7): Matrix64 {
  const random = new Random(seed, 2);
  const q = Array.from({ length: d }, () => Float64Array.from({ length: d }, () => random.normal()));
  for (let a = 0; a < d; a++) {
    for (let again = 0; again < 2; again++)
      for (let b = 0; b < a; b++) {
        const dot = q[a]!.reduce((s, v, j) => s + v * q[b]![j]!, 0);
        q[a] = q[a]!.map((v, j) => v - dot * q[b]![j]!);
      }
    const norm = Math.hypot(...q[a]!);
    q[a] = q[a]!.map((v) => v / norm);
  }
  const out = new Float64Array(n * d);
  for (let i = 0; i < n; i++)
    for (let a = 0; a < d; a++) {
      let s = move;
      for (let j = 0; j < d; j++) s += 3 * data[i * d + j]! * q[a]![j]!;
      out[i * d + a] = s;
    }
  return { data: out, n, d };
}

const single = (x: Matrix64) => Float32Array.from(x.data);

function studyOf(layers: readonly Matrix64[], label: Uint8Array, reference: readonly Matrix64[] | undefined, more: Partial<Study> = {}): Study {
  const other: ReferenceStates | undefined = reference && {
    name: "base",
    layers: reference.length,
    width: reference[0]!.d,
    states: async (layer) => single(reference[layer]!),
  };
  return makeStudy(layers.map(single), layers[0]!.d, label, { ...(other ? { reference: other } : {}), ...more });
}

describe("relative representations", () => {
  it("are those of 3 x Q moved elsewhere, to 1e-12 in float64", async () => {
    const { x } = rowsOf(1);
    const anchors = Int32Array.from({ length: 40 }, (_, k) => 6 * k);
    const [r, s] = [await relativeRows(x, anchors, plainBlas), await relativeRows(turned(x, 5), anchors, plainBlas)];
    let off = 0;
    for (let k = 0; k < r.data.length; k++) off = Math.max(off, Math.abs(r.data[k]! - s.data[k]!));
    expect(off).toBeLessThan(1e-12);
    // They are cosines, and the anchors choose themselves alike in both.
    expect(Math.max(...r.data)).toBeLessThanOrEqual(1 + 1e-12);
    expect(chooseAnchors(turned(x, 5), range(N), 40, 3)).toEqual(chooseAnchors(x, range(N), 40, 3));
  });

  it("are the product of torch's F.normalize on centred rows, to 1e-14", async () => {
    const x: Matrix64 = {
      n: 6,
      d: 4,
      data: Float64Array.from({ length: 24 }, (_, k) => Math.sin(1.3 * (k >> 2) + 0.7 * (k % 4) ** 2) + (k >> 2 === k % 4 ? 1 : 0)),
    };
    const { data } = await relativeRows(x, [0, 2, 5], plainBlas);
    const torch = [
      1, 0.098877319450503, 0.37882487440657, 0.458405905214014, -0.183951655844105, 0.844215390382108, 0.098877319450503, 1, -0.63627112309692,
      -0.800813325943667, 0.341404944739485, -0.850780803595088, -0.493633779865558, -0.301940526937126, -0.516813646638151, 0.37882487440657,
      -0.63627112309692, 1,
    ];
    for (const [k, v] of torch.entries()) expect(Math.abs(data[k]! - v)).toBeLessThan(1e-14);
  });

  it("without centring the mean would be everything: all cosines near 1", async () => {
    const { x } = rowsOf(1);
    const raw = units(x);
    let least = 1;
    for (let i = 1; i < 40; i++) {
      let s = 0;
      for (let j = 0; j < D; j++) s += raw.data[j]! * raw.data[i * D + j]!;
      least = Math.min(least, s);
    }
    expect(least).toBeGreaterThan(0.98);
    const r = await relativeRows(x, Int32Array.of(0, 1, 2, 3), plainBlas);
    expect(Math.min(...r.data)).toBeLessThan(-0.3);
  });

  it("large products on the runtime agree with the exact ones", async () => {
    const { x } = rowsOf(2);
    const anchors = Int32Array.from({ length: 30 }, (_, k) => 5 * k);
    const [exact, quick] = [await relativeRows(x, anchors, plainBlas), await relativeRows(x, anchors, plainBlas, 0)];
    for (const [k, v] of exact.data.entries()) expect(Math.abs(v - quick.data[k]!)).toBeLessThan(2e-6);
  });

  it("agree with themselves wholly; with the anchors in another order a row finds itself no better than blindly", async () => {
    const { x } = rowsOf(3);
    const { anchors, rows } = chooseAnchors(x, range(N), 60, 1);
    const whole = await relativeRows(x, anchors, plainBlas);
    const r = units(asMatrix(whole.data, rows, whole.d));
    const group = range(r.n);
    const same = await agreementOf(r, r, group, plainBlas);
    expect(same.mrr).toBe(1);
    expect(same.jaccard.every((j) => j === 1)).toBe(true);
    expect(Math.min(...same.cosine)).toBeGreaterThan(1 - 1e-12);
    const order = new Random(9, 1).shuffle(Int32Array.from({ length: anchors.length }, (_, k) => k));
    const mixed = await agreementOf(r, permuteColumns(r, order), group, plainBlas);
    expect(mixed.mrr).toBeLessThan(2 * chanceRank(r.n));
    expect(mixed.cosine.reduce((s, v) => s + v, 0) / r.n).toBeLessThan(0.3);
  });
});

describe("anchors", () => {
  it("are spread out, one a group at most, and no row of their groups is measured", () => {
    const { x } = rowsOf(4);
    const group = Int32Array.from({ length: N }, (_, i) => i >> 1);
    const { anchors, rows } = chooseAnchors(x, group, 30, 7);
    expect(anchors).toHaveLength(30);
    const own = new Set(Array.from(anchors, (i) => group[i]));
    expect(own.size).toBe(30);
    expect(Array.from(rows).some((i) => own.has(group[i]))).toBe(false);
    expect(rows).toHaveLength(N - 60);
    expect([40, 1000, 10].map(anchorCount)).toEqual([10, 128, 2]);
  });
});

describe("the lens", () => {
  it("a turned model is the same model: every row finds itself, and its probe is as good as one's own, where one between the states fails", async () => {
    const { x, label } = rowsOf(5);
    const layers = [rowsOf(6).x, x];
    const other = [turned(layers[0]!, 11), turned(layers[1]!, 12)];
    const { values, pictures, withheld } = await relativeAnchors.run(studyOf(layers, label, other), tools, new Map());
    expect(withheld).toBeUndefined();
    const last = values.layers[1]!;
    expect(last.agreement).toBeGreaterThan(1 - 1e-5);
    expect(last.mrr).toBe(1);
    expect(last.jaccard).toBeGreaterThan(0.999);
    expect(last.mrrShuffled).toBeLessThan(2 * values.chance.mrr);
    expect(last.shuffled).toBeLessThan(0.3);
    expect(last.own).toBeGreaterThan(0.85);
    expect(Math.abs(last.carried! - last.own!)).toBeLessThan(1e-3);
    expect(values.best!.layer).toBe(1);
    expect(values.best!.absolute).toBeLessThan(0.75);
    expect(values.best!.carried! - values.best!.absolute!).toBeGreaterThan(0.15);
    // Layers that are one another's agree, others do not.
    expect(values.matrix[1]![1]).toBeGreaterThan(0.999);
    expect(values.matrix[0]![1]).toBeLessThan(0.3);
    expect(pictures.map(({ shape, slot }) => `${shape} ${slot}`)).toEqual(["curve extra", "matrix extra", "curve extra", "points extra", "ranking extra"]);
  });

  it("another model altogether: no agreement beyond chance, and its probe carries nothing", async () => {
    const { x, label } = rowsOf(7);
    const { values } = await relativeAnchors.run(studyOf([x], label, [rowsOf(8, N, D, 0).x]), tools, new Map());
    const only = values.layers[0]!;
    expect(only.mrr).toBeLessThan(3 * values.chance.mrr);
    expect(only.jaccard).toBeLessThan(3 * values.chance.jaccard);
    expect(only.carriedCi95![0]).toBeLessThan(0.62);
    expect(only.own).toBeGreaterThan(0.85);
  });

  it("models of different width and depth: a projection keeps what it keeps, layers are matched by share of the depth, no absolute probe", async () => {
    const { x, label } = rowsOf(9);
    const wide: Matrix64 = { n: N, d: D + 8, data: new Float64Array(N * (D + 8)) };
    const random = new Random(3, 3);
    for (let i = 0; i < N; i++) for (let j = 0; j < D + 8; j++) wide.data[i * (D + 8) + j] = j < D ? x.data[i * D + j]! : 0.3 * random.normal();
    const { values } = await relativeAnchors.run(studyOf([x, x, x], label, [wide, wide, wide, wide, wide]), tools, new Map());
    expect(values.layers.map(({ referenceLayer }) => referenceLayer)).toEqual([0, 2, 4]);
    expect(values.layers[0]!.mrr).toBeGreaterThan(0.9);
    expect(values.matrix[0]).toHaveLength(5);
    expect(values.best!.absolute).toBeNull();
    expect([matchedLayer(0, 1, 9), matchedLayer(3, 4, 13)]).toEqual([0, 12]);
  });

  it("the rows whose neighbourhoods differ are those that were moved; rows that the reference lacks are left out and counted", async () => {
    const { x, label } = rowsOf(10);
    const { anchors } = chooseAnchors({ ...x, data: Float64Array.from(single(x)) }, range(N), anchorCount(N), 1);
    const moved = Array.from({ length: N }, (_, i) => i)
      .filter((i) => !anchors.includes(i))
      .slice(0, 12);
    const other: Matrix64 = { ...x, data: x.data.slice() };
    moved.forEach((i, k) => {
      const from = moved[(k + 5) % moved.length]!;
      for (let j = 0; j < D; j++) other.data[i * D + j] = 40 - x.data[from * D + j]!;
    });
    const { pictures } = await relativeAnchors.run(studyOf([x], label, [other]), tools, new Map());
    const ranking = pictures.find((p) => p.shape === "ranking")!;
    if (ranking.shape !== "ranking") throw new Error("no ranking");
    const top = Array.from({ length: N }, (_, i) => i)
      .filter((i) => ranking.value[i]! > 0)
      .sort((p, q) => ranking.value[q]! - ranking.value[p]!)
      .slice(0, 12);
    expect(top.filter((i) => moved.includes(i)).length).toBeGreaterThanOrEqual(10);
    const study = studyOf([x], label, [x]);
    const missing = Uint8Array.from({ length: N }, (_, i) => (i < 4 ? 1 : 0));
    const partial = await relativeAnchors.run({ ...study, reference: { ...study.reference!, missing } }, tools, new Map());
    expect(partial.notices.map(({ code, message }) => `${code} ${message.slice(0, 6)}`)).toEqual(["lens/reference-rows 4 rows"]);
    const curve = partial.pictures.find((p) => p.shape === "ranking")!;
    if (curve.shape === "ranking") expect(curve.value.subarray(0, 4).every(Number.isNaN)).toBe(true);
  });

  it("says why it has nothing to say", async () => {
    const { x, label } = rowsOf(12);
    expect((await relativeAnchors.run(studyOf([x], label, undefined), tools, new Map())).withheld).toContain("no second model");
    const few = Int32Array.from({ length: N }, (_, i) => i % 20);
    expect((await relativeAnchors.run(studyOf([x], label, [x], { group: few }), tools, new Map())).withheld).toContain("20 groups");
  });
});
