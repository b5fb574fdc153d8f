import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { type Disk, makeFolder } from "./disk.js";
import { type Lock, takeLock } from "./lock.js";
import { entryAt, LOCK, readIndex, readVectors, recordsIn, SegmentWriter, type Shape, sumOf } from "./segment.js";

/** A segment that has grown to this is closed, so that what is least used can go in parts. */
export const SEGMENT_BYTES = 256 * 1024 * 1024;

/** More than an index has bytes. */
const PLACES = 2 ** 32;

/** States that were read back. */
export interface ReadBack {
  /** [keys] 1 = all layers are there and whole. */
  readonly good: Uint8Array;
  /** [layers] of [keys, width]. */
  readonly values: readonly Float32Array[];
  readonly tokens: Int32Array;
  readonly truncated: Uint8Array;
  /** [keys] one sum a row over its layers. */
  readonly sums: Uint32Array;
}

/**
 * All states of one kind: one model, one pooling, one view of the texts. Segments are read by everybody; each is written by
 * one process, the one that holds its lock. Bad input is no error here: what cannot be read is not there.
 */
export class Space {
  /** Of each key the segment's number and the place in its index, as one number: a million rows take no more than 100 MB so. */
  private readonly entries = new Map<string, number>();
  private readonly segments: { readonly folder: string; readonly index: Buffer }[] = [];
  private writer: SegmentWriter | undefined;
  private lock: Lock | undefined;
  /** Rows whose states were there and were not what had been written. */
  damaged = 0;

  constructor(
    private readonly disk: Disk,
    readonly folder: string,
    readonly shape: Shape,
    private readonly segmentBytes: number,
  ) {
    for (const name of namesIn(disk, folder)) this.load(join(folder, name));
  }

  get rows(): number {
    return this.entries.size;
  }

  has(key: string): boolean {
    return this.entries.has(key);
  }

  /** Rows that are asked for and are not whole are forgotten, so that they are computed again. */
  read(keys: readonly string[]): ReadBack {
    const { layers, width } = this.shape;
    const found = keys.map((key) => this.find(key));
    const good = Uint8Array.from(found, (one) => (one ? 1 : 0));
    const values = Array.from({ length: layers }, () => new Float32Array(keys.length * width));
    for (const folder of new Set(found.flatMap((one) => (one ? [one.folder] : [])))) {
      const which = keys.flatMap((_, i) => (found[i]?.folder === folder ? [i] : [])).sort((a, b) => found[a]!.entry.slot - found[b]!.entry.slot);
      const into = new Float32Array(which.length * width);
      for (let layer = 0; layer < layers; layer++) {
        let whole: Uint8Array | undefined;
        try {
          const wanted = which.map((i) => ({ slot: found[i]!.entry.slot, sum: found[i]!.entry.sums[layer]! }));
          whole = readVectors(this.disk, folder, layer, width, wanted, into);
        } catch {
          // Taken away meanwhile, or unreadable.
        }
        which.forEach((i, k) => {
          if (whole?.[k]) values[layer]!.set(into.subarray(k * width, (k + 1) * width), i * width);
          else good[i] = 0;
        });
      }
    }
    found.forEach((one, i) => {
      if (!one || good[i]) return;
      this.damaged++;
      this.entries.delete(keys[i]!);
    });
    return {
      good,
      values,
      tokens: Int32Array.from(found, (one) => one?.entry.tokens ?? 0),
      truncated: Uint8Array.from(found, (one) => (one?.entry.truncated ? 1 : 0)),
      sums: Uint32Array.from(found, (one) => (one ? sumOf(one.entry) : 0)),
    };
  }

  /** Bytes that were appended, and a sum for each row. @throws the file system's error */
  append(
    keys: readonly string[],
    values: readonly Float32Array[],
    tokens: ArrayLike<number>,
    truncated: ArrayLike<number>,
  ): { bytes: number; sums: Uint32Array } {
    if (this.writer && this.writer.bytes > this.segmentBytes) this.close();
    this.writer ??= this.open();
    const before = this.writer.bytes;
    const sums = this.writer.append(keys, values, tokens, truncated);
    this.lock?.beat();
    return { bytes: this.writer.bytes - before, sums };
  }

  /** The segment that is being written. */
  get writing(): string | undefined {
    return this.writer?.folder;
  }

  /** Forgets what lies in a segment that was taken away. */
  forget(folder: string): void {
    const segment = this.segments.findIndex((one) => one.folder === folder);
    for (const [key, at] of this.entries) if (Math.floor(at / PLACES) === segment) this.entries.delete(key);
  }

  close(): void {
    this.writer?.close();
    this.lock?.release();
    this.writer = undefined;
    this.lock = undefined;
  }

  private find(key: string) {
    const at = this.entries.get(key);
    if (at === undefined) return undefined;
    const { folder, index } = this.segments[Math.floor(at / PLACES)]!;
    return { folder, entry: entryAt(index, at % PLACES, this.shape) };
  }

  private load(folder: string): void {
    try {
      const index = readIndex(this.disk, folder);
      const segment = this.segments.push({ folder, index }) - 1;
      for (const [key, at] of recordsIn(index, this.shape)) this.entries.set(key, segment * PLACES + at);
      // Least recently used is told by the time of the index.
      this.disk.utimesSync(join(folder, "rows.idx"), new Date(), new Date());
    } catch {
      // A segment without an index has nothing that could be found; a read-only store cannot be touched and is read all the same.
    }
  }

  /** A segment that nobody writes and that has room, or a new one. */
  private open(): SegmentWriter {
    makeFolder(this.disk, this.folder, 0o700);
    const fresh = `${Date.now().toString(36)}-${randomBytes(4).toString("hex")}`;
    for (const name of [...namesIn(this.disk, this.folder), fresh]) {
      const folder = join(this.folder, name);
      if (name === fresh) makeFolder(this.disk, folder, 0o700);
      const lock = takeLock(join(folder, LOCK), this.disk);
      if (!lock) continue;
      try {
        const writer = new SegmentWriter(this.disk, folder, this.shape);
        if (writer.bytes <= this.segmentBytes) {
          this.lock = lock;
          return writer;
        }
        writer.close();
      } catch (error) {
        lock.release();
        throw error;
      }
      lock.release();
    }
    throw new Error("no segment can be written");
  }
}

/** Names of segments, oldest first. */
export function namesIn(disk: Disk, folder: string): string[] {
  try {
    return disk
      .readdirSync(folder)
      .filter((name) => /^[0-9a-z]{6,12}-[0-9a-f]{8}$/.test(name))
      .sort();
  } catch {
    return [];
  }
}
