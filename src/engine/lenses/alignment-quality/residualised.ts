import type { AqiResult } from "../../../protocol/index.js";
import { centre } from "../../stats/moments.js";
import { range } from "../../stats/random.js";
import type { LensTools, Study } from "../lens.js";
import type { Pace } from "../pace.js";
import type { Plan } from "../plan.js";
import { FEATURES, readingFeatures } from "../surface-versus-meaning/features.js";
import { regressingOut } from "../surface-versus-meaning/residual.js";
import { composite } from "./composite.js";
import { scoreRows } from "./divisions.js";

/** The heaviest layer's index after what can be read off the text without understanding it is regressed out; the regression knows no labels. */
export async function residualisedIndex(
  study: Study,
  plan: Plan,
  layer: number,
  before: number | null,
  tools: LensTools,
  pace: Pace,
): Promise<AqiResult["residualised"]> {
  const features = await pace.run(readingFeatures(study));
  const x = { data: await study.states(layer), n: study.count, d: study.width };
  centre(x);
  const rest = await pace.run(regressingOut(x, features, FEATURES.length, range(study.count), undefined, x.data));
  const { z } = await scoreRows(rest, plan, { blas: tools.blas, breathe: () => pace.breathe() });
  return { layer, score: composite(z, plan.cells)?.aqi ?? null, before };
}
