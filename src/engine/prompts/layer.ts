import { auroc, midranks } from "../stats/auc.js";
import type { Folds } from "../stats/folds.js";

/**
 * Difference of two correlated AUROCs and its standard error, by the rows' placements among the other class (DeLong et al. 1988),
 * summed within groups (Obuchowski 1997): rows of one group are no independent evidence.
 */
export function aurocDifference(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  label: Uint8Array,
  group: ArrayLike<number>,
): { difference: number; error: number } {
  const [pa, pb] = [placements(a, label), placements(b, label)];
  const count = [0, 0];
  const sum = [0, 0];
  for (let i = 0; i < label.length; i++) {
    count[label[i]!]!++;
    sum[label[i]!]! += pa[i]! - pb[i]!;
  }
  const difference = sum[1]! / count[1]!;
  const parts = new Map<number, number>();
  for (let i = 0; i < label.length; i++) {
    const y = label[i]!;
    const part = (pa[i]! - pb[i]! - sum[y]! / count[y]!) / count[y]!;
    parts.set(group[i]!, (parts.get(group[i]!) ?? 0) + part);
  }
  let square = 0;
  for (const part of parts.values()) square += part * part;
  return { difference, error: Math.sqrt((square * parts.size) / Math.max(1, parts.size - 1)) };
}

/** Share of the other class that a row lies on the right side of. */
function placements(score: ArrayLike<number>, label: Uint8Array): Float64Array {
  const rank = midranks(score);
  const own = [0, 1].map((y) => {
    const at = Array.from(label.keys()).filter((i) => label[i] === y);
    const within = midranks(at.map((i) => score[i]!));
    return { size: at.length, rank: new Map(at.map((i, k) => [i, within[k]!])) };
  });
  return Float64Array.from(label, (y, i) => {
    const below = rank[i]! - own[y]!.rank.get(i)!;
    const others = own[1 - y]!.size;
    return (y === 1 ? below : others - below) / others;
  });
}

/**
 * The earliest layer that is as good as the best: whose held-out AUROC lies below the best one's by no more than one standard error of
 * their difference (the one-standard-error rule of Breiman et al. 1984, on paired rows). An earlier layer costs less to run to.
 * @param scores held-out decision values by layer; undefined: a layer that is withheld
 */
export function chooseLayer(
  scores: readonly (ArrayLike<number> | undefined)[],
  auroc: readonly (number | null)[],
  label: Uint8Array,
  group: ArrayLike<number>,
): number | undefined {
  let best: number | undefined;
  scores.forEach((score, layer) => {
    const value = auroc[layer];
    if (score && value !== null && value !== undefined && (best === undefined || value > auroc[best]!)) best = layer;
  });
  if (best === undefined) return undefined;
  const top = scores[best]!;
  for (let layer = 0; layer < best; layer++) {
    const score = scores[layer];
    if (!score || (auroc[layer] ?? null) === null) continue;
    const { difference, error } = aurocDifference(top, score, label, group);
    if (difference <= error) return layer;
  }
  return best;
}

/** Rows from which on the choice of a layer flatters its scores by less than can be seen. */
const MANY_ROWS = 4000;

/**
 * Held-out scores of rows that have had no part in choosing the layer either: each fold's are those of the layer that the other folds
 * choose. The best of many layers on few rows is partly the luckiest; a calibration on its own scores would be too sure.
 */
export async function nestedScores(
  scores: readonly (ArrayLike<number> | undefined)[],
  layer: number,
  label: Uint8Array,
  group: ArrayLike<number>,
  folds: Folds,
  breathe: () => Promise<void>,
): Promise<Float64Array> {
  const out = Float64Array.from(scores[layer]!);
  if (out.length > MANY_ROWS) return out;
  for (let k = 0; k < folds.count; k++) {
    const others = Array.from(label.keys()).filter((i) => folds.of[i] !== k);
    const of = scores.map((score) => score && Float64Array.from(others, (i) => score[i]!));
    const y = Uint8Array.from(others, (i) => label[i]!);
    const chosen = chooseLayer(
      of,
      of.map((score) => (score ? (auroc(score, y) ?? null) : null)),
      y,
      others.map((i) => group[i]!),
    );
    if (chosen !== undefined && chosen !== layer) for (let i = 0; i < out.length; i++) if (folds.of[i] === k) out[i] = scores[chosen]![i]!;
    await breathe();
  }
  return out;
}
