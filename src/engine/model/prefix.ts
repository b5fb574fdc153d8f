import type { Cache } from "./caches.js";
import type { Value } from "./graph.js";
import { LIMITS } from "./limits.js";
import type { PooledRunner } from "./pooled.js";
import { LAYERS, POOL } from "./pooling.js";
import type { RuntimeTensor } from "./runtime.js";
import type { Batch } from "./tapped.js";
import { distance } from "./trial.js";
import { typed } from "./typed.js";

/** Shared tokens from which a pass of their own pays; lengths are cut to whole steps, so that a chance match changes nothing. */
const STEP = 8;
const FEWEST = 16;
/** Prefixes that are kept; a dataset has one system prompt, seldom two. */
const KEPT = 2;
/** What two ways of the same computation may differ by, of the largest number of a vector. */
const SAME = 1e-5;

/** One run over the tokens that rows begin with. */
interface Prefix {
  readonly key: string;
  readonly length: number;
  /** Of one row: past input -> [1, heads, tokens, size]. */
  readonly caches: ReadonlyMap<Value, RuntimeTensor>;
  /** [layers, directions, width] states pooled by the directions. */
  readonly states: Float32Array;
  /** The caches of the last number of rows. */
  repeated?: { readonly rows: number; readonly tensors: ReadonlyMap<string, RuntimeTensor> };
}

/** Weights on the prefix: `direction` times `scale`; direction -1 = none. */
interface Part {
  readonly direction: number;
  readonly scale: number;
}

/**
 * Tokens that all rows of a batch begin with (a system prompt, a chat template) are run once and kept, where the export has inputs
 * for keys and values of earlier tokens: the rest of each row continues from them. What a batch gives depends on that batch alone.
 */
export class PrefixRunner {
  private readonly kept: Prefix[] = [];
  private works: Promise<boolean> | undefined;
  /** Tokens that were not run again. */
  reused = 0;

  constructor(
    private readonly runner: PooledRunner,
    private readonly caches: readonly Cache[],
    private readonly inputs: readonly Value[],
    /** Name of the input for token ids. */
    private readonly ids: string,
    private readonly vocabulary: number | undefined,
  ) {}

  /** @returns as PooledRunner.run does */
  async run(batch: Batch): Promise<Float32Array> {
    const length = this.runner.oneRowAtATime ? 0 : sharedLength(batch.ids);
    if (length < FEWEST) return this.runner.run(batch);
    this.runner.check(batch);
    this.works ??= this.trial().catch(() => false);
    if (!(await this.works)) return this.runner.run(batch);
    const states = await this.shared(batch, length).catch(() => undefined);
    if (!states) {
      this.works = Promise.resolve(false);
      return this.runner.run(batch);
    }
    this.reused += (batch.ids.length - 1) * length;
    return states;
  }

  /** Two rows with the same first tokens, in both ways. */
  private async trial(): Promise<boolean> {
    const most = this.vocabulary ?? 64;
    const row = (tokens: number, seed: number) => Array.from({ length: tokens }, (_, t) => (5 + t * 7 + (t < FEWEST ? 0 : seed)) % most);
    const ids = [row(FEWEST + 3, 1), row(FEWEST + 6, 2)];
    const weights = ids.map(({ length: n }) => [
      new Float32Array(n).fill(1 / n),
      new Float32Array(n).fill(1 / (n - 1), 1),
      new Float32Array(n).fill(1, n - 1),
      new Float32Array(n).fill(1, FEWEST - 1, FEWEST),
    ]);
    const plain = await this.runner.run({ ids, weights });
    const shared = await this.shared({ ids, weights }, FEWEST);
    const vectors = this.runner.layers * ids.length * weights[0]!.length;
    const width = plain.length / vectors;
    for (let v = 0; v < vectors; v++) {
      const [a, b] = [plain, shared].map((all) => all.subarray(v * width, (v + 1) * width));
      if (!(distance(a!, b!) <= SAME)) return false;
    }
    return true;
  }

  private async shared({ ids, weights }: Batch, length: number): Promise<Float32Array> {
    const { directions, parts } = directionsOf(weights, length);
    const prefix = await this.prefix(ids[0]!.slice(0, length), directions);
    const rows = ids.length;
    const k = weights[0]!.length;
    const rest = ids.map((row) => row.slice(length));
    const inputs = this.feed(rest, prefix.length, this.repeat(prefix, rows));
    const tokens = rest.reduce((most, row) => Math.max(most, row.length), 1);
    const pool = new Float32Array(rows * k * tokens);
    weights.forEach((row, b) => {
      row.forEach((weight, i) => {
        pool.set(weight.subarray(length), (b * k + i) * tokens);
      });
    });
    inputs.set(POOL, { type: "float32", dims: [rows, k, tokens], data: pool });
    const [found] = await this.runner.session.run(inputs, [LAYERS]);
    const states = this.runner.trimmed(found!, rows, rows, k);
    const { layers } = this.runner;
    const width = states.length / layers / rows / k;
    const count = prefix.states.length / layers / width;
    for (let layer = 0; layer < layers; layer++)
      parts.forEach(({ direction, scale }, vector) => {
        if (direction < 0) return;
        const to = (layer * rows * k + vector) * width;
        const from = (layer * count + direction) * width;
        for (let d = 0; d < width; d++) states[to + d]! += scale * prefix.states[from + d]!;
      });
    return states;
  }

  /** From what is kept, or run now. */
  private async prefix(ids: readonly number[], directions: readonly Float32Array[]): Promise<Prefix> {
    const key = `${ids.join(" ")} ${directions.map((one) => Buffer.from(one.buffer).toString("base64")).join(" ")}`;
    const known = this.kept.find((one) => one.key === key);
    if (known) return known;
    const { inputs } = this.runner.feed({ ids: [ids], weights: [directions.length > 0 ? directions : [new Float32Array(ids.length)]] });
    const [states, ...presents] = await this.runner.session.run(inputs, [LAYERS, ...this.caches.map(({ present }) => present)]);
    const caches = new Map(this.caches.map(({ past }, i) => [past, presents[i]!]));
    for (const { dims } of caches.values())
      if (dims.length !== 4 || dims[0] !== 1 || dims[2] !== ids.length) throw new Error(`a cache of [${dims.join(", ")}] for ${ids.length} tokens`);
    const made: Prefix = { key, length: ids.length, caches, states: states!.data as Float32Array };
    this.kept.unshift(made);
    this.kept.length = Math.min(this.kept.length, KEPT);
    return made;
  }

  private repeat(prefix: Prefix, rows: number): ReadonlyMap<string, RuntimeTensor> {
    if (prefix.repeated?.rows === rows) return prefix.repeated.tensors;
    const tensors = new Map<string, RuntimeTensor>();
    let total = 0;
    for (const [past, { type, dims, data }] of prefix.caches) {
      total += rows * data.byteLength;
      if (total > LIMITS.cacheBytes) throw new Error("the caches of a batch would be too large");
      const all = new (data.constructor as new (n: number) => Float32Array)(rows * data.length);
      for (let b = 0; b < rows; b++) all.set(data as Float32Array, b * data.length);
      tensors.set(past.name, { type, dims: [rows, ...dims.slice(1)], data: all });
    }
    prefix.repeated = { rows, tensors };
    return tensors;
  }

  /** Inputs of rows that stand behind `before` tokens. */
  private feed(ids: readonly (readonly number[])[], before: number, caches: ReadonlyMap<string, RuntimeTensor>): Map<string, RuntimeTensor> {
    const rows = ids.length;
    const length = ids.reduce((most, row) => Math.max(most, row.length), 1);
    const each = (width: number, value: (row: readonly number[], t: number) => number) =>
      Float64Array.from({ length: rows * width }, (_, i) => value(ids[Math.floor(i / width)]!, i % width));
    const value = (input: Value): RuntimeTensor => {
      switch (input.name) {
        case this.ids:
          return typed(
            input,
            [rows, length],
            each(length, (row, t) => row[t] ?? 0),
          );
        case "attention_mask":
          return typed(
            input,
            [rows, before + length],
            each(before + length, (row, t) => Number(t < before + row.length)),
          );
        case "position_ids":
          return typed(
            input,
            [rows, length],
            each(length, (row, t) => before + Math.min(t, row.length - 1)),
          );
        case "cache_position":
          return typed(
            input,
            [length],
            Float64Array.from({ length }, (_, t) => before + t),
          );
        default:
          return caches.get(input.name)!;
      }
    };
    return new Map(this.inputs.map((input) => [input.name, value(input)]));
  }
}

/** Tokens that all rows begin with, in whole steps; at least one token of each row is left. */
export function sharedLength(ids: readonly (readonly number[])[]): number {
  if (ids.length < 2) return 0;
  const [first] = ids;
  let length = ids.reduce((least, row) => Math.min(least, row.length - 1), Number.POSITIVE_INFINITY);
  for (const row of ids) {
    let t = 0;
    while (t < length && row[t] === first![t]) t++;
    length = t;
  }
  return length - (length % STEP);
}

/** The weights of the first tokens as few directions (a mean is the same for rows of any length) and a scale for each row and pooling. */
export function directionsOf(weights: Batch["weights"], length: number): { directions: Float32Array[]; parts: Part[] } {
  const directions: Float32Array[] = [];
  const known = new Map<string, number>();
  const parts = weights.flatMap((row) =>
    row.map((weight): Part => {
      const own = weight.subarray(0, length);
      const scale = own.reduce((most, w) => (Math.abs(w) > Math.abs(most) ? w : most), 0);
      if (scale === 0) return { direction: -1, scale };
      const direction = own.map((w) => w / scale);
      const key = direction.join(" ");
      const found = known.get(key);
      if (found !== undefined) return { direction: found, scale };
      known.set(key, directions.length);
      directions.push(direction);
      return { direction: directions.length - 1, scale };
    }),
  );
  return { directions, parts };
}
