import type { DataOptions, Notice, Pooling, TokenSet } from "../../protocol/index.js";
import type { DomainStatistics } from "./domain.js";
import type { LayerProbe } from "./probe.js";

/** Raised by one with every change that an older reader could misread. */
export const PROFILE_VERSION = 2;
/** Of the first version, another distance told what lies outside; its numbers do not fit today's. */
export const OLDEST_PROFILE = 2;
export const PROFILE_SCHEMA = "layerscope-profile";

/** A file that teams commit is looked through before it is believed; the largest real one (80 layers of width 8192) has about 12 MB. CWE-770 */
export const MAX_PROFILE_BYTES = 64 * 1024 * 1024;

/** Rows beside which prompts are shown, at most; of larger sets a seeded sample. */
export const MOST_ROWS = 2000;

/** What one audit learnt about telling its two classes apart. Holds no text and no word of one. */
export interface Profile {
  readonly layerscope: string;
  readonly createdAt: string;
  readonly model: ProfileModel;
  readonly tokenizer: string;
  readonly settings: {
    readonly pooling: Pooling;
    readonly tokenSet: TokenSet;
    /** SHA-256 of the template that rows were shown through, or `none`. */
    readonly chatTemplate: string;
    readonly maxTokens: number;
    readonly seed: number;
  };
  /** The layer that prompts are scored at. */
  readonly layer: number;
  readonly classes: readonly [string, string];
  /** [layer + 1] one probe a layer, each with its calibration; null: the layer is withheld. */
  readonly probes: readonly (LayerProbe | null)[];
  readonly calibration: {
    readonly rows: number;
    /** Over ten bins, each row's probability from a calibration that has not seen it. */
    readonly ece: number | null;
    readonly auroc: number | null;
    /** Held-out decision values of the safe class at the layer; the deviation is that of the upper tail where it is heavier. */
    readonly safe: { readonly mean: number; readonly deviation: number };
  };
  readonly thresholds: Thresholds;
  /** Tokens of the rows: a window of a long prompt is as long as rows are. */
  readonly tokens: { readonly median: number; readonly most: number };
  readonly domain: DomainStatistics;
  readonly dataset: {
    readonly name: string;
    /** From the profile's own folder; absent where the file does not lie near it. */
    readonly path?: string;
    readonly sha256: string;
    readonly rows: number;
    readonly options: DataOptions;
    /** SHA-256 of the rows that took part: ids, lines and classes. */
    readonly fingerprint: string;
  };
  readonly rows: ProfileRows;
  readonly notices: readonly Notice[];
}

export interface ProfileModel {
  readonly name: string;
  /** Of the .onnx file. */
  readonly sha256: string;
  /** Of its files of weights, in their order. */
  readonly weights: readonly string[];
  readonly precision: string;
  readonly architecture?: string;
  readonly tower?: string;
  readonly width: number;
  /** Layers with the embeddings. */
  readonly layers: number;
  /** From the profile's own folder; absent where the model does not lie near it. */
  readonly path?: string;
}

/** Below `clear` a prompt is called safe, from `report` on unsafe; from `error` on it is reported as an error. */
export interface Thresholds {
  readonly clear: number;
  readonly report: number;
  readonly error: number;
}

/** Rows of the dataset in few dimensions, for nearest rows. */
export interface ProfileRows {
  /** Row ids, ascending, and where each begins: zero-based line (-1 none), file (0, or 1 for the contrast file). */
  readonly ids: readonly number[];
  readonly lines: readonly number[];
  readonly files: Uint8Array;
  readonly unsafe: Uint8Array;
  readonly dims: number;
  /** Size of one step of `vectors`, by dimension. */
  readonly step: Float32Array;
  /** [rows, dims] in steps. */
  readonly vectors: Int8Array;
}
