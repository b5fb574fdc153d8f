import {
  type AuditView,
  COMPARED_METRICS,
  type ComparedMetric,
  type Difference,
  type LayerDifference,
  type Notice,
  type PairComparison,
  type RowTable,
} from "../../protocol/index.js";
import { throwIfAborted } from "../errors.js";
import { tooFewGroups } from "../lenses/plan.js";
import { type Alignment, alignLayers } from "./align.js";
import { aqiDifference } from "./aqi.js";
import { asCategory, categoryDifference, categoryParts } from "./categories.js";
import { type Column, columnOf, commonRows, resampleColumn, scoresAt, smallerClass } from "./column.js";
import { depthShifts } from "./depth.js";
import { type Resampled, withBand, withInterval } from "./differences.js";
import { labelsDiffer, noCommonRows } from "./errors.js";
import { type Match, matchRows, sameGroups } from "./match.js";
import { disagreements } from "./mcnemar.js";
import { movedRows, standardise } from "./moved.js";
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

const NO_DRAWS = "a run stores no draws of this metric, so its difference has no interval";
const RAW = "describes raw states, which are not comparable between models; no interval";
const RESAMPLED = new Set<ComparedMetric>(["accuracy", "balancedAccuracy", "f1"]);

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
  const few = tooFewGroups(group);
  const draws = drawGroups(group, one.result.settings.seed);
  const a = new Float32Array(columns * count).fill(Number.NaN);
  const b = new Float32Array(columns * count).fill(Number.NaN);
  const score = new Float32Array(count * columns).fill(Number.NaN);
  const rows = commonRows(one.rows, match.a, columns, score);
  const parts = categoryParts(rows, group, draws);
  const perCategory: Difference[][] = parts.map(() => []);
  const probes: (Record<"auroc" | "accuracy" | "balancedAccuracy" | "f1", Resampled> | undefined)[] = [];
  const found: (Column | undefined)[] = [];
  for (let l = 0; l < columns; l++) {
    const [x, y] = [scoresAt(one, match.a, alignment.a[l]), scoresAt(other, match.b, alignment.b[l])];
    const column = x && y && columnOf(x, y);
    found.push(column);
    probes.push(column && resampleColumn(column, label, draws, few));
    for (const [k, part] of parts.entries()) perCategory[k].push(column ? categoryDifference(part, column, label, draws) : NOT_SCORED);
    if (x && y) {
      const [from, to] = [standardise(x, label), standardise(y, label)];
      a.set(from, l * count);
      b.set(to, l * count);
      for (let i = 0; i < count; i++) score[i * columns + l] = to[i];
    }
    await new Promise((resolve) => setImmediate(resolve));
    throwIfAborted(signal);
  }
  const empty: Resampled = { a: null, b: null, replicates: [], still: false, least: smallerClass(label), why: NOT_SCORED.why };
  const bands = withBand(
    probes.map((p) => p?.auroc ?? empty),
    draws.factor,
  );
  const layers = bands.map((auroc, l): LayerDifference => {
    const column = found[l];
    return {
      layerA: alignment.a[l],
      layerB: alignment.b[l],
      auroc,
      metrics: metricsAt(one, other, alignment, l, probes[l], draws.factor),
      disagreements: column ? disagreements(column.a.score, column.b.score, label) : null,
    };
  });
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
    categories: parts.map((part, k) => asCategory(part, perCategory[k])),
    depth: depthShifts(one.result.probe, other.result.probe),
    moved: best === null ? [] : movedRows(a.subarray(best * count, (best + 1) * count), b.subarray(best * count, (best + 1) * count), rows),
    notices: noticesOf(one, other, match, marks, alignment, few),
  };
  const names: [string, string] = [one.result.dataset.classes[0].name, one.result.dataset.classes[1].name];
  return { comparison: { ...comparison, verdict: verdictOf(comparison, names) }, alignment, rows, a, b };
}

const NOT_SCORED: Difference = { value: null, ci95: null, why: "a run has no held-out scores at this layer" };

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

function metricsAt(
  one: AuditView,
  other: AuditView,
  { a, b }: Alignment,
  l: number,
  probe: Partial<Record<ComparedMetric, Resampled>> | undefined,
  factor: number,
): LayerDifference["metrics"] {
  const of = (metric: ComparedMetric): Difference => {
    const resampled = probe?.[metric];
    if (resampled) return withInterval(resampled, factor);
    if (RESAMPLED.has(metric)) return NOT_SCORED;
    const [x, y] = [one.result.layers[a[l]][metric], other.result.layers[b[l]][metric]];
    if (x === null || y === null) return { value: null, ci95: null, why: "a run withholds it at this layer" };
    return { value: y - x, ci95: null, why: metric === "aqi" ? NO_DRAWS : RAW };
  };
  return Object.fromEntries(COMPARED_METRICS.map((metric) => [metric, of(metric)])) as Record<ComparedMetric, Difference>;
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

function noticesOf(
  one: AuditView,
  other: AuditView,
  match: Match,
  [a, b]: readonly [string, string],
  { matched }: Alignment,
  few: string | undefined,
): Notice[] {
  const out: Notice[] = [];
  const say = (code: string, message: string) => out.push({ code, message });
  const [x, y] = [one.result, other.result];
  if (matched === "relative-depth")
    say("compare/depth", `${a} has ${x.model.layers} blocks and ${b} ${y.model.layers}: layers are set beside each other by their share of the depth.`);
  if (match.onlyA + match.onlyB > 0)
    say("compare/rows", `${match.onlyA} rows take part in ${a} only and ${match.onlyB} in ${b} only; the ${match.a.length} that both have are compared.`);
  if (!one.rows.group || !other.rows.group)
    say(
      "compare/no-groups",
      "A run was made by a Layerscope that did not store which rows belong together: every row was drawn by itself, so intervals may be too narrow.",
    );
  else if (sameGroups(one.rows, other.rows, match) === false) say("compare/groups", `The runs group the rows differently; ${a}'s groups were drawn.`);
  if (x.model.provider !== y.model.provider)
    say("compare/provider", `${a} ran on ${x.model.provider}, ${b} on ${y.model.provider}: small differences may come from that.`);
  if (few) say("compare/few-groups", `No intervals are given: ${few}.`);
  return out;
}
