import { auroc } from "../../stats/auc.js";
import type { Rows } from "../../stats/moments.js";
import type { Blas } from "../lens.js";

export const NEIGHBOURS = 10;

/** Rows to length 1, in place; a row of zeros stays. */
export function toUnit({ data, n, d }: Rows): void {
  for (let i = 0; i < n; i++) {
    let s = 0;
    for (let j = 0, at = i * d; j < d; j++, at++) s += data[at]! * data[at]!;
    const scale = s > 0 ? 1 / Math.sqrt(s) : 0;
    for (let j = 0, at = i * d; j < d; j++, at++) data[at]! *= scale;
  }
}

export interface Neighbourhood {
  /** Accuracy of the majority among the ten nearest rows of other groups (cosine); half for a tie. */
  readonly accuracy: number;
  /** AUROC of the share of class 1 among them. */
  readonly auroc: number | null;
  /** nDCG@10 of a row's mates (rows of its own group) among all others; null with fewer than 20 rows that have one. */
  readonly mates: number | null;
}

/** Rows that have a mate, at least. */
const LEAST_MATED = 20;

/** Cosines of all rows with all rows. @param x centred rows of length 1; @returns [n, n] */
export const cosines = ({ data, n, d }: Rows, blas: Blas): Promise<Float32Array> => blas.matmul(data, data, n, d, n, true);

/** @param near [n, n] cosines */
export function neighbourhood(near: Float32Array, label: Uint8Array, group: ArrayLike<number>): Neighbourhood {
  const n = label.length;
  const share = new Float64Array(n);
  let right = 0;
  const gains: number[] = [];
  for (let i = 0; i < n; i++) {
    const top = nearest(near, i, n, (j) => group[j] !== group[i]);
    let ones = 0;
    for (const j of top) ones += label[j]!;
    share[i] = top.length > 0 ? ones / top.length : 0.5;
    right += share[i] === 0.5 ? 0.5 : share[i]! > 0.5 === (label[i] === 1) ? 1 : 0;
    let mates = 0;
    for (let j = 0; j < n; j++) if (j !== i && group[j] === group[i]) mates++;
    if (mates > 0) {
      let gain = 0;
      let ideal = 0;
      nearest(near, i, n, (j) => j !== i).forEach((j, rank) => {
        if (group[j] === group[i]) gain += 1 / Math.log2(rank + 2);
      });
      for (let rank = 0; rank < Math.min(mates, NEIGHBOURS); rank++) ideal += 1 / Math.log2(rank + 2);
      gains.push(gain / ideal);
    }
  }
  const mates = gains.length < LEAST_MATED ? null : gains.reduce((s, g) => s + g, 0) / gains.length;
  return { accuracy: right / n, auroc: auroc(share, label), mates };
}

/** The ten rows most alike, most alike first. */
function nearest(near: Float32Array, i: number, n: number, allowed: (j: number) => boolean): number[] {
  const top: number[] = [];
  for (let j = 0; j < n; j++) {
    const s = near[i * n + j]!;
    if (top.length === NEIGHBOURS && s <= near[i * n + top[NEIGHBOURS - 1]!]!) continue;
    if (!allowed(j)) continue;
    let at = top.length;
    while (at > 0 && near[i * n + top[at - 1]!]! < s) at--;
    top.splice(at, 0, j);
    if (top.length > NEIGHBOURS) top.pop();
  }
  return top;
}
