import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";

/** Deletes all states that are kept from run to run; runs and results stay. @returns what to tell the user */
export async function deleteStates(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  let bytes = 0;
  for (const entry of entries)
    if (entry.isFile())
      bytes += await stat(join(entry.parentPath, entry.name)).then(
        ({ size }) => size,
        () => 0,
      );
  await rm(folder, { recursive: true, force: true });
  if (bytes === 0) return "There were no stored activations to delete.";
  return `Stored activations deleted (${(bytes / 1e6).toLocaleString("en", { maximumFractionDigits: 1 })} MB). The next audit computes them again.`;
}
