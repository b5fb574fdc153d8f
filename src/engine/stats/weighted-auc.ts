/** Positions by ascending score, and where runs of equal scores end: made once, then any weights cost one pass. */
export interface Ranked {
  readonly order: Int32Array;
  /** [n] 1 where the next position has another score. */
  readonly ends: Uint8Array;
}

export function rankScores(score: ArrayLike<number>): Ranked {
  const order = Int32Array.from({ length: score.length }, (_, i) => i).sort((a, b) => score[a]! - score[b]! || a - b);
  const ends = Uint8Array.from(order, (i, k) => (k + 1 === order.length || score[order[k + 1]!]! !== score[i]! ? 1 : 0));
  return { order, ends };
}

/** AUROC of weighted rows, ties half; null when a class has no weight. @param positive 1 for rows of the class */
export function weightedAuroc({ order, ends }: Ranked, positive: ArrayLike<number>, weight: ArrayLike<number>): number | null {
  let below = 0;
  let all = 0;
  let area = 0;
  let negatives = 0;
  let tied = 0;
  for (let k = 0; k < order.length; k++) {
    const i = order[k]!;
    const w = weight[i]!;
    if (positive[i] === 1) {
      tied += w;
      all += w;
    } else negatives += w;
    if (ends[k] === 0) continue;
    area += tied * (below + negatives / 2);
    below += negatives;
    negatives = 0;
    tied = 0;
  }
  return all > 0 && below > 0 ? area / (all * below) : null;
}
