import type { DataCard, SkipCount } from "./data.js";
import type { ModelCard, Pooling, TokenSet } from "./model.js";
import type { Notice } from "./problem.js";

/** A number that may be withheld: null is never drawn as 0, the reason stands beside it. */
export type Maybe = number | null;
export type Interval = readonly [number, number];

export interface LayerScores {
  readonly layer: number;
  /** 0..100 scale, signed (may be slightly negative at chance); null for concepts. */
  readonly aqi: Maybe;
  readonly aqiCi95: Interval | null;
  /** Held-out logistic probe, decision values pooled over grouped folds. */
  readonly auroc: Maybe;
  readonly aurocCi95: Interval | null;
  readonly accuracy: Maybe;
  readonly balancedAccuracy: Maybe;
  readonly f1: Maybe;
  /** Geometry of the raw frame (no transform). */
  readonly chi: Maybe;
  readonly xbi: Maybe;
  readonly dbi: Maybe;
  readonly dunn: Maybe;
  readonly silhouette: Maybe;
  /** Chance-corrected share of between-class scatter, raw frame (lenses 1.1.3). */
  readonly epsilonSquared: Maybe;
  /** ε² with every dimension over its deviation within the classes. */
  readonly epsilonSquaredStandardised?: Maybe;
  /** Raw frame too: Calinski-Harabasz adjusted to be compared between datasets (Jeon et al. 2025), 0..1. */
  readonly chiAdjusted?: Maybe;
  /** Davies-Bouldin with root-mean-square distances, and silhouette by class centres. */
  readonly dbiQ2?: Maybe;
  readonly silhouetteSimplified?: Maybe;
  /** Why a value above is null, by field name. */
  readonly why?: Readonly<Record<string, string>>;
}

/** What two results must share, but for the model, to be drawn on one axis. */
export interface ComparabilityCard {
  /** SHA-256 of the rows that took part: text, label, category and group. */
  readonly rows: string;
  readonly pooling: string;
  readonly frame: "discriminant";
  readonly folds: number;
  /** Divisions into folds whose held-out scores are averaged. */
  readonly divisions: number;
  readonly shrinkage: string;
  readonly gamma: number;
  readonly axioms: number;
  /** Rows by axiom: [class 0, class 1]. */
  readonly cells: readonly (readonly [number, number])[];
  readonly replicates: number;
  readonly permutations: number;
  readonly seed: number;
  readonly model?: { readonly sha256: string; readonly precision: string };
  readonly version?: string;
}

/** One axiom's part in the pooled index. */
export interface AxiomResult {
  readonly name: string;
  readonly n: readonly [number, number];
  /** 100 ε² of the pooled held-out scores, signed. */
  readonly separation: number;
  readonly ci95: Interval | null;
  /** Share of the between-class scatter, 0..1. */
  readonly share: number;
  /** Cosine between its own mean difference and that of all axioms, at `directionLayer`, axes in within-class deviations; few rows pull it to 0. */
  readonly cosine: Maybe;
  /** Up to ten rows that lie farthest on the wrong side, as indices into the RowTable. */
  readonly worst: readonly number[];
  /** Why `ci95` is withheld. */
  readonly why?: string;
}

/** Indices of the pooled held-out scores: reported, not mixed in. */
export interface Companions {
  readonly dbi: Maybe;
  readonly dbiQ2: Maybe;
  readonly dunn: Maybe;
  /** 5th percentile of the distances between the classes over the 95th of those within. */
  readonly robustDunn: Maybe;
  readonly silhouette: Maybe;
  readonly silhouetteSimplified: Maybe;
  readonly auroc: Maybe;
  readonly dPrime: number;
  /** Overlap of two Gaussians that far apart, 0..1. */
  readonly overlap: number;
}

/** Published composites of the raw states of one layer; scaled inside their own table. */
export interface CompatResult {
  readonly layer: number;
  readonly comparable: false;
  readonly rows: readonly {
    readonly name: string;
    readonly n: number;
    readonly chi: Maybe;
    readonly xb: Maybe;
    readonly silhouette: Maybe;
    readonly dbs: Maybe;
    readonly dunn: Maybe;
    /** Composite by mode. */
    readonly aqi: Readonly<Record<string, Maybe>>;
  }[];
}

export interface AqiResult {
  /** AQI_pooled clipped to 0..100; null when absent, with `reason`. */
  readonly score: Maybe;
  readonly signed: Maybe;
  readonly ci95: Interval | null;
  readonly p: Maybe;
  /** The best of the same pipeline on layer-0 mean pooling, on hashed 1-2-gram counts and on surface features (length, casing, …); images: on thumbnails. */
  readonly lexical: Maybe;
  readonly gain: { readonly score: Maybe; readonly ci95: Interval | null };
  /** AQI from half of the rows; much below `signed` where p and the gain establish something: more rows would raise it. */
  readonly halfSample: Maybe;
  /**
   * Signed score of every bootstrap replicate; replicate b draws the same groups in every run of the same rows, groups and seed,
   * so that two runs are compared replicate by replicate.
   */
  readonly replicates?: readonly number[];
  /** Weight of each layer in the pooled score, sums to 1. */
  readonly layerWeights: readonly number[];
  /** Standard error of `halfSample` over the halves. */
  readonly halfSampleSe?: Maybe;
  readonly card?: ComparabilityCard;
  readonly axioms?: readonly AxiomResult[];
  readonly directionLayer?: number;
  readonly companions?: Companions;
  /** The heaviest layer after the surface features (length, casing, …) are regressed out of its states, and as it stands. */
  readonly residualised?: { readonly layer: number; readonly score: Maybe; readonly before: Maybe };
  /** Pairs only: the index of the differences within pairs, where whatever a pair shares cancels; and the share of pairs on the right side. */
  readonly paired?: { readonly score: number; readonly ci95: Interval; readonly pairs: number; readonly right: number };
  readonly compat?: CompatResult;
  /** Why `ci95`, `p` and the gain's interval are withheld beside a score, by field name. */
  readonly why?: Readonly<Record<string, string>>;
  /** Why there is no score. */
  readonly reason?: string;
}

export interface ProbeResult {
  readonly bestLayer: number | null;
  /** Score of the best layer with the layer chosen on other folds. */
  readonly nestedAuroc: Maybe;
  readonly jump: number | null;
  readonly converge: number | null;
  readonly depth95: number | null;
  /** Share of 0..1; 0 = readable from the first layer. */
  readonly areaDepth: Maybe;
}

export interface Controls {
  /** AUROC of words alone (TF-IDF 1-2-grams, logistic), of length alone (folded to 0.5 or more), and the probe on shuffled labels (mean and 95% range over layers). */
  readonly words: Maybe;
  readonly wordsCi95: Interval | null;
  /** Of images, in place of words and length: AUROC of a logistic regression on mean colours and sizes, with or without an 8 x 8 thumbnail, whichever tells more. Absent for texts. */
  readonly pixels?: Maybe;
  readonly pixelsCi95?: Interval | null;
  /** Why a value is null, by field name. */
  readonly why?: Readonly<Record<string, string>>;
  readonly length: Maybe;
  readonly shuffled: Maybe;
  readonly shuffledCi95: Interval | null;
  /** Best layer's AUROC after surface features are regressed out. */
  readonly residualised: Maybe;
}

export interface CategoryScore {
  readonly name: string;
  /** [class 0, class 1] rows. */
  readonly n: readonly [number, number];
  /** Per layer; null where not computable. */
  readonly auroc: readonly Maybe[];
  /** Chance-corrected separation (epsilon squared x 100, signed) per layer, held-out frame. */
  readonly separation: readonly Maybe[];
  readonly why?: string;
}

export interface Timing {
  readonly totalMs: number;
  readonly openMs: number;
  readonly extractMs: number;
  readonly lensMs: number;
  readonly rowsPerSecond: number;
  readonly tokens: number;
  /** Rows whose states were stored, by an earlier run or by this one before it was interrupted. */
  readonly stored?: number;
}

/** What an audit amounts to; this object is what `--format json` prints. No row text in it. */
export interface AuditResult {
  readonly schemaVersion: 1;
  readonly layerscope: string;
  readonly createdAt: string;
  /** False while rows are still arriving: previews, not results. */
  readonly final: boolean;
  readonly model: Pick<ModelCard, "path" | "name" | "sha256" | "hiddenSize" | "precision" | "architecture" | "tower" | "towers"> & {
    readonly layers: number;
    readonly provider: string;
    /** `host:port` of the servers that computed, where this machine did not; `provider` is `remote` then. */
    readonly hosts?: readonly string[];
    readonly tokenizerSha256?: string;
  };
  /** The second model, where the audit had one. */
  readonly reference?: AuditResult["model"];
  readonly dataset: Pick<DataCard, "path" | "contrastPath" | "sha256" | "kind" | "rows" | "classes" | "options"> & {
    /** Rows that took part in the statistics. */
    readonly used: number;
    readonly skipped: readonly SkipCount[];
    /** Groups whose rows share folds; the largest one's rows; rows bound because their texts are nearly the same, and rows of a template that are not. */
    readonly groups?: { readonly count: number; readonly largest: number; readonly nearDuplicates: number; readonly templated: number };
    /** Rows cut at `maxTokens`, by class. */
    readonly truncated: { readonly total: number; readonly byClass: readonly [number, number] };
    /** What the model was shown of the rows; absent: their texts. */
    readonly input?: "images";
    readonly columns: { readonly text: string; readonly label?: string; readonly category?: string; readonly group?: string };
  };
  readonly settings: {
    readonly pooling: Pooling;
    readonly maxTokens: number;
    readonly seed: number;
    readonly folds: number;
    readonly threads: number;
    /** SHA-256 of the chat template that rows were shown through, or `none`. */
    readonly chatTemplate?: string;
    /** Tokens that were pooled. */
    readonly tokenSet?: TokenSet;
  };
  readonly aqi: AqiResult;
  /** [layers + 1]; index = layer. */
  readonly layers: readonly LayerScores[];
  readonly probe: ProbeResult;
  readonly controls: Controls;
  readonly categories: readonly CategoryScore[];
  /** Values of the lenses that the plan named beside the core ones, by lens id. */
  readonly lenses?: Readonly<Record<string, unknown>>;
  readonly notices: readonly Notice[];
  /** One sentence made from the numbers. */
  readonly verdict: string;
  readonly timing: Timing;
}

/** A lens as a list shows it. */
export interface LensCard {
  readonly id: string;
  readonly title: string;
  /** What a user asks of it. */
  readonly question: string;
  readonly cite: string;
  /** Runs in every audit. */
  readonly core: boolean;
  /** What it needs beyond rows of two classes, for people; absent: nothing. */
  readonly needs?: string;
  /** `ran`: this run has it. `open`: it can be run. `no`: not on this run's rows, `why` says so. */
  readonly state: "ran" | "open" | "no";
  readonly why?: string;
  /** What a lens that ran says, in a sentence. */
  readonly says?: string;
}

/** Rows that took part, by column; index i is the row's place in every array. */
export interface RowTable {
  readonly count: number;
  /** Number of layer columns in `score` (layers + 1). */
  readonly columns: number;
  /** Row id: zero-based position among all rows read. */
  readonly id: Uint32Array;
  readonly label: Uint8Array;
  /** Index into `categories`; 65535 = none. */
  readonly category: Uint16Array;
  readonly categories: readonly string[];
  /** File, startLine, startColumn, endLine, endColumn: 5 a row; lines of -1: the row is a file of its own. */
  readonly place: Int32Array;
  /** Held-out probe decision value, [count x columns]; above 0 lies on the side of class 1; NaN = not scored yet. */
  readonly score: Float32Array;
  /** Calibrated held-out probability of class 1 at `probabilityLayer`; NaN = none. */
  readonly probability: Float32Array;
  readonly probabilityLayer: number;
  /** Tokens of the row, after truncation. */
  readonly tokens: Uint16Array;
  /** Group of the row (pair, group column, near-duplicates), for resampling; absent in runs of older versions. */
  readonly group?: Int32Array;
}
