import { createHash } from "node:crypto";
import { open, stat } from "node:fs/promises";
import { throwIfAborted } from "../errors.js";
import { changedWhileReading, empty, notAFile, notFound, tooLarge, unreadable } from "./errors.js";
import { MAX_FILE_BYTES } from "./limits.js";

export interface FileBytes {
  readonly path: string;
  readonly bytes: Buffer;
  /** Bytes of all files, where the path is a folder (`bytes` is empty then). */
  readonly total?: number;
  readonly sha256: string;
}

const CHUNK = 4 * 1024 * 1024;

/**
 * Reads a whole regular file, at most `MAX_FILE_BYTES`. What it is, is asked by `stat` before `open`: opening a FIFO
 * would wait for ever.
 */
export async function readBytes(path: string, signal?: AbortSignal): Promise<FileBytes> {
  const before = await stat(path).catch((error: unknown) => {
    const code = (error as NodeJS.ErrnoException).code;
    throw code === "ENOENT" || code === "ENOTDIR" ? notFound(path) : unreadable(path, error);
  });
  if (before.isDirectory()) throw notAFile(path, "a folder");
  if (before.isFIFO()) throw notAFile(path, "a named pipe");
  if (before.isSocket()) throw notAFile(path, "a socket");
  if (!before.isFile()) throw notAFile(path, "a device");
  if (before.size > MAX_FILE_BYTES) throw tooLarge(path, before.size, MAX_FILE_BYTES);
  if (before.size === 0) throw empty(path);

  const file = await open(path, "r").catch((error: unknown) => {
    throw unreadable(path, error);
  });
  try {
    const bytes = Buffer.allocUnsafe(before.size);
    const hash = createHash("sha256");
    let at = 0;
    while (at < bytes.length) {
      throwIfAborted(signal);
      const { bytesRead } = await file.read(bytes, at, Math.min(CHUNK, bytes.length - at), at);
      if (bytesRead === 0) throw changedWhileReading(path);
      hash.update(bytes.subarray(at, at + bytesRead));
      at += bytesRead;
    }
    const after = await file.stat();
    if (after.size !== before.size || after.mtimeMs !== before.mtimeMs) throw changedWhileReading(path);
    return { path, bytes, sha256: hash.digest("hex") };
  } catch (error) {
    throw error instanceof Error && "code" in error ? unreadable(path, error) : error;
  } finally {
    await file.close();
  }
}
