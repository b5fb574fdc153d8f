import type { AxiomResult, Interval, Maybe } from "../../../protocol/index.js";
import { deviation } from "../../stats/bootstrap.js";
import type { Cells } from "../../stats/contrast.js";
import { stratumWeights } from "../../stats/contrast.js";
import { dot } from "../../stats/dense.js";
import { type Rows, withinScale } from "../../stats/moments.js";
import { range } from "../../stats/random.js";
import type { Study } from "../lens.js";
import { type Plan, tooFewGroups } from "../plan.js";
import { composite } from "./composite.js";

const WORST = 10;

/**
 * Cosine between each stratum's mean difference and that of the other strata together, on axes in within-cell deviations. Against the others, not
 * against all: its own noise stands in the pooled difference and would speak for it.
 */
export function directionCosines(x: Rows, cells: Cells): Maybe[] {
  if (cells.strata < 2) return Array.from({ length: cells.strata }, () => null);
  const { scale, means, counts } = withinScale(x, range(x.n), cells.cell, 2 * cells.strata);
  const weight = stratumWeights(counts);
  const difference = Array.from(weight, (w, a) =>
    Float64Array.from(scale, (s, j) => (w > 0 && Number.isFinite(s) ? (means[(2 * a + 1) * x.d + j]! - means[2 * a * x.d + j]!) / s : 0)),
  );
  const all = Float64Array.from(scale, (_, j) => difference.reduce((s, delta, a) => s + weight[a]! * delta[j]!, 0));
  return difference.map((delta, a) => {
    const others = all.map((v, j) => v - weight[a]! * delta[j]!);
    const length = Math.sqrt(dot(delta, delta) * dot(others, others));
    return length > 0 ? dot(delta, others) / length : null;
  });
}

/** The per-axiom table of the pooled held-out scores. @param replicates ε² of each stratum by replicate, @param factor on their deviation */
export function axiomTable(
  z: Float64Array,
  study: Pick<Study, "categories" | "label" | "group" | "classNames">,
  plan: Plan,
  replicates: readonly ReadonlyMap<number, number>[],
  factor: number,
  cosines: readonly Maybe[],
): AxiomResult[] {
  const effects = composite(z, plan.cells)?.axioms ?? [];
  return effects.map(({ stratum, n, epsilonSquared, share }) => {
    const drawn = replicates.flatMap((one) => (one.has(stratum) ? [one.get(stratum)!] : []));
    const half = 196 * factor * (drawn.length > 19 ? deviation(drawn) : Number.NaN);
    const rows = Array.from(z, (_, i) => i).filter((i) => plan.cells.stratum[i] === stratum);
    const few = tooFewGroups(
      rows.map((i) => study.group[i]!),
      rows.map((i) => study.label[i]!),
      study.classNames,
    );
    const ci95: Interval | null = !few && Number.isFinite(half) ? [100 * epsilonSquared - half, 100 * epsilonSquared + half] : null;
    const margin = (i: number) => z[i]! * (study.label[i] === 1 ? 1 : -1);
    const worst = rows
      .filter((i) => margin(i) < 0)
      .sort((a, b) => margin(a) - margin(b))
      .slice(0, WORST);
    const category = plan.axioms[stratum]!;
    const name = category >= 0 ? study.categories[category]! : plan.axioms.length > 1 ? "the rest" : "all rows";
    return { name, n, separation: 100 * epsilonSquared, ci95, share, cosine: cosines[stratum] ?? null, worst, ...(few ? { why: few } : {}) };
  });
}
