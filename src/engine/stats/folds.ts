import { Random } from "./random.js";

export interface Folds {
  /** Fold of every row, 0..count-1. */
  readonly of: Int32Array;
  readonly count: number;
}

/** At least this many rows of each class in every fold. */
export const LEAST_PER_FOLD = 2;

/**
 * Folds in which groups stay whole and strata (class, or category and class) are spread evenly: each group goes
 * where the strata's shares then differ least, those of uneven mix first, else in shuffled order, lots drawn among equals (the
 * rule of scikit-learn's StratifiedGroupKFold with shuffle). In the order of the file neighbours would always be held apart:
 * where they are alike but of different class, that costs 0.02 of AUROC against random divisions (SmolLM2 on audit-small).
 */
export function stratifiedGroupFolds(stratum: ArrayLike<number>, group: ArrayLike<number>, count: number, seed: number): Folds {
  const n = stratum.length;
  let strata = 0;
  for (let i = 0; i < n; i++) strata = Math.max(strata, stratum[i]! + 1);
  const members = new Map<number, number[]>();
  const total = new Float64Array(strata);
  for (let i = 0; i < n; i++) {
    const list = members.get(group[i]!);
    if (list) list.push(i);
    else members.set(group[i]!, [i]);
    total[stratum[i]!]!++;
  }
  const lists = [...members.values()];
  const random = new Random(seed, 1);
  const spread = lists.map((rows) => {
    const c = new Map<number, number>();
    for (const i of rows) c.set(stratum[i]!, (c.get(stratum[i]!) ?? 0) + 1);
    let square = 0;
    for (const v of c.values()) square += v * v;
    return { counts: c, key: square };
  });
  const place = random.shuffle(lists.map((_, i) => i));
  const sorted = lists.map((_, i) => i).sort((a, b) => spread[b]!.key - spread[a]!.key || place[a]! - place[b]!);
  const filled = new Float64Array(count * strata);
  const size = new Float64Array(count);
  const of = new Int32Array(n);
  for (const g of sorted) {
    let best = 0;
    let least = Number.POSITIVE_INFINITY;
    let draw = 0;
    for (let f = 0; f < count; f++) {
      // Adding v to a cell that holds h of t changes the sum of squared shares by (2hv + v²)/t²; the least change evens best.
      let change = 0;
      for (const [s, v] of spread[g]!.counts) change += (2 * filled[f * strata + s]! * v + v * v) / (total[s]! * total[s]!);
      const lot = random.uniform();
      const tie = Math.abs(change - least) < 1e-12;
      if ((!tie && change < least) || (tie && (size[f]! < size[best]! || (size[f] === size[best] && lot > draw)))) {
        least = change;
        best = f;
        draw = lot;
      }
    }
    for (const [s, v] of spread[g]!.counts) filled[best * strata + s]! += v;
    size[best]! += lists[g]!.length;
    for (const i of lists[g]!) of[i] = best;
  }
  return { of, count };
}

/**
 * The most folds (of `wanted`, at least 2) in which every fold holds both classes twice; or the reason why there are none.
 */
export function planFolds(
  label: ArrayLike<number>,
  stratum: ArrayLike<number>,
  group: ArrayLike<number>,
  wanted: number,
  seed: number,
  names: readonly [string, string],
): Folds | string {
  const rows = [0, 0];
  const groups = [new Set<number>(), new Set<number>()];
  for (let i = 0; i < label.length; i++) {
    const y = label[i] === 1 ? 1 : 0;
    rows[y]!++;
    groups[y]!.add(group[i]!);
  }
  for (const y of [0, 1] as const) {
    if (rows[y]! < 2 * LEAST_PER_FOLD)
      return `only ${rows[y]} ${rows[y] === 1 ? "row is" : "rows are"} ${names[y]}; a held-out score needs at least ${2 * LEAST_PER_FOLD} of each class`;
    if (groups[y]!.size < 2) return `all ${names[y]} rows belong to one group, so no fold can hold some of them out`;
  }
  for (let count = Math.min(wanted, Math.floor(Math.min(rows[0]!, rows[1]!) / LEAST_PER_FOLD)); count >= 2; count--) {
    const folds = stratifiedGroupFolds(stratum, group, count, seed);
    if (enough(folds, label)) return folds;
    const plain = stratifiedGroupFolds(label, group, count, seed);
    if (enough(plain, label)) return plain;
  }
  return "the groups cannot be divided into two folds that both hold both classes";
}

function enough(folds: Folds, label: ArrayLike<number>): boolean {
  const held = new Float64Array(folds.count * 2);
  for (let i = 0; i < label.length; i++) held[folds.of[i]! * 2 + (label[i] === 1 ? 1 : 0)]!++;
  return held.every((c) => c >= LEAST_PER_FOLD);
}

/** Rows inside and outside of one fold. */
export function split(folds: Folds, fold: number): { train: Int32Array; test: Int32Array } {
  const train: number[] = [];
  const test: number[] = [];
  for (let i = 0; i < folds.of.length; i++) (folds.of[i] === fold ? test : train).push(i);
  return { train: Int32Array.from(train), test: Int32Array.from(test) };
}
