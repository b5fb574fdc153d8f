import type { Maybe } from "../../../protocol/index.js";
import { auroc } from "../../stats/auc.js";
import { type Folds, split } from "../../stats/folds.js";
import { Random, range } from "../../stats/random.js";
import type { Blas } from "../lens.js";
import type { Pace } from "../pace.js";
import { onComponents } from "./components.js";
import { ladderScores, prepareTraining } from "./nested.js";

/** Random subsets of the dimensions. */
export const DRAWS = 20;

export interface LayerGrid {
  /** Per m of the whole ladder: held-out scores of the first m dimensions. */
  readonly scores: readonly Float64Array[];
  readonly prefix: readonly Maybe[];
  /** Per m of the short ladder: mean over the draws, and their 5th and 95th percentile. */
  readonly random: readonly Maybe[];
  readonly randomLow: readonly Maybe[];
  readonly randomHigh: readonly Maybe[];
  readonly components: readonly Maybe[];
  /** (A_prefix - A_random) / (A_components - A_random), A = mean over log m of the short ladder; null where random does as well as components. */
  readonly nestedness: Maybe;
  /** The three A. */
  readonly area: { readonly prefix: Maybe; readonly random: Maybe; readonly components: Maybe };
}

/** 8, 16, 32 … below d, and d. */
export function ladderOf(d: number): number[] {
  const out: number[] = [];
  for (let m = 8; m < d; m *= 2) out.push(m);
  return [...out, d];
}

/** Sizes at which subsets are held against each other: up to half of the dimensions, 256 at most. */
export const shortLadder = (d: number): number[] => {
  const short = ladderOf(d).filter((m) => m <= Math.min(d / 2, 256));
  return short.length > 0 ? short : [Math.max(1, d >> 1)];
};

/** Below this gain of components over random subsets there is nothing to nest. */
const LEAST_GAIN = 0.01;

/** Areas of the same rows go together (about 0.87), so their difference has about half the standard error of one (Hanley and McNeil 1982). */
function leastGain(area: Maybe, label: Uint8Array): number {
  const a = Math.max(0.5, area ?? 0.5);
  const ones = label.reduce((s, y) => s + y, 0);
  const zeros = label.length - ones;
  const variance = (a * (1 - a) + (ones - 1) * (a / (2 - a) - a * a) + (zeros - 1) * ((2 * a * a) / (1 + a) - a * a)) / (ones * zeros);
  return Math.max(LEAST_GAIN, Math.sqrt(Math.max(0, variance)) / 2);
}

/** Prefix, random subsets and principal components of one layer. @param x [n, d] centred states */
export async function measureLayer(x: Float32Array, d: number, label: Uint8Array, folds: Folds, seed: number, blas: Blas, pace: Pace): Promise<LayerGrid> {
  const n = label.length;
  const whole = ladderOf(d);
  const short = shortLadder(d);
  const scores = whole.map(() => new Float64Array(n));
  const drawn = Array.from({ length: DRAWS }, () => short.map(() => new Float64Array(n)));
  const projected = short.map(() => new Float64Array(n));
  const orders = Array.from({ length: DRAWS }, (_, k) => new Random(seed, 300 + k).shuffle(range(d)));
  for (let k = 0; k < folds.count; k++) {
    const { train, test } = split(folds, k);
    const rows = (which: Int32Array) => {
      const out = new Float32Array(which.length * d);
      which.forEach((i, r) => {
        out.set(x.subarray(i * d, (i + 1) * d), r * d);
      });
      return out;
    };
    const [fitted, asked] = [rows(train), rows(test)];
    const y = train.map((i) => label[i]!);
    const into = (to: readonly Float64Array[], found: readonly Float64Array[]) => {
      found.forEach((score, m) => {
        test.forEach((i, r) => {
          to[m]![i] = score[r]!;
        });
      });
    };
    const training = await prepareTraining(fitted, train.length, d, y, blas);
    await pace.breathe();
    const breathe = () => pace.breathe();
    into(scores, await ladderScores(training, range(d), whole, asked, test.length, blas, breathe));
    await pace.breathe();
    for (let r = 0; r < DRAWS; r++) {
      into(drawn[r]!, await ladderScores(training, orders[r]!, short, asked, test.length, blas, breathe));
      await pace.breathe();
    }
    const parts = await onComponents(fitted, train.length, asked, test.length, d, short.at(-1)!, blas, pace);
    const inner = await prepareTraining(parts.train, train.length, parts.count, y, blas);
    const sizes = short.map((m) => Math.min(m, parts.count));
    into(projected, await ladderScores(inner, range(parts.count), sizes, parts.test, test.length, blas, breathe));
    await pace.breathe();
  }
  const area = (score: Float64Array) => auroc(score, label);
  const prefix = scores.map(area);
  const byDraw = drawn.map((one) => one.map(area));
  const column = (m: number) => byDraw.map((one) => one[m]!).sort((a, b) => (a ?? 0) - (b ?? 0));
  const random = short.map((_, m) => meanOf(byDraw.map((one) => one[m]!)));
  const components = projected.map(area);
  const areas = { prefix: meanOf(prefix.slice(0, short.length)), random: meanOf(random), components: meanOf(components) };
  const gain = areas.components !== null && areas.random !== null ? areas.components - areas.random : 0;
  return {
    scores,
    prefix,
    random,
    randomLow: short.map((_, m) => column(m)[Math.floor(0.05 * DRAWS)] ?? null),
    randomHigh: short.map((_, m) => column(m)[Math.ceil(0.95 * DRAWS) - 1] ?? null),
    components,
    nestedness: gain >= leastGain(areas.components, label) ? (areas.prefix! - areas.random!) / gain : null,
    area: areas,
  };
}

/** The ladder doubles, so a plain mean over it is the mean over log m. */
function meanOf(values: readonly Maybe[]): Maybe {
  if (values.length === 0 || values.some((v) => v === null)) return null;
  return values.reduce<number>((s, v) => s + v!, 0) / values.length;
}
