import { problem } from "../errors.js";
import { explainRun } from "./explain.js";
import { LIMITS } from "./limits.js";
import type { PooledRunner } from "./pooled.js";
import { LAYERS, tapName } from "./pooling.js";
import type { Place } from "./roles/places.js";
import type { RuntimeTensor } from "./runtime.js";
import type { Batch, TapState, TapStates } from "./tapped.js";

/**
 * Runs a batch and reads the taps beside the layers; row by row where the export takes no more than one.
 * @throws Problem `model/tap-too-large` before anything of that size is made
 */
export async function runTaps(runner: PooledRunner, places: readonly Place[], batch: Batch): Promise<TapStates> {
  runner.check(batch);
  for (const place of places) bound(runner, place, batch);
  const rows = batch.ids.length;
  if (rows > 1 && !runner.oneRowAtATime) {
    try {
      return await once(runner, places, batch);
    } catch {
      // The trial told already whether batches work; one that fails now is run again in rows, whose errors are told.
    }
  }
  const length = Math.max(...batch.ids.map((row) => row.length));
  const alone: TapStates[] = [];
  for (let b = 0; b < rows; b++) {
    const one = { ids: [batch.ids[b]!], weights: [batch.weights[b]!], ...(batch.images ? { images: [batch.images[b]!] } : {}) };
    try {
      alone.push(await once(runner, places, one));
    } catch (error) {
      throw explainRun(runner.file, 1, batch.ids[b]!.length, error, runner.maxTokens);
    }
  }
  return {
    layers: stacked(
      alone.map(({ layers }) => layers),
      runner.layers,
    ),
    taps: new Map(
      places.map((place) => [
        place.name,
        joined(
          alone.map(({ taps }) => taps.get(place.name)!),
          place.axes === "pattern" ? length : undefined,
        ),
      ]),
    ),
  };
}

async function once(runner: PooledRunner, places: readonly Place[], batch: Batch): Promise<TapStates> {
  const { inputs, rows, k } = runner.feed(batch);
  const real = batch.ids.length;
  const [layers, ...found] = await runner.session.run(inputs, [LAYERS, ...places.map((_, i) => tapName(i))]);
  const taps = new Map(places.map((place, i) => [place.name, trimmed(found[i]!, real)]));
  return { layers: runner.trimmed(layers!, rows, real, k), taps };
}

/** Drops the rows that only filled up a fixed batch. */
function trimmed({ data, dims }: RuntimeTensor, real: number): TapState {
  const [rows = 1, ...rest] = dims;
  const values = data as Float32Array;
  return { shape: [real, ...rest], data: rows === real ? values : values.subarray(0, (values.length / rows) * real) };
}

/** [layers, 1, …] of each row to [layers, rows, …]. */
function stacked(parts: readonly Float32Array[], layers: number): Float32Array {
  const size = parts[0]!.length / layers;
  const all = new Float32Array(parts.length * parts[0]!.length);
  parts.forEach((part, b) => {
    for (let layer = 0; layer < layers; layer++) all.set(part.subarray(layer * size, (layer + 1) * size), (layer * parts.length + b) * size);
  });
  return all;
}

/** Rows one after the other; the last axis of a pattern is as long as the longest row, zero behind shorter ones. */
function joined(parts: readonly TapState[], last?: number): TapState {
  const [, ...rest] = parts[0]!.shape;
  const shape = [
    parts.length,
    ...rest.slice(0, -1),
    last === undefined ? rest[rest.length - 1]! : Math.max(last, ...parts.map((part) => part.shape[part.shape.length - 1]!)),
  ];
  const width = shape[shape.length - 1]!;
  const lines = shape.slice(1, -1).reduce((n, size) => n * size, 1);
  const data = new Float32Array(parts.length * lines * width);
  parts.forEach((part, b) => {
    const own = part.shape[part.shape.length - 1]!;
    for (let line = 0; line < lines; line++) data.set(part.data.subarray(line * own, (line + 1) * own), (b * lines + line) * width);
  });
  return { shape, data };
}

function bound(runner: PooledRunner, place: Place, { ids, weights }: Batch): void {
  const length = Math.max(...ids.map((row) => row.length));
  const last = place.shape?.[place.shape.length - 1];
  const width = place.axes === "pattern" ? (place.heads ?? 1) * length : typeof last === "number" ? last : 1;
  const size = ids.length * (weights[0]?.length ?? 0) * width;
  if (size > LIMITS.tapFloats)
    throw problem("model/tap-too-large", `Reading ${place.name} of ${ids.length} rows with ${weights[0]?.length} readings each would give ${size} numbers.`, {
      hint: `At most ${LIMITS.tapFloats} are read at once: ask for fewer rows or tokens.`,
      where: { file: runner.file },
    });
}
