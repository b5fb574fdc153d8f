import { noImageRuns } from "../image/errors.js";
import type { Tail } from "../model/tail.js";
import { type RoundingReport, roundingOf, sayRoles } from "../model/weights/rounding.js";
import { type Activations, createActivations, MEMORY_BYTES } from "../store/activations.js";
import { foreignTokenizer } from "../text/errors.js";
import type { TokenPooling } from "../text/pooling.js";
import { isRounding, poolOf, type Reading, type View } from "../text/readings.js";
import { encodeRows } from "../text/shown.js";
import { extractStates, type SkipReason } from "./extract.js";
import { finalNormOf, openFinalNorm } from "./final-norm.js";
import { CHUNK_IMAGES } from "./images.js";
import type { RunKeeping } from "./keeping.js";
import type { Prepared } from "./prepare.js";
import { collectView, type Encode, makeReadingStates, type ReadingStates, viewsOf } from "./readings.js";
import { MESSAGES } from "./skips.js";
import { largestOf, type TokenStates } from "./token-states.js";

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
  /** Of a reading: why it cannot be had, or what about it is not as its name says. */
  readonly readingNotes: ReadonlyMap<string, string>;
  readonly tail: Tail | undefined;
  /** Passes through the model, the one under way (from 1), its rows and those of them that are done. */
  readonly passes: number;
  pass: number;
  passRows: number;
  done: number;
  totalTokens: number;
  tokensPerBatch: number;
}

export async function startCollection(prepared: Prepared, wanted: readonly Reading[] = []): Promise<Collected> {
  const { dataset, model, pooling } = prepared;
  const rows = dataset.rows.length;
  const { hiddenSize, layers } = model.card;
  const notes = new Map<string, string>();
  const without = (reading: Reading, why: string | undefined) => {
    if (why !== undefined) notes.set(reading.name, why);
    return why !== undefined;
  };
  const tail = wanted.some(({ pool }) => pool === "final-norm") && !prepared.images ? await openFinalNorm(prepared) : undefined;
  let rounding: RoundingReport | undefined;
  const readings = wanted.filter((one) => {
    if (one.pool === "final-norm") return !without(one, tail ? undefined : "this model has no norm behind its last block that can be read");
    if (!isRounding(one.view)) return true;
    rounding ??= roundingOf(model.card.path, { tower: model.card.tower, images: prepared.images !== undefined });
    if (without(one, rounding.why)) return false;
    const left = sayRoles(rounding.roles);
    if (left) notes.set(one.name, `not rounded are ${left}`);
    return true;
  });
  return {
    states: await createActivations(layers.length, rows, hiddenSize),
    embeddingMean: pooling === "mean" ? undefined : await createActivations(1, rows, hiddenSize, MEMORY_BYTES / layers.length),
    readings,
    readingStates: await makeReadingStates(prepared, readings),
    readingNotes: notes,
    tail,
    tokens: new Int32Array(rows),
    truncated: new Uint8Array(rows),
    skipped: new Map(),
    arrived: [],
    passes: 1 + viewsOf(readings).length,
    pass: 1,
    passRows: rows,
    done: 0,
    totalTokens: 0,
    tokensPerBatch: 0,
  };
}

/** Rows that a view is wanted of; positions in the dataset, ascending. */
export type RowsOfView = (view: View, arrived: readonly number[]) => readonly number[];

/**
 * @param rowsOf asked once the audit's own pass is over; absent: every view of every row
 * @param kept what was computed before, and where what is computed goes
 */
export async function collect(
  prepared: Prepared,
  into: Collected,
  seed: number,
  onBatch: () => Promise<void> | void,
  signal?: AbortSignal,
  rowsOf: RowsOfView = (_, arrived) => arrived,
  kept?: { readonly keeping: RunKeeping; readonly prefix: string },
): Promise<void> {
  const { dataset, model, tokenizer, shown, images, pooling, maxTokens } = prepared;
  // What is linear in the row's own tokens comes with the first pass.
  const along = into.readings.filter((one) => one.view === "plain" && one.pool !== "max" && one.pool !== "final-norm");
  const largest = into.readings.find((one) => one.view === "plain" && one.pool === "max");
  const tail = into.tail;
  const normed = tail && into.readings.find((one) => one.pool === "final-norm");
  const { layers } = into.states;
  const targets: Target[] = [
    { reading: pooling, layers, into: into.states },
    ...(into.embeddingMean ? [{ reading: "mean", layers: 1, into: into.embeddingMean }] : []),
    ...along.map(({ name }) => ({ reading: name, layers, into: into.readingStates.get(name) })),
    ...(largest ? [{ reading: largest.name, layers, into: into.readingStates.get(largest.name) }] : []),
    ...(normed ? [{ reading: normed.name, layers: 1, into: into.readingStates.get(normed.name) }] : []),
  ];
  const further = async (tokens: TokenStates) => [
    ...(largest ? [Array.from({ length: tokens.layers }, (_, layer) => largestOf(tokens, layer))] : []),
    ...(normed ? [[await finalNormOf(tail, tokens)]] : []),
  ];
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
    ...(largest || normed ? { further } : {}),
    layersOf: (kind) => targets[kind]!.layers,
    keeper: kept?.keeping.pass({
      name: `${kept.prefix}plain`,
      prepared,
      kinds: targets,
      count: dataset.rows.length,
      ...(images ? {} : { shown: (row) => shown.of(row) }),
    }),
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
    sink: (kind, layer, rows, values) => targets[kind]!.into?.put(layer, rows, values),
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
  const arrived = [...into.arrived].sort((a, b) => a - b);
  for (const view of viewsOf(into.readings)) {
    const rows = rowsOf(view, arrived);
    into.pass++;
    into.passRows = rows.length;
    into.done = 0;
    const told = async (count: number) => {
      into.done += count;
      await onBatch();
    };
    await collectView(prepared, into.readings, into.readingStates, encode, { view, rows, seed, onBatch: told, signal, kept });
  }
}

/** Where states of one kind go. */
interface Target {
  readonly reading: string;
  readonly layers: number;
  readonly into: Activations | undefined;
}

export function closeCollection(collected: Collected): void {
  collected.states.close();
  collected.embeddingMean?.close();
  for (const states of collected.readingStates.values()) states.close();
  collected.tail?.close().catch(() => {});
}
