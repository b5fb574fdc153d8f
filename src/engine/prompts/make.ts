import { createHash } from "node:crypto";
import { basename } from "node:path";
import type { AuditPlan, Notice } from "../../protocol/index.js";
import type { Collected } from "../audit/collect.js";
import type { Prepared } from "../audit/prepare.js";
import type { StudyOfRows } from "../audit/study.js";
import type { ConceptDepth } from "../lenses/concept-depth/index.js";
import type { LensTools } from "../lenses/lens.js";
import { Pace } from "../lenses/pace.js";
import { planOf } from "../lenses/plan.js";
import { auroc } from "../stats/auc.js";
import { deviation, mean, quantile } from "../stats/bootstrap.js";
import { type Folds, split } from "../stats/folds.js";
import type { Rows } from "../stats/moments.js";
import { Random } from "../stats/random.js";
import { VERSION } from "../version.js";
import { fitDomain, MARKS, marksOf, type Read } from "./domain.js";
import { calibrationError } from "./ece.js";
import { noProfileOf } from "./errors.js";
import { type Frame, fitFrame } from "./frame.js";
import { chooseLayer, nestedScores } from "./layer.js";
import { keepRows } from "./neighbours.js";
import { calibrate, fitProbe, type LayerProbe, probabilityAt } from "./probe.js";
import { MOST_ROWS, type Profile, type Thresholds } from "./profile.js";

export interface Learnt {
  readonly plan: AuditPlan;
  readonly prepared: Prepared;
  readonly collected: Pick<Collected, "truncated">;
  readonly study: StudyOfRows;
  readonly probe: ConceptDepth;
  readonly tools: LensTools;
}

/** Rows that the domain is measured on at most: a quantile needs no more. */
const MOST_MEASURED = 4000;

/**
 * What an audit has learnt, as prompts are scored with it.
 * @throws Problem `profile/none` where the audit has no held-out scores, reads images or is of a concept; `run/cancelled`
 */
export async function makeProfile(learnt: Learnt): Promise<Profile> {
  const { plan, prepared, study, probe, tools } = learnt;
  const { model, dataset, shown, pooling, maxTokens } = prepared;
  if (prepared.images) throw noProfileOf("its rows are images");
  if (study.kind !== "safety") throw noProfileOf("its classes are a concept's, not safe and unsafe");
  const plans = planOf(study);
  if (typeof plans === "string") throw noProfileOf(plans);
  const { folds } = plans;
  const scores = Array.from({ length: study.layers }, (_, layer) => scoresOf(probe, layer, study.count));
  const usable = scores.map((score, layer) => (study.notFinite.has(layer) || !score.every(Number.isFinite) ? undefined : score));
  const layer = chooseLayer(
    usable,
    probe.layers.map(({ auroc }) => auroc),
    study.label,
    study.group,
  );
  if (layer === undefined) throw noProfileOf("no layer has held-out scores");
  const own = probe.layers[layer]!;
  if ((own.aurocCi95?.[0] ?? own.auroc ?? 0) <= 0.5) throw noProfileOf("its probe tells safe from unsafe no better than chance at any layer");
  const pace = new Pace(tools, layer + 3);
  const heldOut = await nestedScores(usable, layer, study.label, study.group, folds, () => pace.breathe());
  const nested = auroc(heldOut, study.label);
  if (nested === null || nested <= 0.5)
    throw noProfileOf("its probe tells safe from unsafe no better than chance on rows that had no part in choosing the layer");
  const probes: (LayerProbe | null)[] = [];
  let x: Rows = { data: new Float32Array(), n: 0, d: 0 };
  for (let l = 0; l <= layer; l++) {
    const score = usable[l];
    if (score) {
      // The layer before goes first: two of many rows are a lot of memory.
      x = { data: new Float32Array(), n: 0, d: 0 };
      x = { data: await study.states(l), n: study.count, d: study.width };
      const { slope, offset } = await calibrate(l === layer ? heldOut : score, study.label, pace);
      probes.push({ ...(await fitProbe(x, study.label, tools.blas, pace, study.seed)), slope, offset });
    } else probes.push(null);
    await pace.step();
  }
  const probability = await heldOutProbability(heldOut, study.label, folds, pace);
  const safe = heldOut.filter((_, i) => study.label[i] === 0);
  const notices: Notice[] = [];
  const { domain, measured } = await learnDomain(learnt, x, folds, pace);
  const kept = measured.length > MOST_ROWS ? sampled(measured, MOST_ROWS, study.seed, 93) : measured;
  if (kept.length < study.count)
    notices.push({ code: "profile/sampled", message: `Nearest rows are looked for among ${kept.length} of the ${study.count} rows, drawn by the seed.` });
  if (shown.tokenSet === "completion")
    notices.push({ code: "profile/answers", message: "The probe was trained on answers; prompts are read as if they were answers." });
  const of = (i: number) => dataset.rows[study.rows[i]!]!;
  const lengths = Array.from(study.tokens);
  const card = model.card;
  return {
    layerscope: VERSION,
    createdAt: new Date().toISOString(),
    model: {
      name: card.name,
      sha256: card.sha256,
      weights: (card.weights ?? []).map(({ sha256 }) => sha256),
      precision: card.precision,
      ...(card.architecture === undefined ? {} : { architecture: card.architecture }),
      ...(card.tower === undefined ? {} : { tower: card.tower }),
      width: card.hiddenSize,
      layers: card.layers.length,
    },
    tokenizer: card.tokenizer?.sha256 ?? "",
    settings: { pooling, tokenSet: shown.tokenSet, chatTemplate: shown.chatTemplate, maxTokens, seed: plan.seed },
    layer,
    classes: [study.classNames[0], study.classNames[1]],
    probes,
    calibration: {
      rows: study.count,
      ece: calibrationError(probability, study.label),
      auroc: nested,
      safe: { mean: mean(safe), deviation: upperSpread(safe) },
    },
    thresholds: thresholdsOf(heldOut, study.label, probes[layer]!),
    tokens: { median: quantile(lengths, 0.5), most: Math.round(quantile(lengths, 0.95)) },
    domain,
    dataset: {
      name: basename(dataset.card.path),
      sha256: dataset.card.sha256,
      rows: study.count,
      options: dataset.card.options,
      fingerprint: fingerprint(study.rows.map((row) => dataset.rows[row]!)),
    },
    rows: keepRows(domain.frame, x, kept, of),
    notices,
  };
}

/** Each fold's probabilities by a calibration of the other folds. */
async function heldOutProbability(score: Float64Array, label: Uint8Array, folds: Folds, pace: Pace): Promise<Float64Array> {
  const out = new Float64Array(score.length);
  for (let k = 0; k < folds.count; k++) {
    const { train, test } = split(folds, k);
    const fitted = await calibrate(
      Float64Array.from(train, (i) => score[i]!),
      Uint8Array.from(train, (i) => label[i]!),
      pace,
    );
    for (const i of test) out[i] = probabilityAt(fitted, score[i]!);
  }
  return out;
}

function scoresOf(probe: ConceptDepth, layer: number, count: number): Float64Array {
  const layers = probe.layers.length;
  return Float64Array.from({ length: count }, (_, i) => probe.score[i * layers + layer]!);
}

/** Marks of held-out rows, each in the frame of the other folds; the frame that is kept is that of all. */
async function learnDomain({ prepared, collected, study, tools }: Learnt, x: Rows, folds: Folds, pace: Pace) {
  const all = Int32Array.from({ length: study.count }, (_, i) => i);
  const measured = all.length > MOST_MEASURED ? sampled(all, MOST_MEASURED, study.seed, 92) : all;
  const taken = new Uint8Array(study.count);
  for (const i of measured) taken[i] = 1;
  const frameOf = (rows: Int32Array): Promise<Frame> => fitFrame(x, rows, study.seed, tools.blas, () => pace.breathe());
  const read = (i: number): Read => {
    const row = study.rows[i]!;
    return { text: prepared.shown.of(row)?.text ?? "", tokens: study.tokens[i]!, truncated: collected.truncated[row] === 1 };
  };
  const marks = new Float64Array(study.count * MARKS);
  for (let k = 0; k < folds.count; k++) {
    const { train, test } = split(folds, k);
    const frame = await frameOf(train.filter((i) => taken[i] === 1));
    for (const i of test) if (taken[i] === 1) marks.set(marksOf(frame, x.data, i * x.d, read(i)), i * MARKS);
    await pace.breathe();
  }
  const own = new Float64Array(measured.length * MARKS);
  measured.forEach((i, k) => {
    own.set(marks.subarray(i * MARKS, (i + 1) * MARKS), k * MARKS);
  });
  const domain = fitDomain(
    await frameOf(measured),
    own,
    measured.map((i) => study.tokens[i]!),
  );
  return { domain, measured };
}

function sampled(rows: Int32Array, most: number, seed: number, stream: number): Int32Array {
  return new Random(seed, stream).shuffle(Int32Array.from(rows)).slice(0, most).sort();
}

/** Standard deviation, or what the upper tail amounts to where it is heavier: the worst of several windows is judged by it. */
function upperSpread(values: Float64Array): number {
  return Math.max(deviation(values), (quantile(values, 0.95) - quantile(values, 0.5)) / 1.645);
}

/** From `report` on lies one held-out safe row in ten, below `clear` one unsafe row in ten; both on their own side of a half. */
function thresholdsOf(score: ArrayLike<number>, label: Uint8Array, probe: LayerProbe): Thresholds {
  const of = (y: number) =>
    Array.from(label.keys(), (i) => i)
      .filter((i) => label[i] === y)
      .map((i) => probabilityAt(probe, score[i]!));
  const report = Math.max(0.5, quantile(of(0), 0.9));
  return { clear: Math.min(0.5, quantile(of(1), 0.1)), report, error: Math.max(0.9, report) };
}

function fingerprint(rows: readonly { id: number; label: number; place: { file: number; startLine: number } }[]): string {
  const hash = createHash("sha256");
  for (const { id, label, place } of rows) hash.update(`${id} ${place.file} ${place.startLine} ${label}\n`);
  return hash.digest("hex");
}
