import type { Companions } from "../../../protocol/index.js";
import { auroc } from "../../stats/auc.js";
import { quantile } from "../../stats/bootstrap.js";
import type { Cells } from "../../stats/contrast.js";
import { pairIndices, scatterIndices } from "../../stats/indices.js";
import { normalTail } from "../../stats/normal.js";
import type { Pace } from "../pace.js";
import { composite } from "./composite.js";
import { MOST_PAIRED_ROWS } from "./pairs.js";

/** Distances that the robust Dunn's percentiles are taken from. */
const MOST_DISTANCES = 200_000;

/** Indices of the pooled held-out scores beside the index itself; the ones of all pairs on every so many rows above 2,000. */
export async function companionsOf(z: Float64Array, cells: Cells, pace: Pace): Promise<Companions> {
  const { label } = cells;
  const scatter = scatterIndices({ data: Float32Array.from(z), n: z.length, d: 1 }, label);
  const step = Math.ceil(z.length / MOST_PAIRED_ROWS);
  const some = Array.from({ length: Math.ceil(z.length / step) }, (_, k) => k * step);
  const part = { data: Float32Array.from(some, (i) => z[i]!), n: some.length, d: 1 };
  const own = some.map((i) => label[i]!);
  const { dunn, silhouette } = await pace.run(pairIndices(part, own));
  const dPrime = composite(z, cells)?.effect ?? 0;
  return {
    dbi: scatter?.dbi ?? null,
    dbiQ2: scatter?.dbiQ2 ?? null,
    dunn,
    robustDunn: robustDunn(part.data, own),
    silhouette,
    silhouetteSimplified: scatter?.silhouetteSimplified ?? null,
    auroc: auroc(z, label),
    dPrime,
    overlap: 2 * normalTail(Math.abs(dPrime) / 2),
  };
}

/** 5th percentile of the distances between the classes over the 95th of those within; one mislabelled row does not move it. */
export function robustDunn(z: ArrayLike<number>, label: ArrayLike<number>): number | null {
  const n = z.length;
  const stride = Math.max(1, Math.ceil((n * (n - 1)) / 2 / MOST_DISTANCES));
  const between: number[] = [];
  const within: number[] = [];
  for (let i = 0, k = 0; i < n; i++)
    for (let j = i + 1; j < n; j++, k++) if (k % stride === 0) (label[i] === label[j] ? within : between).push(Math.abs(z[i]! - z[j]!));
  if (between.length === 0 || within.length === 0) return null;
  const wide = quantile(within, 0.95);
  return wide > 0 ? quantile(between, 0.05) / wide : null;
}
