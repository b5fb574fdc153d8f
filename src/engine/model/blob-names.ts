import { basename, dirname } from "node:path";
import type { Notice } from "../../protocol/index.js";

/**
 * In a Hugging Face cache a file of Git LFS is named by its sha256: one that no longer fits its name was changed or damaged.
 * @param files real paths with their sha256
 */
export function blobNotices(files: readonly { readonly path: string; readonly sha256: string }[]): Notice[] {
  return files
    .filter(
      ({ path, sha256 }) => basename(dirname(path)) === "blobs" && basename(dirname(dirname(path))).startsWith("models--") && isOther(basename(path), sha256),
    )
    .map(({ path }) => ({
      code: "model/blob-mismatch",
      message: `${basename(path).slice(0, 12)}… in the Hugging Face cache does not have the checksum that its name states: it was changed or damaged since it was downloaded.`,
      where: { file: path },
    }));
}

const isOther = (name: string, sha256: string): boolean => /^[0-9a-f]{64}$/.test(name) && name !== sha256;
