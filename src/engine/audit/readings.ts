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
}

/** The readings of one view. */
export async function collectView(prepared: Prepared, readings: readonly Reading[], into: ReadingStates, encode: Encode, pass: Pass): Promise<void> {
  const { dataset, tokenizer, shown: rowsShown, maxTokens, pooling, images } = prepared;
  const { view, rows, seed, signal } = pass;
  const { card } = prepared.model;
  const tools = { tokenizer, shown: rowsShown, maxTokens, most: card.maxTokens ?? 2 * maxTokens, seed, signal };
  const shown = (which: readonly number[]) => encodeView(view, which, encode, (row) => dataset.rows[row].text, tools);
  const own = readings.filter((reading) => reading.view === view);
  const rounded: TappedModel | undefined = isRounding(view)
    ? await openModel(card.path, { provider: "cpu", threads: 0, tower: card.tower, images: images !== undefined, rounding: ROUNDINGS[view] }, signal)
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
