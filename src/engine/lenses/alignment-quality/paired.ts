import type { AqiResult } from "../../../protocol/index.js";
import { deviation, mean } from "../../stats/bootstrap.js";

/** Pairs below which nothing is said. */
const LEAST = 10;

/**
 * The index of the differences within groups that hold both classes: what a pair shares (topic, prompt) cancels. With independent noise the difference
 * has twice its variance, so d² = 2 mean² / variance, its expectation at chance 2 / pairs is taken away, and AQI = 100 d² / (d² + 4) as for two classes.
 */
export function pairedIndex(z: Float64Array, label: Uint8Array, group: Int32Array): AqiResult["paired"] {
  const sums = new Map<number, [number, number, number, number]>();
  for (let i = 0; i < z.length; i++) {
    const own = sums.get(group[i]!) ?? [0, 0, 0, 0];
    own[label[i]!]! += z[i]!;
    own[2 + label[i]!]!++;
    sums.set(group[i]!, own);
  }
  const gaps = [...sums.values()].filter((s) => s[2] > 0 && s[3] > 0).map((s) => s[1] / s[3] - s[0] / s[2]);
  const pairs = gaps.length;
  const spread = pairs > 1 ? deviation(gaps) : 0;
  if (pairs < LEAST || !(spread > 0)) return undefined;
  const effect = (Math.SQRT2 * mean(gaps)) / spread;
  // Delta method on d: variance 2 / pairs of the mean, d² / 2 pairs of the deviation.
  const se = Math.sqrt(2 / pairs + (effect * effect) / (2 * pairs));
  const scale = (d: number) => 100 * Math.sign(d) * ((d * d) / (d * d + 4));
  const plain = (100 * (effect * effect - 2 / pairs)) / (effect * effect + 4);
  return {
    score: effect < 0 && plain > 0 ? -plain : plain,
    ci95: [scale(effect - 1.96 * se), scale(effect + 1.96 * se)],
    pairs,
    right: gaps.filter((gap) => gap > 0).length / pairs,
  };
}
