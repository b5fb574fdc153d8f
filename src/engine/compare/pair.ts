import type { AuditView, LayerDifference, PairComparison, RowTable } from "../../protocol/index.js";
import { throwIfAborted } from "../errors.js";
import { tooFewGroups } from "../lenses/plan.js";
import { type Alignment, alignLayers } from "./align.js";
import { aqiDifference } from "./aqi.js";
import { categoryParts, resampleCategory } from "./categories.js";
import { type Column, columnOf, commonRows, type ProbeMetric, resampleColumn, scoresAt } from "./column.js";
import { depthShifts } from "./depth.js";
import { type Resampled, withBand } from "./differences.js";
import { labelsDiffer, noCommonRows } from "./errors.js";
import { type Match, matchRows } from "./match.js";
import { disagreements } from "./mcnemar.js";
import { compareMetrics } from "./metrics.js";
import { movedRows, standardise } from "./moved.js";
import { noticesOf } from "./notices.js";
import { drawGroups } from "./resample.js";
import { verdictOf } from "./verdict.js";

/** Two runs beside each other: the numbers, and what their pictures need. */
export interface Pair {
  readonly comparison: PairComparison;
  readonly alignment: Alignment;
  /** Common rows; `score` = B's standardised scores. */
  readonly rows: RowTable;
  /** [columns x count], layer-major: standardised scores of each run, NaN where a layer is withheld. */
  readonly a: Float32Array;
  readonly b: Float32Array;
}

/** @param marks letters of the runs; both runs have been found comparable. */
export async function comparePair(one: AuditView, other: AuditView, marks: readonly [string, string], signal?: AbortSignal): Promise<Pair> {
  const match = matchRows(one.rows, other.rows);
  const count = match.a.length;
  if (count === 0) throw noCommonRows(...marks);
  if (match.labels > 0) throw labelsDiffer(...marks, match.labels);
  const alignment = alignLayers(one.result.layers.length, other.result.layers.length);
  const columns = alignment.a.length;
  const label = Uint8Array.from(match.a, (i) => one.rows.label[i]);
  const group = groupsOf(one.rows, match);
  const few = tooFewGroups(group, label);
  const draws = drawGroups(group, one.result.settings.seed);
  const a = new Float32Array(columns * count).fill(Number.NaN);
  const b = new Float32Array(columns * count).fill(Number.NaN);
  const score = new Float32Array(count * columns).fill(Number.NaN);
  const rows = commonRows(one.rows, match.a, columns, score);
  const parts = categoryParts(rows, group, draws);
  const perCategory: Resampled[][] = parts.map(() => []);
  const probes: (Record<ProbeMetric, Resampled> | undefined)[] = [];
  const found: (Column | undefined)[] = [];
  for (let l = 0; l < columns; l++) {
    const [x, y] = [scoresAt(one, match.a, alignment.a[l]), scoresAt(other, match.b, alignment.b[l])];
    const column = x && y && columnOf(x, y);
    found.push(column);
    probes.push(column && resampleColumn(column, label, draws, few));
    for (const [k, part] of parts.entries()) perCategory[k].push(column ? resampleCategory(part, column, label, draws) : UNSCORED);
    if (x && y) {
      const [from, to] = [standardise(x, label), standardise(y, label)];
      a.set(from, l * count);
      b.set(to, l * count);
      for (let i = 0; i < count; i++) score[i * columns + l] = to[i];
    }
    await new Promise((resolve) => setImmediate(resolve));
    throwIfAborted(signal);
  }
  const of = (metric: ProbeMetric) =>
    withBand(
      probes.map((probe) => probe?.[metric] ?? UNSCORED),
      draws.factor,
    );
  const auroc = of("auroc");
  const metrics = compareMetrics(one, other, alignment, { accuracy: of("accuracy"), balancedAccuracy: of("balancedAccuracy"), f1: of("f1") });
  const layers = found.map(
    (column, l): LayerDifference => ({
      layerA: alignment.a[l],
      layerB: alignment.b[l],
      auroc: auroc[l],
      metrics: metrics[l],
      disagreements: column ? disagreements(column.a.score, column.b.score, label) : null,
    }),
  );
  const best = bestColumn(layers);
  const comparison: Omit<PairComparison, "verdict"> = {
    a: marks[0],
    b: marks[1],
    rows: { common: count, onlyA: match.onlyA, onlyB: match.onlyB, groups: new Set(group).size },
    matched: alignment.matched,
    identical: alignment.matched === "layer" && match.onlyA + match.onlyB === 0 && found.every((column) => column?.same === true),
    aqi: aqiDifference(one, other, match),
    layers,
    column: best,
    categories: parts.map(({ name, n }, k) => ({ name, n, auroc: withBand(perCategory[k], draws.factor) })),
    depth: depthShifts(one.result.probe, other.result.probe),
    moved: best === null ? [] : movedRows(a.subarray(best * count, (best + 1) * count), b.subarray(best * count, (best + 1) * count), rows),
    notices: noticesOf(one, other, match, marks, alignment, few),
  };
  const names: [string, string] = [one.result.dataset.classes[0].name, one.result.dataset.classes[1].name];
  return { comparison: { ...comparison, verdict: verdictOf(comparison, names) }, alignment, rows, a, b };
}

const UNSCORED: Resampled = { a: null, b: null, replicates: [], still: false, least: 0, why: "a run has no held-out scores at this layer" };

/** Groups of the common rows, numbered from 0; every row its own where the run did not store them. */
function groupsOf(rows: RowTable, match: Match): Int32Array {
  const numbers = new Map<number, number>();
  return match.a.map((i, k) => {
    const key = rows.group ? rows.group[i] : k;
    const known = numbers.get(key) ?? numbers.size;
    numbers.set(key, known);
    return known;
  });
}

/** Where both together are best: chosen by their mean, so that neither run chooses the place of the comparison. */
function bestColumn(layers: readonly LayerDifference[]): number | null {
  let best: number | null = null;
  let most = Number.NEGATIVE_INFINITY;
  layers.forEach(({ auroc: { a, b } }, l) => {
    if (a === null || b === null || a + b <= most) return;
    most = a + b;
    best = l;
  });
  return best;
}
