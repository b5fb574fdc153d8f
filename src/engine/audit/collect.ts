import { noImageRuns } from "../image/errors.js";
import { type Activations, createActivations } from "../store/activations.js";
import { foreignTokenizer } from "../text/errors.js";
import type { TokenPooling } from "../text/pooling.js";
import { poolOf, type Reading } from "../text/readings.js";
import { encodeRows } from "../text/shown.js";
import { extractStates, type SkipReason } from "./extract.js";
import { hasFinalNorm } from "./final-norm.js";
import { CHUNK_IMAGES } from "./images.js";
import type { Prepared } from "./prepare.js";
import { collectReadings, type Encode, makeReadingStates, passesOf, type ReadingStates } from "./readings.js";
import { MESSAGES } from "./skips.js";

/** Everything a run gathers about its rows while they pass through the model. Indexed by the dataset's usable rows. */
export interface Collected {
  readonly states: Activations;
  /** Mean-pooled layer 0, for the lexical baseline; the same as layer 0 of `states` when the pooling is `mean`. */
  readonly embeddingMean: Activations | undefined;
  /** What the lenses of this run asked for beside the audit's own pooling. */
  readonly readings: readonly Reading[];
  readonly readingStates: ReadingStates;
  /** [rows] tokens after truncation; 0 = not run (skipped, or not yet). */
  readonly tokens: Int32Array;
  readonly truncated: Uint8Array;
  readonly skipped: Map<SkipReason, number[]>;
  /** Rows whose states have arrived, in order of arrival. */
  readonly arrived: number[];
  /** Rows that all passes together take, and those done. */
  readonly steps: number;
  done: number;
  totalTokens: number;
  tokensPerBatch: number;
}

export async function startCollection(prepared: Prepared, wanted: readonly Reading[] = []): Promise<Collected> {
  const { dataset, model, pooling } = prepared;
  const rows = dataset.rows.length;
  const { hiddenSize, layers } = model.card;
  const readings = wanted.filter(({ pool }) => pool !== "final-norm" || hasFinalNorm(prepared));
  return {
    states: await createActivations(layers.length, rows, hiddenSize),
    embeddingMean: pooling === "mean" ? undefined : await createActivations(1, rows, hiddenSize),
    readings,
    readingStates: await makeReadingStates(prepared, readings),
    tokens: new Int32Array(rows),
    truncated: new Uint8Array(rows),
    skipped: new Map(),
    arrived: [],
    steps: rows * (1 + passesOf(readings)),
    done: 0,
    totalTokens: 0,
    tokensPerBatch: 0,
  };
}

export async function collect(prepared: Prepared, into: Collected, seed: number, onBatch: () => Promise<void> | void, signal?: AbortSignal): Promise<void> {
  const { dataset, model, tokenizer, shown, images, pooling, maxTokens } = prepared;
  const own = into.embeddingMean ? 2 : 1;
  // What is linear in the row's own tokens comes with the first pass.
  const along = into.readings.filter((one) => one.view === "plain" && one.pool !== "max" && one.pool !== "final-norm");
  const apart = into.readings.filter((one) => !along.includes(one));
  const poolings: TokenPooling[] = [
    ...(into.embeddingMean ? [pooling, "mean" as const] : [pooling]),
    ...along.map((one) => poolOf(one, pooling) as TokenPooling),
  ];
  const encode: Encode = (rows) => images?.encode(rows, signal) ?? encodeRows(tokenizer, shown, rows, maxTokens, signal);
  const { tokensPerBatch } = await extractStates({
    model,
    count: dataset.rows.length,
    poolings,
    required: pooling,
    foreignId: (id, size) => foreignTokenizer(model.card.tokenizer?.path ?? model.card.path, id, size),
    seed,
    signal,
    ...(images ? { chunkRows: CHUNK_IMAGES } : {}),
    encode,
    onRow(row, tokens, truncated) {
      into.tokens[row] = tokens;
      into.truncated[row] = truncated ? 1 : 0;
    },
    onSkip(row, reason) {
      const list = into.skipped.get(reason);
      if (list) list.push(row);
      else into.skipped.set(reason, [row]);
    },
    sink(kind, layer, rows, values) {
      if (kind === 0) into.states.put(layer, rows, values);
      else if (kind >= own) into.readingStates.get(along[kind - own].name)?.put(layer, rows, values);
      else if (layer === 0) into.embeddingMean?.put(0, rows, values);
    },
    async onBatch(rows, tokens) {
      into.arrived.push(...rows);
      into.done += rows.length;
      into.totalTokens += tokens;
      await onBatch();
    },
  });
  into.tokensPerBatch = tokensPerBatch;
  if (images && into.arrived.length === 0)
    throw noImageRuns(
      dataset.card.path,
      [...into.skipped].map(([reason, rows]) => `${rows.length} ${rows.length === 1 ? "row" : "rows"}, ${MESSAGES[reason]}`).join("; "),
    );
  if (apart.length === 0) return;
  const rows = [...into.arrived].sort((a, b) => a - b);
  const told = async (count: number) => {
    into.done += count;
    await onBatch();
  };
  await collectReadings(prepared, apart, rows, into.readingStates, encode, seed, told, signal);
}

export function closeCollection(collected: Collected): void {
  collected.states.close();
  collected.embeddingMean?.close();
  for (const states of collected.readingStates.values()) states.close();
}
