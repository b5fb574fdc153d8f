import type { Interval, LayerScores, Maybe, Notice, ProbeResult } from "../../../protocol/index.js";
import { auroc, aurocInterval, confusion } from "../../stats/auc.js";
import { deviation, mean } from "../../stats/bootstrap.js";
import { calibrating } from "../../stats/calibration.js";
import type { Folds } from "../../stats/folds.js";
import { centre } from "../../stats/moments.js";
import { Random } from "../../stats/random.js";
import { permuteLabels } from "../alignment-quality/permute.js";
import type { Lens, LensOutput, LensTools, Study } from "../lens.js";
import { Pace } from "../pace.js";
import { planOf, tooFewGroups } from "../plan.js";
import { surfaceBaselines } from "../surface-versus-meaning/baselines.js";
import { MOST_LINKED } from "../task.js";
import { choosingLayers, depthOf } from "./depth.js";
import { categoryMatrix, probeCurve, strips } from "./pictures.js";
import { heldOutProbe, MOST_TRAINED } from "./probe.js";

export type ProbeLayer = Pick<LayerScores, "layer" | "auroc" | "aurocCi95" | "accuracy" | "balancedAccuracy" | "f1"> & {
  readonly why?: Readonly<Record<string, string>>;
};

export interface CategoryAuroc {
  readonly name: string;
  readonly n: readonly [number, number];
  readonly auroc: readonly Maybe[];
  readonly why?: string;
}

export interface ConceptDepth {
  readonly probe: ProbeResult;
  readonly layers: readonly ProbeLayer[];
  /** [count x layers] held-out decision values, row-major; NaN = not scored. */
  readonly score: Float32Array;
  /** [count] calibrated held-out probability of class 1 at the best layer; NaN = none. */
  readonly probability: Float32Array;
  /** -1 when there is no probe. */
  readonly probabilityLayer: number;
  readonly categories: readonly CategoryAuroc[];
  readonly shuffled: Maybe;
  readonly shuffledCi95: Interval | null;
  /** Accuracy at the best layer less the accuracy on a random label that is fixed by the row's length (Hewitt and Liang 2019). */
  readonly selectivity: Maybe;
}

/** Rows of each class that a category's AUROC needs. */
const LEAST_PER_CATEGORY = 3;
/** Layers on which the probe is trained on shuffled labels, evenly spread. */
const SHUFFLED_LAYERS = 8;

export const conceptDepth: Lens<ConceptDepth> = {
  id: "concept-depth",
  title: "Concept depth",
  cite: "Jin et al. 2024, Exploring Concept Depth (arXiv 2404.07066); controls: Hewitt and Liang 2019 (arXiv 1909.03368)",
  needs: "any",
  core: true,
  question: "At which layer does this label become readable?",
  run,
};

async function run(study: Study, tools: LensTools): Promise<LensOutput<ConceptDepth>> {
  const pace = new Pace(tools, study.layers + 2);
  const plan = planOf(study);
  if (typeof plan === "string") return withheld(study, plan);
  const { folds } = plan;
  const few = tooFewGroups(study.group, study.label, study.classNames);
  const controls = await surfaceBaselines(study, plan, pace);
  await pace.step();
  const random = new Random(study.seed, 71);
  const spread = shuffledLayers(study.layers);
  const repeats = study.count <= 500 ? 2 : 1;
  const scores: Float64Array[] = [];
  const nulls: number[] = [];
  for (let layer = 0; layer < study.layers; layer++) {
    const permuted = spread.has(layer) ? Array.from({ length: repeats }, () => permuteLabels(study.label, plan.cells.stratum, study.group, random)) : [];
    const [own, ...shuffled] = await probed(study, layer, [study.label, ...permuted], folds, tools, pace);
    scores.push(own!);
    shuffled.forEach((s, k) => {
      const value = auroc(s, permuted[k]!);
      if (value !== null) nulls.push(value);
    });
    await pace.step();
  }
  const layers: ProbeLayer[] = [];
  for (const [layer, score] of scores.entries()) {
    const area = aurocInterval(score, study.label, study.group);
    layers.push({
      layer,
      auroc: area?.value ?? null,
      aurocCi95: few ? null : (area?.ci95 ?? null),
      ...confusion(score, study.label),
      ...(few ? { why: { aurocCi95: few } } : {}),
    });
    await pace.breathe();
  }
  const depth = depthOf(layers.map((l) => ({ auroc: l.auroc, low: l.aurocCi95?.[0] ?? null, accuracy: l.accuracy })));
  const probe: ProbeResult = { ...depth, nestedAuroc: await pace.run(choosingLayers(scores, study.label, folds)) };
  const best = depth.bestLayer ?? 0;
  const selectivity = await selectivityAt(study, best, layers[best]!.accuracy, folds, tools, pace);
  await pace.step();
  const shuffled = nulls.length ? mean(nulls) : null;
  const shuffledCi95: Interval | null =
    nulls.length > 1 ? [Math.max(0, mean(nulls) - 1.96 * deviation(nulls)), Math.min(1, mean(nulls) + 1.96 * deviation(nulls))] : null;
  const categories: CategoryAuroc[] = [];
  for (const [category, name] of study.categories.entries()) {
    categories.push(categoryAuroc(study, scores, name, category));
    await pace.breathe();
  }
  const values: ConceptDepth = {
    probe,
    layers,
    score: rowMajor(scores, study.count),
    probability: await pace.run(calibrating(scores[best]!, study.label, folds.of, folds.count)),
    probabilityLayer: best,
    categories,
    shuffled,
    shuffledCi95,
    selectivity,
  };
  const notices: Notice[] = [];
  if (study.count > MOST_TRAINED * 1.25)
    notices.push({ code: "lens/sampled-training", message: `Each fold's probe is trained on a sample of ${MOST_TRAINED} rows; every row is scored held out.` });
  if (folds.count < 5)
    notices.push({ code: "lens/few-folds", message: `Held-out scores come from ${folds.count} folds: the smaller class has too few rows or groups for 5.` });
  const pictures = [
    probeCurve(layers, probe, { ...controls, shuffled, shuffledCi95 }, study, flipsAt(study, scores, probe.jump)),
    strips(),
    ...(categories.length ? [categoryMatrix(categories)] : []),
  ];
  return { values, pictures, notices, report: { selectivity } };
}

/** Held-out scores of one layer under each labelling. In a function of its own: its states are gone before the next layer's come. */
async function probed(study: Study, layer: number, labels: readonly Uint8Array[], folds: Folds, tools: LensTools, pace: Pace): Promise<Float64Array[]> {
  const x = { data: await study.states(layer), n: study.count, d: study.width };
  centre(x);
  return heldOutProbe(x, labels, folds, tools.blas, pace, study.seed);
}

/** Accuracy on the label less that on a control label: random, but the same for rows of the same length. */
async function selectivityAt(
  study: Study,
  layer: number,
  accuracy: Maybe,
  folds: { of: Int32Array; count: number },
  tools: LensTools,
  pace: Pace,
): Promise<Maybe> {
  const random = new Random(study.seed, 72);
  const labels = new Map<number, number>();
  const share = study.label.reduce((s, y) => s + y, 0) / study.count;
  const control = Uint8Array.from(study.tokens, (length) => {
    const known = labels.get(length);
    if (known !== undefined) return known;
    const y = random.uniform() < share ? 1 : 0;
    labels.set(length, y);
    return y;
  });
  for (let k = 0; k < folds.count; k++) {
    const held = [0, 0];
    for (let i = 0; i < study.count; i++) if (folds.of[i] !== k) held[control[i]!]!++;
    if (held[0] === 0 || held[1] === 0) return null;
  }
  const [score] = await probed(study, layer, [control], folds, tools, pace);
  return accuracy === null ? null : accuracy - confusion(score!, control).accuracy;
}

/** Rows that the probe gets wrong in the layer before the jump and right in it, the clearest turns first. */
function flipsAt(study: Study, scores: readonly Float64Array[], jump: number | null): number[] {
  if (jump === null || jump === 0) return [];
  const side = (layer: number, i: number) => (study.label[i] === 1 ? scores[layer]![i]! : -scores[layer]![i]!);
  return Array.from(study.label.keys())
    .filter((i) => side(jump - 1, i) <= 0 && side(jump, i) > 0)
    .sort((a, b) => side(jump, b) - side(jump, a) || a - b)
    .slice(0, MOST_LINKED);
}

function shuffledLayers(layers: number): Set<number> {
  const out = new Set<number>();
  const of = Math.min(SHUFFLED_LAYERS, layers);
  for (let k = 0; k < of; k++) out.add(Math.round((k * (layers - 1)) / Math.max(1, of - 1)));
  return out;
}

function rowMajor(scores: readonly Float64Array[], count: number): Float32Array {
  const out = new Float32Array(count * scores.length);
  scores.forEach((s, l) => {
    for (let i = 0; i < count; i++) out[i * scores.length + l] = s[i]!;
  });
  return out;
}

function categoryAuroc(study: Study, scores: readonly Float64Array[], name: string, category: number): CategoryAuroc {
  const rows: number[] = [];
  const n: [number, number] = [0, 0];
  for (let i = 0; i < study.count; i++) {
    if (study.category[i] !== category) continue;
    rows.push(i);
    n[study.label[i]!]!++;
  }
  if (Math.min(n[0], n[1]) < LEAST_PER_CATEGORY) {
    const why = n[0] === 0 || n[1] === 0 ? `only ${study.classNames[n[0] === 0 ? 1 : 0]} rows` : `fewer than ${LEAST_PER_CATEGORY} rows of a class`;
    return { name, n, auroc: scores.map(() => null), why };
  }
  const label = rows.map((i) => study.label[i]!);
  return {
    name,
    n,
    auroc: scores.map((s) =>
      auroc(
        rows.map((i) => s[i]!),
        label,
      ),
    ),
  };
}

function withheld(study: Study, reason: string): LensOutput<ConceptDepth> {
  const why = { auroc: reason, accuracy: reason, balancedAccuracy: reason, f1: reason };
  const layers = Array.from(
    { length: study.layers },
    (_, layer): ProbeLayer => ({ layer, auroc: null, aurocCi95: null, accuracy: null, balancedAccuracy: null, f1: null, why }),
  );
  const probe: ProbeResult = { bestLayer: null, nestedAuroc: null, jump: null, converge: null, depth95: null, areaDepth: null };
  const values: ConceptDepth = {
    probe,
    layers,
    score: new Float32Array(study.count * study.layers).fill(Number.NaN),
    probability: new Float32Array(study.count).fill(Number.NaN),
    probabilityLayer: -1,
    categories: [],
    shuffled: null,
    shuffledCi95: null,
    selectivity: null,
  };
  const notices: Notice[] = [{ code: "lens/no-probe", message: `No held-out scores: ${reason}.` }];
  return { values, pictures: [probeCurve(layers, probe, { words: null, length: null, shuffled: null, shuffledCi95: null }, study), strips()], notices };
}
