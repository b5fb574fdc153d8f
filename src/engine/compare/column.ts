import type { AuditView, Maybe, RowTable } from "../../protocol/index.js";
import { confusion } from "../stats/auc.js";
import type { Resampled } from "./differences.js";
import { type Ranked, rank, weightedAuroc } from "./ranked.js";
import type { Draws } from "./resample.js";

/** Held-out scores of both runs at one column, over the common rows. */
export interface Column {
  readonly a: Ranked;
  readonly b: Ranked;
  /** Every row has the same score in both. */
  readonly same: boolean;
}

/** The scores of some rows at one layer; undefined where the run withholds the layer or a row has none. */
export function scoresAt({ rows, result }: Pick<AuditView, "rows" | "result">, which: Int32Array, layer: number): Float64Array | undefined {
  if (result.layers[layer]?.auroc === null) return undefined;
  const out = Float64Array.from(which, (i) => rows.score[i * rows.columns + layer]);
  return out.every(Number.isFinite) ? out : undefined;
}

export function columnOf(a: Float64Array, b: Float64Array): Column {
  return { a: rank(a), b: rank(b), same: a.every((value, i) => value === b[i]) };
}

export type ProbeMetric = "auroc" | "accuracy" | "balancedAccuracy" | "f1";

/** Both runs' values of what the probe's scores give at one column, and the differences of every draw. */
export function resampleColumn(column: Column, label: Uint8Array, draws: Draws, why: string | undefined): Record<ProbeMetric, Resampled> {
  const part = narrowed(column, draws.rows);
  const own = Uint8Array.from(draws.rows, (i) => label[i]);
  const found: Record<ProbeMetric, number[]> = { auroc: [], accuracy: [], balancedAccuracy: [], f1: [] };
  if (why === undefined && !column.same)
    for (const w of draws.weights) {
      const [a, b] = [valuesOf(part.a, own, w), valuesOf(part.b, own, w)];
      for (const metric of METRICS) {
        const [x, y] = [a[metric], b[metric]];
        if (x !== null && y !== null) found[metric].push(y - x);
      }
    }
  const [a, b] = [wholeOf(column.a, label), wholeOf(column.b, label)];
  const least = smallerClass(label);
  const of = (metric: ProbeMetric): Resampled => ({
    a: a[metric],
    b: b[metric],
    replicates: found[metric],
    still: column.same,
    least,
    ...(why === undefined ? {} : { why }),
  });
  return { auroc: of("auroc"), accuracy: of("accuracy"), balancedAccuracy: of("balancedAccuracy"), f1: of("f1") };
}

const METRICS = ["auroc", "accuracy", "balancedAccuracy", "f1"] as const;

function narrowed({ a, b, same }: Column, rows: Int32Array): Column {
  if (rows.length === a.score.length) return { a, b, same };
  const take = ({ score }: Ranked) => rank(Float64Array.from(rows, (i) => score[i]));
  return { a: take(a), b: take(b), same };
}

function wholeOf(ranked: Ranked, label: Uint8Array): Record<ProbeMetric, Maybe> {
  return { auroc: weightedAuroc(ranked, label), ...confusion(ranked.score, label) };
}

/** The same under weights. */
function valuesOf(ranked: Ranked, label: Uint8Array, weight: Float64Array): Record<ProbeMetric, Maybe> {
  const hit = [0, 0];
  const of = [0, 0];
  let predicted = 0;
  for (let i = 0; i < label.length; i++) {
    const y = label[i] === 1 ? 1 : 0;
    const said = ranked.score[i] > 0 ? 1 : 0;
    of[y] += weight[i];
    if (said === 1) predicted += weight[i];
    if (said === y) hit[y] += weight[i];
  }
  return {
    auroc: weightedAuroc(ranked, label, weight),
    accuracy: (hit[0] + hit[1]) / (of[0] + of[1]),
    balancedAccuracy: of[0] > 0 && of[1] > 0 ? (hit[0] / of[0] + hit[1] / of[1]) / 2 : null,
    f1: predicted + of[1] > 0 ? (2 * hit[1]) / (predicted + of[1]) : null,
  };
}

export function smallerClass(label: ArrayLike<number>): number {
  let ones = 0;
  for (let i = 0; i < label.length; i++) if (label[i] === 1) ones++;
  return Math.min(ones, label.length - ones);
}

/** Common rows of a table, by column arrays, with B's standardised scores as its score. */
export function commonRows(table: RowTable, which: Int32Array, columns: number, score: Float32Array): RowTable {
  const place = new Int32Array(which.length * 5);
  which.forEach((i, k) => {
    place.set(table.place.subarray(i * 5, i * 5 + 5), k * 5);
  });
  return {
    count: which.length,
    columns,
    id: Uint32Array.from(which, (i) => table.id[i]),
    label: Uint8Array.from(which, (i) => table.label[i]),
    category: Uint16Array.from(which, (i) => table.category[i]),
    categories: table.categories,
    place,
    score,
    probability: Float32Array.from(which, (i) => table.probability[i]),
    probabilityLayer: -1,
    tokens: Uint16Array.from(which, (i) => table.tokens[i]),
  };
}
