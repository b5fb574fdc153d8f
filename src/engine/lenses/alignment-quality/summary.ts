import type { AqiResult, Interval } from "../../../protocol/index.js";
import { deviation, mean } from "../../stats/bootstrap.js";
import type { Discriminant } from "../../stats/discriminant.js";
import type { Pace } from "../pace.js";
import type { Plan } from "../plan.js";
import { composite } from "./composite.js";
import { poolLayers } from "./pooling.js";
import type { Resampling } from "./replicates.js";

export interface PooledSummary {
  readonly aqi: Omit<AqiResult, "halfSample" | "p">;
  /** [n] pooled held-out scores. */
  readonly z: Float64Array;
  readonly layerCi: readonly (Interval | null)[];
  readonly layerAqi: readonly (number | null)[];
  /** ε² of each stratum by replicate. */
  readonly axioms: readonly ReadonlyMap<number, number>[];
}

/** Headline, lexical baseline, gain and their intervals, from the layers' held-out scores and their replicates. */
export async function summarise(
  layers: readonly Discriminant[],
  lexical: readonly Discriminant[],
  plan: Plan,
  resampling: Resampling,
  pace: Pace,
): Promise<PooledSummary> {
  const { cells, second } = plan;
  const pooled = poolLayers(
    layers.map((d) => d.z),
    cells,
    second,
  );
  const of = (z: ArrayLike<number>) => composite(z, cells)?.aqi ?? null;
  const signed = of(pooled.z);
  const layerAqi = layers.map((d) => of(d.z));
  const baseline = largest(lexical.map((d) => of(d.z)));
  const n = resampling.rows.length;
  const perLayer: number[][] = layers.map(() => []);
  const whole: number[] = [];
  const gains: number[] = [];
  const axioms: ReadonlyMap<number, number>[] = [];
  for (let b = 0; b < resampling.weights.length; b++) {
    const w = resampling.weights[b]!;
    const slice = (d: Discriminant) => d.replicates!.subarray(b * n, (b + 1) * n);
    const value = (z: ArrayLike<number>) => composite(z, resampling.cells, w)?.aqi ?? null;
    const scores = layers.map(slice);
    scores.forEach((z, l) => {
      const v = value(z);
      if (v !== null) perLayer[l]!.push(v);
    });
    const found = composite(poolLayers(scores, resampling.cells, resampling.second, w).z, resampling.cells, w);
    const v = found?.aqi ?? null;
    axioms.push(new Map(found?.axioms.map((a) => [a.stratum, a.epsilonSquared])));
    const base = largest(lexical.map((d) => value(slice(d))));
    if (v !== null) whole.push(v);
    if (v !== null && base !== null) gains.push(v - base);
    await pace.breathe();
  }
  const complete = whole.length === resampling.weights.length && whole.length > 0;
  const interval = (estimate: number | null, replicates: readonly number[]): Interval | null => {
    if (estimate === null || replicates.length < 20) return null;
    const half = 1.96 * deviation(replicates) * resampling.factor;
    return [estimate - half, estimate + half];
  };
  const gain = signed !== null && baseline !== null ? signed - baseline : null;
  return {
    aqi: {
      score: signed === null ? null : Math.min(100, Math.max(0, signed)),
      signed,
      ci95: interval(signed, whole),
      lexical: baseline,
      gain: { score: gain, ci95: interval(gain, gains) },
      layerWeights: Array.from(pooled.weights),
      ...(complete ? { replicates: spreadOver(whole, resampling.factor) } : {}),
    },
    z: pooled.z,
    axioms,
    layerAqi,
    layerCi: layers.map((_, l) => interval(layerAqi[l]!, perLayer[l]!)),
  };
}

/** Replicates of a sample of the rows, drawn together about their mean as all rows' would be. */
function spreadOver(values: readonly number[], factor: number): number[] {
  const centre = mean(values);
  return values.map((v) => centre + factor * (v - centre));
}

function largest(values: readonly (number | null)[]): number | null {
  const known = values.filter((v) => v !== null);
  return known.length ? Math.max(...known) : null;
}
