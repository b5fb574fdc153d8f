import type { Maybe } from "../../../protocol/index.js";
import { auroc } from "../../stats/auc.js";
import { kernelClusters, vMeasure } from "../../stats/clusters.js";
import { heldOutDiscriminant } from "../../stats/discriminant.js";
import { centre, type Rows } from "../../stats/moments.js";
import { composite } from "../alignment-quality/composite.js";
import { heldOutProbe, MOST_TRAINED, type Starts } from "../concept-depth/probe.js";
import type { LensTools, Study } from "../lens.js";
import type { Pace } from "../pace.js";
import type { Plan } from "../plan.js";
import { cosines, neighbourhood, toUnit } from "./neighbours.js";

/** Scores of one strategy at one layer. */
export interface Cell {
  /** Held-out AUROC of the logistic probe. */
  readonly probe: Maybe;
  /** AQI of the held-out discriminant, signed; null for concepts. */
  readonly aqi: Maybe;
  /** AUROC of the share of class 1 among the ten nearest rows: accuracy would praise the larger class. */
  readonly neighbours: Maybe;
  /** V-measure of two clusters against the label. */
  readonly clusters: Maybe;
  /** nDCG@10 of the rows of a row's own group; null where rows come alone. */
  readonly mates: Maybe;
}

export const EMPTY: Cell = { probe: null, aqi: null, neighbours: null, clusters: null, mates: null };

/** Scores and held-out probe values of one strategy at one layer. */
export async function measureCell(
  study: Study,
  plan: Plan,
  states: Float32Array,
  tools: LensTools,
  pace: Pace,
  starts: Starts,
): Promise<{ cell: Cell; score: Float64Array }> {
  const x: Rows = { data: states, n: study.count, d: study.width };
  centre(x);
  const [score] = await heldOutProbe(x, [study.label], plan.folds, tools.blas, pace, study.seed, MOST_TRAINED, starts);
  let aqi: Maybe = null;
  if (study.kind === "safety") {
    const { z } = await heldOutDiscriminant(x, plan.cells, plan.folds, { blas: tools.blas, breathe: () => pace.breathe() });
    aqi = composite(z, plan.cells)?.aqi ?? null;
  }
  const unit = { ...x, data: Float32Array.from(states) };
  toUnit(unit);
  await pace.breathe();
  const gram = await cosines(unit, tools.blas);
  const near = neighbourhood(gram, study.label, study.group);
  await pace.breathe();
  const clusters = vMeasure(study.label, await pace.run(kernelClusters(gram, unit.n, 2, study.seed)));
  return { cell: { probe: auroc(score!, study.label), aqi, neighbours: near.auroc, clusters, mates: near.mates }, score: score! };
}
