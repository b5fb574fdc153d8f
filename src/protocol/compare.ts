import type { Picture } from "./picture.js";
import type { Notice, Problem } from "./problem.js";
import type { AuditResult, Interval, Maybe, RowTable } from "./result.js";

/** One of the runs that stand beside each other. */
export interface ComparedRun {
  /** `A`, `B`, … in the order they were named; A is the base. */
  readonly mark: string;
  /** The model, with precision, file or time where the model alone does not tell the runs apart. */
  readonly name: string;
  readonly createdAt: string;
  readonly layerscope: string;
  readonly model: AuditResult["model"];
  /** Signed AQI; null when absent. */
  readonly aqi: Maybe;
  readonly aqiCi95: Interval | null;
  /** AUROC with the layer chosen on other folds. */
  readonly auroc: Maybe;
  readonly bestLayer: number | null;
  readonly rows: number;
}

/** B less A. */
export interface Difference {
  readonly value: Maybe;
  /** From rows drawn for both runs at once, whole groups together. */
  readonly ci95: Interval | null;
  /** Why the value or its interval is withheld. */
  readonly why?: string;
}

/** A difference at one of several layers: `ci95` is of that layer by itself. */
export interface BandDifference extends Difference {
  readonly a: Maybe;
  readonly b: Maybe;
  /** 95% for all layers at once (max-t): where it leaves out 0 there is a difference, wherever one looks. */
  readonly band95: Interval | null;
}

/** Rows by which run is right about them at the boundary of the held-out probe. */
export interface Disagreements {
  readonly bothRight: number;
  readonly bothWrong: number;
  readonly onlyA: number;
  readonly onlyB: number;
  /** McNemar, exact, two-sided. */
  readonly p: number;
}

/** Metrics without a resampled interval are those of the stored results. */
export const COMPARED_METRICS = ["accuracy", "balancedAccuracy", "f1", "aqi", "chi", "xbi", "dbi", "dunn", "silhouette", "epsilonSquared"] as const;
export type ComparedMetric = (typeof COMPARED_METRICS)[number];

export interface LayerDifference {
  readonly layerA: number;
  readonly layerB: number;
  readonly auroc: BandDifference;
  readonly metrics: Readonly<Record<ComparedMetric, BandDifference>>;
  readonly disagreements: Disagreements | null;
}

export interface CategoryDifference {
  readonly name: string;
  /** [class 0, class 1] common rows. */
  readonly n: readonly [number, number];
  /** AUROC by column of the comparison. */
  readonly auroc: readonly BandDifference[];
}

export interface DepthShift {
  readonly what: "bestLayer" | "jump" | "converge" | "depth95" | "areaDepth";
  readonly a: Maybe;
  readonly b: Maybe;
}

/** A row whose held-out score moved, both scores in units of the run's own deviation within the classes; above 0 = class 1's side. */
export interface MovedRow {
  readonly row: number;
  readonly label: number;
  readonly category?: string;
  readonly a: number;
  readonly b: number;
  /** b - a. */
  readonly change: number;
  /** Towards or away from the row's own label. */
  readonly direction: "towards" | "away";
  /** On the other side of the boundary than before. */
  readonly crossed: boolean;
}

export interface PairComparison {
  /** Marks of the runs. */
  readonly a: string;
  readonly b: string;
  readonly rows: { readonly common: number; readonly onlyA: number; readonly onlyB: number; readonly groups: number };
  /** `layer`: both have the same layers. `relative-depth`: the run with more layers is read at the nearest share of its depth. */
  readonly matched: "layer" | "relative-depth";
  /** Every row has the same scores at every layer. */
  readonly identical: boolean;
  readonly aqi: Difference;
  /** One entry a column. */
  readonly layers: readonly LayerDifference[];
  /** Column at which both runs together are best: rows that moved and disagreements in the text are read there. */
  readonly column: number | null;
  readonly categories: readonly CategoryDifference[];
  readonly depth: readonly DepthShift[];
  /** The first 50. */
  readonly moved: readonly MovedRow[];
  readonly notices: readonly Notice[];
  readonly verdict: string;
}

/** What `layerscope compare --format json` prints. No row text in it. */
export interface CompareResult {
  readonly schemaVersion: 1;
  readonly kind: "comparison";
  readonly layerscope: string;
  readonly createdAt: string;
  readonly runs: readonly ComparedRun[];
  readonly dataset: Pick<AuditResult["dataset"], "path" | "contrastPath" | "sha256" | "kind" | "options"> & { readonly classNames: readonly [string, string] };
  readonly settings: Pick<AuditResult["settings"], "pooling" | "maxTokens" | "seed" | "folds">;
  /** Each later run against the first. */
  readonly pairs: readonly PairComparison[];
  readonly notices: readonly Notice[];
  readonly verdict: string;
}

/** A comparison as it is shown: pictures and rows are those of one pair. */
export interface CompareView {
  readonly result: CompareResult;
  /** Index into `result.pairs`. */
  readonly shown: number;
  readonly pictures: readonly Picture[];
  /** Rows that both runs have; `score` holds B's standardised scores by column. */
  readonly rows: RowTable;
}

export interface CompareState {
  readonly phase: "working" | "done" | "failed";
  /** Names of the runs, as the list shows them. */
  readonly names: readonly string[];
  /** Names of their folders, no paths: what the panel keeps, so that a reloaded window can compare them again. */
  readonly ids?: readonly string[];
  readonly view?: CompareView;
  readonly problem?: Problem;
}

export type CompareExport = "json" | "html" | "svg";

/** Asked by the comparison's panel, answered by the extension host. */
export interface ComparePanelMethods {
  "panel.ready": { params: Record<string, never>; result: CompareState };
  "rows.text": { params: { rows: number[] }; result: { readonly row: number; readonly text: string }[] };
  "row.open": { params: { row: number; keepFocus: boolean }; result: null };
  /** Another pair of the series. */
  "pair.show": { params: { pair: number }; result: null };
  /** The last run becomes the base. */
  "pair.swap": { params: Record<string, never>; result: null };
  "compare.again": { params: Record<string, never>; result: null };
  "compare.export": { params: { format: CompareExport; withText: boolean; svgs?: Record<string, string> }; result: null };
  "about.open": { params: { page: string }; result: null };
  /** The audit panel of one of the runs. */
  "run.open": { params: { run: number }; result: null };
}

export interface ComparePanelEvents {
  "compare.state": CompareState;
}
