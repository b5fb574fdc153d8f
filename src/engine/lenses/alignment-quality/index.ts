import type { AqiResult, Interval, LayerScores, Maybe, Notice } from "../../../protocol/index.js";
import type { Discriminant } from "../../stats/discriminant.js";
import type { Lens, LensOutput, LensTools, Study } from "../lens.js";
import { Pace } from "../pace.js";
import { type Plan, planOf, tooFewGroups } from "../plan.js";
import { thumbnailRows } from "../surface-versus-meaning/pixels.js";
import { axiomTable } from "./axioms.js";
import { cardOf } from "./card.js";
import { companionsOf } from "./companions.js";
import { compatOf, compatPicture } from "./compat-audit.js";
import { composite } from "./composite.js";
import { scoreRows } from "./divisions.js";
import { halfSample } from "./half.js";
import { type LayerParts, measureLayer } from "./layers.js";
import type { Leftover } from "./leftover.js";
import { embeddingRows, hashedCounts, surfaceRows } from "./lexical.js";
import { pairedIndex } from "./paired.js";
import { mostPermuted, PermutationTest } from "./permutation.js";
import { map, metricMatrix } from "./pictures.js";
import { remarks } from "./remarks.js";
import { drawingReplicates, sampleGroups } from "./replicates.js";
import { residualisedIndex } from "./residualised.js";
import { summarise } from "./summary.js";

export interface AlignmentQuality {
  readonly aqi: AqiResult;
  /** [layers] */
  readonly layers: readonly AlignmentLayer[];
  /** Axioms by name: 100 ε² of the held-out scores by layer, signed; null with the reason where not computable. */
  readonly separation: readonly { readonly name: string; readonly n: readonly [number, number]; readonly values: readonly Maybe[]; readonly why?: string }[];
}

export type AlignmentLayer = Pick<
  LayerScores,
  | "layer"
  | "aqi"
  | "aqiCi95"
  | "chi"
  | "xbi"
  | "dbi"
  | "dunn"
  | "silhouette"
  | "epsilonSquared"
  | "epsilonSquaredStandardised"
  | "chiAdjusted"
  | "dbiQ2"
  | "silhouetteSimplified"
> & {
  readonly why?: Readonly<Record<string, string>>;
};

export const alignmentQuality: Lens<AlignmentQuality> = {
  id: "alignment-quality",
  title: "Alignment quality",
  cite: "Borah et al. 2025, Alignment Quality Index (arXiv 2506.13901), section 3; chance-corrected, held-out definition in docs/lenses/alignment-quality.md",
  needs: "any",
  core: true,
  question: "How far apart are safe and unsafe, at which layers, beyond chance and beyond vocabulary?",
  run,
};

async function run(study: Study, tools: LensTools): Promise<LensOutput<AlignmentQuality>> {
  const pace = new Pace(tools, study.layers + 4);
  const plan = planOf(study);
  const notices: Notice[] = [];
  const concept = study.kind === "concept" ? `the classes are ${study.classNames[0]} and ${study.classNames[1]}, not safe and unsafe` : undefined;
  const withheld = typeof plan === "string" ? plan : concept;
  const resampling =
    withheld === undefined
      ? await pace.run(drawingReplicates((plan as Plan).cells, study.group, (plan as Plan).divisions, (plan as Plan).second, study.seed))
      : undefined;
  const permutation =
    withheld === undefined
      ? new PermutationTest(
          sampleGroups(study.group, mostPermuted(study.count, study.width), study.seed, 51),
          (plan as Plan).cells,
          study.group,
          study.seed,
          (plan as Plan).folds.count,
        )
      : undefined;
  const parts: LayerParts[] = [];
  const x = new Float32Array(study.layers * study.count).fill(Number.NaN);
  const y = new Float32Array(study.layers * study.count).fill(Number.NaN);
  let before: Leftover | undefined;
  for (let layer = 0; layer < study.layers; layer++) {
    const part = await measureLayer(study, layer, plan, tools, pace, { resampling, permutation, before });
    before = part.leftover;
    if (part.discriminant) x.set(part.discriminant.z, layer * study.count);
    y.set(part.leftover.y, layer * study.count);
    parts.push(part);
    await pace.step();
  }
  const discriminants = parts.map((p) => p.discriminant).filter((d) => d !== undefined);
  let aqi: AqiResult = {
    score: null,
    signed: null,
    ci95: null,
    p: null,
    lexical: null,
    gain: { score: null, ci95: null },
    halfSample: null,
    layerWeights: [],
    reason: withheld,
  };
  let layerAqi: readonly Maybe[] = parts.map(() => null);
  let layerCi: readonly (Interval | null)[] = parts.map(() => null);
  if (typeof plan !== "string" && resampling && permutation) {
    const options = { blas: tools.blas, breathe: () => pace.breathe() };
    const lexical: Discriminant[] = [];
    const { pixels } = study;
    const surface = pixels ? [() => thumbnailRows(pixels, study.count)] : [() => hashedCounts(study, pace), () => surfaceRows(study, pace)];
    // Made one after the other: together they would be larger than a layer.
    for (const make of [() => embeddingRows(study), ...surface]) lexical.push(await scoreRows(await make(), plan, options, resampling));
    await pace.step();
    const summary = await summarise(discriminants, lexical, plan, resampling, pace);
    layerAqi = summary.layerAqi;
    layerCi = summary.layerCi;
    await pace.step();
    const p = await permutation.finish(() => pace.breathe());
    await pace.step();
    const half = await halfSample(study, plan, summary.aqi.layerWeights, tools, pace);
    const heaviest = summary.aqi.layerWeights.indexOf(Math.max(...summary.aqi.layerWeights));
    aqi = {
      ...summary.aqi,
      p,
      halfSample: half?.value ?? null,
      halfSampleSe: half?.se ?? null,
      card: cardOf(study, plan),
      axioms: axiomTable(summary.z, study, plan, summary.axioms, resampling.factor, parts[heaviest]!.cosines),
      directionLayer: heaviest,
      companions: await companionsOf(summary.z, plan.cells, pace),
      ...(study.pixels ? {} : { residualised: await residualisedIndex(study, plan, heaviest, layerAqi[heaviest]!, tools, pace) }),
      ...(study.paired ? { paired: pairedIndex(summary.z, study.label, study.group) } : {}),
      compat: await compatOf(study, tools, pace),
    };
    const few = tooFewGroups(study.group, study.label, study.classNames);
    if (few) {
      aqi = { ...aqi, ci95: null, p: null, gain: { ...aqi.gain, ci95: null }, replicates: undefined, why: { ci95: few, p: few, gain: few } };
      layerCi = layerCi.map(() => null);
      notices.push({ code: "lens/few-groups", message: `No interval and no p-value are given, and nothing can be claimed: ${few}. More rows would tell.` });
    }
    notices.push(...remarks(study, plan, aqi));
    await pace.step();
  }
  const why: Record<string, string> = {};
  if (withheld) why["aqi"] = withheld;
  const layers = parts.map((part, layer): AlignmentLayer => {
    const missing = { ...why };
    for (const key of [
      "chi",
      "xbi",
      "dbi",
      "dunn",
      "silhouette",
      "epsilonSquared",
      "epsilonSquaredStandardised",
      "chiAdjusted",
      "dbiQ2",
      "silhouetteSimplified",
    ] as const)
      if (part.geometry[key] === null) missing[key] = "the states of this layer do not vary, or a class is missing";
    return { layer, aqi: layerAqi[layer]!, aqiCi95: layerCi[layer]!, ...part.geometry, ...(Object.keys(missing).length ? { why: missing } : {}) };
  });
  const pictures = [metricMatrix(layers, study, why), map(study, x, y), ...(aqi.compat && aqi.compat.rows.length > 1 ? [compatPicture(aqi.compat)] : [])];
  return { values: { aqi, layers, separation: separations(study, plan, discriminants) }, pictures, notices };
}

function separations(study: Study, plan: Plan | string, discriminants: readonly Discriminant[]): AlignmentQuality["separation"] {
  const byLayer = typeof plan === "string" ? [] : discriminants.map((d) => composite(d.z, plan.cells)?.axioms ?? []);
  return study.categories.map((name, category) => {
    const n: [number, number] = [0, 0];
    for (let i = 0; i < study.count; i++) if (study.category[i] === category) n[study.label[i]!]!++;
    const none = Array.from({ length: study.layers }, () => null);
    if (typeof plan === "string") return { name, n, values: none, why: plan };
    const stratum = plan.axioms.indexOf(category);
    if (stratum < 0) return { name, n, values: none, why: reasonFor(n, study.classNames) };
    return { name, n, values: byLayer.map((axioms) => scaled(axioms.find((a) => a.stratum === stratum)?.epsilonSquared)) };
  });
}

function scaled(value: number | undefined): Maybe {
  return value === undefined ? null : 100 * value;
}

/** Why a category has no number of its own. */
export function reasonFor(n: readonly [number, number], names: readonly [string, string]): string {
  if (n[0] === 0 || n[1] === 0) return `only ${names[n[0] === 0 ? 1 : 0]} rows`;
  return `${n[0]} ${names[0]} and ${n[1]} ${names[1]} rows: too few, or most categories hold one class only`;
}
