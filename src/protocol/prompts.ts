import type { Provider } from "./model.js";
import type { DataOptions, Notice, Problem } from "./problem.js";

/** `certain`: the call's shape names a prompt field. `likely`: a list of messages, a telling name, a marker. `possible`: long texts with an opening phrase; off by default. */
export const PROMPT_RANKS = ["certain", "likely", "possible"] as const;
export type PromptRank = (typeof PROMPT_RANKS)[number];

export const PROMPT_ROLES = ["system", "developer", "user", "assistant", "tool", "other"] as const;
export type PromptRole = (typeof PROMPT_ROLES)[number];

/** Stands in the text for what only the running program knows: `${name}`, `{name}` of an f-string. */
export const PROMPT_HOLE = "…";

/** Characters [at, at + length) of a prompt's text stand at [from, to) of its document. Where the two lengths agree and `hole` is absent, one for one. */
export interface PromptPiece {
  readonly at: number;
  readonly length: number;
  readonly from: number;
  readonly to: number;
  readonly hole?: true;
}

/** A prompt as it stands in a document. Offsets are UTF-16 units from the document's start, as VS Code's. */
export interface FoundPrompt {
  /** What found it, stable: `openai-messages`, `anthropic-system`, `named-constant`, `marker`, `prompt-file` … */
  readonly shape: string;
  readonly rank: PromptRank;
  readonly role: PromptRole;
  /** What the model would read: escapes resolved, joins joined, holes replaced by `PROMPT_HOLE`. */
  readonly text: string;
  /** The whole expression that holds it, quotes included: [start, end). */
  readonly start: number;
  readonly end: number;
  /** Ascending, without gaps in the text. */
  readonly pieces: readonly PromptPiece[];
  /** Variable, key or argument that holds it. */
  readonly name?: string;
  readonly holes: number;
  /** A comment says that it is to be left alone. */
  readonly ignored?: boolean;
}

/** What a document holds. A document that cannot be read whole still gives what could be read. */
export interface FoundPrompts {
  readonly prompts: readonly FoundPrompt[];
  /** What could not be read, and where. */
  readonly notices: readonly Notice[];
}

/** How a document is read for prompts. */
export interface FindOptions {
  /** Path or name; file conventions (`prompts/x.md`, `*.prompty`, `agents.yaml`) and the language go by it. */
  readonly fileName: string;
  /** VS Code's, where it is known; wins over the file's ending. */
  readonly languageId?: string;
  /** Also report `possible` prompts. */
  readonly possible?: boolean;
}

/** One change as VS Code's `contentChanges` have it; several are applied in their order. */
export interface PromptChange {
  readonly rangeOffset: number;
  readonly rangeLength: number;
  readonly text: string;
}

/** A document that is being edited. */
export interface PromptDocument {
  edit(changes: readonly PromptChange[]): void;
  /** The same with the whole new text: what an edit touched is found by comparing. */
  replace(source: string): void;
  /** What the document holds now; the same object until the next edit. */
  prompts(): FoundPrompts;
  dispose(): void;
}

/** What `dist/prompts.js` gives: `openFinder(folder)`, the folder that holds the wasm files. */
export interface PromptFinder {
  /** Whether a file of this name can hold prompts; others are not worth reading. */
  reads(fileName: string, languageId?: string): boolean;
  find(source: string, options: FindOptions): FoundPrompts;
  open(source: string, options: FindOptions): PromptDocument;
}

/** A profile as it is shown: what one audit learnt, kept in a file that a team can commit. No row text in it. */
export interface ProfileCard {
  readonly path: string;
  /** Of the profile's bytes. */
  readonly sha256: string;
  readonly model: { readonly name: string; readonly sha256: string; readonly path?: string };
  /** The layer that prompts are scored at, of `layers` (index 0 = embeddings). */
  readonly layer: number;
  readonly layers: number;
  readonly pooling: string;
  readonly maxTokens: number;
  /** Calibrated probability from which a prompt is reported. */
  readonly threshold: number;
  /** Below `clear` a prompt is called safe, from `report` (= `threshold`) on unsafe, from `error` on it is reported as an error. */
  readonly thresholds: { readonly clear: number; readonly report: number; readonly error: number };
  /** Held-out rows that the probability was calibrated and checked on; expected calibration error over ten bins. */
  readonly calibration: { readonly rows: number; readonly ece: number | null };
  /** `linked`: the file lies at `path` as it was audited, so the lines of nearest rows are its own. `options` read it again. */
  readonly dataset: { readonly path: string; readonly sha256: string; readonly rows: number; readonly linked: boolean; readonly options: DataOptions };
  readonly auroc: number | null;
  readonly createdAt: string;
  /** For instance: the dataset has changed since. */
  readonly notices: readonly Notice[];
}

/** Which profile, and on which model, prompts are scored. */
export interface ProfileUse {
  readonly profile: string;
  /** Absent: the model that the profile names, where it lies. */
  readonly model?: string;
  readonly provider: Provider;
  readonly threads: number;
}

export interface PromptAsk {
  /** The asker's own name of it, handed back. */
  readonly key: string;
  readonly text: string;
  readonly role: PromptRole;
}

/** `outside`: far from every row the probe has seen; never called safe. `unsure`: between the two thresholds. */
export type PromptSide = "unsafe" | "unsure" | "safe" | "outside";

export interface NearRow {
  /** Row id of the profile's dataset, and its zero-based line where it has one. */
  readonly row: number;
  readonly line?: number;
  /** 1: the line is of the contrast file. */
  readonly file?: number;
  readonly unsafe: boolean;
  /** In the profile's own frame; smaller is nearer. */
  readonly distance: number;
}

export interface PromptScore {
  readonly key: string;
  readonly side: PromptSide;
  /**
   * Calibrated probability of lying on the unsafe side, 0..1. Of a long prompt the worst window's, held against the worst of as many safe
   * windows, or that of all windows together where it is higher. null: none, with `fault`.
   */
  readonly probability: number | null;
  /** The probe's decision value, as in a run's `RowTable.score` at the profile's layer; above 0 is the unsafe side. */
  readonly decision: number | null;
  /** Distance to what the probe has seen, as a quantile of held-out rows (0..1); `outside` above `limit`. */
  readonly domain: { readonly quantile: number; readonly limit: number };
  /** Probability by layer, from 0 to the profile's layer. */
  readonly curve: readonly (number | null)[];
  /** First layer from which it stays on its side; null: none. */
  readonly emergence: number | null;
  readonly nearest: readonly NearRow[];
  /** Of a prompt longer than a window: [from, to) in UTF-16 units of its text. */
  readonly windows: readonly { readonly from: number; readonly to: number; readonly probability: number }[];
  readonly tokens: number;
  readonly truncated: boolean;
  readonly fault?: Problem;
}

/** A prompt in code as a point among the rows on an audit's map. No text of it. */
export interface PromptPoint {
  /** The sender's own name of it, handed back when it is chosen. */
  readonly key: string;
  /** What stands beside the point, for instance `SYSTEM, chat.py:12`. */
  readonly label: string;
  readonly side: PromptSide;
  readonly probability: number | null;
  /** The profile's layer: at others the point is not shown. */
  readonly layer: number;
  /** As `RowTable.score`: places it across. */
  readonly decision: number;
  /** Ids of the rows nearest to it, nearest first: places it upwards, where `y` is absent. */
  readonly near: readonly number[];
  /** Where it lies on the map's own axes, when that is known. */
  readonly x?: number;
  readonly y?: number;
}

export const HEAT_METHODS = ["direction", "occlusion"] as const;
/** `direction`: the token's state along the probe's direction, exact for mean pooling. `occlusion`: the change when the token is left out. */
export type HeatMethod = (typeof HEAT_METHODS)[number];

export interface PromptHeat {
  readonly method: HeatMethod;
  /** [from, to) in UTF-16 units of the text; `value` in units of the decision value, above 0 towards unsafe. */
  readonly tokens: readonly { readonly from: number; readonly to: number; readonly value: number }[];
  /** What the values sum to, or are measured against. */
  readonly decision: number;
}

/** Asked by the extension and the CLI, answered by the engine. */
export interface PromptMethods {
  "profile.open": { params: { use: ProfileUse }; result: ProfileCard };
  /** A copy of a profile that names model and dataset from where it lies then. */
  "profile.save": { params: { from: string; to: string }; result: null };
  /** At most 500 at once; cancellable between batches. */
  "prompts.score": { params: { use: ProfileUse; prompts: PromptAsk[] }; result: PromptScore[] };
  "prompts.heat": { params: { use: ProfileUse; prompt: PromptAsk; method: HeatMethod }; result: PromptHeat };
}
