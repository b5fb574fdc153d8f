import { openModel } from "../model/index.js";
import type { TappedModel } from "../model/tapped.js";
import { type Activations, createActivations, MEMORY_BYTES } from "../store/activations.js";
import { foreignTokenizer } from "../text/errors.js";
import type { TokenPooling } from "../text/pooling.js";
import { isRounding, poolOf, type Reading, ROUNDINGS, type View } from "../text/readings.js";
import type { Encoded } from "../text/tokenizer.js";
import { encodeView } from "../text/views.js";
import { extractStates } from "./extract.js";
import { CHUNK_IMAGES } from "./images.js";
import type { RunKeeping } from "./keeping.js";
import type { Prepared } from "./prepare.js";

/** States of the rows under readings beside the audit's own, by the reading's name. */
export type ReadingStates = ReadonlyMap<string, Activations>;

export type Encode = (rows: readonly number[]) => Promise<readonly Encoded[]>;

/** Room for readings; together they take no more memory than the audit's own states may, the rest lies in files. */
export async function makeReadingStates(prepared: Prepared, readings: readonly Reading[]): Promise<ReadingStates> {
  const { dataset, model } = prepared;
  const share = MEMORY_BYTES / Math.max(1, readings.length);
  const stores = new Map<string, Activations>();
  for (const { name, pool } of readings) {
    const layers = pool === "final-norm" ? 1 : model.card.layers.length;
    stores.set(name, await createActivations(layers, dataset.rows.length, model.card.hiddenSize, share));
  }
  return stores;
}

/** Views that the audit's own pass cannot give: each is a pass of its own. */
export const viewsOf = (readings: readonly Reading[]): readonly View[] => [...new Set(readings.map(({ view }) => view))].filter((view) => view !== "plain");

export interface Pass {
  readonly view: View;
  /** Positions in the dataset. */
  readonly rows: readonly number[];
  readonly seed: number;
  onBatch(rows: number): Promise<void> | void;
  readonly signal?: AbortSignal;
  readonly kept?: { readonly keeping: RunKeeping; readonly prefix: string };
}

/** Another model of the same card, opened by its first batch: where all states are stored there is none. */
function lazily(like: TappedModel, open: () => Promise<TappedModel>): TappedModel {
  let opened: Promise<TappedModel> | undefined;
  const real = () => {
    opened ??= open();
    return opened;
  };
  return {
    ...like,
    parallel: 1,
    hosts: undefined,
    run: async (batch) => (await real()).run(batch),
    runTaps: async (batch) => (await real()).runTaps(batch),
    close: async () => (await opened?.catch(() => undefined))?.close(),
  };
}

/** The readings of one view. */
export async function collectView(prepared: Prepared, readings: readonly Reading[], into: ReadingStates, encode: Encode, pass: Pass): Promise<void> {
  const { dataset, tokenizer, shown: rowsShown, maxTokens, pooling, images } = prepared;
  const { view, rows, seed, signal, kept } = pass;
  const { card } = prepared.model;
  const tools = { tokenizer, shown: rowsShown, maxTokens, most: card.maxTokens ?? 2 * maxTokens, seed, signal };
  const shown = (which: readonly number[]) => encodeView(view, which, encode, (row) => dataset.rows[row].text, tools);
  const own = readings.filter((reading) => reading.view === view);
  const keeper = kept?.keeping.pass({
    name: `${kept.prefix}${view}`,
    prepared,
    kinds: own.map(({ name }) => ({ reading: name, layers: card.layers.length })),
    count: rows.length,
    // Other views are known by their tokens: what becomes of a text there hangs on more than the text.
    ...(isRounding(view) ? { rounding: view, ...(images ? {} : { shown: (i: number) => rowsShown.of(rows[i]!) }) } : {}),
  });
  const rounded = isRounding(view)
    ? lazily(prepared.model, () =>
        openModel(card.path, { provider: "cpu", threads: 0, tower: card.tower, images: images !== undefined, rounding: ROUNDINGS[view] }, signal),
      )
    : undefined;
  try {
    await extractStates({
      model: rounded ?? prepared.model,
      count: rows.length,
      poolings: own.map((one) => poolOf(one, pooling) as TokenPooling),
      foreignId: (id, size) => foreignTokenizer(card.tokenizer?.path ?? card.path, id, size),
      seed,
      signal,
      ...(images ? { chunkRows: CHUNK_IMAGES } : {}),
      keeper,
      encode: (which) => shown(which.map((i) => rows[i])),
      sink(kind, layer, which, values) {
        into.get(own[kind].name)?.put(
          layer,
          which.map((i) => rows[i]),
          values,
        );
      },
      onBatch: (which) => pass.onBatch(which.length),
    });
  } finally {
    await rounded?.close();
  }
}
