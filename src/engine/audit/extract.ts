import { throwIfAborted } from "../errors.js";
import { imageWeights } from "../image/pooling.js";
import type { TappedModel } from "../model/tapped.js";
import { planBatches, tokensPerBatch } from "../text/batches.js";
import { shuffled } from "../text/order.js";
import { ONE_TOKEN, spanWeights, type TokenPooling } from "../text/pooling.js";
import type { Encoded } from "../text/tokenizer.js";
import type { Deliver, Keeper, States } from "./keeper.js";
import { runTokens, type TokenStates } from "./token-states.js";

/** Where pooled states go: one call a batch, layer and kind (a pooling, or what `further` adds). */
export type Sink = (kind: number, layer: number, rows: readonly number[], values: Float32Array) => void;

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
  /** Further kinds, made of states of single tokens: what is not linear in them (the largest, a norm). [kinds][layers] of [rows, width] */
  further?(batch: TokenStates): Promise<States> | States;
  /** Layers that are wanted of a kind, from the first; absent: all. */
  layersOf?(kind: number): number;
  /** What was computed before, and where it is kept; absent: everything is computed, nothing kept. */
  readonly keeper?: Keeper;
  /** After each batch: rows that arrived, tokens run (padding excluded). */
  onBatch?(arrived: readonly number[], tokens: number): Promise<void> | void;
  onSkip?(row: number, reason: SkipReason): void;
  onRow?(row: number, tokens: number, truncated: boolean): void;
}

export type SkipReason = NonNullable<Encoded["problem"]> | typeof ONE_TOKEN;

/** Rows tokenised ahead of the model; a chunk is a fair sample (seeded shuffle), batches within it are sorted by length. */
const CHUNK_ROWS = 2048;
/** Batches of rows whose former states are lost are numbered from here: they are no part of the plan. */
const APART = 1_000_000;

/** Runs every row through the tapped model once, in batches of about 75 ms, for several poolings at once. */
export async function extractStates(request: ExtractRequest): Promise<{ tokensPerBatch: number }> {
  const { model, count, seed, signal, keeper } = request;
  const ahead = request.chunkRows ?? CHUNK_ROWS;
  const order = count > ahead ? shuffled([...Array(count).keys()], seed) : [...Array(count).keys()];
  let budget = 0;
  for (let start = 0, number = 0; start < count; start += ahead, number++) {
    throwIfAborted(signal);
    const chunk = order.slice(start, start + ahead);
    const keep = keeper?.chunk(number, chunk);
    const arrivals: { rows: readonly number[]; tokens: number }[] = [];
    const deliver: Deliver = (at, states, tokens, truncated) => {
      const rows = at.map((i) => chunk[i]!);
      for (const [k, row] of rows.entries()) request.onRow?.(row, tokens[k]!, truncated[k] === 1);
      give(request, rows, states);
      arrivals.push({ rows, tokens: at.reduce((sum, _, k) => sum + tokens[k]!, 0) });
    };
    const tell = async () => {
      for (const { rows, tokens } of arrivals.splice(0)) await request.onBatch?.(rows, tokens);
      await new Promise((resolve) => setImmediate(resolve));
      throwIfAborted(signal);
    };

    let encoded: (Encoded | undefined)[] = [];
    const encode = async (at: readonly number[]) => {
      const found = await request.encode(at.map((i) => chunk[i]!));
      at.forEach((i, k) => {
        encoded[i] = found[k];
      });
    };
    const everything = chunk.map((_, i) => i);
    if (keeper && !keeper.byText) await encode(everything);
    const { had, lost } = keep?.stored(keeper!.byText ? undefined : (encoded as Encoded[]), deliver) ?? { had: [], lost: [] };
    await tell();
    const rest = without(everything, had);
    if (rest.length === 0) {
      keep?.end();
      continue;
    }
    const formerly = keep?.skips;
    if (keep && keeper?.byText && lost.length === 0 && keep.finished(without(rest, [...formerly!.keys()]), deliver)) {
      for (const [i, reason] of formerly!) request.onSkip?.(chunk[i]!, reason);
      await tell();
      continue;
    }
    if (!keeper || keeper.byText) await encode(rest);
    const skips: [number, SkipReason][] = [];
    const run: number[] = [];
    for (const i of rest) {
      const one = encoded[i]!;
      const skip = formerly?.get(i) ?? skipReason(one, request.required);
      if (skip) {
        skips.push([i, skip]);
        request.onSkip?.(chunk[i]!, skip);
        continue;
      }
      request.onRow?.(chunk[i]!, one.ids.length, one.truncated);
      run.push(i);
    }
    keep?.skipped(skips);
    if (run.length > 0) {
      checkVocabulary(
        request,
        run.map((i) => encoded[i]!.ids),
      );
      if (budget === 0) {
        budget = keeper?.budget ?? (await (model.tokensPerBatch?.() ?? measureBudget(model, encoded[run[Math.floor(run.length / 2)]!]!)));
        keeper?.planned(budget);
      }
      const apart = new Set(lost);
      const batchesOf = (which: readonly number[]) =>
        planBatches(
          which.map((i) => encoded[i]!.ids.length),
          budget,
          seed,
          model.card.oneRowAtATime,
        ).batches.map((batch) => batch.map((k) => which[k]!));
      const planned = batchesOf(run.filter((i) => !apart.has(i)));
      const again = batchesOf(run.filter((i) => apart.has(i)));
      const batches = [...planned.map((at, b) => ({ at, b })), ...again.map((at, b) => ({ at, b: APART + b }))];
      await inLanes(batches, model.parallel ?? 1, signal, async ({ at, b }) => {
        if (!keep?.batch(b, at, deliver)) {
          const states = await runBatch(
            request,
            at.map((i) => chunk[i]!),
            at.map((i) => encoded[i]!),
          );
          keep?.computed(
            b,
            at,
            states,
            at.map((i) => encoded[i]!.ids.length),
            at.map((i) => (encoded[i]!.truncated ? 1 : 0)),
          );
          const rows = at.map((i) => chunk[i]!);
          give(request, rows, states);
          arrivals.push({ rows, tokens: at.reduce((sum, i) => sum + encoded[i]!.ids.length, 0) });
        }
        // A cancel can only be heard here: a run blocks this thread.
        await tell();
      });
    }
    keep?.end();
    encoded = [];
  }
  return { tokensPerBatch: budget };
}

/** A few at once, in order of their start; the first failure is told when all that run have ended. */
async function inLanes<T>(items: readonly T[], lanes: number, signal: AbortSignal | undefined, work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  let failed = false;
  const lane = async () => {
    while (next < items.length && !failed) {
      throwIfAborted(signal);
      try {
        await work(items[next++]!);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: Math.max(1, Math.min(lanes, items.length)) }, lane));
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}

function give({ sink }: ExtractRequest, rows: readonly number[], states: States): void {
  states.forEach((layers, kind) => {
    layers.forEach((values, layer) => {
      sink(kind, layer, rows, values);
    });
  });
}

function without(all: readonly number[], some: readonly number[]): readonly number[] {
  if (some.length === 0) return all;
  const gone = new Set(some);
  return all.filter((i) => !gone.has(i));
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

/** @returns [kinds][layers] of [rows, width] */
async function runBatch(request: ExtractRequest, rows: readonly number[], encoded: readonly Encoded[]): Promise<States> {
  const { model, poolings } = request;
  const width = model.card.hiddenSize;
  const kinds = poolings.length;
  // A pooling that this row cannot have (one token) gets zero weights here and NaN below.
  const known = encoded.map((one) => poolings.map((pooling) => weightsOf(pooling, one)));
  const weights = known.map((row, b) => row.map((one) => one ?? new Float32Array(encoded[b]!.ids.length)));
  const asked = { ids: encoded.map(({ ids }) => ids), weights, ...imagesOf(encoded) };
  let pooled: (layer: number, b: number, k: number) => Float32Array;
  let further: States = [];
  if (request.further) {
    const run = await runTokens(model, asked, rows, encoded);
    further = await request.further(run.tokens);
    pooled = run.pooled;
  } else {
    const states = await model.run(asked);
    pooled = (layer, b, k) => {
      const from = ((layer * rows.length + b) * kinds + k) * width;
      return states.subarray(from, from + width);
    };
  }
  const own = poolings.map((_, k) =>
    Array.from({ length: request.layersOf?.(k) ?? model.card.layers.length }, (__, layer) => {
      const values = new Float32Array(rows.length * width);
      rows.forEach((___, b) => {
        if (known[b]![k]) values.set(pooled(layer, b, k), b * width);
        else values.fill(Number.NaN, b * width, (b + 1) * width);
      });
      return values;
    }),
  );
  return [...own, ...further];
}

/** For a model that does not measure itself, two short runs: the first one pays for the preparation, the second is timed. */
async function measureBudget(model: TappedModel, middle: Encoded): Promise<number> {
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
