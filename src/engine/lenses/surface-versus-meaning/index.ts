import type { Controls, Notice } from "../../../protocol/index.js";
import { auroc } from "../../stats/auc.js";
import { split } from "../../stats/folds.js";
import { centre } from "../../stats/moments.js";
import { type ConceptDepth, conceptDepth } from "../concept-depth/index.js";
import { heldOutProbe } from "../concept-depth/probe.js";
import type { Lens, LensOutput, LensTools, Study } from "../lens.js";
import { Pace } from "../pace.js";
import { type Plan, planOf } from "../plan.js";
import { surfaceBaselines } from "./baselines.js";
import { FEATURES, readingFeatures } from "./features.js";
import { regressingOut } from "./residual.js";

export const surfaceVersusMeaning: Lens<Controls> = {
  id: "surface-versus-meaning",
  title: "Surface versus meaning",
  cite: "after Karamcheti et al. 2023, Language-Driven Representation Learning for Robotics (arXiv 2302.12766); words baseline as scikit-learn's TF-IDF with logistic regression",
  needs: "any",
  core: true,
  question: "Is the label just surface form: length, casing, script?",
  run,
};

async function run(study: Study, tools: LensTools, earlier: ReadonlyMap<string, LensOutput<unknown>>): Promise<LensOutput<Controls>> {
  const pace = new Pace(tools, 2);
  const plan = planOf(study);
  const none: Controls = { words: null, wordsCi95: null, length: null, shuffled: null, shuffledCi95: null, residualised: null };
  if (typeof plan === "string") return { values: none, pictures: [], notices: [] };
  const probe = (earlier.get(conceptDepth.id) ?? (await conceptDepth.run(study, tools, earlier))).values as ConceptDepth;
  const baselines = await surfaceBaselines(study, plan, pace);
  await pace.step();
  const best = probe.probe.bestLayer;
  const residualised = best === null ? null : auroc(await residualScores(study, best, plan, tools, pace), study.label);
  await pace.step();
  const notices: Notice[] = [];
  return { values: { ...none, ...baselines, shuffled: probe.shuffled, shuffledCi95: probe.shuffledCi95, residualised }, pictures: [], notices };
}

/** Held-out probe scores of one layer after the surface features are regressed out, fitted on each fold's training rows. */
export async function residualScores(study: Study, layer: number, plan: Plan, tools: LensTools, pace: Pace): Promise<Float64Array> {
  const features = await pace.run(readingFeatures(study));
  const out = new Float64Array(study.count);
  for (let k = 0; k < plan.folds.count; k++) {
    const score = await foldScores(study, layer, features, plan, k, tools, pace);
    plan.folds.of.forEach((fold, row) => {
      if (fold === k) out[row] = score[row]!;
    });
  }
  return out;
}

/**
 * Scores of the fold's rows by the layer without what the features tell of it. A function of its own that reads the states anew: with those of the fold
 * before beside them, an audit of many rows would hold twice a layer.
 */
async function foldScores(study: Study, layer: number, features: Float64Array, plan: Plan, k: number, tools: LensTools, pace: Pace): Promise<Float64Array> {
  const x = { data: await study.states(layer), n: study.count, d: study.width };
  centre(x);
  const rest = await pace.run(regressingOut(x, features, FEATURES.length, split(plan.folds, k).train, undefined, x.data));
  const one = { of: Int32Array.from(plan.folds.of, (f) => (f === k ? 0 : 1)), count: 1 };
  const [score] = await heldOutProbe(rest, [study.label], one, tools.blas, pace, study.seed);
  return score!;
}
