import type { Interval, Maybe } from "../../../protocol/index.js";
import { auroc } from "../../stats/auc.js";
import { deviation, groupWeights } from "../../stats/bootstrap.js";
import type { Folds } from "../../stats/folds.js";
import { holm, twoSided } from "../../stats/holm.js";
import { Random } from "../../stats/random.js";
import { rankScores, weightedAuroc } from "../../stats/weighted-auc.js";
import type { Pace } from "../pace.js";

export const REPLICATES = 1000;
const LEVEL = 0.05;

export interface Candidate {
  readonly name: string;
  /** [rows] held-out scores; positive = class 1. */
  readonly score: Float64Array;
}

export interface Comparison {
  readonly values: readonly { readonly name: string; readonly auroc: Maybe; readonly ci95: Interval | null }[];
  /** Each pair once: difference, its interval, p after Holm's correction. */
  readonly pairs: readonly { readonly a: string; readonly b: string; readonly difference: number; readonly ci95: Interval; readonly p: number }[];
  /** Largest sets, in order of the AUROC, in which no pair differs at 5%. */
  readonly ties: readonly (readonly string[])[];
}

/** Held-out scores with the layer chosen, for every fold, by the AUROC of the other folds. */
export function nestedScores(scores: readonly Float64Array[], label: Uint8Array, folds: Folds): Float64Array {
  const out = new Float64Array(label.length);
  for (let k = 0; k < folds.count; k++) {
    const others = Array.from(label.keys()).filter((i) => folds.of[i] !== k);
    const known = others.map((i) => label[i]!);
    let [best, layer] = [-1, 0];
    scores.forEach((score, l) => {
      const value =
        auroc(
          others.map((i) => score[i]!),
          known,
        ) ?? -1;
      if (value > best) [best, layer] = [value, l];
    });
    for (let i = 0; i < label.length; i++) if (folds.of[i] === k) out[i] = scores[layer]![i]!;
  }
  return out;
}

/** Paired bootstrap over groups (the same weights for every candidate), two-sided p from the normal distribution, Holm over all pairs. */
export async function compareScores(
  candidates: readonly Candidate[],
  label: Uint8Array,
  group: ArrayLike<number>,
  seed: number,
  pace: Pace,
): Promise<Comparison> {
  const ranked = candidates.map(({ score }) => rankScores(score));
  const random = new Random(seed, 81);
  const weight = new Float64Array(label.length);
  const drawn: number[][] = candidates.map(() => []);
  for (let b = 0; b < REPLICATES; b++) {
    groupWeights(group, random, weight);
    ranked.forEach((one, c) => {
      drawn[c]!.push(weightedAuroc(one, label, weight) ?? 0.5);
    });
    await pace.breathe();
  }
  const points = candidates.map(({ score }) => auroc(score, label));
  const around = (value: number, spread: number): Interval => [value - 1.96 * spread, value + 1.96 * spread];
  const values = candidates.map(({ name }, c) => {
    const value = points[c]!;
    if (value === null) return { name, auroc: null, ci95: null };
    const [lo, hi] = around(value, deviation(drawn[c]!));
    return { name, auroc: value, ci95: [Math.max(0, lo), Math.min(1, hi)] as Interval };
  });
  const raw = candidates.flatMap((a, i) =>
    candidates.slice(i + 1).map((b, k) => {
      const j = i + 1 + k;
      const difference = (points[i] ?? 0.5) - (points[j] ?? 0.5);
      const spread = deviation(drawn[i]!.map((v, r) => v - drawn[j]![r]!));
      const p = spread > 0 ? twoSided(difference / spread) : difference === 0 ? 1 : 0;
      return { a: a.name, b: b.name, difference, ci95: around(difference, spread), p };
    }),
  );
  const adjusted = holm(raw.map((pair) => pair.p));
  const pairs = raw.map((pair, i) => ({ ...pair, p: adjusted[i]! }));
  return { values, pairs, ties: tiedSets(values, pairs) };
}

function tiedSets(values: Comparison["values"], pairs: Comparison["pairs"]): string[][] {
  const order = [...values].sort((a, b) => (b.auroc ?? 0) - (a.auroc ?? 0)).map((one) => one.name);
  const differs = (a: string, b: string) => pairs.some((p) => ((p.a === a && p.b === b) || (p.a === b && p.b === a)) && p.p <= LEVEL);
  const sets: string[][] = [];
  let reached = -1;
  for (let i = 0; i < order.length; i++) {
    let j = i;
    while (j + 1 < order.length && order.slice(i, j + 1).every((name) => !differs(name, order[j + 1]!))) j++;
    if (j > i && j > reached) {
      sets.push(order.slice(i, j + 1));
      reached = j;
    }
  }
  return sets;
}
