import type { Notice } from "./problem.js";

export const POOLINGS = ["mean", "mean-skip-first", "last", "first"] as const;
export type Pooling = (typeof POOLINGS)[number];

export const PROVIDERS = ["auto", "cpu", "cuda", "dml", "webgpu", "coreml"] as const;
export type Provider = (typeof PROVIDERS)[number];

/** Whether conversations are rendered with the model's template: `auto` where the file holds conversations, `on` always (a plain prompt is a user's turn), `off` never. */
export const CHAT_MODES = ["auto", "on", "off"] as const;
export type ChatMode = (typeof CHAT_MODES)[number];

/** Which tokens are pooled: those of the completion (the default where every row has one), or all. */
export const TOKEN_SETS = ["completion", "all"] as const;
export type TokenSet = (typeof TOKEN_SETS)[number];

/** One layer of the residual stream. `layers[0]` is the embedding output, `layers[l]` the output of block l-1, before any final norm. */
export interface LayerTap {
  readonly layer: number;
  /** `embed` or `blocks.N.resid_post`. */
  readonly name: string;
  /** The graph's own tensor name. */
  readonly tensor: string;
  /** Operator that makes the tensor. */
  readonly op: string;
}

/**
 * A place in the model that can be read, named as the field names it: `embed`, `blocks.N.resid_pre`, `resid_mid`, `resid_post`,
 * `attn_out`, `mlp_out`, `mlp_act`, `attn_head`, `attn_pattern`, `final_norm`, `logits`. Either `tensor` and `op` are there, or `missing`.
 */
export interface TapEntry {
  readonly name: string;
  /** The graph's own tensor name. */
  readonly tensor?: string;
  /** Operator that makes the tensor. */
  readonly op?: string;
  /** Sizes where the graph tells them, else names of axes: `["batch", "tokens", 576]`, `["batch", 9, "tokens", "tokens"]`. */
  readonly shape?: readonly (number | string)[];
  /** Heads that share the last axis of an `attn_head`. */
  readonly heads?: number;
  /** What a reader should know: after a norm, a bias added, read by another name. */
  readonly note?: string;
  /** "not in this export, because …". */
  readonly missing?: string;
}

export interface ModelCard {
  /** The .onnx file. */
  readonly path: string;
  /** The folder with config.json and tokenizer.json, where there is one. */
  readonly folder: string;
  readonly name: string;
  /** Of the .onnx file. */
  readonly sha256: string;
  /** Files of external data, when there are any. */
  readonly weights?: readonly { readonly path: string; readonly sha256: string }[];
  /** Of the .onnx file and its external data. */
  readonly bytes: number;
  /** config.json's `model_type`, a label only. */
  readonly architecture?: string;
  /** Causal models pool `mean-skip-first` by default, encoders `mean`. Absent: the graph does not tell before a run. */
  readonly causal?: boolean;
  readonly hiddenSize: number;
  readonly layers: readonly LayerTap[];
  /** Of a graph with several residual streams: the one that the layers belong to, and the names of all. */
  readonly tower?: string;
  readonly towers?: readonly string[];
  /** Every tap by name, found or missing with its reason. */
  readonly taps?: readonly TapEntry[];
  /** `float32`, `float16`, `int8 weights`, `int8 dynamic`, `int4 weights` … */
  readonly precision: string;
  /** Rows must run one at a time: dynamically quantised, or the export accepts batch 1 only. */
  readonly oneRowAtATime: boolean;
  readonly inputs: readonly string[];
  readonly tokenizer?: { readonly path: string; readonly sha256: string };
  readonly maxTokens?: number;
  /** Of a model that reads images, known once it was opened: their size, the tokens of one, and how many of these lead the patches. */
  readonly image?: { readonly height: number; readonly width: number; readonly tokens: number; readonly prefix: number };
  /** Other .onnx files of the same folder that could be chosen. */
  readonly variants: readonly string[];
  readonly notices: readonly Notice[];
}
