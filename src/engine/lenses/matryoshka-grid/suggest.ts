import type { Maybe } from "../../../protocol/index.js";
import { auroc } from "../../stats/auc.js";
import { deviation, groupWeights } from "../../stats/bootstrap.js";
import { Random } from "../../stats/random.js";
import { rankScores, weightedAuroc } from "../../stats/weighted-auc.js";
import type { Pace } from "../pace.js";

export interface Size {
  readonly layer: number;
  readonly dims: number;
  readonly auroc: Maybe;
}

export interface Suggestion {
  /** Best layer with all dimensions. */
  readonly full: Size;
  /** Smallest (layer + 1) x dimensions whose AUROC is at least 99% of the full one's, by the number itself and by the lower bound of its paired interval. */
  readonly point: Size | null;
  readonly sure: Size | null;
}

const REPLICATES = 200;
const SHARE = 0.99;

/** @param grid [layers][sizes] held-out scores */
export async function suggest(
  grid: readonly (readonly Float64Array[])[],
  sizes: readonly number[],
  label: Uint8Array,
  group: ArrayLike<number>,
  seed: number,
  pace: Pace,
): Promise<Suggestion | null> {
  const cells = grid.flatMap((scores, layer) => scores.map((score, m) => ({ layer, dims: sizes[m]!, score, auroc: auroc(score, label) })));
  const whole = cells.filter((cell) => cell.dims === sizes.at(-1) && cell.auroc !== null);
  if (whole.length === 0) return null;
  const full = whole.reduce((a, b) => (b.auroc! > a.auroc! ? b : a));
  const sizeOf = ({ layer, dims, auroc: value }: (typeof cells)[number]): Size => ({ layer, dims, auroc: value });
  const smaller = cells
    .filter((cell) => cell.auroc !== null && cell.auroc >= SHARE * full.auroc!)
    .sort((a, b) => (a.layer + 1) * a.dims - (b.layer + 1) * b.dims || a.layer - b.layer);
  const random = new Random(seed, 84);
  const weights = Array.from({ length: REPLICATES }, () => {
    const w = new Float64Array(label.length);
    groupWeights(group, random, w);
    return w;
  });
  const line = (score: Float64Array) => {
    const ranked = rankScores(score);
    return weights.map((w) => weightedAuroc(ranked, label, w) ?? 0.5);
  };
  const best = line(full.score);
  let sure: Size | null = null;
  for (const cell of smaller) {
    const own = line(cell.score);
    await pace.breathe();
    const gap = cell.auroc! - SHARE * full.auroc!;
    if (gap - 1.96 * deviation(own.map((v, b) => v - SHARE * best[b]!)) < 0) continue;
    sure = sizeOf(cell);
    break;
  }
  return { full: sizeOf(full), point: smaller.length > 0 ? sizeOf(smaller[0]!) : null, sure };
}

/** The six steps of Starbucks, (2, 32) (4, 64) … (12, 768) of BERT, in the shares of this model. */
export function starbucksLadder(layers: number, d: number): { layer: number; dims: number }[] {
  const steps = [
    [2, 32],
    [4, 64],
    [6, 128],
    [8, 256],
    [10, 512],
    [12, 768],
  ] as const;
  return steps.map(([l, m]) => ({ layer: Math.round((l / 12) * (layers - 1)), dims: Math.max(1, Math.round((m / 768) * d)) }));
}
