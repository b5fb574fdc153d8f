import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Feeds } from "../model/inputs.js";
import { PooledRunner } from "../model/pooled.js";
import { POOL } from "../model/pooling.js";
import { createSession, type RuntimeTensor } from "../model/runtime.js";
import type { Batch, TappedModel } from "../model/tapped.js";
import { distance } from "../model/trial.js";
import { differs } from "./errors.js";
import type { ServedGraph } from "./graph.js";
import { IDENTITY } from "./identity.js";

/** Relative difference that two builds of one graph may have. */
const SAME = 1e-4;

/** A few rows of made-up ids (or noise), pooled two ways. */
export function sampleBatch({ image, vocabularySize, card }: TappedModel, feeds?: Feeds): Batch {
  const most = vocabularySize ?? 64;
  const tokens = image?.tokens ?? Math.min(feeds?.fixedLength ?? 5, card.maxTokens ?? 5);
  const rows = card.oneRowAtATime ? 1 : 2;
  const ids = Array.from({ length: rows }, (_, b) =>
    Array.from({ length: image ? tokens : Math.max(1, tokens - b) }, (__, t) => (image ? 0 : (5 + 3 * b + 2 * t) % most)),
  );
  const weights = ids.map((row) => [new Float32Array(row.length).fill(1 / row.length), Float32Array.from(row, (_, t) => (t === 0 ? 1 : 0))]);
  const size = image ? image.shape.channels * image.shape.height * image.shape.width : 0;
  return { ids, weights, ...(image ? { images: ids.map((_, b) => Float32Array.from({ length: size }, (__, i) => Math.sin(0.7 * i + b))) } : {}) };
}

/** What the model itself gives for a batch: `layers` as [L, B, K, D] and each tap. */
export async function expected(model: TappedModel, batch: Batch): Promise<Float32Array[]> {
  if (model.taps.length === 0) return [await model.run(batch)];
  const { layers, taps } = await model.runTaps(batch);
  return [layers, ...[...taps.values()].map(({ data }) => data)];
}

/**
 * Opens the exported file as a server would, with the weights beside it, and compares.
 * @throws Problem `serving/differs`; the runtime's own error when it does not load
 */
export async function checkExport(
  folder: string,
  graph: ServedGraph,
  feeds: Feeds,
  batch: Batch,
  wanted: readonly Float32Array[],
  model: TappedModel,
): Promise<void> {
  const session = await createSession(readFileSync(join(folder, "model.onnx")), { provider: "cpu", folder });
  try {
    const runner = new PooledRunner(model.card.path, session, feeds, model.card.layers.length, model.card.oneRowAtATime, model.vocabularySize);
    const { inputs, rows } = runner.feed(batch);
    const fed = new Map<string, RuntimeTensor>();
    for (const { name } of graph.inputs) fed.set(name, inputs.get(name) ?? (inputs.get(POOL) as RuntimeTensor));
    const names = graph.outputs.map(({ name }) => name);
    const found = await session.run(fed, names);
    const real = batch.ids.length;
    const states = found.filter((_, i) => names[i] !== IDENTITY);
    const withLayers = graph.outputs[0]?.shape.length === 4 && states.length === wanted.length;
    const pairs = withLayers ? wanted : wanted.slice(1);
    states.forEach((state, i) => {
      const own =
        i === 0 && withLayers ? layersFirst(state, real) : (state.data as Float32Array).subarray(0, ((state.data as Float32Array).length / rows) * real);
      const far = distance(pairs[i]!, own as Float32Array);
      if (far > SAME || own.length !== pairs[i]!.length) throw differs(model.card.name, far);
    });
  } finally {
    await session.release();
  }
}

/** [B, L, K, D] to [L, B, K, D], of the first rows. */
export function layersFirst({ data, dims }: { data: ArrayLike<number | bigint>; dims: readonly number[] }, real: number): Float32Array {
  const [, layers = 0, k = 0, width = 0] = dims;
  const all = data as Float32Array;
  const size = k * width;
  const out = new Float32Array(layers * real * size);
  for (let b = 0; b < real; b++)
    for (let layer = 0; layer < layers; layer++) out.set(all.subarray((b * layers + layer) * size, (b * layers + layer + 1) * size), (layer * real + b) * size);
  return out;
}
