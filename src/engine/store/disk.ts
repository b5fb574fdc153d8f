import fs from "node:fs";
import { dirname } from "node:path";

/** The file system as far as stored states and runs use it: tests put one in its place that fails the nth call. */
export type Disk = Pick<
  typeof fs,
  | "closeSync"
  | "fsyncSync"
  | "ftruncateSync"
  | "linkSync"
  | "mkdirSync"
  | "openSync"
  | "readdirSync"
  | "readFileSync"
  | "readSync"
  | "renameSync"
  | "rmSync"
  | "statSync"
  | "utimesSync"
  | "writeSync"
>;

export const DISK: Disk = fs;

/**
 * Makes a folder and those above it that are missing, one after the other: Node's own `recursive` never returns where a file system (`/proc`)
 * says of a folder that is there that it is not.
 */
export function makeFolder(disk: Disk, folder: string, mode = 0o777): void {
  const missing: string[] = [];
  for (let at = folder; !isThere(disk, at); at = dirname(at)) {
    missing.push(at);
    if (dirname(at) === at) break;
  }
  for (const path of missing.reverse())
    try {
      disk.mkdirSync(path, { mode });
    } catch (error) {
      // Another process may have been as quick.
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  if (!disk.statSync(folder).isDirectory()) throw Object.assign(new Error(`${folder} is a file, not a folder`), { code: "ENOTDIR" });
}

function isThere(disk: Disk, path: string): boolean {
  try {
    disk.statSync(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

/** Writes all of it; a write may take less than it was given. */
export function writeFully(disk: Disk, file: number, bytes: Uint8Array, position: number | null = null): void {
  for (let written = 0; written < bytes.length; ) {
    const count = disk.writeSync(file, bytes, written, bytes.length - written, position === null ? null : position + written);
    if (count === 0) throw new Error("nothing could be written");
    written += count;
  }
}

/** @returns false when the file ends before */
export function readFully(disk: Disk, file: number, into: Uint8Array, position: number): boolean {
  for (let read = 0; read < into.length; ) {
    const count = disk.readSync(file, into, read, into.length - read, position + read);
    if (count === 0) return false;
    read += count;
  }
  return true;
}

/** A reader sees the old file or the whole new one; of several writers each uses a name of its own. */
export function replaceFile(disk: Disk, path: string, content: string | Uint8Array): void {
  const temporary = `${path}.${process.pid}.incomplete`;
  try {
    const file = disk.openSync(temporary, "w", 0o600);
    try {
      writeFully(disk, file, typeof content === "string" ? Buffer.from(content) : content);
      disk.fsyncSync(file);
    } finally {
      disk.closeSync(file);
    }
    disk.renameSync(temporary, path);
  } catch (error) {
    try {
      disk.rmSync(temporary, { force: true });
    } catch {
      // What could not be written can perhaps not be removed either; the next sweep takes it.
    }
    throw error;
  }
}

/** The system names the file when it is opened, not when it is written to; a sentence needs its name. @returns the same error */
export function namedAfter(error: unknown, path: string): unknown {
  if (error instanceof Error && typeof (error as NodeJS.ErrnoException).code === "string") (error as NodeJS.ErrnoException).path ??= path;
  return error;
}

/** Why the system refused, for a sentence. */
export function reasonOf(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code;
  return (typeof code === "string" && REASONS[code]) || (typeof code === "string" ? code : "the file system failed");
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file would be too large",
  EROFS: "the disk is read-only",
  EIO: "the disk failed",
  EMFILE: "too many files are open",
  ENOENT: "it was taken away",
};
