import type { FoundPrompt, PromptPiece } from "../../protocol/index.js";

/** A stretch of a document, UTF-16 offsets. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

const exact = (piece: PromptPiece): boolean => !piece.hole && piece.length === piece.to - piece.from;

/** Where characters [from, to) of a prompt's text stand in its document: one span for each piece they lie in; holes and escapes count whole. */
export function spansOf(found: Pick<FoundPrompt, "pieces">, from: number, to: number): Span[] {
  const spans: Span[] = [];
  for (const piece of found.pieces) {
    const [lo, hi] = [Math.max(from, piece.at), Math.min(to, piece.at + piece.length)];
    if (lo >= hi) continue;
    const span = exact(piece) ? { from: piece.from + lo - piece.at, to: piece.from + hi - piece.at } : { from: piece.from, to: piece.to };
    const last = spans.at(-1);
    if (last && last.to === span.from) spans[spans.length - 1] = { from: last.from, to: span.to };
    else if (!last || last.from !== span.from || last.to !== span.to) spans.push(span);
  }
  return spans;
}

/** The smallest span that holds characters [from, to) of the text; the whole prompt when they stand nowhere. */
export function hullOf(found: FoundPrompt, from: number, to: number): Span {
  const spans = spansOf(found, from, to);
  const [first] = spans;
  return first ? { from: first.from, to: Math.max(...spans.map((s) => s.to)) } : { from: found.start, to: found.end };
}
