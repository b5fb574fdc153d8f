/** One layer's held-out scores with their order kept, so that a weighted AUROC costs one pass. */
export interface Ranked {
  readonly score: Float64Array;
  /** Ascending. */
  readonly order: Int32Array;
}

export function rank(score: Float64Array): Ranked {
  const order = Int32Array.from(score, (_, i) => i).sort((x, y) => score[x] - score[y]);
  return { score, order };
}

/** Weighted area under the ROC curve: the share of (class 0, class 1) pairs in order, pairs weighted by the product, ties half; null without one class. */
export function weightedAuroc({ score, order }: Ranked, label: ArrayLike<number>, weight?: ArrayLike<number>): number | null {
  let below = 0;
  let positives = 0;
  let area = 0;
  for (let start = 0; start < order.length; ) {
    const value = score[order[start]];
    let end = start;
    let tied = 0;
    let here = 0;
    while (end < order.length && score[order[end]] === value) {
      const i = order[end++];
      const w = weight ? weight[i] : 1;
      if (label[i] === 1) here += w;
      else tied += w;
    }
    area += here * (below + tied / 2);
    below += tied;
    positives += here;
    start = end;
  }
  return below > 0 && positives > 0 ? area / (below * positives) : null;
}
