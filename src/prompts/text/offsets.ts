import type { FoundPrompt } from "../../protocol/index.js";
import { sourceRange } from "./spelled.js";

type Mapped = Pick<FoundPrompt, "pieces" | "start" | "end">;

/** Where characters [from, to) of a prompt's text stand in its document: of a token, a window, a hole. Holes and escapes count whole. */
export function rangeInSource(prompt: Mapped, from: number, to: number): { readonly start: number; readonly end: number } {
  const [start, end] = sourceRange(prompt, from, Math.max(to, from));
  return { start, end };
}

/** Offset in the document of one character of a prompt's text; the text's end gives the end of its last piece. */
export function sourceOffset(prompt: Mapped, at: number): number {
  for (const piece of prompt.pieces) {
    if (at >= piece.at + piece.length) continue;
    const even = !piece.hole && piece.length === piece.to - piece.from;
    return even ? piece.from + at - piece.at : piece.from;
  }
  return prompt.pieces.at(-1)?.to ?? prompt.start;
}

/** Offset in a prompt's text of what stands at `offset` of its document; null: quotes, joins and other places between the pieces. */
export function textOffset(prompt: Mapped, offset: number): number | null {
  for (const piece of prompt.pieces) {
    if (offset < piece.from) return null;
    if (offset >= piece.to) continue;
    const even = !piece.hole && piece.length === piece.to - piece.from;
    return even ? piece.at + offset - piece.from : piece.at;
  }
  return null;
}
