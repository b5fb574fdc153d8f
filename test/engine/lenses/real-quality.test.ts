import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Engine } from "../../../src/engine/engine.js";
import { alignmentQuality } from "../../../src/engine/lenses/alignment-quality/index.js";
import { heldOutProbe } from "../../../src/engine/lenses/concept-depth/probe.js";
import { Pace } from "../../../src/engine/lenses/pace.js";
import { createBlas } from "../../../src/engine/model/blas.js";
import { auroc, midranks } from "../../../src/engine/stats/auc.js";
import { stratifiedGroupFolds } from "../../../src/engine/stats/folds.js";
import { Random, range } from "../../../src/engine/stats/random.js";
import type { AuditView } from "../../../src/protocol/index.js";
import { makeStudy } from "./plant.js";
import { type RealStates, realStates } from "./real-states.js";
import { wordsOnly } from "./words-only.js";

const root = join(dirname(fileURLToPath(import.meta.url)), "../../..");
const smol = join(root, "../shared/models/SmolLM2-135M-Instruct");
const small = join(root, "../shared/data/curated/audit-small.jsonl");

function spearman(a: readonly number[], b: readonly number[]): number {
  const [x, y] = [midranks(a), midranks(b)];
  const middle = (a.length + 1) / 2;
  let xy = 0;
  let xx = 0;
  let yy = 0;
  for (let i = 0; i < a.length; i++) {
    xy += (x[i]! - middle) * (y[i]! - middle);
    xx += (x[i]! - middle) ** 2;
    yy += (y[i]! - middle) ** 2;
  }
  return xy / Math.sqrt(xx * yy);
}

describe.skipIf(!existsSync(smol) || !existsSync(small))("SmolLM2-135M-Instruct on audit-small", () => {
  const blas = createBlas();
  let states: RealStates;
  const rows = existsSync(small)
    ? readFileSync(small, "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as { text: string; label: string; category: string })
    : [];
  const label = Uint8Array.from(rows, (row) => (row.label === "unsafe" ? 1 : 0));
  beforeAll(async () => {
    states = await realStates(smol, small, ["mean"]);
  }, 300_000);
  afterAll(async () => (await blas).close());

  /** The lens on some of the layers under a labelling. */
  const quality = async (own: Uint8Array, which: readonly number[]) => {
    const study = makeStudy(
      which.map((l) => states.of["mean"]![l]!),
      states.width,
      own,
      {
        text: (row) => rows[row]!.text,
        tokens: Int32Array.from(rows, ({ text }) => text.split(" ").length),
        embeddingMean: async () => Float32Array.from(states.of["mean"]![0]!),
        seed: 0,
      },
    );
    return (await alignmentQuality.run(study, { blas: await blas, progress: async () => {} }, new Map())).values;
  };
  const some = [0, 5, 10, 14, 17, 20, 25, 30];

  it("the index follows an independent probe's held-out AUROC over the layers (Spearman 0.9); the raw index does not; it gains over words", async () => {
    const { aqi, layers } = await quality(
      label,
      Array.from({ length: states.layers }, (_, l) => l),
    );
    const pace = new Pace({ blas: await blas, progress: async () => {} }, 1);
    const probe: number[] = [];
    for (let l = 0; l < states.layers; l++) {
      const x = { data: Float32Array.from(states.of["mean"]![l]!), n: states.rows, d: states.width };
      // Several divisions of its own: one division of 200 rows moves an AUROC by more than neighbouring layers differ.
      let sum = 0;
      for (const seed of [11, 12, 13]) {
        const folds = stratifiedGroupFolds(label, range(states.rows), 5, seed);
        const [score] = await heldOutProbe(x, [label], folds, await blas, pace, seed);
        sum += auroc(score!, label)! / 3;
      }
      probe.push(sum);
    }
    const rho = spearman(
      layers.map((l) => l.aqi!),
      probe,
    );
    const raw = spearman(
      layers.map((l) => l.chi!),
      probe,
    );
    console.log(`Spearman with the probe over the layers: index ${rho.toFixed(3)}, raw CHI ${raw.toFixed(3)}; AQI ${aqi.signed!.toFixed(1)}, gain`, aqi.gain);
    expect(rho).toBeGreaterThanOrEqual(0.9);
    expect(raw).toBeLessThan(0.5);
    expect(aqi.gain.score!).toBeGreaterThan(0);
    expect(aqi.gain.ci95![0]).toBeGreaterThan(0);
    expect(aqi.p!).toBeLessThanOrEqual(0.01);
  }, 300_000);

  it("permuted labels gain nothing over words", async () => {
    const { aqi } = await quality(new Random(5).shuffle(Uint8Array.from(label)), some);
    expect(aqi.gain.ci95![0]).toBeLessThanOrEqual(0);
    expect(aqi.p!).toBeGreaterThan(0.05);
  }, 300_000);

  it("a label that is length gains nothing over the surface", async () => {
    const length = rows.map(({ text }) => [...text].length);
    const middle = [...length].sort((a, b) => a - b)[length.length >> 1]!;
    const { aqi } = await quality(
      Uint8Array.from(length, (n) => (n > middle ? 1 : 0)),
      some,
    );
    expect(aqi.gain.ci95![0]).toBeLessThanOrEqual(0);
  }, 300_000);
});

describe("classes that differ in words only", () => {
  const folder = mkdtempSync(join(tmpdir(), "layerscope-words-"));
  const engine = new Engine();
  afterAll(async () => {
    await engine.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const audit = async (model: string, name: string, text: string): Promise<AuditView> => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return engine.audit(
      { data: { path, options: {} }, model, maxTokens: 64, seed: 0, provider: "cpu", threads: 2 },
      { onView: () => {}, onProgress: () => {} },
    );
  };

  it("the embedded model: no evidence beyond vocabulary", async () => {
    const { result } = await audit(join(root, "media/model"), "words.jsonl", wordsOnly(160, 1));
    expect(result.aqi.lexical!).toBeGreaterThan(40);
    expect(result.verdict).toMatch(/^No evidence beyond vocabulary/);
  }, 120_000);

  it.skipIf(!existsSync(smol))(
    "SmolLM2: no evidence beyond vocabulary",
    async () => {
      const { result } = await audit(smol, "words-smol.jsonl", wordsOnly(80, 2));
      console.log(result.verdict, result.aqi.signed, result.aqi.lexical);
      expect(result.verdict).toMatch(/^No evidence beyond vocabulary/);
    },
    300_000,
  );

  it("the same rows with labels shuffled: none either, and nothing is claimed", async () => {
    const lines = wordsOnly(160, 1).trim().split("\n");
    const order = new Random(3).shuffle(lines.map((_, i) => i));
    const labels = Array.from(order, (i) => (JSON.parse(lines[i]!) as { label: string }).label);
    const text = lines.map((line, i) => JSON.stringify({ ...(JSON.parse(line) as object), label: labels[i] })).join("\n");
    const { result } = await audit(join(root, "media/model"), "shuffled.jsonl", text);
    expect(result.verdict).toMatch(/^No evidence beyond vocabulary/);
    expect(result.aqi.gain.ci95![0]).toBeLessThanOrEqual(0);
  }, 120_000);
});
