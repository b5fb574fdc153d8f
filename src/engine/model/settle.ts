import type { ModelCard } from "../../protocol/index.js";
import type { Opened } from "./open.js";
import type { PooledRunner } from "./pooled.js";
import type { TappedModel } from "./tapped.js";
import { fasterThreads, LADDER, LADDER_ROW, measureTokensPerBatch, type Sample, type TempoFile, threadsToTry } from "./tempo.js";

/** Rows of the batch that two numbers of threads are compared by. */
const ROWS = 4;

/**
 * Opens with the threads that were asked for, or that were once found to be the faster ones. Where there are more threads than cores and
 * nobody has measured yet, the model is opened with both; that costs a second session, once.
 * @param wanted 0 = whichever is faster
 * @param settled take `wanted` as it is
 */
export async function openFastest(
  open: (threads: number) => Promise<Opened>,
  wanted: number,
  tempo: () => Promise<TempoFile | undefined>,
  more = threadsToTry(),
  settled = false,
): Promise<{ opened: Opened; threads: number }> {
  const file = wanted === 0 && more > 0 && !settled ? await tempo() : undefined;
  const threads = wanted || (file?.read().threads ?? 0);
  const opened = await open(threads);
  if (!file || file.read().threads !== undefined || opened.provider !== "cpu" || !opened.trial || "tokens" in opened.trial) return { opened, threads };
  const other = await open(more).catch(() => undefined);
  if (!other) return { opened, threads };
  let faster = false;
  try {
    const batch = batchOf(sampleOf(opened.runner, undefined), opened.runner.oneRowAtATime ? 1 : ROWS);
    faster = await fasterThreads(
      () => opened.runner.run(batch),
      () => other.runner.run(batch),
    );
  } finally {
    await (faster ? opened : other).session.release();
  }
  file.write({ ...file.read(), threads: faster ? more : 0 });
  return faster ? { opened: other, threads: more } : { opened, threads: 0 };
}

/** The remembered number of tokens, or the measured one. */
export async function settledTokens(runner: PooledRunner, card: ModelCard, image: TappedModel["image"], file: TempoFile | undefined): Promise<number> {
  // Every row runs alone: there is nothing to choose.
  if (card.oneRowAtATime) return LADDER[0];
  const known = file?.read().tokensPerBatch;
  if (known !== undefined) return known;
  const best = await measureTokensPerBatch((batch) => runner.run(batch), sampleOf(runner, image));
  file?.write({ ...file.read(), tokensPerBatch: best });
  return best;
}

/** Ids that every vocabulary has; or an image of zeros. */
function sampleOf(runner: PooledRunner, image: TappedModel["image"]): Sample {
  if (image) return { ids: new Array<number>(image.tokens).fill(0), image: new Float32Array(image.shape.channels * image.shape.height * image.shape.width) };
  const length = Math.min(LADDER_ROW, runner.longest ?? LADDER_ROW);
  return { ids: Array.from({ length }, (_, t) => t % 5) };
}

function batchOf({ ids }: Sample, rows: number) {
  const weights = [new Float32Array(ids.length).fill(1 / ids.length)];
  return { ids: new Array<readonly number[]>(rows).fill(ids), weights: new Array<Float32Array[]>(rows).fill(weights) };
}
