import type { Interval } from "../../../protocol/index.js";
import { auroc } from "../../stats/auc.js";
import { deviation, groupWeights } from "../../stats/bootstrap.js";
import { Random } from "../../stats/random.js";
import { type Ranked, rankScores, weightedAuroc } from "../../stats/weighted-auc.js";
import type { Pace } from "../pace.js";
import type { Task } from "../task.js";

const REPLICATES = 200;

/** What a held-out probe of one layer says about a task. */
export interface TaskLayer {
  readonly accuracy: number;
  readonly balancedAccuracy: number;
  /** Mean over the classes. */
  readonly f1: number;
  /** One class against the rest, mean over the classes; of two classes the usual one. */
  readonly auroc: number | null;
  readonly aurocCi95: Interval | null;
  /** Mean of -log2 p(true class); without knowledge: the entropy of the classes. */
  readonly bits: number;
}

/** Point scores from held-out log-probabilities [rows, classes]. */
export function scoreTask(log: Float64Array, of: Int32Array, classes: number): Omit<TaskLayer, "aurocCi95"> {
  const n = of.length;
  const [hit, size, said] = [new Float64Array(classes), new Float64Array(classes), new Float64Array(classes)];
  let bits = 0;
  for (let i = 0; i < n; i++) {
    const guess = guessOf(log, i, classes);
    size[of[i]!]!++;
    said[guess]!++;
    if (guess === of[i]) hit[guess]!++;
    bits -= log[i * classes + of[i]!]! / Math.LN2 / n;
  }
  const mean = (value: (k: number) => number) => size.reduce((s, _, k) => s + value(k) / classes, 0);
  const areas = columnsOf(log, n, classes).map((column, k) =>
    auroc(
      column,
      Uint8Array.from(of, (c) => (c === (classes === 2 ? 1 : k) ? 1 : 0)),
    ),
  );
  return {
    accuracy: hit.reduce((s, h) => s + h, 0) / n,
    balancedAccuracy: mean((k) => (size[k]! > 0 ? hit[k]! / size[k]! : 0)),
    f1: mean((k) => (size[k]! + said[k]! > 0 ? (2 * hit[k]!) / (size[k]! + said[k]!) : 0)),
    auroc: areas.some((a) => a === null) ? null : areas.reduce<number>((s, a) => s + a!, 0) / areas.length,
    bits,
  };
}

/** Likeliest class of a row; the first of equals. */
export function guessOf(log: Float64Array, row: number, classes: number): number {
  let best = 0;
  for (let k = 1; k < classes; k++) if (log[row * classes + k]! > log[row * classes + best]!) best = k;
  return best;
}

/** Of two classes the log-odds, of more each class's log-probability. */
function columnsOf(log: Float64Array, n: number, classes: number): Float64Array[] {
  if (classes === 2) return [Float64Array.from({ length: n }, (_, i) => log[2 * i + 1]! - log[2 * i]!)];
  return Array.from({ length: classes }, (_, k) => Float64Array.from({ length: n }, (__, i) => log[i * classes + k]!));
}

export interface Resampled {
  /** [layers] standard deviation of the AUROC over replicates. */
  readonly spread: readonly (number | null)[];
  /** [layers] share of replicates in which the AUROC rises most from the layer before to this one. */
  readonly jumps: readonly number[];
}

/** Weights the groups anew 200 times, the same weights for every layer. @param logs per layer [rows, classes] */
export async function resampleTask(logs: readonly Float64Array[], task: Task, seed: number, pace: Pace): Promise<Resampled> {
  const classes = task.classes.length;
  const n = task.rows.length;
  const ranked: Ranked[][] = logs.map((log) => columnsOf(log, n, classes).map((column) => rankScores(column)));
  const truths = classes === 2 ? [1] : task.classes.map((_, k) => k);
  const positive = truths.map((k) => Uint8Array.from(task.of, (c) => (c === k ? 1 : 0)));
  const random = new Random(seed, 76);
  const weight = new Float64Array(n);
  const values: number[][] = logs.map(() => []);
  const jumps = new Float64Array(logs.length);
  for (let b = 0; b < REPLICATES; b++) {
    groupWeights(task.group, random, weight);
    const line = ranked.map((columns) => {
      const areas = columns.map((one, k) => weightedAuroc(one, positive[k]!, weight));
      return areas.some((a) => a === null) ? null : areas.reduce<number>((s, a) => s + a!, 0) / areas.length;
    });
    line.forEach((value, l) => {
      if (value !== null) values[l]!.push(value);
    });
    const at = largestRise(line);
    if (at !== null) jumps[at]!++;
    await pace.breathe();
  }
  return { spread: values.map((v) => (v.length > 20 ? deviation(v) : null)), jumps: Array.from(jumps, (j) => j / REPLICATES) };
}

/** Layer whose value exceeds the layer before's by most; null without two neighbours. */
export function largestRise(values: readonly (number | null)[]): number | null {
  let best: number | null = null;
  let most = Number.NEGATIVE_INFINITY;
  for (let l = 1; l < values.length; l++) {
    const [a, b] = [values[l - 1] ?? null, values[l] ?? null];
    if (a === null || b === null || b - a <= most) continue;
    most = b - a;
    best = l;
  }
  return best;
}
