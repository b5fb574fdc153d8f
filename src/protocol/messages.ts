import type { AcceleratorReport } from "./accelerators.js";
import type { LaterColumns, LayerColumns } from "./columns.js";
import type { CompareView } from "./compare.js";
import type { DataAnswer } from "./data.js";
import type { HubOffer, HubOrder, HubProgress, HubQuestion, HubResult } from "./hub.js";
import type { ChatMode, ModelCard, Pooling, Provider, TokenSet } from "./model.js";
import type { Picture } from "./picture.js";
import type { DataOptions, Problem } from "./problem.js";
import type { PromptMethods, PromptPoint } from "./prompts.js";
import type { AuditResult, LensCard, RowTable } from "./result.js";
import type { ModelGlance, ModelList, ModelSheet } from "./sheet.js";

/** Raised by one with every change that an older side could misread. */
export const PROTOCOL = 1;

export interface AuditPlan {
  readonly data: { readonly path: string; readonly options: DataOptions };
  /** A folder or an .onnx file. */
  readonly model: string;
  /** Of a graph with several residual streams: `encoder`, `decoder`, `text`, `vision`, or the name of an input. */
  readonly tower?: string;
  /** Absent: `mean-skip-first` for causal models, `mean` for encoders. */
  readonly pooling?: Pooling;
  readonly maxTokens: number;
  readonly seed: number;
  readonly provider: Provider;
  /** 0 = chosen by the engine. */
  readonly threads: number;
  /** Whether rows are shown to the model through its chat template: `auto` (the default) where the file holds conversations, `on` always. */
  readonly chatTemplate?: ChatMode;
  /** Tokens that are pooled; absent: the completion's where every row has one, else all. */
  readonly tokens?: TokenSet;
  /** Ids of lenses to run beside the core ones. */
  readonly lenses?: readonly string[];
  /** A second model for lenses that compare two: a folder or an .onnx file. */
  readonly reference?: string;
  /** Folder that receives plan.json, result.json and rows.bin; absent = nothing is written. */
  readonly runFolder?: string;
  /** Goes on with the run in `runFolder` where it was interrupted; refused when model, dataset or tokenizer are no longer the same. */
  readonly resume?: boolean;
  /** Folder of states that are kept from run to run; absent: they go with the run. */
  readonly storeFolder?: string;
  /** What may lie there, in GB (10^9 bytes); the least recently used goes first. */
  readonly storeGigabytes?: number;
  /** File that receives the profile prompts in code are scored with. */
  readonly saveProfile?: string;
  /** Servers that compute in place of this machine: addresses of models that speak the Open Inference Protocol v2. */
  readonly endpoints?: readonly string[];
}

export interface Progress {
  /** `opening`, `reading`, `running`, `scoring`. */
  readonly phase: "opening" | "reading" | "running" | "scoring";
  readonly done: number;
  readonly of: number;
  readonly unit: "rows" | "layers";
  readonly perSecond: number | null;
  readonly secondsLeft: number | null;
  /** Which pass of the rows through the model this is, where there are several: lenses may need the rows in another form. */
  readonly pass?: { readonly at: number; readonly of: number };
}

/** A picture of the state of an audit: partial while rows arrive, final at the end. */
export interface AuditView {
  readonly result: AuditResult;
  readonly pictures: readonly Picture[];
  readonly rows: RowTable;
  /** Every lens there is, and whether this run has it; absent in partial views and in runs of older versions. */
  readonly lenses?: readonly LensCard[];
  /** Present: values by row and layer are left out; the panel asks for them layer by layer (`view.columns`). */
  readonly later?: LaterColumns;
}

export interface RowText {
  readonly row: number;
  readonly text: string;
}

/** The picture of a row, made small by the engine; shown, never stored. */
export interface PanelImage {
  readonly row: number;
  /** A data: address; absent with `fault`. */
  readonly url?: string;
  /** Pixels of the original. */
  readonly width?: number;
  readonly height?: number;
  /** Why there is none, for people. */
  readonly fault?: string;
}

export interface RowImage extends PanelImage {
  /** The image file. */
  readonly path?: string;
}

/** Asked by the extension (or the CLI, without a process between), answered by the engine. */
export interface EngineMethods extends PromptMethods {
  "engine.hello": { params: { protocol: number }; result: { protocol: number; version: string; runtime: string; providers: string[]; pid: number } };
  "model.inspect": { params: { path: string }; result: ModelCard };
  "data.inspect": { params: { path: string; options: DataOptions }; result: DataAnswer };
  /** Long and cancellable; progress and views come as events meanwhile. */
  "audit.run": { params: AuditPlan; result: AuditView };
  /** Texts of a few rows (at most 200), read again from the file; refused when the file has changed since (`sha256`). */
  "rows.text": { params: { path: string; options: DataOptions; sha256: string; rows: number[] }; result: RowText[] };
  /** Pictures of a few rows (at most 64) in at most `side` pixels a side; with 0 only where their files are. */
  "rows.image": { params: { path: string; options: DataOptions; sha256: string; rows: number[]; side: number }; result: RowImage[] };
  /** Models by name, size and first bytes; no graph is read. `cache`: look into the Hugging Face cache, too. */
  "model.list": { params: { folders: string[]; files: string[]; cache: boolean }; result: ModelList };
  "model.glance": { params: { path: string }; result: ModelGlance };
  "model.sheet": { params: { path: string; provider: Provider }; result: ModelSheet };
  /** Which accelerators compute here, with a self-test of about ten seconds on a model. */
  "accelerators.check": { params: { model: string }; result: AcceleratorReport };
  /** The bearer token for servers, from secret storage; held in memory only. */
  "remote.token": { params: { token: string | null }; result: null };
  /** Which access tokens this machine has; none is read. */
  "hub.tokens": { params: Record<string, never>; result: ("env" | "file")[] };
  /** Asks the Hub about one repository that the user named. */
  "hub.look": { params: HubQuestion; result: HubOffer };
  /** Downloads what the user has confirmed. Long and cancellable; progress comes as events. */
  "hub.download": { params: HubOrder; result: HubResult };
  /** Rows whose text holds a word, whatever its case: row ids, one list a word (at most 8 words of 200 characters). */
  "rows.find": { params: { path: string; options: DataOptions; sha256: string; words: string[] }; result: Uint32Array[] };
  /** A stored run, as it was shown. */
  "run.open": { params: { folder: string }; result: AuditView };
  /** Stored runs side by side, the base first; refused with the reason when they measure different things. `shown`: the pair pictures and rows are of. */
  "runs.compare": { params: { folders: string[]; shown?: number }; result: CompareView };
  "compare.export": { params: { folders: string[]; shown?: number; format: "json" | "html"; withText: boolean }; result: { content: string } };
  /** A self-contained report; with texts only when asked for. */
  "run.export": { params: { folder: string; format: "json" | "csv" | "html"; withText: boolean }; result: { content: string } };
}

export interface EngineEvents {
  "audit.progress": Progress;
  /** At most four a second. */
  "audit.view": AuditView;
  /** At most four a second. */
  "hub.progress": HubProgress;
  "engine.log": { level: "info" | "warn" | "error"; text: string };
}

/** Asked by the panel, answered by the extension host. The panel names rows and formats, never paths or commands. */
export interface PanelMethods {
  "panel.ready": { params: Record<string, never>; result: PanelState };
  /** What a view left out, at one layer; null when the view has been replaced since. */
  "view.columns": { params: { stamp: number; layer: number }; result: LayerColumns | null };
  "rows.text": { params: { rows: number[] }; result: RowText[] };
  "rows.image": { params: { rows: number[]; side: number }; result: PanelImage[] };
  "rows.find": { params: { words: string[] }; result: Uint32Array[] };
  "row.open": { params: { row: number; keepFocus: boolean }; result: null };
  /** The row's image file, where its row stands in a list. */
  "image.open": { params: { row: number }; result: null };
  "run.cancel": { params: Record<string, never>; result: null };
  "run.again": { params: Record<string, never>; result: null };
  /** Goes on with an interrupted run from its last row. */
  "run.resume": { params: Record<string, never>; result: null };
  "run.export": { params: { format: "json" | "csv" | "svg" | "html"; withText: boolean; svgs?: Record<string, string> }; result: null };
  "about.open": { params: { page: string }; result: null };
  /** The same audit again with one lens more. */
  "lens.run": { params: { id: string }; result: null };
  "skipped.open": { params: Record<string, never>; result: null };
  /** Goes to a prompt in code, by the key that `prompts.shown` gave it. */
  "prompt.open": { params: { key: string }; result: null };
  /** Lists the prompts in code that lie nearest to a row. */
  "row.prompts": { params: { row: number }; result: null };
  /** Which of the model's residual streams is looked at. */
  "tower.pick": { params: Record<string, never>; result: null };
  "model.pick": { params: Record<string, never>; result: null };
  /** Which columns hold text, label and category is the user's to say. */
  "columns.change": { params: Record<string, never>; result: null };
}

export interface PanelEvents {
  "panel.state": PanelState;
  "audit.progress": Progress;
  "audit.view": AuditView;
  /** The row under the editor's cursor; null = none. */
  "row.active": { row: number | null };
  /** Prompts in code to show among the rows on the map; replaces those shown before. `reveal`: the first of them was asked for, so the map comes into sight at its layer. */
  "prompts.shown": { prompts: readonly PromptPoint[]; reveal?: boolean };
}

export interface PanelState {
  readonly phase: "empty" | "running" | "done" | "cancelled" | "failed" | "interrupted";
  readonly dataset: string;
  readonly model: string;
  readonly view?: AuditView;
  readonly progress?: Progress;
  readonly problem?: Problem;
  /** Of an interrupted run: how many of its rows are kept; `problem` says why it ended, where that is known. */
  readonly interrupted?: { readonly row: number; readonly of: number };
  /** Name of the run, no path. The panel keeps `{ run }` in its persisted state (setState), so that a reloaded window can restore it. */
  readonly run?: string;
}

/** A large column or text that was taken out of a message: where it belongs, and what it is. */
export interface Parcel {
  readonly path: readonly (string | number)[];
  readonly kind: "text" | "f64" | "f32" | "u32" | "i32" | "u16" | "u8";
}

/** A part of a large message; all of them come before it, in order. */
export interface Chunk {
  readonly v: number;
  readonly kind: "chunk";
  readonly transfer: number;
  /** Index into the `parcels` of the message. */
  readonly parcel: number;
  /** Bytes before this part, and of the whole parcel; a letter counts as two. */
  readonly at: number;
  readonly of: number;
  readonly part: Uint8Array | string;
}

/** What travels on every wire: engine process, webview. With `transfer`, what was taken out came before it in chunks. */
export type Envelope = (
  | { v: number; kind: "ask"; id: number; method: string; params: unknown }
  | { v: number; kind: "answer"; id: number; result: unknown }
  | { v: number; kind: "error"; id: number; problem: Problem }
  | { v: number; kind: "cancel"; id: number }
  | { v: number; kind: "event"; name: string; body: unknown }
) & { transfer?: number; parcels?: readonly Parcel[] };
