import type { Maybe, Notice } from "../../../protocol/index.js";
import { auroc, aurocInterval } from "../../stats/auc.js";
import { split } from "../../stats/folds.js";
import { centre } from "../../stats/moments.js";
import { type ConceptDepth, conceptDepth } from "../concept-depth/index.js";
import { heldOutProbe } from "../concept-depth/probe.js";
import type { Lens, LensOutput, LensTools, Study } from "../lens.js";
import { Pace } from "../pace.js";
import { planOf } from "../plan.js";
import { FEATURES, readingFeatures } from "../surface-versus-meaning/features.js";
import { regressingOut } from "../surface-versus-meaning/residual.js";
import { type ConfoundReport, confoundReport } from "./confound.js";
import { type MixRow, mixCurve, normalised } from "./mix.js";
import { surfacePictures } from "./pictures.js";
import { surfaceTargets } from "./targets.js";

export interface SurfaceByLayer {
  /** Held-out AUROC of each surface target by layer. */
  readonly targets: readonly { readonly name: string; readonly share: number; readonly auroc: readonly Maybe[] }[];
  /** Mean over the targets of (AUROC - 0.5) / 0.5, per layer. */
  readonly surface: readonly Maybe[];
  /** The same of the audited label. */
  readonly meaning: readonly Maybe[];
  /** The same of the label after the surface features are regressed out of the states. */
  readonly residual: readonly Maybe[];
  readonly mix: readonly MixRow[];
  readonly confound: Omit<ConfoundReport, "rows" | "togetherRows">;
}

export const surfaceByLayer: Lens<SurfaceByLayer> = {
  id: "surface-by-layer",
  title: "Surface against meaning by layer",
  cite: "after Karamcheti et al. 2023, Language-Driven Representation Learning for Robotics (arXiv 2302.12766)",
  needs: "any",
  core: false,
  question: "Which layers hold surface form and which hold the label, and which surface feature alone tells it?",
  run,
};

async function run(study: Study, tools: LensTools, earlier: ReadonlyMap<string, LensOutput<unknown>>): Promise<LensOutput<SurfaceByLayer>> {
  const plan = planOf(study);
  const empty: SurfaceByLayer = {
    targets: [],
    surface: [],
    meaning: [],
    residual: [],
    mix: [],
    confound: { together: { name: "all features", auroc: null, ci95: null }, each: [], constant: [] },
  };
  if (study.pixels) return { values: empty, pictures: [], notices: [], withheld: "images have no text whose surface could be read" };
  if (typeof plan === "string") return { values: empty, pictures: [], notices: [], withheld: plan };
  if (study.pixels) return { values: empty, pictures: [], notices: [], withheld: "images have no text whose surface could be read" };
  const targets = surfaceTargets(study);
  const pace = new Pace(tools, study.layers + 1);
  const features = await pace.run(readingFeatures(study));
  const report = await confoundReport(study, features, plan.folds, pace);
  await pace.step();
  const probe = (earlier.get(conceptDepth.id) ?? (await conceptDepth.run(study, tools, earlier))).values as ConceptDepth;
  const areas: Maybe[][] = targets.map(() => []);
  const residual: Maybe[] = [];
  for (let layer = 0; layer < study.layers; layer++) {
    const x = { data: await study.states(layer), n: study.count, d: study.width };
    centre(x);
    if (targets.length > 0) {
      const scores = await heldOutProbe(
        x,
        targets.map((one) => one.label),
        plan.folds,
        tools.blas,
        pace,
        study.seed,
      );
      scores.forEach((score, t) => {
        areas[t]!.push(auroc(score, targets[t]!.label));
      });
    }
    const rest = new Float64Array(study.count);
    for (let k = 0; k < plan.folds.count; k++) {
      const { train, test } = split(plan.folds, k);
      const left = await pace.run(regressingOut(x, features, FEATURES.length, train));
      const one = { of: Int32Array.from(plan.folds.of, (f) => (f === k ? 0 : 1)), count: 1 };
      const [score] = await heldOutProbe(left, [study.label], one, tools.blas, pace, study.seed);
      for (const row of test) rest[row] = score![row]!;
    }
    residual.push(normalised(aurocInterval(rest, study.label, study.group)?.value ?? null));
    await pace.step();
  }
  const surface = Array.from({ length: study.layers }, (_, l) => {
    const known = areas.map((one) => normalised(one[l] ?? null)).filter((v) => v !== null);
    return known.length > 0 ? known.reduce((s, v) => s + v, 0) / known.length : null;
  });
  const meaning = probe.layers.map((l) => normalised(l.auroc));
  const mix = mixCurve(surface, meaning);
  const { rows: _, togetherRows: __, ...confound } = report;
  const values: SurfaceByLayer = {
    targets: targets.map((one, t) => ({ name: one.name, share: one.label.reduce((s, y) => s + y, 0) / study.count, auroc: areas[t]! })),
    surface,
    meaning,
    residual,
    mix,
    confound,
  };
  const notices: Notice[] = [];
  if (targets.length === 0)
    notices.push({ code: "lens/no-surface", message: "The rows are alike in length, casing, digits and punctuation: there is no surface to read." });
  const [first] = report.each;
  const all = report.together.auroc;
  const says = `All surface features together tell the label with an AUROC of ${all?.toFixed(2) ?? "none"}${first ? `, ${first.name} alone with ${first.auroc?.toFixed(2) ?? "none"}` : ""}; the best layer for the label is ${mix[0]?.best ?? "none"}, for surface ${mix.at(-1)?.best ?? "none"}.`;
  return { values, pictures: surfacePictures(values, report), notices, says };
}
