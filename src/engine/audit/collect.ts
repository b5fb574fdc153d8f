import type { Pooling } from "../../protocol/index.js";
import { type Activations, createActivations } from "../store/activations.js";
import { foreignTokenizer } from "../text/errors.js";
import { extractStates, type SkipReason } from "./extract.js";
import type { Prepared } from "./prepare.js";

/** Everything a run gathers about its rows while they pass through the model. Indexed by the dataset's usable rows. */
export interface Collected {
  readonly states: Activations;
  /** Mean-pooled layer 0, for the lexical baseline; the same as layer 0 of `states` when the pooling is `mean`. */
  readonly embeddingMean: Activations | undefined;
  /** [rows] tokens after truncation; 0 = not run (skipped, or not yet). */
  readonly tokens: Int32Array;
  readonly truncated: Uint8Array;
  readonly skipped: Map<SkipReason, number[]>;
  /** Rows whose states have arrived, in order of arrival. */
  readonly arrived: number[];
  totalTokens: number;
  tokensPerBatch: number;
}

export async function startCollection(prepared: Prepared): Promise<Collected> {
  const { dataset, model, pooling } = prepared;
  const rows = dataset.rows.length;
  const { hiddenSize, layers } = model.card;
  return {
    states: await createActivations(layers.length, rows, hiddenSize),
    embeddingMean: pooling === "mean" ? undefined : await createActivations(1, rows, hiddenSize),
    tokens: new Int32Array(rows),
    truncated: new Uint8Array(rows),
    skipped: new Map(),
    arrived: [],
    totalTokens: 0,
    tokensPerBatch: 0,
  };
}

export async function collect(prepared: Prepared, into: Collected, seed: number, onBatch: () => Promise<void> | void, signal?: AbortSignal): Promise<void> {
  const { dataset, model, tokenizer, pooling, maxTokens } = prepared;
  const poolings: Pooling[] = into.embeddingMean ? [pooling, "mean"] : [pooling];
  const { tokensPerBatch } = await extractStates({
    model,
    count: dataset.rows.length,
    poolings,
    required: pooling,
    foreignId: (id, size) => foreignTokenizer(model.card.tokenizer?.path ?? model.card.path, id, size),
    seed,
    signal,
    encode: (rows) =>
      tokenizer.encode(
        rows.map((row) => dataset.rows[row].text),
        maxTokens,
        signal,
      ),
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
      else if (layer === 0) into.embeddingMean?.put(0, rows, values);
    },
    async onBatch(rows, tokens) {
      into.arrived.push(...rows);
      into.totalTokens += tokens;
      await onBatch();
    },
  });
  into.tokensPerBatch = tokensPerBatch;
}

export function closeCollection(collected: Collected): void {
  collected.states.close();
  collected.embeddingMean?.close();
}
