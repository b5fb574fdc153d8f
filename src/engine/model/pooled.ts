import { problem } from "../errors.js";
import { explainRun } from "./explain.js";
import type { Feeds } from "./inputs.js";
import { splitShapes } from "./layout.js";
import { LAYERS, POOL, SHAPE } from "./pooling.js";
import type { RuntimeTensor, Session } from "./runtime.js";
import type { Batch } from "./tapped.js";

/** Runs batches through a tapped session; knows whether the export takes more than one row. */
export class PooledRunner {
  /** Why rows go one at a time, once a batch failed. */
  batchFailure: string | undefined;

  constructor(
    readonly file: string,
    readonly session: Session,
    private readonly feeds: Feeds,
    readonly layers: number,
    public oneRowAtATime: boolean,
    private readonly vocabulary: number | undefined,
    /** Tokens that the table of positions or config.json allows a row; told when a longer one fails. */
    readonly maxTokens?: number,
  ) {}

  /** The export has a batch or a length of its own, so shapes tell nothing about the axes. */
  get fixed(): boolean {
    return this.feeds.fixedRows !== undefined || this.feeds.fixedLength !== undefined;
  }

  /** Tokens that a row may have at most, where that is known. */
  get longest(): number | undefined {
    return this.feeds.fixedLength ?? this.maxTokens;
  }

  /** @returns [layers, rows, K, width] float32 */
  async run(batch: Batch): Promise<Float32Array> {
    this.check(batch);
    const rows = batch.ids.length;
    if (rows === 1 || !this.oneRowAtATime) {
      try {
        return await this.once(batch);
      } catch (error) {
        if (rows === 1) throw explainRun(this.file, 1, batch.ids[0]!.length, error, this.maxTokens);
        const result = await this.rowByRow(batch, error);
        this.oneRowAtATime = true;
        this.batchFailure = error instanceof Error ? error.message : String(error);
        return result;
      }
    }
    return this.rowByRow(batch);
  }

  /** @throws RangeError, Problem `model/row-too-long`, `model/token-out-of-range` */
  check({ ids, weights, images }: Batch): void {
    if (ids.length === 0 || ids.length !== weights.length) throw new RangeError("a batch needs rows, and weights for each");
    if (this.feeds.pixels && images?.length !== ids.length) throw new RangeError("a batch for a model of images needs an image for each row");
    ids.forEach((row, b) => {
      if (row.length === 0) throw new RangeError("a row needs at least one token");
      if (this.feeds.fixedLength !== undefined && row.length > this.feeds.fixedLength)
        throw problem("model/row-too-long", `Row ${b + 1} of a batch has ${row.length} tokens; this export takes at most ${this.feeds.fixedLength}.`, {
          hint: `Use --max-tokens ${this.feeds.fixedLength}.`,
        });
      const wrong = this.vocabulary === undefined ? undefined : row.find((id) => id >= this.vocabulary! || id < 0);
      if (wrong !== undefined)
        throw problem("model/token-out-of-range", `Row ${b + 1} of a batch has the token id ${wrong}; the model's embedding has ${this.vocabulary} rows.`, {
          hint: "The tokenizer belongs to another model.",
        });
    });
  }

  private async rowByRow({ ids, weights, images }: Batch, failure?: unknown): Promise<Float32Array> {
    const rows = ids.length;
    let all: Float32Array | undefined;
    for (let b = 0; b < rows; b++) {
      let one: Float32Array;
      try {
        one = await this.once({ ids: [ids[b]!], weights: [weights[b]!], ...(images ? { images: [images[b]!] } : {}) });
      } catch (error) {
        throw explainRun(this.file, failure === undefined ? 1 : rows, ids[b]!.length, failure ?? error, this.maxTokens);
      }
      all ??= new Float32Array(one.length * rows);
      const size = one.length / this.layers;
      for (let layer = 0; layer < this.layers; layer++) all.set(one.subarray(layer * size, (layer + 1) * size), (layer * rows + b) * size);
    }
    return all!;
  }

  /** Also tells the shapes of the states as the graph keeps them, [B, S, D] or another order; `shape` is the last one's. */
  async withShape(batch: Batch): Promise<{ states: Float32Array; shape: number[]; shapes: number[][] }> {
    const { inputs, rows, k } = this.feed(batch);
    const [states, shape] = await this.session.run(inputs, [LAYERS, SHAPE]);
    const shapes = splitShapes(shape!.data as ArrayLike<number | bigint>);
    return { states: this.trimmed(states!, rows, batch.ids.length, k), shape: shapes[shapes.length - 1]!, shapes };
  }

  /** The inputs of a run; rows that fill up a fixed batch are among them. */
  feed({ ids, weights, images }: Batch) {
    const { feeds, fixedRows, fixedLength } = this.feeds;
    const rows = Math.max(ids.length, fixedRows ?? 0);
    const length = fixedLength ?? ids.reduce((most, row) => Math.max(most, row.length), 1);
    // A fixed batch is filled up with copies of the last row, whose results are dropped.
    const fill = <T>(list: readonly T[]) => (rows === list.length ? list : Array.from({ length: rows }, (_, b) => list[Math.min(b, list.length - 1)]!));
    const filled = { ids: fill(ids), length, ...(images ? { images: fill(images) } : {}) };
    const k = weights[0]!.length;
    const pool = new Float32Array(rows * k * length);
    weights.forEach((row, b) => {
      row.forEach((weight, i) => {
        pool.set(weight.subarray(0, length), (b * k + i) * length);
      });
    });
    const inputs = new Map<string, RuntimeTensor>([[POOL, { type: "float32", dims: [rows, k, length], data: pool }]]);
    for (const [name, feed] of feeds) inputs.set(name, feed(filled));
    return { inputs, rows, k };
  }

  private async once(batch: Batch): Promise<Float32Array> {
    const { inputs, rows, k } = this.feed(batch);
    const [states] = await this.session.run(inputs, [LAYERS]);
    return this.trimmed(states!, rows, batch.ids.length, k);
  }

  /** Checks the shape and drops the rows that only filled up a fixed batch. */
  trimmed(states: RuntimeTensor, rows: number, real: number, k: number): Float32Array {
    const data = states.data as Float32Array;
    const { dims } = states;
    if (dims[0] !== this.layers || dims[1] !== rows || dims[2] !== k) throw new Error(`the layers came back as [${dims.join(", ")}]`);
    if (rows === real) return data;
    const size = data.length / this.layers / rows;
    const kept = new Float32Array(this.layers * real * size);
    for (let layer = 0; layer < this.layers; layer++) kept.set(data.subarray(layer * rows * size, (layer * rows + real) * size), layer * real * size);
    return kept;
  }
}
