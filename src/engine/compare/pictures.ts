import type { BandDifference, ComparedMetric, ComparedRun, Curve, Matrix, MatrixRow, Picture, Ranking } from "../../protocol/index.js";
import type { Pair } from "./pair.js";
import { DRAWS } from "./resample.js";

const ABOUT = "compare";

const METRICS: readonly (readonly [ComparedMetric, string, 1 | -1])[] = [
  ["accuracy", "Accuracy", 1],
  ["balancedAccuracy", "Balanced accuracy", 1],
  ["f1", "F1", 1],
  ["aqi", "AQI", 1],
  ["chi", "CHI (raw)", 1],
  ["xbi", "XBI (raw, lower is better)", -1],
  ["dbi", "DBI (raw, lower is better)", -1],
  ["dunn", "Dunn (raw)", 1],
  ["silhouette", "Silhouette (raw)", 1],
  ["epsilonSquared", "Epsilon squared (raw)", 1],
];

/** The pictures of one pair: how much better, of both, by metric, by category, and the rows that moved. */
export function pairPictures({ comparison, alignment, a, b, rows }: Pair): Picture[] {
  const { layers, categories } = comparison;
  const [one, other] = [comparison.a, comparison.b];
  const columns = alignment.matched === "layer" ? undefined : alignment.a.map((layer, l) => `layer ${layer} of ${one}, ${alignment.b[l]} of ${other}`);
  const base = { lens: "compare", about: ABOUT, ...(columns ? { columns } : {}) };
  const reach = largest(layers.flatMap(({ auroc }) => [auroc.value, ...(auroc.band95 ?? [])]));
  const ends: [string, string] = [`${one} ahead`, `${other} ahead`];
  const depth = columns ? `; columns are shares of the depth` : "";
  const delta: Curve = {
    ...base,
    id: "compare/delta",
    slot: "curve",
    shape: "curve",
    title: `Probe: ${other} less ${one}`,
    note: `Difference of the held-out AUROC; band: 95% for all layers at once, from ${DRAWS} draws of ${comparison.rows.groups} groups of rows, the same for both runs${depth}`,
    unit: "ΔAUROC",
    range: [-reach, reach],
    chance: 0,
    series: [
      {
        id: "delta",
        name: `${other} − ${one}`,
        kind: "main",
        values: layers.map(({ auroc }) => auroc.value),
        lo: layers.map(({ auroc }) => auroc.band95?.[0] ?? null),
        hi: layers.map(({ auroc }) => auroc.band95?.[1] ?? null),
      },
    ],
    marks: comparison.column === null ? [] : [{ layer: comparison.column, kind: "best", text: "best of both" }],
  };
  const both: Curve = {
    ...base,
    id: "compare/both",
    slot: "extra",
    shape: "curve",
    title: "Probe of both",
    note: `Held-out AUROC of each run on the ${comparison.rows.common} common rows`,
    unit: "AUROC",
    range: [0, 1],
    chance: 0.5,
    series: [
      { id: "b", name: other, kind: "main", values: layers.map(({ auroc }) => auroc.b) },
      { id: "a", name: one, kind: "reference", values: layers.map(({ auroc }) => auroc.a) },
    ],
    marks: [],
  };
  const metrics: Matrix = {
    ...base,
    id: "compare/metrics",
    slot: "metrics",
    shape: "matrix",
    scale: "diverging",
    ends,
    title: `Metrics: ${other} less ${one}`,
    note: "Each row on its own scale; a dot: its 95% band, which holds for all layers at once, leaves out 0. Raw-state metrics have no interval and are not comparable between models.",
    rows: [
      metricRow(
        "auroc",
        "AUROC",
        layers.map(({ auroc }) => auroc),
        1,
      ),
      ...METRICS.map(([id, name, good]) =>
        metricRow(
          id,
          name,
          layers.map(({ metrics: m }) => m[id]),
          good,
        ),
      ),
    ].filter((row) => row.values.some((value) => value !== null)),
  };
  const named: Matrix = {
    ...base,
    id: "compare/categories",
    slot: "categories",
    shape: "matrix",
    scale: "diverging",
    ends,
    title: `Categories: AUROC, ${other} less ${one}`,
    note: "All rows on one scale; a dot: the 95% band of that category, which holds for all layers at once, leaves out 0. Of many categories some may by chance.",
    rows: onOneScale(
      categories
        .filter(({ auroc }) => auroc.some(({ value }) => value !== null))
        .map(({ name, n, auroc }) => ({ ...metricRow(name, name, auroc, 1), count: `n ${n[0]}/${n[1]}` })),
    ),
  };
  const moved: Ranking = {
    ...base,
    id: "compare/rows",
    slot: "rows",
    shape: "ranking",
    title: "Rows that moved most",
    note: `Held-out score in each run, in deviations within the classes; the middle is the boundary. ⇄ now on the other side. Differences of single rows have no interval.`,
    valueName: `${other} − ${one}`,
    value: b.map((x, i) => x - a[i]),
    signed: true,
    from: a,
    to: b,
    fromName: one,
    toName: other,
  };
  return [delta, both, metrics, ...(named.rows.length ? [named] : []), ...(rows.count ? [moved] : [])];
}

function metricRow(id: string, name: string, cells: readonly BandDifference[], good: 1 | -1): MatrixRow {
  const remark = new Set(cells.map(({ why }) => why));
  return {
    id,
    name,
    chance: 0,
    best: good * largest(cells.map(({ value }) => value)),
    values: cells.map(({ value }) => value),
    lo: cells.map(({ band95 }) => band95?.[0] ?? null),
    hi: cells.map(({ band95 }) => band95?.[1] ?? null),
    ...(remark.size === 1 && cells[0].why ? { why: cells[0].why } : {}),
  };
}

function onOneScale(rows: readonly MatrixRow[]): MatrixRow[] {
  const best = largest(rows.flatMap(({ values }) => values));
  return rows.map((row) => ({ ...row, best }));
}

const largest = (values: readonly (number | null)[]): number => values.reduce<number>((most, v) => Math.max(most, Math.abs(v ?? 0)), 0) || 1;

/** A series of three runs or more: the index and the probe by run. */
export function seriesPictures(runs: readonly ComparedRun[]): Picture[] {
  if (runs.length < 3) return [];
  const columns = runs.map(({ mark, name }) => `${mark}: ${name}`);
  const base = { lens: "compare", about: ABOUT, slot: "extra" as const, shape: "curve" as const, columns, marks: [] };
  const index: Curve = {
    ...base,
    id: "compare/series-aqi",
    title: "AQI by run",
    note: "Each run's own 95% interval; differences have the narrower, paired ones above",
    unit: "AQI",
    range: [0, 100],
    chance: 0,
    series: [
      {
        id: "aqi",
        name: "AQI",
        kind: "main",
        values: runs.map(({ aqi }) => aqi),
        lo: runs.map((r) => r.aqiCi95?.[0] ?? null),
        hi: runs.map((r) => r.aqiCi95?.[1] ?? null),
      },
    ],
  };
  const probe: Curve = {
    ...base,
    id: "compare/series-auroc",
    title: "Probe by run",
    note: "AUROC with the layer chosen on other folds",
    unit: "AUROC",
    range: [0, 1],
    chance: 0.5,
    series: [{ id: "auroc", name: "Probe", kind: "main", values: runs.map(({ auroc }) => auroc) }],
  };
  return [...(runs.some(({ aqi }) => aqi !== null) ? [index] : []), probe];
}
