import type { Interval, Maybe, Notice } from "../../../protocol/index.js";
import { auroc, aurocInterval } from "../../stats/auc.js";
import { planFolds } from "../../stats/folds.js";
import { Random } from "../../stats/random.js";
import { sampleGroups } from "../alignment-quality/replicates.js";
import type { Lens, LensOutput, LensTools, ReferenceStates, Study } from "../lens.js";
import { Pace } from "../pace.js";
import { agreementOf, chanceOverlap, chanceRank, meanInterval, reciprocalRank, rowCosines } from "./agreement.js";
import { anchorCount, chooseAnchors, LEAST_ANCHORS } from "./anchors.js";
import { type Drawn, pictures } from "./pictures.js";
import { asMatrix, centredUnits, type Matrix64, permuteColumns, relativeRows, units } from "./relative.js";
import { carryProbe } from "./transfer.js";

/** Rows that are compared at most: every layer asks for products of all pairs. */
export const MOST_ROWS = 2000;
const LEAST_ROWS = 30;

export interface RelativeLayer {
  readonly layer: number;
  /** The reference's layer at the same share of the depth. */
  readonly referenceLayer: number;
  /** Mean cos(r, r'). */
  readonly agreement: number;
  readonly agreementCi95: Interval | null;
  /** The same with the reference's anchors in another order: what chance gives. */
  readonly shuffled: number;
  readonly jaccard: Maybe;
  readonly jaccardCi95: Interval | null;
  readonly mrr: number;
  readonly mrrShuffled: number;
  /** AUROC on this model's rows of a probe trained on the reference's relative representation. */
  readonly carried: Maybe;
  readonly carriedCi95: Interval | null;
  /** AUROC of a probe trained on this model's own. */
  readonly own: Maybe;
  readonly ownCi95: Interval | null;
}

export interface RelativeAnchors {
  readonly reference: string;
  readonly anchors: number;
  /** Rows outside the anchors' groups, which everything is measured on. */
  readonly rows: number;
  readonly layers: readonly RelativeLayer[];
  /** [layers][reference layers] mean cos(r, r'). */
  readonly matrix: readonly (readonly number[])[];
  readonly chance: { readonly mrr: number; readonly jaccard: number };
  /** Where this model's own probe is best: the carried probe there, and one carried without anchors (null where the widths differ). */
  readonly best: { readonly layer: number; readonly own: Maybe; readonly carried: Maybe; readonly absolute: Maybe } | null;
}

export const relativeAnchors: Lens<RelativeAnchors> = {
  id: "relative-anchors",
  title: "Relative anchors",
  cite: "Moschella et al. 2023, Relative representations enable zero-shot latent space communication (arXiv 2209.15430)",
  needs: "any",
  core: false,
  question: "Do two models agree on the geometry of these rows, and does a probe move from one to the other?",
  asks: "a second model",
  against: "reference",
  run,
};

async function run(study: Study, tools: LensTools): Promise<LensOutput<RelativeAnchors>> {
  const { reference } = study;
  const none = (withheld: string): LensOutput<RelativeAnchors> => ({ values: EMPTY, pictures: [], notices: [], withheld });
  if (!reference) return none("no second model: name one with --reference, or audit against a reference model");
  const present = Int32Array.from({ length: study.count }, (_, i) => i).filter((i) => !reference.missing?.[i]);
  const group = study.group;
  const kept = sampleGroups(
    present.map((i) => group[i]!),
    MOST_ROWS,
    study.seed,
    92,
  ).map((k) => present[k]!);
  const own = kept.map((i) => group[i]!);
  const count = anchorCount(new Set(own).size);
  if (count < LEAST_ANCHORS) return none(`the rows come in ${new Set(own).size} groups; ${LEAST_ANCHORS} anchors need ${4 * LEAST_ANCHORS}`);
  const pace = new Pace(tools, study.layers + reference.layers);
  const middle = asMatrix(await study.states(Math.floor(study.layers / 2)), kept, study.width);
  const { anchors, rows } = chooseAnchors(middle, own, count, study.seed);
  if (rows.length < LEAST_ROWS) return none(`only ${rows.length} rows lie outside the anchors' groups; ${LEAST_ROWS} are needed`);
  await pace.breathe();

  const measured = rows.map((k) => kept[k]!);
  const label = measured.map((i) => study.label[i]!);
  const groups = measured.map((i) => group[i]!);
  const here = await relativeLayers(study, study.layers, kept, anchors, rows, tools, pace);
  const there = await relativeLayers(reference, reference.layers, kept, anchors, rows, tools, pace);
  const matrix = await crossMatrix(here.unit, there.unit, pace);
  const folds = planFolds(Uint8Array.from(label), label, groups, 5, study.seed, study.classNames);
  const order = new Random(study.seed, 93).shuffle(Int32Array.from({ length: anchors.length }, (_, j) => j));
  const drawn: Drawn = { study, reference, measured, cosine: [], jaccard: [], own: [], carried: [] };
  const layers: RelativeLayer[] = [];
  for (let layer = 0; layer < study.layers; layer++) {
    const referenceLayer = matchedLayer(layer, study.layers, reference.layers);
    const [a, b] = [here.unit[layer]!, there.unit[referenceLayer]!];
    const agreement = await agreementOf(a, b, groups, tools.blas);
    const mixed = permuteColumns(b, order);
    const cosine = meanInterval(agreement.cosine, groups);
    const near = agreement.jaccard.every((x) => !Number.isNaN(x)) ? meanInterval(agreement.jaccard, groups) : undefined;
    drawn.cosine.push(agreement.cosine);
    drawn.jaccard.push(agreement.jaccard);
    const probes = typeof folds === "string" ? undefined : await probesAt(here.raw[layer]!, there.raw[referenceLayer]!, Uint8Array.from(label), folds, pace);
    drawn.own.push(probes?.own);
    drawn.carried.push(probes?.carried);
    const [carried, mine] = [probes && aurocInterval(probes.carried, label, groups), probes && aurocInterval(probes.own, label, groups)];
    layers.push({
      layer,
      referenceLayer,
      agreement: cosine.value,
      agreementCi95: cosine.ci95,
      shuffled: meanInterval(rowCosines(a, mixed), groups).value,
      jaccard: near?.value ?? null,
      jaccardCi95: near?.ci95 ?? null,
      mrr: agreement.mrr,
      mrrShuffled: await reciprocalRank(a, mixed, tools.blas),
      carried: carried?.value ?? null,
      carriedCi95: carried?.ci95 ?? null,
      own: mine?.value ?? null,
      ownCi95: mine?.ci95 ?? null,
    });
    await pace.breathe();
  }
  const best = await bestOf(layers, study, reference, kept, rows, Uint8Array.from(label), folds, pace);
  const values: RelativeAnchors = {
    reference: reference.name,
    anchors: anchors.length,
    rows: rows.length,
    layers,
    matrix: matrix.map((row) => Array.from(row)),
    chance: { mrr: chanceRank(rows.length), jaccard: chanceOverlap(rows.length - 1) },
    best,
  };
  const notices: Notice[] = [];
  const say = (code: string, message: string) => notices.push({ code, message });
  if (kept.length < present.length) say("lens/sampled-anchors", `Relative anchors are measured on a sample of ${kept.length} rows of whole groups.`);
  if (present.length < study.count)
    say(
      "lens/reference-rows",
      `${study.count - present.length} rows have no tokens to pool in the reference model and are left out of the comparison with it.`,
    );
  if (typeof folds === "string") say("lens/no-carried-probe", `No probe is carried over: ${folds}.`);
  return { values, pictures: pictures(values, drawn), notices };
}

const EMPTY: RelativeAnchors = { reference: "", anchors: 0, rows: 0, layers: [], matrix: [], chance: { mrr: 0, jaccard: 0 }, best: null };

/** The layer at the same share of the depth. */
export const matchedLayer = (layer: number, layers: number, others: number): number => (layers === 1 ? 0 : Math.round((layer / (layers - 1)) * (others - 1)));

interface Relatives {
  /** [layers] relative representations of the measured rows, and the same with rows of length 1. */
  readonly raw: readonly Matrix64[];
  readonly unit: readonly Matrix64[];
}

async function relativeLayers(
  from: Pick<Study | ReferenceStates, "states" | "width">,
  layers: number,
  kept: Int32Array,
  anchors: Int32Array,
  rows: Int32Array,
  { blas }: LensTools,
  pace: Pace,
): Promise<Relatives> {
  const raw: Matrix64[] = [];
  const unit: Matrix64[] = [];
  for (let layer = 0; layer < layers; layer++) {
    const whole = await relativeRows(asMatrix(await from.states(layer), kept, from.width), anchors, blas);
    const part = asMatrix(whole.data, rows, whole.d);
    raw.push(part);
    unit.push(units(part));
    await pace.step();
  }
  return { raw, unit };
}

async function crossMatrix(here: readonly Matrix64[], there: readonly Matrix64[], pace: Pace): Promise<number[][]> {
  const out: number[][] = [];
  for (const a of here) {
    out.push(there.map((b) => rowCosines(a, b).reduce((s, x) => s + x, 0) / a.n));
    await pace.breathe();
  }
  return out;
}

type Plan = Exclude<ReturnType<typeof planFolds>, string>;

async function probesAt(here: Matrix64, there: Matrix64, label: Uint8Array, folds: Plan, pace: Pace) {
  const [own] = await carryProbe(here, [here], label, folds, pace);
  const [carried] = await carryProbe(there, [here], label, folds, pace);
  return { own: own!, carried: carried! };
}

/** Where the own probe is best: the same transfer without anchors, between the states themselves. */
async function bestOf(
  layers: readonly RelativeLayer[],
  study: Study,
  reference: ReferenceStates,
  kept: Int32Array,
  rows: Int32Array,
  label: Uint8Array,
  folds: Plan | string,
  pace: Pace,
): Promise<RelativeAnchors["best"]> {
  if (typeof folds === "string") return null;
  const top = layers.reduce((x, y) => ((y.own ?? 0) > (x.own ?? 0) ? y : x));
  const found = { layer: top.layer, own: top.own, carried: top.carried };
  if (reference.width !== study.width) return { ...found, absolute: null };
  const take = async (from: Pick<Study | ReferenceStates, "states" | "width">, layer: number) => {
    const units = centredUnits(asMatrix(await from.states(layer), kept, from.width));
    return asMatrix(units.data, rows, from.width);
  };
  const [scores] = await carryProbe(await take(reference, top.referenceLayer), [await take(study, top.layer)], label, folds, pace);
  return { ...found, absolute: auroc(scores!, label) };
}
