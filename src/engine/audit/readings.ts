import { throwIfAborted } from "../errors.js";
import { type Activations, createActivations, MEMORY_BYTES } from "../store/activations.js";
import { planBatches } from "../text/batches.js";
import { foreignTokenizer } from "../text/errors.js";
import type { TokenPooling } from "../text/pooling.js";
import { poolOf, type Reading } from "../text/readings.js";
import type { Encoded } from "../text/tokenizer.js";
import { encodeView } from "../text/views.js";
import { extractStates, imagesOf } from "./extract.js";
import { collectFinalNorm } from "./final-norm.js";
import { CHUNK_IMAGES } from "./images.js";
import type { Prepared } from "./prepare.js";

/** States of the rows under readings beside the audit's own, by the reading's name. */
export type ReadingStates = ReadonlyMap<string, Activations>;

export type Encode = (rows: readonly number[]) => Promise<readonly Encoded[]>;

/** Padded tokens of a batch whose token states are all kept. */
const MAX_BUDGET = 512;
const MAX_CHUNK = 256;

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

/** Readings that the audit's own pass cannot give: one pass a view, and one for the maximum. @param rows positions in the dataset */
export async function collectReadings(
  prepared: Prepared,
  readings: readonly Reading[],
  rows: readonly number[],
  into: ReadingStates,
  encode: Encode,
  seed: number,
  onBatch: (rows: number) => Promise<void> | void,
  signal?: AbortSignal,
): Promise<void> {
  const { dataset, model, tokenizer, shown: rowsShown, maxTokens, pooling } = prepared;
  const tools = { tokenizer, shown: rowsShown, maxTokens, most: model.card.maxTokens ?? 2 * maxTokens, seed, signal };
  for (const view of new Set(readings.map((reading) => reading.view))) {
    const shown = (which: readonly number[]) => encodeView(view, which, encode, (row) => dataset.rows[row].text, tools);
    const here = readings.filter((reading) => reading.view === view);
    for (const reading of here.filter((one) => poolOf(one, pooling) === "max"))
      await largest(prepared, rows, (layer, which, values) => into.get(reading.name)?.put(layer, which, values), shown, seed, onBatch, signal);
    for (const { name } of here.filter((one) => one.pool === "final-norm" && into.has(one.name)))
      await collectFinalNorm(prepared, rows, shown, seed, (which, values) => into.get(name)?.put(0, which, values), onBatch, signal);
    const linear = here.filter((one) => !["max", "final-norm"].includes(poolOf(one, pooling)));
    if (linear.length === 0) continue;
    await extractStates({
      model,
      count: rows.length,
      poolings: linear.map((one) => poolOf(one, pooling) as TokenPooling),
      foreignId: (id, size) => foreignTokenizer(model.card.tokenizer?.path ?? model.card.path, id, size),
      seed,
      signal,
      encode: (which) => shown(which.map((i) => rows[i])),
      sink(kind, layer, which, values) {
        into.get(linear[kind].name)?.put(
          layer,
          which.map((i) => rows[i]),
          values,
        );
      },
      onBatch: (which) => onBatch(which.length),
    });
  }
}

/** Passes that these readings take beside the audit's own. */
export function passesOf(readings: readonly Reading[]): number {
  const passes = new Set<string>(readings.map(({ pool, view }) => (pool === "max" || pool === "final-norm" ? pool : view)));
  passes.delete("plain");
  return passes.size;
}

/** The largest value of each dimension over a row's tokens: with one weight row a token, the pooled product gives the token states themselves. */
async function largest(
  { model, images }: Prepared,
  rows: readonly number[],
  sink: (layer: number, rows: readonly number[], values: Float32Array) => void,
  encode: Encode,
  seed: number,
  onBatch: (rows: number) => Promise<void> | void,
  signal?: AbortSignal,
): Promise<void> {
  const { hiddenSize: width, layers } = model.card;
  const ahead = images ? CHUNK_IMAGES : MAX_CHUNK;
  for (let start = 0; start < rows.length; start += ahead) {
    const chunk = rows.slice(start, start + ahead);
    const encoded = await encode(chunk);
    const lengths = encoded.map((one) => one.ids.length);
    for (const batch of planBatches(lengths, MAX_BUDGET, seed, model.card.oneRowAtATime).batches) {
      throwIfAborted(signal);
      const some = batch.filter((i) => lengths[i] > 0);
      if (some.length === 0) continue;
      const longest = Math.max(...some.map((i) => lengths[i]));
      const weights = some.map((i) => Array.from({ length: longest }, (_, k) => Float32Array.from({ length: lengths[i] }, (__, t) => (t === k ? 1 : 0))));
      const states = await model.run({ ids: some.map((i) => encoded[i].ids), weights, ...imagesOf(some.map((i) => encoded[i])) });
      for (let layer = 0; layer < layers.length; layer++) {
        const values = new Float32Array(some.length * width).fill(Number.NEGATIVE_INFINITY);
        some.forEach((i, b) => {
          const [from, to] = encoded[i].span ?? [0, lengths[i]];
          for (let t = from; t < to; t++) {
            const at = ((layer * some.length + b) * longest + t) * width;
            for (let j = 0; j < width; j++) values[b * width + j] = Math.max(values[b * width + j], states[at + j]);
          }
        });
        sink(
          layer,
          some.map((i) => chunk[i]),
          values,
        );
      }
      await onBatch(some.length);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
