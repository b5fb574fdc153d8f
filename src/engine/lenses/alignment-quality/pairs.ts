import { type PairIndices, pairIndices } from "../../stats/indices.js";
import type { Rows } from "../../stats/moments.js";
import { pairIndicesByProducts } from "../../stats/pairs.js";
import type { LensTools, Study } from "../lens.js";
import type { Pace } from "../pace.js";
import { sampleGroups } from "./replicates.js";

/** Dunn and silhouette need all pairs of rows: above this many, a seeded sample of them. */
export const MOST_PAIRED_ROWS = 2000;
/** Up to this many rows the distances are summed in float64 as they stand. */
const FEW_ROWS = 48;

export async function pairGeometry(x: Rows, study: Pick<Study, "label" | "group" | "seed">, tools: LensTools, pace: Pace): Promise<PairIndices> {
  if (x.n <= FEW_ROWS) return pace.run(pairIndices(x, study.label));
  const breathe = () => pace.breathe();
  if (x.n <= MOST_PAIRED_ROWS) return pairIndicesByProducts(x, study.label, tools.blas, breathe);
  const rows = sampleGroups(study.group, MOST_PAIRED_ROWS, study.seed, 31);
  const data = new Float32Array(rows.length * x.d);
  rows.forEach((row, k) => {
    data.set(x.data.subarray(row * x.d, (row + 1) * x.d), k * x.d);
  });
  const label = Uint8Array.from(rows, (row) => study.label[row]!);
  return pairIndicesByProducts({ data, n: rows.length, d: x.d }, label, tools.blas, breathe);
}
