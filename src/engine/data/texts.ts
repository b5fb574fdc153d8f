import type { DataOptions, Notice, Place } from "../../protocol/index.js";
import type { ImageFault } from "../image/errors.js";
import type { ChatMessage } from "./dataset.js";
import { readPart } from "./part.js";
import { wellFormed } from "./row-notices.js";

export interface TextRow {
  /** Zero-based position in the file. */
  readonly id: number;
  readonly text: string;
  readonly place: Place;
  readonly completion?: readonly [number, number];
  readonly messages?: readonly ChatMessage[];
  readonly image?: string;
  readonly imageFault?: ImageFault;
}

/** Every row's text and image, in file order (the contrast file's last), for what needs no classes; blank texts stay, so that positions hold. `images`: there are no texts. */
export async function openTexts(path: string, options: DataOptions, signal?: AbortSignal): Promise<{ rows: TextRow[]; notices: Notice[]; images: boolean }> {
  const notices: Notice[] = [];
  // A class for the whole file: nothing is asked about labels that are not used.
  const part = await readPart({ path, file: 0, options: { ...options, all: options.all ?? "safe" }, soft: false, notices, signal });
  const parts = [part];
  if (options.contrast)
    parts.push(await readPart({ path: options.contrast, file: 1, options: { ...options, all: options.contrastAll ?? "safe" }, soft: true, notices, signal }));
  return {
    rows: parts
      .flatMap(({ candidates }) => candidates)
      .map(({ text, place, completion, messages, image, imageFault }, id) => ({ id, text: wellFormed(text), place, completion, messages, image, imageFault })),
    notices,
    images: parts.every(({ images }) => images?.only),
  };
}
