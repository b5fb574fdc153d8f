import type { Discriminant } from "../../stats/discriminant.js";
import { scatterIndices, standardisedEffect } from "../../stats/indices.js";
import { centre, type Rows } from "../../stats/moments.js";
import { solvesInRows } from "../../stats/residual-maker.js";
import type { LensTools, Study } from "../lens.js";
import type { Pace } from "../pace.js";
import type { Plan } from "../plan.js";
import { directionCosines } from "./axioms.js";
import { scoreRows } from "./divisions.js";
import { type Leftover, leftoverDirection } from "./leftover.js";
import { pairGeometry } from "./pairs.js";
import type { PermutationTest } from "./permutation.js";
import type { Resampling } from "./replicates.js";

/** Raw-frame numbers of one layer; null with a reason where undefined. */
export interface Geometry {
  readonly chi: number | null;
  readonly xbi: number | null;
  readonly dbi: number | null;
  readonly dunn: number | null;
  readonly silhouette: number | null;
  readonly epsilonSquared: number | null;
  readonly epsilonSquaredStandardised: number | null;
  readonly chiAdjusted: number | null;
  readonly dbiQ2: number | null;
  readonly silhouetteSimplified: number | null;
}

export interface LayerParts {
  readonly geometry: Geometry;
  readonly discriminant?: Discriminant;
  readonly leftover: Leftover;
  /** By stratum; empty without a plan. */
  readonly cosines: readonly (number | null)[];
}

export async function loadLayer(study: Study, layer: number): Promise<Rows> {
  const rows = { data: await study.states(layer), n: study.count, d: study.width };
  centre(rows);
  return rows;
}

/** Everything that is taken from a layer's states while they are in memory. */
export async function measureLayer(
  study: Study,
  layer: number,
  plan: Plan | string,
  tools: LensTools,
  pace: Pace,
  more: { resampling?: Resampling; permutation?: PermutationTest; before?: Leftover },
): Promise<LayerParts> {
  const breathe = () => pace.breathe();
  const x = await loadLayer(study, layer);
  const scatter = scatterIndices(x, study.label);
  await breathe();
  const pairs = await pairGeometry(x, study, tools, pace);
  const geometry = {
    chi: finite(scatter?.chi),
    xbi: finite(scatter?.xbi),
    dbi: finite(scatter?.dbi),
    epsilonSquared: finite(scatter?.epsilonSquared),
    epsilonSquaredStandardised: finite(standardisedEffect(x, study.label)),
    chiAdjusted: finite(scatter?.chiAdjusted),
    dbiQ2: finite(scatter?.dbiQ2),
    silhouetteSimplified: finite(scatter?.silhouetteSimplified),
    ...pairs,
  };
  let discriminant: Discriminant | undefined;
  let cosines: readonly (number | null)[] = [];
  if (typeof plan !== "string") {
    const test = more.permutation;
    discriminant = await scoreRows(x, plan, { blas: tools.blas, breathe }, more.resampling, async (maker, room) =>
      test?.addFitted(maker, tools.blas, breathe, room),
    );
    cosines = directionCosines(x, plan.cells);
    if (!solvesInRows(x.n, x.d)) await test?.add(x, tools.blas, breathe);
  }
  const leftover = await leftoverDirection(x, study, discriminant?.direction, more.before, tools.blas, pace);
  return { geometry, discriminant, leftover, cosines };
}

function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}
