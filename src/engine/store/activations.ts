import { closeSync, readSync, rmSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DISK, type Disk, reasonOf } from "./disk.js";
import { isAlive } from "./lock.js";

/** Pooled states of a run, by layer and row. Small runs stay in memory; larger ones lie in a temporary file a layer, so memory stays flat. */
export interface Activations {
  readonly layers: number;
  readonly rows: number;
  readonly width: number;
  /** `values` holds one vector of `width` a row, in the order of `rows`. */
  put(layer: number, rows: readonly number[], values: Float32Array): void;
  /** [rows, width], row-major, a fresh copy. Rows never put are NaN. */
  get(layer: number): Float32Array;
  /** Vectors of some rows only, in the order asked for. */
  pick(layer: number, rows: readonly number[]): Float32Array;
  /** Why the disk could not take them any longer, so that all lie in memory. */
  readonly trouble?: string;
  close(): void;
}

/** Above this the states go to disk. */
export const MEMORY_BYTES = 96 * 1024 * 1024;

const PREFIX = "layerscope-states-";

/** Removes what engines that were killed have left behind. */
export async function sweepActivations(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = name.startsWith(PREFIX) ? Number(name.slice(PREFIX.length).split("-")[0]) : Number.NaN;
    if (Number.isSafeInteger(pid) && pid > 0 && !isAlive(pid)) await rm(join(tmpdir(), name), { recursive: true, force: true });
  }
}

/** A disk that is full or read-only ends nothing: the states are then in memory, which says so in `trouble`. */
export async function createActivations(layers: number, rows: number, width: number, memoryBytes = MEMORY_BYTES, disk: Disk = DISK): Promise<Activations> {
  if (layers * rows * width * 4 <= memoryBytes) return inMemory(layers, rows, width);
  let now: Activations;
  let trouble: string | undefined;
  try {
    now = await onDisk(layers, rows, width, disk);
  } catch (error) {
    now = inMemory(layers, rows, width);
    trouble = reasonOf(error);
  }
  return {
    layers,
    rows,
    width,
    get trouble() {
      return trouble;
    },
    put(layer, which, values) {
      try {
        now.put(layer, which, values);
      } catch (error) {
        if (trouble !== undefined) throw error;
        trouble = reasonOf(error);
        const memory = inMemory(layers, rows, width, (one) => now.get(one));
        now.close();
        now = memory;
        now.put(layer, which, values);
      }
    },
    get: (layer) => now.get(layer),
    pick: (layer, which) => now.pick(layer, which),
    close: () => now.close(),
  };
}

function inMemory(
  layers: number,
  rows: number,
  width: number,
  begin: (layer: number) => Float32Array = () => new Float32Array(rows * width).fill(Number.NaN),
): Activations {
  const data = Array.from({ length: layers }, (_, layer) => begin(layer));
  return {
    layers,
    rows,
    width,
    put(layer, which, values) {
      which.forEach((row, i) => {
        data[layer].set(values.subarray(i * width, (i + 1) * width), row * width);
      });
    },
    get: (layer) => data[layer].slice(),
    pick: (layer, which) => gather(data[layer], which, width),
    close() {
      data.length = 0;
    },
  };
}

async function onDisk(layers: number, rows: number, width: number, disk: Disk): Promise<Activations> {
  const folder = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
  // Appended in the order of arrival: one write a batch and layer, whatever rows it holds.
  const files = Array.from({ length: layers }, (_, layer) => disk.openSync(join(folder, `${layer}.f32`), "wx+", 0o600));
  const arrived = Array.from({ length: layers }, () => [] as number[]);
  const slot = Array.from({ length: layers }, () => new Int32Array(rows).fill(-1));
  const through = (layer: number, each: (row: number, values: Float32Array) => void) => {
    const chunk = new Float32Array(Math.max(1, Math.min(4096, rows)) * width);
    for (let first = 0; first < arrived[layer].length; first += 4096) {
      const count = Math.min(4096, arrived[layer].length - first);
      readFully(files[layer], chunk.subarray(0, count * width), first * width * 4);
      for (let i = 0; i < count; i++) each(arrived[layer][first + i], chunk.subarray(i * width, (i + 1) * width));
    }
  };
  return {
    layers,
    rows,
    width,
    put(layer, which, values) {
      const bytes = Buffer.from(values.buffer, values.byteOffset, which.length * width * 4);
      let written = 0;
      const start = arrived[layer].length * width * 4;
      while (written < bytes.length) written += disk.writeSync(files[layer], bytes, written, bytes.length - written, start + written);
      for (const row of which) {
        slot[layer][row] = arrived[layer].length;
        arrived[layer].push(row);
      }
    },
    get(layer) {
      const result = new Float32Array(rows * width).fill(Number.NaN);
      through(layer, (row, values) => result.set(values, row * width));
      return result;
    },
    pick(layer, which) {
      const result = new Float32Array(which.length * width).fill(Number.NaN);
      if (which.length > rows / 8) {
        // Most of the file: read through once, not a call for each row. Rows asked for twice are copied.
        const first = new Int32Array(rows).fill(-1);
        const again: [number, number][] = [];
        which.forEach((row, i) => {
          if (first[row] < 0) first[row] = i;
          else again.push([first[row], i]);
        });
        through(layer, (row, values) => {
          if (first[row] >= 0) result.set(values, first[row] * width);
        });
        for (const [from, to] of again) result.copyWithin(to * width, from * width, (from + 1) * width);
        return result;
      }
      which.forEach((row, i) => {
        const at = slot[layer][row];
        if (at >= 0) readFully(files[layer], result.subarray(i * width, (i + 1) * width), at * width * 4);
      });
      return result;
    },
    close() {
      for (const file of files) closeSync(file);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function gather(data: Float32Array, rows: readonly number[], width: number): Float32Array {
  const result = new Float32Array(rows.length * width);
  rows.forEach((row, i) => {
    result.set(data.subarray(row * width, (row + 1) * width), i * width);
  });
  return result;
}

function readFully(file: number, into: Float32Array, position: number): void {
  const bytes = Buffer.from(into.buffer, into.byteOffset, into.byteLength);
  let read = 0;
  while (read < bytes.length) {
    const got = readSync(file, bytes, read, bytes.length - read, position + read);
    if (got === 0) throw new Error("the temporary file of activations is shorter than what was written to it");
    read += got;
  }
}
