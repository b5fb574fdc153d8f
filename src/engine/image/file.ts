import { readFile, stat } from "node:fs/promises";
import { ProblemError } from "../../protocol/index.js";
import type { ImageFault } from "./errors.js";
import { MAX_IMAGE_BYTES } from "./limits.js";
import type { Picture8 } from "./resample.js";
import { decode } from "./sharp.js";

/**
 * One image file, decoded, or why it cannot be. Never throws for what is wrong with the file.
 * @throws Problem `image/no-decoder`
 */
export async function readImage(path: string): Promise<{ readonly picture: Picture8; readonly bytes: number } | ImageFault> {
  const bytes = await imageBytes(path);
  if (typeof bytes === "string") return bytes;
  try {
    return { picture: await decode(bytes), bytes: bytes.length };
  } catch (error) {
    return faultOf(error);
  }
}

/** The file's bytes; what it is, is asked before it is opened: a pipe would wait for ever. */
export async function imageBytes(path: string): Promise<Uint8Array | ImageFault> {
  try {
    const stats = await stat(path);
    if (!stats.isFile()) return "image-missing";
    if (stats.size > MAX_IMAGE_BYTES) return "image-large";
    return stats.size === 0 ? "image-broken" : await readFile(path);
  } catch {
    return "image-missing";
  }
}

/** What a failure to decode means for the row; a decoder that is missing is no fault of a file and goes on up. */
export function faultOf(error: unknown): ImageFault {
  if (error instanceof ProblemError) throw error;
  const message = error instanceof Error ? error.message : "";
  if (/exceeds pixel limit|too large/i.test(message)) return "image-large";
  return /unsupported image format|blocked/i.test(message) ? "image-format" : "image-broken";
}
