import type { LayerTap, ModelCard, Notice, Provider, TapEntry } from "../../protocol/index.js";
import type { Layouts } from "./layout.js";
import type { ImageInput } from "./pixels.js";

export interface OpenOptions {
  readonly provider: Provider;
  /** Intra-op threads; 0 = the runtime's default. */
  readonly threads: number;
  /** Take `threads` as they are, 0 too: they were found for this model before. */
  readonly settled?: boolean;
  /** Cut the graph after this layer (early exit); absent = all layers. */
  readonly upTo?: number;
  /** Further taps by name or pattern (`blocks.*.attn_out`), read with `runTaps`. */
  readonly taps?: readonly string[];
  /** false = the layers are wanted no further than those taps need them, so the graph is cut there. */
  readonly residual?: boolean;
  /** Of a graph with several residual streams: the name (`encoder`, `decoder`, `text`, `vision`), an input or the number of one. */
  readonly tower?: string;
  /** The blocks' linear weights rounded per output channel to so many bits (8, 4), in memory. */
  readonly rounding?: number;
  /** Of a graph that reads both (CLIP): look at the tower that starts from pixels. */
  readonly images?: boolean;
  /** Folder where the measured tempo (tokens per batch, threads) is remembered; absent: measured again each time. */
  readonly memory?: string;
}

/** A right-padded batch. Token ids are plain numbers; ids of padding are ignored. */
export interface Batch {
  /** [rows][tokens], each row its own length, at least one token. */
  readonly ids: readonly (readonly number[])[];
  /**
   * Pooling weights: for every row and every pooling k, one weight a token of that row ([rows][K][tokens of the row]);
   * `layers[l][b][k] = sum over t of weights[b][k][t] * hidden[l][b][t]`. In-graph, float32.
   */
  readonly weights: readonly (readonly Float32Array[])[];
  /** For a model with `image`: [rows] pixels as its shape says. `ids` then only count the tokens, their values are not read. */
  readonly images?: readonly Float32Array[];
}

/** A tap of a batch: `shape` is [rows, K, width], for attention patterns [rows, K, heads, tokens]. */
export interface TapState {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export interface TapStates {
  /** As `run` gives them. */
  readonly layers: Float32Array;
  /** By name, in the order of the model. */
  readonly taps: ReadonlyMap<string, TapState>;
}

/** A model with its residual stream exposed and pooled in the graph. */
export interface TappedModel {
  readonly card: ModelCard;
  /** The provider that really computes: the session accepted it and its first batch agreed with the CPU's. */
  readonly provider: string;
  /** Why a provider that was asked for is not used; empty when it is. */
  readonly providerNotes: readonly string[];
  /** Rows of vocabulary that the embedding has, when the graph tells; ids at or above it are refused. */
  readonly vocabularySize?: number;
  /** Present when the model reads images: then every batch needs `images`. */
  readonly image?: ImageInput;
  /** Batches that may be under way at once, each `run` waiting for its own; absent: one. Set by models that run on servers. */
  readonly parallel?: number;
  /** `host:port` of the servers that compute; absent: this machine does. */
  readonly hosts?: readonly string[];
  /** Some of the servers did not prove which model they serve: their states are nobody else's. */
  readonly unproven?: boolean;
  /** Intra-op threads that were asked for or found to be the fastest; 0 = the runtime's default. */
  readonly threads?: number;
  /** Tokens that were not run again so far, since all rows of a batch begin with them and the export can continue from them. */
  reusedTokens?(): number;
  /** Padded tokens a batch should hold on this machine: measured by the first call, remembered where there is a memory. */
  tokensPerBatch?(): Promise<number>;
  /**
   * @returns pooled states, [layers + 1, rows, K, hiddenSize] float32, layer-major.
   * Falls back to one row at a time by itself when the export accepts no more (and remembers it).
   */
  run(batch: Batch): Promise<Float32Array>;
  /** How the graph keeps its states, where a trial had to find out; the exported graph is made with it. */
  readonly layout?: Layouts;
  /** The further taps that the model was opened with. */
  readonly taps: readonly TapEntry[];
  /**
   * Runs a batch and reads those taps too, pooled by the same weights (one 1 in a row of weights reads a single token).
   * @throws Problem `model/tap-too-large`
   */
  runTaps(batch: Batch): Promise<TapStates>;
  close(): Promise<void>;
}

/** What `layerscope taps` prints. */
export interface TapList {
  readonly model: string;
  readonly hiddenSize: number;
  readonly layers: readonly LayerTap[];
  /** Every tap by name, found or missing with its reason. */
  readonly taps: readonly TapEntry[];
  readonly notices: readonly Notice[];
}
