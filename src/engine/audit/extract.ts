import { throwIfAborted } from "../errors.js";
import { imageWeights } from "../image/pooling.js";
import type { TappedModel } from "../model/tapped.js";
import { planBatches, tokensPerBatch } from "../text/batches.js";
import { shuffled } from "../text/order.js";
import { ONE_TOKEN, spanWeights, type TokenPooling } from "../text/pooling.js";
import type { Encoded } from "../text/tokenizer.js";
import { runTokens, type TokenStates } from "./token-states.js";

/** Where pooled states go: one call a batch, layer and pooling. */
export type Sink = (pooling: number, layer: number, rows: readonly number[], values: Float32Array) => void;

export interface ExtractRequest {
  readonly model: TappedModel;
  readonly count: number;
  /** Token ids of some rows; asked for in chunks, so that neither all tokens nor all texts are held at once. */
  encode(rows: readonly number[]): Promise<readonly Encoded[]>;
  readonly poolings: readonly TokenPooling[];
  /** A row that cannot be pooled so (one token) is skipped; absent: every row with a token runs, with NaN where a pooling has no value. */
  readonly required?: TokenPooling;
  readonly seed: number;
  /** Rows encoded ahead of the model; 2048 of texts. */
  readonly chunkRows?: number;
  readonly signal?: AbortSignal;
  /** The failure for a token id that the model's embedding does not have. */
  foreignId(id: number, vocabularySize: number): Error;
  readonly sink: Sink;
  /** States of single tokens, before `sink` is called for the batch: what is not linear in them (the largest, a norm) is made here. */
  eachToken?(batch: TokenStates): Promise<void> | void;
  /** After each batch: rows that arrived, rows that were skipped since the last call, tokens run (padding excluded). */
  onBatch?(arrived: readonly number[], tokens: number): Promise<void> | void;
  onSkip?(row: number, reason: SkipReason): void;
  onRow?(row: number, tokens: number, truncated: boolean): void;
}

export type SkipReason = NonNullable<Encoded["problem"]> | typeof ONE_TOKEN;

/** Rows tokenised ahead of the model; a chunk is a fair sample (seeded shuffle), batches within it are sorted by length. */
const CHUNK_ROWS = 2048;

/** Runs every row through the tapped model once, in batches of about 75 ms, for several poolings at once. */
export async function extractStates(request: ExtractRequest): Promise<{ tokensPerBatch: number }> {
  const { model, count, seed, signal } = request;
  const ahead = request.chunkRows ?? CHUNK_ROWS;
  const order = count > ahead ? shuffled([...Array(count).keys()], seed) : [...Array(count).keys()];
  let budget = 0;
  for (let start = 0; start < count; start += ahead) {
    throwIfAborted(signal);
    const chunk = order.slice(start, start + ahead);
    const encoded = await request.encode(chunk);
    const rows: number[] = [];
    const kept: Encoded[] = [];
    chunk.forEach((row, i) => {
      const skip = skipReason(encoded[i], request.required);
      if (skip) {
        request.onSkip?.(row, skip);
        return;
      }
      request.onRow?.(row, encoded[i].ids.length, encoded[i].truncated);
      rows.push(row);
      kept.push(encoded[i]);
    });
    if (rows.length === 0) continue;
    const ids = kept.map((one) => one.ids);
    checkVocabulary(request, ids);
    budget ||= await measureBudget(model, kept);
    const plan = planBatches(
      ids.map((row) => row.length),
      budget,
      seed,
      model.card.oneRowAtATime,
    );
    for (const batch of plan.batches) {
      throwIfAborted(signal);
      await runBatch(request, batch, rows, kept);
      // A cancel can only be heard here: a run blocks this thread.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return { tokensPerBatch: budget };
}

function skipReason(encoded: Encoded, required: TokenPooling | undefined): SkipReason | undefined {
  if (encoded.problem) return encoded.problem;
  return !required || weightsOf(required, encoded) ? undefined : ONE_TOKEN;
}

function weightsOf(pooling: TokenPooling, { ids, span, prefix }: Encoded): Float32Array | undefined {
  return prefix === undefined ? spanWeights(pooling, ids.length, span) : imageWeights(pooling, ids.length, prefix);
}

/** The pixels of some rows, where they are images. */
export const imagesOf = (rows: readonly Encoded[]): { images?: Float32Array[] } =>
  rows[0]?.image ? { images: rows.map((row) => row.image as Float32Array) } : {};

async function runBatch(request: ExtractRequest, batch: readonly number[], rows: readonly number[], encoded: readonly Encoded[]) {
  const { model, poolings, sink } = request;
  const width = model.card.hiddenSize;
  const kinds = poolings.length;
  // A pooling that this row cannot have (one token) gets zero weights here and NaN below.
  const known = batch.map((i) => poolings.map((pooling) => weightsOf(pooling, encoded[i])));
  const weights = known.map((row, b) => row.map((one) => one ?? new Float32Array(encoded[batch[b]].ids.length)));
  const asked = { ids: batch.map((i) => encoded[i].ids), weights, ...imagesOf(batch.map((i) => encoded[i])) };
  const into = batch.map((i) => rows[i]);
  let pooled: (layer: number, b: number, k: number) => Float32Array;
  if (request.eachToken) {
    const run = await runTokens(
      model,
      asked,
      into,
      batch.map((i) => encoded[i]),
    );
    await request.eachToken(run.tokens);
    pooled = run.pooled;
  } else {
    const states = await model.run(asked);
    pooled = (layer, b, k) => {
      const from = ((layer * batch.length + b) * kinds + k) * width;
      return states.subarray(from, from + width);
    };
  }
  for (let layer = 0; layer < model.card.layers.length; layer++) {
    for (let k = 0; k < kinds; k++) {
      const values = new Float32Array(batch.length * width);
      batch.forEach((_, b) => {
        if (known[b][k]) values.set(pooled(layer, b, k), b * width);
        else values.fill(Number.NaN, b * width, (b + 1) * width);
      });
      sink(k, layer, into, values);
    }
  }
  await request.onBatch?.(
    into,
    batch.reduce((sum, i) => sum + encoded[i].ids.length, 0),
  );
}

/** Two short runs: the first one pays for the runtime's own preparation, the second is timed. */
async function measureBudget(model: TappedModel, rows: readonly Encoded[]): Promise<number> {
  const middle = rows[Math.floor(rows.length / 2)];
  // An image's tokens are all there or none.
  const sample = middle.image ? middle.ids : middle.ids.slice(0, 32);
  const batch = { ids: [sample], weights: [[new Float32Array(sample.length).fill(1 / sample.length)]], ...imagesOf([middle]) };
  await model.run(batch);
  const start = performance.now();
  await model.run(batch);
  return tokensPerBatch((performance.now() - start) / sample.length);
}

function checkVocabulary(request: ExtractRequest, ids: readonly (readonly number[])[]): void {
  const { vocabularySize } = request.model;
  if (vocabularySize === undefined) return;
  for (const row of ids) for (const id of row) if (id >= vocabularySize) throw request.foreignId(id, vocabularySize);
}
