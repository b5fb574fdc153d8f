import { randomBytes } from "node:crypto";
import type { PooledRunner } from "../model/pooled.js";
import { POOL as LOCAL_POOL } from "../model/pooling.js";
import type { RuntimeTensor } from "../model/runtime.js";
import type { Batch, TapState } from "../model/tapped.js";
import { type Identity, readIdentity } from "../serving/identity.js";
import { noNumbers } from "./errors.js";
import type { Names } from "./metadata.js";
import type { Pool } from "./pool.js";
import { Lie, type Server } from "./server.js";
import type { GivenTensor } from "./tensors.js";

/** Numbers that one answer may hold: 32 MB as bytes; as JSON four to seven times that. */
const MOST_FLOATS = { binary: 8 << 20, json: 2 << 20 };

/** Width that a tap may have (logits are the widest). */
const MOST_TAP_WIDTH = 1 << 19;

/** A batch's rows and poolings [from, to) that go out as one request. */
interface Piece {
  readonly rows: readonly [number, number];
  readonly kinds: readonly [number, number];
}

/** Runs batches on a pool of servers: cut into requests, put together again, each answer checked. */
export class RemoteRunner {
  private readonly session = randomBytes(4).toString("hex");
  private next = 0;

  constructor(
    private readonly local: PooledRunner,
    readonly layers: number,
    private readonly width: number,
    private readonly names: ReadonlyMap<Server, Names>,
  ) {}

  get oneRowAtATime(): boolean {
    return this.local.oneRowAtATime;
  }

  /** @returns [layers, rows, K, width] */
  async run(pool: Pool, batch: Batch, signal?: AbortSignal): Promise<Float32Array> {
    this.local.check(batch);
    const rows = batch.ids.length;
    const kinds = batch.weights[0]!.length;
    const out = new Float32Array(this.layers * rows * kinds * this.width);
    await Promise.all(
      this.pieces(pool, rows, kinds).map(async (piece) => {
        const { value } = await this.honest(pool, cut(batch, piece), signal);
        const [from, to] = piece.rows;
        const [low, high] = piece.kinds;
        const size = (high - low) * this.width;
        // [B, L, K, D] of the answer to [L, B, K, D].
        for (let b = from; b < to; b++)
          for (let layer = 0; layer < this.layers; layer++) {
            const at = ((b - from) * this.layers + layer) * size;
            out.set(value.subarray(at, at + size), ((layer * rows + b) * kinds + low) * this.width);
          }
      }),
    );
    return out;
  }

  /** One request to one server, whose answer must have the right shape. */
  async ask(server: Server, batch: Batch, within?: number, signal?: AbortSignal): Promise<Float32Array> {
    const { found, rows, kinds } = await this.request(server, batch, [this.namesOf(server).layers], 0, within, signal);
    return this.checked(found.get(this.namesOf(server).layers), batch.ids.length, rows, kinds);
  }

  /** Further taps of a batch, [rows, K, W] each, by name. */
  async runTaps(pool: Pool, batch: Batch, taps: readonly string[], signal?: AbortSignal): Promise<Map<string, TapState>> {
    this.local.check(batch);
    const rows = batch.ids.length;
    const each = this.oneRowAtATime ? batch.ids.map((_, b): Piece => ({ rows: [b, b + 1], kinds: [0, batch.weights[0]!.length] })) : undefined;
    const parts = await Promise.all(
      (each ?? [{ rows: [0, rows] as const, kinds: [0, batch.weights[0]!.length] as const }]).map(
        async (piece) => (await pool.run((server, within) => this.askTaps(server, cut(batch, piece), taps, within, signal), signal)).value,
      ),
    );
    return new Map(
      taps.map((name, i) => {
        const own = parts.map((part) => part[i]!);
        const [first] = own;
        const data = new Float32Array(own.reduce((sum, one) => sum + one.data.length, 0));
        let at = 0;
        for (const one of own) {
          data.set(one.data, at);
          at += one.data.length;
        }
        return [name, { shape: [rows, ...first!.shape.slice(1)], data }];
      }),
    );
  }

  private async askTaps(server: Server, batch: Batch, taps: readonly string[], within?: number, signal?: AbortSignal): Promise<TapState[]> {
    const numbers = taps.length * MOST_TAP_WIDTH * batch.ids.length * batch.weights[0]!.length;
    const { found, rows, kinds } = await this.request(server, batch, taps, numbers, within, signal);
    const real = batch.ids.length;
    return taps.map((name) => {
      const tap = found.get(name);
      if (!tap || !(tap.data instanceof Float32Array) || tap.shape.length !== 3 || tap.shape[0] !== rows || tap.shape[1] !== kinds)
        throw new Lie(`no ${name} of the right shape`);
      return { shape: [real, ...tap.shape.slice(1)], data: tap.data.subarray(0, (tap.data.length / rows) * real) };
    });
  }

  /** Which model the server says it has; undefined where it does not say. */
  async identify(server: Server, batch: Batch, signal?: AbortSignal): Promise<Identity | undefined> {
    const { identity } = this.namesOf(server);
    if (identity === undefined) return undefined;
    const given = (await this.request(server, batch, [identity], 1 << 16, undefined, signal)).found.get(identity);
    return given && readIdentity(Array.from(given.data).slice(0, given.shape.at(-1) ?? 0));
  }

  /**
   * States that are nothing but NaN may be the model's own: believed when a second server says the same.
   * @throws Problem `remote/no-numbers`
   */
  private async honest(pool: Pool, batch: Batch, signal?: AbortSignal): Promise<{ value: Float32Array }> {
    const first = await pool.run((server, within) => this.ask(server, batch, within, signal), signal);
    if (!flooded(first.value)) return first;
    const second = await pool.run((server, within) => this.ask(server, batch, within, signal), signal, first.server);
    if (second.server === first.server && flooded(second.value)) throw noNumbers(first.server.address.host);
    const liar = flooded(second.value) ? undefined : pool.memberOf(first.server);
    if (liar) pool.lied(liar, "states that are no numbers, where another answer has some");
    return second;
  }

  private namesOf(server: Server): Names {
    return this.names.get(server)!;
  }

  private async request(server: Server, batch: Batch, outputs: readonly string[], more: number, within?: number, signal?: AbortSignal) {
    const { inputs, rows, k } = this.local.feed(batch);
    const { inputs: wanted, pool } = this.namesOf(server);
    const fed = new Map<string, RuntimeTensor>(wanted.map((name) => [name, inputs.get(name)!]));
    fed.set(pool, inputs.get(LOCAL_POOL)!);
    const id = `${this.session}-${this.next++}`;
    const found = await server.infer(id, fed, outputs, rows * k * this.layers * this.width + more, within, signal);
    return { found, rows, kinds: k };
  }

  /** [B, L, K, D] without the rows that only fill up a fixed batch. @throws Lie */
  private checked(given: GivenTensor | undefined, real: number, rows: number, kinds: number): Float32Array {
    if (!given || !(given.data instanceof Float32Array)) throw new Lie("an answer without layers");
    const wanted = [rows, this.layers, kinds, this.width];
    if (given.shape.length !== 4 || given.shape.some((size, axis) => size !== wanted[axis]))
      throw new Lie(`layers of [${given.shape.join(", ")}] where [${wanted.join(", ")}] were asked for`);
    return given.data.subarray(0, real * this.layers * kinds * this.width);
  }

  /** Requests of a size that servers take and answers of a size that fits. */
  private pieces(pool: Pool, rows: number, kinds: number): Piece[] {
    const usable = pool.members.filter(({ out }) => out === undefined).map(({ server }) => server);
    const json = usable.some(({ binary }) => binary !== true);
    const most = json ? MOST_FLOATS.json : MOST_FLOATS.binary;
    const each = this.layers * this.width;
    const perKinds = Math.max(1, Math.min(kinds, Math.floor(most / each)));
    const byServers = Math.min(...usable.map(({ maxRows }) => maxRows), Number.MAX_SAFE_INTEGER);
    const perRows = this.oneRowAtATime ? 1 : Math.max(1, Math.min(byServers, Math.floor(most / (each * perKinds))));
    const pieces: Piece[] = [];
    for (let b = 0; b < rows; b += perRows)
      for (let k = 0; k < kinds; k += perKinds) pieces.push({ rows: [b, Math.min(rows, b + perRows)], kinds: [k, Math.min(kinds, k + perKinds)] });
    return pieces;
  }
}

function cut({ ids, weights, images }: Batch, { rows, kinds }: Piece): Batch {
  return {
    ids: ids.slice(...rows),
    weights: weights.slice(...rows).map((row) => row.slice(...kinds)),
    ...(images ? { images: images.slice(...rows) } : {}),
  };
}

export const flooded = (states: Float32Array): boolean => states.length > 0 && states.every((value) => !Number.isFinite(value));
