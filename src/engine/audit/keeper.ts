import { crc32, hex } from "../store/crc.js";
import type { Entry } from "../store/journal.js";
import type { Space } from "../store/space.js";
import type { Encoded } from "../text/tokenizer.js";
import type { SkipReason } from "./extract.js";

/** States of some rows, [kinds][layers of the kind] of [rows, width]. */
export type States = readonly (readonly Float32Array[])[];

/** Takes states that need not be computed. `at` are positions in the chunk. */
export type Deliver = (at: readonly number[], states: States, tokens: ArrayLike<number>, truncated: ArrayLike<number>) => void;

/** What an earlier part of a run noted of a chunk. */
export interface Former {
  stored?: { readonly rows: readonly number[]; readonly sum: string };
  skipped?: readonly (readonly [number, string])[];
  readonly batches: Map<number, string>;
  sum?: string;
}

/** What a pass needs of the run: its store and its log. Either may be gone, when the disk failed. */
export interface Keeping {
  /** One a kind; undefined: nothing is stored. */
  readonly spaces: readonly Space[] | undefined;
  readonly former: ReadonlyMap<number, Former>;
  /** Key of a row, from its text or from what it became; undefined: it has none. */
  keyOf(row: number, encoded: Encoded | undefined, occurrence: number): string | undefined;
  append(keys: readonly string[], states: States, tokens: ArrayLike<number>, truncated: ArrayLike<number>): Uint32Array | undefined;
  note(entry: Entry): void;
  /** Rows that need not be computed. */
  restored(rows: number): void;
  /** Rows that an earlier part took from the store and that are there no more, or no more the same. */
  lost(rows: number): void;
}

/** Rows that are read back at once. */
const SLICE = 256;

/** What of a pass need not be computed again, and where goes what was. */
export class Keeper {
  private readonly seen = new Map<string, number>();
  private done = 0;

  constructor(
    private readonly keeping: Keeping,
    readonly pass: string,
    readonly count: number,
    /** Rows are known by their text, before they are tokenised. */
    readonly byText: boolean,
    /** Tokens per batch of the run's earlier part. */
    readonly budget: number | undefined,
    /** Told before the first batch. */
    readonly planned: (tokensPerBatch: number) => void,
  ) {}

  chunk(number: number, rows: readonly number[]): ChunkKeeper {
    return new ChunkKeeper(this.keeping, this, number, rows);
  }

  /** Copies of a text are rows of their own, each with the states that it got in its own batch. */
  key(row: number, encoded: Encoded | undefined): string | undefined {
    const first = this.keeping.keyOf(row, encoded, 0);
    if (first === undefined) return undefined;
    const before = this.seen.get(first) ?? 0;
    this.seen.set(first, before + 1);
    return before === 0 ? first : this.keeping.keyOf(row, encoded, before);
  }

  arrived(rows: number): { done: number; of: number } {
    this.done += rows;
    return { done: this.done, of: this.count };
  }
}

/** The same for the rows of one chunk; positions are those within it. */
export class ChunkKeeper {
  private keys: readonly (string | undefined)[] = [];
  /** [chunk] one sum a row, 0 until it is in. */
  private readonly sums: Uint32Array;
  private readonly former: Former | undefined;

  constructor(
    private readonly keeping: Keeping,
    private readonly keeper: Keeper,
    private readonly number: number,
    private readonly rows: readonly number[],
  ) {
    this.sums = new Uint32Array(rows.length);
    this.former = keeping.former.get(number);
  }

  /**
   * Rows whose states are there: those that the run's earlier part took, or, where it had none, those that are in the store now.
   * @returns positions that were delivered, and positions that were there and have to be computed apart from the others
   */
  stored(encoded: readonly Encoded[] | undefined, deliver: Deliver): { had: readonly number[]; lost: readonly number[] } {
    this.keys = this.rows.map((row, i) => this.keeper.key(row, encoded?.[i]));
    const { spaces } = this.keeping;
    const known = this.former?.stored;
    const wanted = known ? positions(known.rows) : this.rows.flatMap((_, i) => (this.isThere(i) ? [i] : []));
    const had = spaces && wanted.length > 0 ? this.read(wanted, deliver) : [];
    const sum = this.sumOf(had);
    const lost = known ? wanted.filter((i) => !had.includes(i)) : [];
    if (known && known.sum !== sum) this.keeping.lost(Math.max(1, lost.length));
    this.keeping.restored(had.length);
    const at = this.keeper.arrived(had.length);
    // Noted even where there is none: what the store holds later, from this very run, must not count as had from the start.
    if (!known) this.keeping.note({ kind: "stored", pass: this.keeper.pass, chunk: this.number, rows: ranges(had), sum, ...at });
    return { had, lost };
  }

  /** What the run's earlier part left out; a row that was too slow then may not be now. */
  get skips(): ReadonlyMap<number, SkipReason> {
    return new Map((this.former?.skipped ?? []) as readonly (readonly [number, SkipReason])[]);
  }

  skipped(list: readonly (readonly [number, SkipReason])[]): void {
    if (list.length > 0 && !this.former?.skipped) this.keeping.note({ kind: "skipped", pass: this.keeper.pass, chunk: this.number, rows: list });
  }

  /** All of `rest`, where the run's earlier part finished the chunk and its states are as they were. Nothing is delivered otherwise. */
  finished(rest: readonly number[], deliver: Deliver): boolean {
    if (this.former?.sum === undefined || !this.keeping.spaces) return false;
    return this.whole(rest, this.former.sum, () => hex(crc32(new Uint8Array(this.sums.buffer))), deliver);
  }

  /** A batch that the run's earlier part has computed, where its states are as they were. */
  batch(number: number, at: readonly number[], deliver: Deliver): boolean {
    const sum = this.former?.batches.get(number);
    return sum !== undefined && this.keeping.spaces !== undefined && this.whole(at, sum, () => this.sumOf(at), deliver);
  }

  computed(number: number, at: readonly number[], states: States, tokens: ArrayLike<number>, truncated: ArrayLike<number>): void {
    const keys = at.map((i) => this.keys[i]);
    const sums = keys.every((key) => key !== undefined) ? this.keeping.append(keys as string[], states, tokens, truncated) : undefined;
    at.forEach((i, k) => {
      this.sums[i] = sums?.[k] ?? 0;
    });
    const progress = this.keeper.arrived(at.length);
    if (sums) this.keeping.note({ kind: "batch", pass: this.keeper.pass, chunk: this.number, batch: number, sum: this.sumOf(at), ...progress });
  }

  end(): void {
    if (this.former?.sum === undefined)
      this.keeping.note({ kind: "chunk", pass: this.keeper.pass, chunk: this.number, sum: hex(crc32(new Uint8Array(this.sums.buffer))) });
  }

  private isThere(i: number): boolean {
    const key = this.keys[i];
    return key !== undefined && this.keeping.spaces?.every((space) => space.has(key)) === true;
  }

  /** Delivers all or nothing. */
  private whole(at: readonly number[], wanted: string, sum: () => string, deliver: Deliver): boolean {
    if (!at.every((i) => this.isThere(i))) return false;
    const parts: Parameters<Deliver>[] = [];
    const had = this.read(at, (...part) => parts.push(part));
    if (had.length !== at.length || sum() !== wanted) return false;
    for (const part of parts) deliver(...part);
    this.keeping.restored(at.length);
    this.keeper.arrived(at.length);
    return true;
  }

  /** @returns positions that were whole in every space, each delivered */
  private read(at: readonly number[], deliver: Deliver): number[] {
    const { spaces } = this.keeping;
    const out: number[] = [];
    for (let from = 0; from < at.length; from += SLICE) {
      const part = at.slice(from, from + SLICE).filter((i) => this.isThere(i));
      const keys = part.map((i) => this.keys[i]!);
      const read = spaces!.map((space) => space.read(keys));
      const good = part.flatMap((_, k) => (read.every((one) => one.good[k]) ? [k] : []));
      if (good.length === 0) continue;
      for (const k of good) this.sums[part[k]!] = joint(read.map(({ sums }) => sums[k]!));
      const states = read.map(({ values }, s) => values.map((layer) => pick(layer, good, part.length, spaces![s]!.shape.width)));
      deliver(
        good.map((k) => part[k]!),
        states,
        good.map((k) => read[0]!.tokens[k]!),
        good.map((k) => read[0]!.truncated[k]!),
      );
      out.push(...good.map((k) => part[k]!));
    }
    return out;
  }

  private sumOf(at: readonly number[]): string {
    return hex(crc32(new Uint8Array(Uint32Array.from(at, (i) => this.sums[i]!).buffer)));
  }
}

/** One sum of several. */
export const joint = (sums: readonly number[]): number => (sums.length === 1 ? sums[0]! : crc32(new Uint8Array(Uint32Array.from(sums).buffer)));

function pick(values: Float32Array, which: readonly number[], of: number, width: number): Float32Array {
  if (which.length === of) return values;
  const out = new Float32Array(which.length * width);
  which.forEach((k, i) => {
    out.set(values.subarray(k * width, (k + 1) * width), i * width);
  });
  return out;
}

/** Ascending positions as [from, to) pairs. */
export function ranges(positions: readonly number[]): number[] {
  const out: number[] = [];
  for (const at of [...positions].sort((a, b) => a - b)) {
    if (out.length > 0 && out[out.length - 1] === at) out[out.length - 1] = at + 1;
    else out.push(at, at + 1);
  }
  return out;
}

export function positions(pairs: readonly number[]): number[] {
  const out: number[] = [];
  for (let i = 0; i + 1 < pairs.length; i += 2) for (let at = pairs[i]!; at < pairs[i + 1]!; at++) out.push(at);
  return out;
}
