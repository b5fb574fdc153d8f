import { closeSync, fsyncSync, openSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { namedAfter } from "./disk.js";

export interface TensorSource {
  readonly name: string;
  readonly shape: readonly number[];
  /** Parts of the tensor in order, float32; written one after the other, so that the whole need not be in memory. */
  parts(): Iterable<Float32Array>;
}

/**
 * Writes a safetensors file (8 bytes header length, JSON header, raw little-endian data) under a temporary name and renames it
 * when it is whole.
 * @throws the file system's error, with the path in it; nothing half-written stays
 */
export function writeSafetensors(path: string, tensors: readonly TensorSource[], metadata: Readonly<Record<string, string>>): void {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const { name, shape } of tensors) {
    const bytes = shape.reduce((product, size) => product * size, 4);
    header[name] = { dtype: "F32", shape, data_offsets: [offset, offset + bytes] };
    offset += bytes;
  }
  const text = JSON.stringify(header);
  const json = Buffer.from(text + " ".repeat((8 - (Buffer.byteLength(text) % 8)) % 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const known = statSync(path, { throwIfNoEntry: false });
  // A device or a pipe is written to; renaming over it would put a file in its place.
  const direct = known !== undefined && !known.isFile();
  const temporary = direct ? path : `${path}.incomplete`;
  const file = openSync(temporary, "w");
  try {
    fill(file, [length, json], tensors);
    if (!direct) fsyncSync(file);
    closeSync(file);
    if (!direct) renameSync(temporary, path);
  } catch (error) {
    try {
      closeSync(file);
    } catch {
      // It was closed already.
    }
    if (!direct) rmSync(temporary, { force: true });
    throw namedAfter(error, path);
  }
}

function fill(file: number, head: readonly Buffer[], tensors: readonly TensorSource[]): void {
  for (const part of head) writeAll(file, part);
  for (const tensor of tensors) for (const part of tensor.parts()) writeAll(file, Buffer.from(part.buffer, part.byteOffset, part.byteLength));
}

function writeAll(file: number, bytes: Buffer): void {
  let written = 0;
  while (written < bytes.length) written += writeSync(file, bytes, written);
}
