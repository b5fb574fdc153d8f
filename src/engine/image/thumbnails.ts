import type { RowImage } from "../../protocol/index.js";
import { FAULTS } from "./errors.js";
import { faultOf, imageBytes } from "./file.js";
import { DECODED_AT_ONCE } from "./limits.js";
import { thumbnail } from "./sharp.js";

/** Larger ones are for an image viewer. */
const MAX_SIDE = 512;

interface RowWithImage {
  readonly id: number;
  readonly image?: string;
}

/** Pictures of rows as data: addresses; `side` 0 tells only where the files are. What cannot be shown has its reason. */
export async function picturesOf(rows: readonly RowWithImage[], side: number): Promise<RowImage[]> {
  const out: RowImage[] = [];
  for (let start = 0; start < rows.length; start += DECODED_AT_ONCE)
    out.push(...(await Promise.all(rows.slice(start, start + DECODED_AT_ONCE).map((row) => pictureOf(row, Math.min(side, MAX_SIDE))))));
  return out;
}

async function pictureOf({ id, image }: RowWithImage, side: number): Promise<RowImage> {
  if (image === undefined) return { row: id, fault: FAULTS["image-none"] };
  if (side === 0) return { row: id, path: image };
  const bytes = await imageBytes(image);
  if (typeof bytes === "string") return { row: id, path: image, fault: FAULTS[bytes] };
  try {
    return { row: id, path: image, ...(await thumbnail(bytes, side)) };
  } catch (error) {
    return { row: id, path: image, fault: FAULTS[faultOf(error)] };
  }
}
