import type { Notice, Picture, Pooling } from "../../protocol/index.js";
import type { View } from "../text/readings.js";

/** What a lens may look at: pooled states, labels, folds. Row text is reachable by row, never stored in a result. */
export interface Study {
  /** Rows that take part. */
  readonly count: number;
  /** Residual stream layers, embeddings included (blocks + 1). */
  readonly layers: number;
  readonly width: number;
  readonly pooling: Pooling;
  /** `safety`: class 1 is unsafe. `concept`: no alignment index. */
  readonly kind: "safety" | "concept";
  readonly classNames: readonly [string, string];
  /** [count] 0 or 1. */
  readonly label: Uint8Array;
  /** [count] index into `categories`, -1 = none. */
  readonly category: Int32Array;
  readonly categories: readonly string[];
  /** [count] group number; rows of one group (pair, group column, near-duplicates) share folds. */
  readonly group: Int32Array;
  /** True when every group holds as many rows of one class as of the other: pairs, or several pairs of one prompt. */
  readonly paired: boolean;
  /** [count] tokens after truncation. */
  readonly tokens: Int32Array;
  readonly seed: number;
  /** Empty for images, which have no words: `pixels` stands in. */
  text(row: number): string;
  /** Present when the rows are images. */
  readonly pixels?: PixelSurface;
  /** Pooled states of one layer, [count, width] row-major; a fresh copy each time. NaN rows do not occur. */
  states(layer: number): Promise<Float32Array>;
  /** [rows, width] of some rows only, where that takes less room than the whole layer. */
  someStates?(layer: number, rows: Int32Array): Promise<Float32Array>;
  /** Other columns of the file that hold two or more classes (axioms, topics, a second label). */
  readonly axes: readonly Axis[];
  /** Poolings that `statesBy` can serve: the audit's own and what the lenses of this run asked for. */
  readonly poolings: readonly string[];
  /** Of a reading that was asked for: why `poolings` has it not, or what about it is not as its name says. */
  readonly readingNotes?: ReadonlyMap<string, string>;
  /** States of one layer under another pooling, [count, width]; NaN rows where the pooling has no value (one token) and where no lens said that it reads the row. */
  statesBy(pooling: string, layer: number): Promise<Float32Array>;
  /** The same rows through a second model, when the run has one (base against tuned, precision against precision). */
  readonly reference?: ReferenceStates;
  /** Mean-pooled states of layer 0 whatever the audit's pooling, for the lexical baseline. */
  embeddingMean(): Promise<Float32Array>;
}

/** What can be told of images without seeing what is on them. */
export interface PixelSurface {
  /** [count, summaryNames.length] mean colours, how much they vary, sizes. */
  readonly summary: Float64Array;
  readonly summaryNames: readonly string[];
  /** [count, thumbnailNumbers] colours of an 8 x 8 grid, 0..1. */
  readonly thumbnail: Float32Array;
  readonly thumbnailNumbers: number;
}

/** One column of classes beside the audited label. */
export interface Axis {
  readonly name: string;
  readonly classes: readonly string[];
  /** [count] index into `classes`, -1 = no value. */
  readonly of: Int32Array;
}

/** A second model's states of the same rows, under the audit's pooling. */
export interface ReferenceStates {
  readonly name: string;
  readonly layers: number;
  readonly width: number;
  /** [count] 1 where the second model has no state of the row (its tokenizer leaves nothing to pool); zeros stand there. */
  readonly missing?: Uint8Array;
  /** [count, width]; a fresh copy each time. */
  states(layer: number): Promise<Float32Array>;
}

export interface ProductOptions {
  /** a is [k, n]. */
  readonly transposeA?: boolean;
  /** [n, m] where the product is written; it is what is returned, too. */
  readonly into?: Float32Array;
  /** [n, m] that the product is taken away from; may be `into`. */
  readonly from?: Float32Array;
}

/** Matrix products on the runtime; the engine passes ONNX Runtime's, tests a plain loop. */
export interface Blas {
  /** a [n, k] times b [k, m] -> [n, m], or with `transposeB` b [m, k]. Inputs should be centred: products are float32. */
  matmul(a: Float32Array, b: Float32Array, n: number, k: number, m: number, transposeB?: boolean, more?: ProductOptions): Promise<Float32Array>;
}

export interface LensTools {
  readonly blas: Blas;
  readonly signal?: AbortSignal;
  /** Called after each layer; yields to the event loop so that a cancel is heard. */
  progress(done: number, of: number): Promise<void>;
}

export interface LensOutput<Values> {
  readonly values: Values;
  readonly pictures: readonly Picture[];
  readonly notices: readonly Notice[];
  /** What goes into `AuditResult.lenses`, plain JSON without row text; absent: `values` of a lens on demand, nothing of a core one. */
  readonly report?: unknown;
  /** One sentence made from the numbers, for the list of lenses and the terminal. */
  readonly says?: string;
  /** Why it has nothing to say about these rows. */
  readonly withheld?: string;
}

/** An analysis: pure from a study to typed values and pictures. One folder here and one line in `index.ts`. */
export interface Lens<Values = unknown> {
  readonly id: string;
  readonly title: string;
  /** Paper and section the numbers come from. */
  readonly cite: string;
  /** `any`: two classes of any meaning. `safety`: safe and unsafe only. */
  readonly needs: "any" | "safety";
  /** Runs in every audit; others run when the plan names them. */
  readonly core: boolean;
  /** One line for the list of lenses: what a user asks of it. */
  readonly question: string;
  /** Readings (text/readings.ts) beside the audit's own pooling that it takes through `statesBy`. */
  readonly poolings?: readonly string[];
  /** Rows that it looks at under a view (text/readings.ts); absent: all of them. No states can be read yet. */
  rowsRead?(study: Study, view: View): readonly number[];
  /** What it needs beyond rows of two classes, for the list of lenses: "a second model", "pairs with scores". */
  readonly asks?: string;
  /** It holds the model against a second one, and has nothing to do without. */
  readonly against?: "reference";
  /** Results of lenses listed before it in the registry may be read from `earlier`. */
  run(study: Study, tools: LensTools, earlier: ReadonlyMap<string, LensOutput<unknown>>): Promise<LensOutput<Values>>;
}
