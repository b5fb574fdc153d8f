import { join } from "node:path";
import { crc32 } from "./crc.js";
import { type Disk, readFully, writeFully } from "./disk.js";

/** Bytes of a row's key. */
export const KEY_BYTES = 16;
const INDEX = "rows.idx";
export const LOCK = "lock";
const TRUNCATED = 0x8000_0000;

export interface Shape {
  readonly layers: number;
  readonly width: number;
}

/** Where a row's states lie. */
export interface Entry {
  readonly slot: number;
  readonly tokens: number;
  readonly truncated: boolean;
  /** [layers] CRC-32 of the vector in each layer's file. */
  readonly sums: Uint32Array;
}

/*
 * A segment is a folder: `L.f32` a layer (vectors of `width` float32, one a slot) and `rows.idx` (records of one size: key 16 bytes,
 * tokens and a bit for "truncated", slot, a CRC for each layer, a CRC of the record). Vectors are written first, so that a
 * record never speaks of what was not written; that a disk has kept them is for the CRCs to say.
 */
const recordBytes = ({ layers }: Shape): number => KEY_BYTES + 8 + 4 * layers + 4;

export const readIndex = (disk: Disk, folder: string): Buffer => disk.readFileSync(join(folder, INDEX));

/** Keys of an index whose records are whole, with their place in it; of two with one key the later comes last. Never throws for what is in it. */
export function* recordsIn(all: Buffer, shape: Shape): Generator<[key: string, at: number]> {
  const size = recordBytes(shape);
  for (let at = 0; at + size <= all.length; at += size) {
    const record = all.subarray(at, at + size);
    if (crc32(record.subarray(0, size - 4)) !== record.readUInt32LE(size - 4)) continue;
    yield [record.toString("latin1", 0, KEY_BYTES), at];
  }
}

export function entryAt(all: Buffer, at: number, { layers }: Shape): Entry {
  const tokens = all.readUInt32LE(at + KEY_BYTES);
  const sums = new Uint32Array(layers);
  for (let layer = 0; layer < layers; layer++) sums[layer] = all.readUInt32LE(at + KEY_BYTES + 8 + 4 * layer);
  return { slot: all.readUInt32LE(at + KEY_BYTES + 4), tokens: (tokens & ~TRUNCATED) >>> 0, truncated: (tokens & TRUNCATED) !== 0, sums };
}

/** Vectors of some slots of one layer, those that are whole. @returns [slots] 1 = the vector is in `into` and its CRC is right */
export function readVectors(
  disk: Disk,
  folder: string,
  layer: number,
  width: number,
  wanted: readonly { slot: number; sum: number }[],
  into: Float32Array,
): Uint8Array {
  const good = new Uint8Array(wanted.length);
  const bytes = width * 4;
  const file = disk.openSync(join(folder, `${layer}.f32`), "r");
  try {
    for (let from = 0; from < wanted.length; ) {
      // Neighbours in the file are read in one go.
      let to = from + 1;
      while (to < wanted.length && wanted[to]!.slot === wanted[to - 1]!.slot + 1) to++;
      const range = Buffer.from(into.buffer, into.byteOffset + from * bytes, (to - from) * bytes);
      // A file that was cut leaves zeros, which their CRCs tell from states.
      readFully(disk, file, range, wanted[from]!.slot * bytes);
      for (let i = from; i < to; i++) good[i] = crc32(range.subarray((i - from) * bytes, (i - from + 1) * bytes)) === wanted[i]!.sum ? 1 : 0;
      from = to;
    }
  } finally {
    disk.closeSync(file);
  }
  return good;
}

/** Appends to one segment; whoever makes it holds the segment's lock. */
export class SegmentWriter {
  private readonly files: number[] = [];
  private index: number | undefined;
  private next = 0;
  private at = 0;

  /** @throws the file system's error */
  constructor(
    private readonly disk: Disk,
    readonly folder: string,
    private readonly shape: Shape,
  ) {
    try {
      for (let layer = 0; layer < shape.layers; layer++) this.files.push(openForWriting(disk, join(folder, `${layer}.f32`)));
      this.index = openForWriting(disk, join(folder, INDEX));
      const all = readIndex(disk, folder);
      for (const [, at] of recordsIn(all, shape)) this.next = Math.max(this.next, all.readUInt32LE(at + KEY_BYTES + 4) + 1);
      // A record that was cut off would shift all behind it.
      this.at = Math.floor(disk.statSync(join(folder, INDEX)).size / recordBytes(shape)) * recordBytes(shape);
      disk.ftruncateSync(this.index, this.at);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  get bytes(): number {
    return this.next * (this.shape.width * 4 * this.shape.layers) + this.at;
  }

  /**
   * @param keys [rows] of `KEY_BYTES` each
   * @param values [layers] of [rows, width]
   * @returns [rows] one sum a row, over all its layers
   */
  append(keys: readonly string[], values: readonly Float32Array[], tokens: ArrayLike<number>, truncated: ArrayLike<number>): Uint32Array {
    const { layers, width } = this.shape;
    const size = recordBytes(this.shape);
    const records = Buffer.alloc(keys.length * size);
    for (let layer = 0; layer < layers; layer++) {
      const bytes = Buffer.from(values[layer]!.buffer, values[layer]!.byteOffset, keys.length * width * 4);
      writeFully(this.disk, this.files[layer]!, bytes, this.next * width * 4);
      for (let i = 0; i < keys.length; i++)
        records.writeUInt32LE(crc32(bytes.subarray(i * width * 4, (i + 1) * width * 4)), i * size + KEY_BYTES + 8 + 4 * layer);
    }
    const sums = new Uint32Array(keys.length);
    for (let i = 0; i < keys.length; i++) {
      const record = records.subarray(i * size, (i + 1) * size);
      record.write(keys[i]!, 0, KEY_BYTES, "latin1");
      record.writeUInt32LE((tokens[i]! | (truncated[i] ? TRUNCATED : 0)) >>> 0, KEY_BYTES);
      record.writeUInt32LE(this.next + i, KEY_BYTES + 4);
      sums[i] = crc32(record.subarray(KEY_BYTES + 8, size - 4));
      record.writeUInt32LE(crc32(record.subarray(0, size - 4)), size - 4);
    }
    writeFully(this.disk, this.index!, records, this.at);
    this.at += records.length;
    this.next += keys.length;
    return sums;
  }

  close(): void {
    for (const file of this.files.splice(0)) this.disk.closeSync(file);
    if (this.index !== undefined) this.disk.closeSync(this.index);
    this.index = undefined;
  }
}

/** One sum over a row's layers, as `append` gives it. */
export function sumOf({ sums }: Entry): number {
  const bytes = Buffer.alloc(sums.length * 4);
  for (const [layer, sum] of sums.entries()) bytes.writeUInt32LE(sum, layer * 4);
  return crc32(bytes);
}

/** Made when it is not there, never emptied. */
function openForWriting(disk: Disk, path: string): number {
  try {
    return disk.openSync(path, "r+");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return disk.openSync(path, "wx+", 0o600);
  }
}
