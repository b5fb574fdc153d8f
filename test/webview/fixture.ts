import type { AuditResult, AuditView, LayerScores, LensCard, Matrix, Maybe, PanelState, Picture, RowTable, RowText } from "../../src/protocol/index.js";

export interface Wish {
  readonly rows?: number;
  /** Layers, embeddings included. */
  readonly layers?: number;
  readonly categories?: number;
  readonly kind?: "safety" | "concept";
  readonly final?: boolean;
  /** Share of the rows that have scores; the rest is NaN. */
  readonly scored?: number;
  readonly categoryNames?: readonly string[];
  readonly seed?: number;
  /** Two pictures more, of a lens that the panel has never heard of. */
  readonly extra?: boolean;
  /** Pictures whose cells, bars and marks have rows behind them. */
  readonly linked?: boolean;
  /** Lenses of the list: which of them this run has. */
  readonly lenses?: readonly LensCard[];
  /** The signed index and its interval, where they are not the usual ones. */
  readonly index?: { readonly signed: number; readonly ci95: readonly [number, number] };
  /** The rows are images. */
  readonly images?: boolean;
}

/** Mulberry32: small, seeded, good enough for pictures. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const normal = (next: () => number) => Math.sqrt(-2 * Math.log(next() + 1e-12)) * Math.cos(2 * Math.PI * next());

/** A planted audit: two classes that come apart from layer to layer, some rows with the wrong label. */
export function makeView(wish: Wish = {}): AuditView {
  const { rows: n = 240, layers = 13, categories = 6, kind = "safety", final = true, scored = 1, seed = 7 } = wish;
  const next = random(seed);
  const names =
    wish.categoryNames ??
    Array.from(
      { length: categories },
      (_, c) => ["privacy", "violence", "self-harm", "fraud", "hate", "drugs", "weapons", "extremism"][c] ?? `category ${c + 1}`,
    );
  const strength = Array.from(
    { length: layers },
    (_, l) => 0.35 + 2.1 / (1 + Math.exp(-(l / Math.max(1, layers - 1) - 0.35) * 11)) - 0.35 * Math.max(0, l / layers - 0.75),
  );
  const table = plantRows(n, layers, names, strength, scored, next);
  const auroc = strength.map((s) => 0.5 + 0.5 * Math.tanh(s * 0.62));
  const aqi = strength.map((s, l) => (l === 0 ? 31 : 26 + 22 * s));
  const texts = plantResult({ n, layers, kind, final, names, auroc, aqi, table });
  const shown = wish.images ? asImages(texts) : texts;
  const { index } = wish;
  const result = index ? { ...shown, aqi: { ...shown.aqi, ...index, score: Math.max(0, Math.min(100, index.signed)) } } : shown;
  const planted = plantPictures(result, table, next);
  if (wish.linked) return { result, pictures: linked(planted), rows: table.rows, ...(wish.lenses ? { lenses: wish.lenses } : {}) };
  const pictures = wish.extra ? [...planted, ...planted.filter((p) => p.slot === "curve" || p.slot === "metrics").map(asExtra)] : planted;
  return final ? { result, pictures, rows: table.rows, ...(wish.lenses ? { lenses: wish.lenses } : {}) } : preview(result, pictures, table.rows);
}

const asImages = (result: AuditResult): AuditResult => ({
  ...result,
  dataset: { ...result.dataset, path: "data/pictures", input: "images", columns: { text: "image", label: "folder" } },
  controls: { ...result.controls, words: null, wordsCi95: null, length: null, pixels: 0.71, pixelsCi95: [0.66, 0.76] },
});

function linked(pictures: readonly Picture[]): Picture[] {
  const base = { lens: "new-lens", slot: "extra", about: "new-lens", rowsAre: "rows behind it" } as const;
  const row = (id: string, name: string) => ({ id, name, chance: 0, best: 1, values: Array.from({ length: 9 }, (_, l) => l / 9) });
  return [
    ...pictures.map((p): Picture => (p.shape === "curve" ? { ...p, marks: p.marks.map((m) => (m.kind === "jump" ? { ...m, rows: [2, 4, 6, 8] } : m)) } : p)),
    {
      ...base,
      id: "new-lens/matrix",
      shape: "matrix",
      scale: "amount",
      title: "Cells with rows",
      rows: [
        row("a", "First"),
        {
          ...row("b", "Second"),
          rows: Array.from({ length: 9 }, (_, l) => (l === 3 ? [1, 5, 9] : null)),
          marks: [
            { column: 3, text: "best" },
            { column: 5, text: "step", dashed: true },
          ],
        },
      ],
    },
    {
      ...base,
      id: "new-lens/bars",
      shape: "bars",
      title: "Bars with rows",
      unit: "AUROC",
      range: [0.5, 1],
      chance: 0.5,
      ties: [["one", "two"]],
      bars: [
        { id: "one", name: "first bar", value: 0.8, lo: 0.7, hi: 0.9 },
        { id: "two", name: "second bar", value: 0.75, lo: 0.6, hi: 0.85, rows: [3, 7] },
        { id: "three", name: "third bar", value: null, why: "no rows" },
      ],
    },
  ];
}

const asExtra = (picture: Picture): Picture => ({
  ...picture,
  id: `new-lens/${picture.slot}`,
  lens: "new-lens",
  slot: "extra",
  ...(picture.shape === "curve" ? { title: "Attention entropy" } : {}),
});

/** What the engine tells while rows arrive: two metrics, no index, no probabilities, no map, no categories. */
function preview(result: AuditResult, pictures: readonly Picture[], rows: RowTable): AuditView {
  const none = {
    score: null,
    signed: null,
    ci95: null,
    p: null,
    lexical: null,
    gain: { score: null, ci95: null },
    halfSample: null,
    layerWeights: [],
    reason: "the rows are still arriving",
  };
  const probe = { ...result.probe, nestedAuroc: null, jump: null, converge: null };
  const few = pictures.flatMap((p): Picture[] => {
    if (p.shape === "curve")
      return [{ ...p, note: "A first look.", series: p.series.slice(0, 1).map((s) => ({ ...s, lo: undefined, hi: undefined })), marks: [] }];
    if (p.slot === "metrics" && p.shape === "matrix") return [{ ...p, note: "A first look.", rows: p.rows.filter((r) => r.id === "auroc" || r.id === "chi") }];
    return p.shape === "strips" ? [p] : [];
  });
  return {
    result: { ...result, aqi: none, probe, categories: [], controls: { ...result.controls, words: null, length: null } },
    pictures: few,
    rows: { ...rows, probability: new Float32Array(rows.count).fill(Number.NaN), probabilityLayer: -1 },
  };
}

interface Planted {
  readonly rows: RowTable;
  readonly x: Float32Array;
  readonly y: Float32Array;
}

function plantRows(count: number, columns: number, categories: readonly string[], strength: readonly number[], scored: number, next: () => number): Planted {
  const rows = {
    count,
    columns,
    id: new Uint32Array(count),
    label: new Uint8Array(count),
    category: new Uint16Array(count).fill(65_535),
    categories,
    place: new Int32Array(count * 5),
    score: new Float32Array(count * columns).fill(Number.NaN),
    probability: new Float32Array(count).fill(Number.NaN),
    probabilityLayer: Math.min(columns - 1, Math.round(columns * 0.62)),
    tokens: new Uint16Array(count),
  };
  const x = new Float32Array(count * columns).fill(Number.NaN);
  const y = new Float32Array(count * columns).fill(Number.NaN);
  for (let i = 0; i < count; i++) {
    // Every eleventh line of the file was skipped, so ids are not indices.
    const id = i + Math.floor(i / 10);
    rows.id[i] = id;
    rows.label[i] = next() < 0.5 ? 1 : 0;
    if (categories.length > 0) rows.category[i] = Math.floor(next() * categories.length);
    rows.place.set([0, id, 0, id, 80], i * 5);
    rows.tokens[i] = 8 + Math.floor(next() * 60);
    const truth = next() < 0.06 ? 1 - rows.label[i] : rows.label[i];
    const own = normal(next);
    const rest = normal(next);
    if (i >= count * scored) continue;
    for (let l = 0; l < columns; l++) {
      const score = (truth === 1 ? 1 : -1) * strength[l] * 0.8 + own * 0.8 + normal(next) * 0.5;
      rows.score[i * columns + l] = score * (1 + l / columns);
      x[l * count + i] = score * (1 + l / columns);
      y[l * count + i] = rest * (1 - l / columns / 2) + own * 0.4 + normal(next) * 0.6;
    }
    rows.probability[i] = 1 / (1 + Math.exp(-2.2 * rows.score[i * columns + rows.probabilityLayer]));
  }
  return { rows, x, y };
}

function plantResult({
  n,
  layers,
  kind,
  final,
  names,
  auroc,
  aqi,
  table,
}: {
  n: number;
  layers: number;
  kind: "safety" | "concept";
  final: boolean;
  names: readonly string[];
  auroc: number[];
  aqi: number[];
  table: Planted;
}): AuditResult {
  const best = table.rows.probabilityLayer;
  const width = final ? 0.03 : 0.08;
  const scores: LayerScores[] = auroc.map((a, l) => ({
    layer: l,
    aqi: kind === "safety" ? aqi[l] : null,
    aqiCi95: kind === "safety" ? [aqi[l] - 4, aqi[l] + 4] : null,
    auroc: a,
    aurocCi95: [Math.max(0, a - width), Math.min(1, a + width)],
    accuracy: a - 0.06,
    balancedAccuracy: a - 0.06,
    f1: a - 0.05,
    chi: 4 + 90 * (a - 0.5),
    xbi: 3.4 - 4 * (a - 0.5),
    dbi: 6.5 - 8 * (a - 0.5),
    dunn: l === 2 ? null : 0.05 + 0.1 * (a - 0.5),
    silhouette: 0.02 + 0.3 * (a - 0.5),
    epsilonSquared: 0.3 * (a - 0.5),
    ...(l === 2 ? { why: { dunn: "two rows are the same" } } : {}),
  }));
  const positive = table.rows.label.reduce((sum, v) => sum + v, 0);
  const concept = kind === "concept";
  return {
    schemaVersion: 1,
    layerscope: "0.1.0",
    createdAt: "2026-11-23T12:00:00Z",
    final,
    model: {
      path: "models/planted",
      name: "Planted-12L",
      sha256: "0".repeat(64),
      hiddenSize: 192,
      precision: "int8 weights",
      architecture: "llama",
      layers: layers - 1,
      provider: "cpu",
    },
    dataset: {
      path: "data/prompts.jsonl",
      sha256: "1".repeat(64),
      kind,
      rows: n + Math.floor(n / 10),
      used: n,
      classes: concept
        ? [
            { name: "false", values: ["false"], rows: n - positive },
            { name: "true", values: ["true"], rows: positive },
          ]
        : [
            { name: "safe", values: ["0"], rows: n - positive },
            { name: "unsafe", values: ["1"], rows: positive },
          ],
      options: {},
      skipped: [{ reason: "empty-text", message: "The text is empty.", count: Math.floor(n / 10), lines: [10, 21] }],
      truncated: { total: 3, byClass: [1, 2] },
      columns: { text: "prompt", label: "label", category: "category" },
    },
    settings: { pooling: "mean-skip-first", maxTokens: 512, seed: 1, folds: 5, threads: 2 },
    aqi: concept
      ? {
          score: null,
          signed: null,
          ci95: null,
          p: null,
          lexical: null,
          gain: { score: null, ci95: null },
          halfSample: null,
          layerWeights: [],
          reason: "the classes are true and false, not safe and unsafe",
        }
      : {
          score: 62.4,
          signed: 62.4,
          ci95: [57.1, 67.2],
          p: 0.002,
          lexical: 40.3,
          gain: { score: 22.1, ci95: [15.2, 28.4] },
          halfSample: 60.2,
          layerWeights: auroc.map(() => 1 / layers),
          ...(final ? besideIndex(names, n) : {}),
        },
    layers: scores,
    probe: {
      bestLayer: best,
      nestedAuroc: auroc[best] - 0.008,
      jump: Math.round(layers * 0.3),
      converge: Math.round(layers * 0.5),
      depth95: Math.round(layers * 0.45),
      areaDepth: 0.33,
    },
    controls: { words: 0.762, wordsCi95: [0.73, 0.79], length: 0.571, shuffled: 0.5, shuffledCi95: [0.44, 0.56], residualised: 0.86 },
    categories: [],
    notices: final
      ? [
          { code: "data/skipped", message: `${Math.floor(n / 10)} rows have no text and take no part.` },
          { code: "aqi/half-sample", message: "Half of the rows give 60.2: more rows would raise the index a little." },
        ]
      : [],
    verdict: final
      ? `Layers ${Math.round(layers * 0.5)} to ${layers - 1} hold the two apart beyond vocabulary: +22 (15 to 28). Weakest category: ${names[2] ?? "none"}.`
      : "A preview from the first rows; the numbers still move.",
    timing: { totalMs: final ? 8_420 : 0, openMs: 400, extractMs: 6_000, lensMs: 2_000, rowsPerSecond: 140, tokens: n * 30 },
  };
}

/** What stands beside the index: axioms of which the last points the other way, companions, pairs, what it is comparable with. */
function besideIndex(names: readonly string[], n: number): Partial<AuditResult["aqi"]> {
  const cells = names.map((): [number, number] => [20, 18]);
  return {
    axioms: names.map((name, a) => ({
      name,
      n: cells[a]!,
      separation: 60 - 4 * a,
      ci95: [50 - 4 * a, 70 - 4 * a],
      share: 1 / names.length,
      cosine: a > 0 && a === names.length - 1 ? -0.4 : 0.6,
      worst: a === 0 ? [] : [1, 4, 7].slice(0, a),
    })),
    companions: {
      dbi: 1.02,
      dbiQ2: 1.23,
      dunn: 0.0002,
      robustDunn: 0.05,
      silhouette: 0.26,
      silhouetteSimplified: 0.36,
      auroc: 0.87,
      dPrime: 1.58,
      overlap: 0.43,
    },
    residualised: { layer: 4, score: 31.2, before: 40.1 },
    paired: { score: 53.7, ci95: [41.6, 63.7], pairs: 72, right: 0.93 },
    card: {
      rows: "3".repeat(64),
      pooling: "mean-skip-first",
      frame: "discriminant",
      folds: 5,
      divisions: 3,
      shrinkage: "best of Ledoit-Wolf and six others",
      gamma: 0.5,
      axioms: Math.max(1, names.length),
      cells: names.length ? cells : [[n / 2, n / 2]],
      replicates: 200,
      permutations: 199,
      seed: 0,
      version: "0.1.0",
    },
  };
}

function plantPictures(result: AuditResult, { rows, x, y }: Planted, next: () => number): Picture[] {
  const { layers, controls, dataset, probe } = result;
  const concept = dataset.kind === "concept";
  const pick = (field: keyof LayerScores) => layers.map((l) => l[field] as Maybe);
  const row = (id: string, name: string, chance: number, best: number, values: Maybe[], why?: string) => ({
    id,
    name,
    chance,
    best,
    values,
    ...(why ? { why } : {}),
  });
  const metrics: Matrix = {
    id: "alignment-quality/metrics",
    lens: "alignment-quality",
    slot: "metrics",
    title: "Metrics by layer",
    note: "Each row on its own scale, from chance to the best value.",
    about: "alignment-quality",
    shape: "matrix",
    scale: "amount",
    rows: [
      row("aqi", "AQI", 0, 100, pick("aqi"), concept ? "the classes are not safe and unsafe" : undefined),
      row("auroc", "AUROC", 0.5, 1, pick("auroc")),
      row("chi", "Calinski-Harabasz", 1, 50, pick("chi")),
      row("chiAdjusted", "CHI adjusted", 0, 0.2, pick("silhouette")),
      { ...row("dbiQ2", "Davies-Bouldin, root mean square", 6.5, 2.5, pick("dbi")), tableOnly: true },
      row("xbi", "Xie-Beni", 3.4, 1.5, pick("xbi")),
      row("dbi", "Davies-Bouldin", 6.5, 2.5, pick("dbi")),
      row("dunn", "Dunn", 0.05, 0.1, pick("dunn"), "two rows are the same"),
      row("silhouette", "Silhouette", 0, 0.17, pick("silhouette")),
      row("epsilonSquared", "ε² (raw)", 0, 0.2, pick("epsilonSquared")),
    ],
  };
  const categories: Matrix = {
    id: "alignment-quality/categories",
    lens: "alignment-quality",
    slot: "categories",
    title: "Categories by layer",
    note: "Separation beyond chance; the weakest is named in the verdict.",
    about: "alignment-quality",
    shape: "matrix",
    scale: "diverging",
    rows: rows.categories.map((name, c) => {
      const strength = 0.35 + next() * 0.65;
      const values = layers.map((l) => (c === 3 ? null : ((l.auroc ?? 0.5) - 0.52) * 90 * strength - (c === 2 ? 14 : 0)));
      return { ...row(`category-${c}`, name, 0, 40, values, c === 3 ? "fewer than 8 rows of one class" : undefined), count: `n ${20 + c}/${18 + c}` };
    }),
  };
  return [
    {
      id: "concept-depth/curve",
      lens: "concept-depth",
      slot: "curve",
      title: "Probe by layer",
      note: "Held-out logistic probe on each layer.",
      about: "concept-depth",
      shape: "curve",
      unit: "AUROC",
      range: [0.4, 1],
      chance: 0.5,
      series: [
        {
          id: "probe",
          name: "probe",
          kind: "main",
          values: pick("auroc"),
          lo: layers.map((l) => l.aurocCi95?.[0] ?? null),
          hi: layers.map((l) => l.aurocCi95?.[1] ?? null),
        },
        { id: "words", name: "words alone", kind: "reference", values: controls.words ?? 0 },
        { id: "length", name: "length", kind: "reference", values: controls.length ?? 0 },
        { id: "shuffled", name: "shuffled labels", kind: "null", values: 0.5, lo: 0.44, hi: 0.56 },
      ],
      marks: [
        { layer: probe.jump ?? 0, kind: "jump", text: `Largest rise: layer ${probe.jump}` },
        { layer: probe.converge ?? 0, kind: "converge", text: `Within 0.01 of the best from layer ${probe.converge}` },
        { layer: probe.bestLayer ?? 0, kind: "best", text: `Best layer: ${probe.bestLayer}` },
      ],
    },
    metrics,
    ...(categories.rows.length > 0 ? [categories] : []),
    {
      id: "concept-depth/rows",
      lens: "concept-depth",
      slot: "rows",
      title: "Rows",
      note: "Held-out score at every layer.",
      about: "concept-depth",
      shape: "strips",
    },
    {
      id: "concept-depth/map",
      lens: "concept-depth",
      slot: "map",
      title: "Map",
      note: "Up: the first direction of what is left within the classes.",
      about: "concept-depth",
      shape: "points",
      xName: "held-out score",
      yName: "first residual direction",
      x,
      y,
      boundary: 0,
    },
  ];
}

const WORDS =
  "how can I write explain make the a safe plan letter about travel money garden history for my friend at work without anyone knowing why does water boil recipe poem list of old castles help".split(
    " ",
  );

export function makeText(id: number): RowText {
  const next = random(id + 1);
  return { row: id, text: Array.from({ length: 6 + Math.floor(next() * 14) }, () => WORDS[Math.floor(next() * WORDS.length)]).join(" ") };
}

export const stateOf = (view: AuditView | undefined, phase: PanelState["phase"] = "done", more: Partial<PanelState> = {}): PanelState => ({
  phase,
  dataset: "data/prompts.jsonl",
  model: "models/planted",
  ...(view ? { view } : {}),
  ...more,
});
