import { closeSync, fstatSync, openSync, readSync, type Stats, statSync } from "node:fs";
import { cannotRead, notRegular } from "./errors.js";

/** Bytes that are read by ranges, so that weights never enter memory. */
export interface ByteSource {
  /** Shown in errors. */
  readonly name: string;
  readonly size: number;
  /** Which file it is, and when it was last changed; of a file only. */
  readonly stamp?: string;
  /** A view of [start, end); valid until the next call. */
  view(start: number, end: number): Uint8Array;
  close(): void;
}

export function memorySource(name: string, bytes: Uint8Array): ByteSource {
  return { name, size: bytes.length, view: (start, end) => bytes.subarray(start, end), close: () => {} };
}

/** Smallest and largest piece read at once: small after a jump over weights, large while nodes are read in order. */
const SMALL = 4_096;
const LARGE = 1 << 20;

/** @throws Problem `model/unreadable`, `model/missing`, `model/not-onnx` of a folder, pipe or device */
export function fileSource(path: string): ByteSource {
  const file = open(path);
  const stats = fstatSync(file);
  const { size } = stats;
  let window: Uint8Array = new Uint8Array(0);
  let from = 0;
  let step = SMALL;
  const load = (start: number, end: number) => {
    step = start >= from && start <= from + window.length + SMALL ? Math.min(step * 2, LARGE) : SMALL;
    const wanted = Math.min(size - start, Math.max(step, end - start));
    const bytes = new Uint8Array(wanted);
    let got = 0;
    while (got < wanted) {
      const n = readSync(file, bytes, got, wanted - got, start + got);
      if (n === 0) break;
      got += n;
    }
    window = got === wanted ? bytes : bytes.subarray(0, got);
    from = start;
  };
  return {
    name: path,
    size,
    stamp: stampOf(stats),
    view(start, end) {
      if (start < from || end > from + window.length) load(start, end);
      return window.subarray(start - from, end - from);
    },
    close: () => closeSync(file),
  };
}

export const stampOf = ({ dev, ino, mtimeMs }: Stats): string => `${dev} ${ino} ${mtimeMs}`;

function open(path: string): number {
  try {
    // Asked before opening, which would wait for a pipe's other end.
    if (statSync(path).isFile()) return openSync(path, "r");
  } catch (error) {
    throw cannotRead(path, error);
  }
  throw notRegular(path);
}
