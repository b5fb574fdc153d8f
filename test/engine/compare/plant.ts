import { auroc, confusion } from "../../../src/engine/stats/auc.js";
import { Random } from "../../../src/engine/stats/random.js";
import type { AuditResult, AuditView, LayerScores } from "../../../src/protocol/index.js";

export interface RunWish {
  readonly rows?: number;
  /** Distance of the class means in deviations, by layer. */
  readonly strength: readonly number[];
  /** Seed of what both runs share (the rows) and of what is this run's own. */
  readonly shared?: number;
  readonly own?: number;
  /** Share of a row's noise that both runs have: what makes pairing worth it. */
  readonly common?: number;
  readonly groupSize?: number;
  readonly categories?: readonly string[];
  readonly result?: Partial<AuditResult>;
  readonly replicates?: readonly number[];
  readonly signed?: number;
}

/** A finished run whose held-out scores are planted: a class difference at each layer, noise of the row, noise of the run. */
export function plantRun(wish: RunWish): AuditView {
  const { rows: n = 240, strength, shared = 1, own = 2, common = 0.9, groupSize = 1, categories = [] } = wish;
  const columns = strength.length;
  const [rowNoise, runNoise] = [new Random(shared, 5), new Random(own, 6)];
  const label = Uint8Array.from({ length: n }, (_, i) => i % 2);
  const score = new Float32Array(n * columns);
  for (let i = 0; i < n; i++) {
    const noise = rowNoise.normal();
    for (let l = 0; l < columns; l++)
      score[i * columns + l] = (label[i] - 0.5) * strength[l] + Math.sqrt(common) * noise + Math.sqrt(1 - common) * runNoise.normal();
  }
  const group = Int32Array.from({ length: n }, (_, i) => Math.floor(i / groupSize));
  const rows: AuditView["rows"] = {
    count: n,
    columns,
    id: Uint32Array.from({ length: n }, (_, i) => i),
    label,
    category: Uint16Array.from({ length: n }, (_, i) => (categories.length ? (i >> 1) % categories.length : 65535)),
    categories,
    place: Int32Array.from({ length: n * 5 }, (_, k) => (k % 5 === 1 || k % 5 === 3 ? Math.floor(k / 5) : 0)),
    score,
    probability: new Float32Array(n).fill(0.5),
    probabilityLayer: columns - 1,
    tokens: new Uint16Array(n).fill(9),
    group,
  };
  return { result: resultOf(rows, wish), pictures: [], rows };
}

function resultOf(rows: AuditView["rows"], { replicates, signed = 40, own = 2, result }: RunWish): AuditResult {
  const layers = Array.from({ length: rows.columns }, (_, layer): LayerScores => {
    const at = Float64Array.from({ length: rows.count }, (_, i) => rows.score[i * rows.columns + layer]);
    return {
      layer,
      aqi: signed,
      aqiCi95: null,
      auroc: auroc(at, rows.label),
      aurocCi95: null,
      ...confusion(at, rows.label),
      chi: 3,
      xbi: 2,
      dbi: 2,
      dunn: 0.1,
      silhouette: 0.1,
      epsilonSquared: 0.1,
    };
  });
  return {
    schemaVersion: 1,
    layerscope: "0.1.0",
    createdAt: "2026-01-01T00:00:00.000Z",
    final: true,
    model: {
      path: `models/m${own}/model.onnx`,
      name: `m${own}`,
      sha256: `${own}`.repeat(64).slice(0, 64),
      hiddenSize: 8,
      precision: "float32",
      layers: rows.columns - 1,
      provider: "cpu",
    },
    dataset: {
      path: "rows.jsonl",
      sha256: "ab".repeat(32),
      kind: "safety",
      rows: rows.count,
      classes: [
        { name: "safe", values: ["safe"], rows: rows.count / 2 },
        { name: "unsafe", values: ["unsafe"], rows: rows.count / 2 },
      ],
      options: {},
      used: rows.count,
      skipped: [],
      truncated: { total: 0, byClass: [0, 0] },
      columns: { text: "prompt", label: "label" },
    },
    settings: { pooling: "mean", maxTokens: 512, seed: 0, folds: 5, threads: 0 },
    aqi: {
      score: signed,
      signed,
      ci95: [signed - 5, signed + 5],
      p: 0.01,
      lexical: 10,
      gain: { score: signed - 10, ci95: [0, 2 * signed] },
      halfSample: signed,
      layerWeights: [],
      ...(replicates ? { replicates } : {}),
    },
    layers,
    probe: { bestLayer: rows.columns - 1, nestedAuroc: layers.at(-1)!.auroc, jump: 1, converge: 2, depth95: null, areaDepth: 0.2 },
    controls: { words: 0.6, wordsCi95: null, length: 0.5, shuffled: 0.5, shuffledCi95: null, residualised: null },
    categories: [],
    notices: [],
    verdict: "",
    timing: { totalMs: 1, openMs: 0, extractMs: 1, lensMs: 0, rowsPerSecond: 1, tokens: 1 },
    ...result,
  };
}

/** The same run with its rows in another order. */
export function shuffleRows(view: AuditView, seed: number): AuditView {
  const { rows } = view;
  const order = new Random(seed, 7).shuffle(Int32Array.from({ length: rows.count }, (_, i) => i));
  const take = <T extends Uint32Array | Uint8Array | Uint16Array | Float32Array | Int32Array>(from: T, width = 1): T => {
    const out = from.slice() as T;
    order.forEach((i, k) => {
      for (let j = 0; j < width; j++) out[k * width + j] = from[i * width + j];
    });
    return out;
  };
  return {
    ...view,
    rows: {
      ...rows,
      id: take(rows.id),
      label: take(rows.label),
      category: take(rows.category),
      place: take(rows.place, 5),
      score: take(rows.score, rows.columns),
      probability: take(rows.probability),
      tokens: take(rows.tokens),
      group: rows.group && take(rows.group),
    },
  };
}
