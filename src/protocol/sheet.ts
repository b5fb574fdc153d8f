import { type Check, fields, whole } from "./check.js";
import type { LayerTap, TapEntry } from "./model.js";
import type { Notice, Problem } from "./problem.js";

/** A value that a graph declares at its edge. */
export interface SheetValue {
  readonly name: string;
  readonly type: string;
  /** Sizes and names of axes; absent = not declared. */
  readonly shape?: readonly (number | string)[];
}

export interface SheetFile {
  readonly path: string;
  readonly bytes: number;
  /** `graph`: the .onnx file. `weights`: external data. */
  readonly role: "graph" | "weights";
}

export interface SheetVariant {
  readonly path: string;
  readonly bytes: number;
  /** As the name says; empty when it says nothing. */
  readonly precision: string;
}

/** What a model file is, for people: read from the graph and the files beside it, no weight touched, nothing run. */
export interface ModelSheet {
  /** The .onnx file. */
  readonly path: string;
  readonly folder: string;
  readonly name: string;
  /** Why it cannot be looked into; what was found out nevertheless is below. */
  readonly refusal?: Problem;
  readonly files: readonly SheetFile[];
  /** Of all files. */
  readonly bytes: number;
  /** Absent when the file is no ONNX graph. */
  readonly graph?: {
    /** Elements of the weights, tied ones once, quantised ones unpacked. */
    readonly parameters: number;
    readonly precision: string;
    readonly producer: string;
    readonly irVersion: number;
    /** Domain (`ai.onnx` for the standard one) and version. */
    readonly opsets: readonly { readonly domain: string; readonly version: number }[];
    readonly nodes: number;
    /** Most frequent first. */
    readonly operators: readonly { readonly name: string; readonly count: number }[];
    readonly inputs: readonly SheetValue[];
    readonly outputs: readonly SheetValue[];
  };
  /** Absent when no residual stream was found. */
  readonly stream?: {
    readonly architecture?: string;
    /** Whether tokens see only what came before; absent when the graph alone does not tell. */
    readonly causal?: boolean;
    readonly hiddenSize: number;
    readonly layers: readonly LayerTap[];
    readonly taps: readonly TapEntry[];
    readonly oneRowAtATime: boolean;
    readonly maxTokens?: number;
  };
  readonly tokenizer?: { readonly path: string; readonly bytes: number };
  /** The file that holds the chat template, by its name. */
  readonly chatTemplate?: string;
  /** In the order in which they would be tried; the first that agrees with the CPU computes. */
  readonly providers: readonly string[];
  /** An estimate for a session with every layer pooled, 8 rows of 64 tokens. */
  readonly memory?: { readonly bytes: number; readonly note: string };
  /** Other .onnx files of the same model. */
  readonly variants: readonly SheetVariant[];
  readonly notices: readonly Notice[];
}

/** One model of the picker's list; cheap to make: names and sizes, no graph is read. */
export interface ModelEntry {
  /** What to open: a folder, or an .onnx file that has no folder of its own. */
  readonly path: string;
  readonly name: string;
  readonly where: "folder" | "file" | "cache";
  /** Its .onnx files, the one that is taken by itself first. */
  readonly files: readonly SheetVariant[];
  /** config.json's `model_type`. */
  readonly architecture?: string;
}

export interface ModelList {
  readonly models: readonly ModelEntry[];
  /** .onnx files that are none, with the reason. */
  readonly refused: readonly { readonly path: string; readonly message: string }[];
  /** The list was cut at a limit. */
  readonly cut: boolean;
}

/** What the graph says at a glance; asked for one by one, after a list is on the screen. */
export interface ModelGlance {
  readonly path: string;
  readonly bytes: number;
  readonly precision?: string;
  readonly architecture?: string;
  readonly hiddenSize?: number;
  readonly blocks?: number;
  /** Of a graph with several residual streams: the one that is looked at by itself, and the names of all. */
  readonly tower?: string;
  readonly towers?: readonly string[];
  /** Why it is no transformer that can be looked into. */
  readonly refusal?: Problem;
}

/** The model card's view asks the extension host; it names buttons and positions, never paths. */
export interface CardMethods {
  "card.ready": { params: Record<string, never>; result: CardState };
  "card.use": { params: Record<string, never>; result: null };
  "card.audit": { params: Record<string, never>; result: null };
  "card.copy": { params: Record<string, never>; result: null };
  "card.reveal": { params: Record<string, never>; result: null };
  "card.trust": { params: Record<string, never>; result: null };
  /** Opens the card of another file of this model, by its position in `variants`. */
  "card.variant": { params: { index: number }; result: null };
}

export interface CardEvents {
  "card.state": CardState;
}

export interface CardState {
  /** `restricted`: the workspace is not trusted, and nothing was read. */
  readonly phase: "restricted" | "reading" | "done" | "failed";
  readonly name: string;
  readonly sheet?: ModelSheet;
  readonly problem?: Problem;
  /** This is the workspace's model. */
  readonly chosen: boolean;
}

export const CARD_PARAMS = {
  "card.ready": fields({}),
  "card.use": fields({}),
  "card.audit": fields({}),
  "card.copy": fields({}),
  "card.reveal": fields({}),
  "card.trust": fields({}),
  "card.variant": fields({ index: whole }),
} as const satisfies Record<keyof CardMethods, Check>;
