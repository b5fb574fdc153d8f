import { isPlain } from "./layout.js";
import type { PooledRunner } from "./pooled.js";

/** What a few tokens tell about an export. */
export interface Trial {
  readonly width: number;
  /** The first token's states do not depend on what follows. */
  readonly causal: boolean;
  /** A padded row of a batch gets the same states as the row alone. */
  readonly batches: boolean;
  /** States of images are kept as [B, D, S], so pooling over tokens mixes up numbers. */
  readonly channelsFirst: boolean;
  /** All states of a text are kept as [B, S, D] or [B * S, D]. */
  readonly ordered: boolean;
  /** States of the two trial rows, to compare providers by. */
  readonly states: Float32Array;
}

/** Distance above which two results are not the same computation. */
const SAME = { float32: 1e-3, other: 3e-2 };

/**
 * Runs two short rows, together and one alone: finds the width, whether attention looks ahead, and whether the export
 * treats padded rows right (some accept a batch and compute it wrong).
 */
export async function tryOut(runner: PooledRunner, layers: number, precision: string, vocabulary: number | undefined): Promise<Trial> {
  const most = vocabulary ?? 64;
  const id = (n: number) => Math.min(n, most - 1);
  const short = [id(5), id(6), id(7)];
  const long = [id(5), id(9), id(8), id(11), id(10)];
  const weightsOf = (n: number) => [Float32Array.from({ length: n }, (_, t) => (t === 0 ? 1 : 0)), new Float32Array(n).fill(1 / n)];
  const both = await runner.run({ ids: [short, long], weights: [weightsOf(short.length), weightsOf(long.length)] });
  const width = both.length / layers / 4;
  const { states: alone, shapes } = await runner.withShape({ ids: [short], weights: [weightsOf(short.length)] });
  const last = (layers - 1) * 4 * width;
  const limit = precision === "float32" ? SAME.float32 : SAME.other;
  const causal = distance(both.subarray(last, last + width), both.subarray(last + 2 * width, last + 3 * width)) < (precision.includes("dynamic") ? 0.1 : limit);
  let batches = true;
  if (!runner.oneRowAtATime) {
    for (let layer = 0; layer < layers && batches; layer++)
      batches = distance(both.subarray(layer * 4 * width, (layer * 4 + 2) * width), alone.subarray(layer * 2 * width, (layer + 1) * 2 * width)) < limit;
  }
  const ordered = runner.fixed || shapes.every((shape) => isPlain(shape, 1, short.length, width));
  return { width, causal, batches, states: both, channelsFirst: false, ordered };
}

/** What two small images tell: how many tokens an image has, and whether a batch computes as its rows alone do. */
export interface ImageTrial extends Trial {
  readonly tokens: number;
}

/**
 * Runs two images of seeded noise, together and one alone.
 * @param size numbers of one image; @param width of the stream, when the graph tells
 */
export async function tryImages(runner: PooledRunner, layers: number, precision: string, size: number, width: number | undefined): Promise<ImageTrial> {
  const noise = (seed: number) => Float32Array.from({ length: size }, (_, i) => Math.sin(0.7 * i + seed));
  const [a, b] = [noise(0), noise(2)];
  // Pooled over one token of everything, the shape alone tells how many there are.
  const { states, shape } = await runner.withShape({ ids: [[0]], weights: [[Float32Array.of(1)]], images: [a] });
  const numbers = states.length / layers;
  const d = width ?? shape.at(-1)!;
  const tokens = numbers / d;
  if (!Number.isInteger(tokens) || tokens < 1) throw new Error(`a state of [${shape.join(", ")}] for a stream of width ${d}`);
  const channelsFirst = shape.length >= 3 && shape[1] === d && shape.at(-1) !== d;
  const ids = new Array<number>(tokens).fill(0);
  const weights = [Float32Array.from(ids, (_, t) => (t === 0 ? 1 : 0)), new Float32Array(tokens).fill(1 / tokens)];
  const both = await runner.run({ ids: [ids, ids], weights: [weights, weights], images: [a, b] });
  const alone = await runner.run({ ids: [ids], weights: [weights], images: [b] });
  const limit = precision === "float32" ? SAME.float32 : SAME.other;
  let batches = true;
  for (let layer = 0; layer < layers && batches && !runner.oneRowAtATime; layer++)
    batches = distance(both.subarray((layer * 4 + 2) * d, (layer * 4 + 4) * d), alone.subarray(layer * 2 * d, (layer + 1) * 2 * d)) < limit;
  return { width: d, causal: false, batches, states: both, channelsFirst, ordered: true, tokens };
}

/** Largest difference relative to the largest value; NaN counts as different. */
export function distance(a: Float32Array, b: Float32Array): number {
  let most = 0;
  let scale = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!);
    if (Number.isNaN(difference)) return Number.POSITIVE_INFINITY;
    most = Math.max(most, difference);
    scale = Math.max(scale, Math.abs(a[i]!), Math.abs(b[i]!));
  }
  return scale === 0 ? 0 : most / scale;
}
