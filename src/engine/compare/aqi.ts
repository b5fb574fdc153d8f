import type { AuditView, Difference } from "../../protocol/index.js";
import { deviation } from "../stats/bootstrap.js";
import { type Match, sameGroups } from "./match.js";

/**
 * Difference of the signed AQI, with the interval from both runs' replicates: replicate b drew the same groups in both, so what
 * they share falls out. Withheld with its reason where the replicates are not there or not paired.
 */
export function aqiDifference(a: AuditView, b: AuditView, match: Match): Difference {
  const [one, other] = [a.result.aqi, b.result.aqi];
  if (one.signed === null || other.signed === null) return { value: null, ci95: null, why: one.reason ?? other.reason ?? "a run has no AQI" };
  if (Boolean(one.card) !== Boolean(other.card))
    return { value: null, ci95: null, why: `run ${one.card ? "B" : "A"} was made by an older Layerscope, which measured the index in another way` };
  const value = other.signed - one.signed;
  const why = unpaired(a, b, match);
  if (why !== undefined) return { value, ci95: null, why };
  const first = one.replicates!;
  const differences = other.replicates!.map((x, i) => x - first[i]);
  const half = 1.96 * deviation(differences);
  return { value, ci95: [value - half, value + half] };
}

function unpaired(a: AuditView, b: AuditView, match: Match): string | undefined {
  const [one, other] = [a.result.aqi.replicates, b.result.aqi.replicates];
  if (!one || !other) {
    const few = a.rows.count < 20 ? "" : ", or its rows come in too few groups to resample";
    return `${one ? "run B" : other ? "run A" : "neither run"} ${one || other ? "has no" : "has any"} stored replicates: it was made by an older Layerscope${few}`;
  }
  if (one.length !== other.length) return `the runs hold ${one.length} and ${other.length} replicates`;
  if (match.onlyA + match.onlyB > 0) return `${match.onlyA + match.onlyB} rows take part in one run only, so the replicates did not draw the same rows`;
  if ((a.result.aqi.card?.rows ?? "") !== (b.result.aqi.card?.rows ?? "") || sameGroups(a.rows, b.rows, match) !== true)
    return "the runs divide the rows into other groups, so the replicates did not draw the same rows";
  return undefined;
}
