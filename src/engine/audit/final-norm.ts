import { throwIfAborted } from "../errors.js";
import { openModel } from "../model/index.js";
import { planBatches } from "../text/batches.js";
import { poolingWeights } from "../text/pooling.js";
import type { Prepared } from "./prepare.js";
import type { Encode } from "./readings.js";

const TAP = "final_norm";
const BUDGET = 1024;
const CHUNK = 512;

/** Whether this model has a norm after its last block that can be read. */
export const hasFinalNorm = ({ model, images }: Prepared): boolean =>
  !images && model.card.taps?.some((tap) => tap.name === TAP && tap.tensor !== undefined) === true;

/**
 * States after the final norm, mean over the tokens: what the head of a decoder reads (the informative embedding of cMIM). A
 * session of its own, because the audit's graph ends at the last block. @param sink [rows, width] of one vector a row
 */
export async function collectFinalNorm(
  { model }: Prepared,
  rows: readonly number[],
  encode: Encode,
  seed: number,
  sink: (rows: readonly number[], values: Float32Array) => void,
  onBatch: (rows: number) => Promise<void> | void,
  signal?: AbortSignal,
): Promise<void> {
  const tapped = await openModel(model.card.path, { provider: "cpu", threads: 0, taps: [TAP], residual: false }, signal);
  try {
    for (let start = 0; start < rows.length; start += CHUNK) {
      const chunk = rows.slice(start, start + CHUNK);
      const encoded = await encode(chunk);
      const lengths = encoded.map((one) => one.ids.length);
      for (const batch of planBatches(lengths, BUDGET, seed, tapped.card.oneRowAtATime).batches) {
        throwIfAborted(signal);
        const some = batch.filter((i) => lengths[i] > 0);
        if (some.length === 0) continue;
        const { taps } = await tapped.runTaps({
          ids: some.map((i) => encoded[i].ids),
          weights: some.map((i) => [poolingWeights("mean", lengths[i]) as Float32Array]),
        });
        const state = taps.get(TAP);
        if (!state) throw new Error("the tap of the final norm gave nothing");
        sink(
          some.map((i) => chunk[i]),
          state.data,
        );
        await onBatch(some.length);
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  } finally {
    await tapped.close();
  }
}
