import { type PairIndices, pairIndices } from "../../stats/indices.js";
import type { Rows } from "../../stats/moments.js";
import type { LensTools, Study } from "../lens.js";
import type { Pace } from "../pace.js";
import { sampleGroups } from "./replicates.js";

/** Dunn and silhouette need all pairs of rows: above this many, a seeded sample of them. */
export const MOST_PAIRED_ROWS = 2000;

export async function pairGeometry(x: Rows, study: Study, _tools: LensTools, pace: Pace): Promise<PairIndices> {
  if (x.n <= MOST_PAIRED_ROWS) return pace.run(pairIndices(x, study.label));
  const rows = sampleGroups(study.group, MOST_PAIRED_ROWS, study.seed, 31);
  const data = new Float32Array(rows.length * x.d);
  rows.forEach((row, k) => {
    data.set(x.data.subarray(row * x.d, (row + 1) * x.d), k * x.d);
  });
  const label = Uint8Array.from(rows, (row) => study.label[row]!);
  return pace.run(pairIndices({ data, n: rows.length, d: x.d }, label));
}
