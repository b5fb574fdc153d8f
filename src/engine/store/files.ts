import { mkdir, open, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { namedAfter } from "./disk.js";

/** Only the owner may read a run; an export takes the user's own habit (`mode` 0o666 less the umask).
 * Writes under a temporary name in the same folder, flushes, renames: a reader sees the old file or the whole new one. */
export async function writeAtomically(path: string, content: string | Uint8Array, mode = 0o600): Promise<void> {
  // A device or a pipe (/dev/null, /dev/stdout) is written to: renaming over it would put a file in its place.
  const known = await stat(path).catch(() => undefined);
  if (known && !known.isFile())
    return writeFile(path, content).catch((error: unknown) => {
      throw namedAfter(error, path);
    });
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.incomplete`;
  try {
    const file = await open(temporary, "w", mode);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw namedAfter(error, path);
  }
}
