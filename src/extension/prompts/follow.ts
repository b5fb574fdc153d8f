import type { FoundPrompt, PromptPiece } from "../../protocol/index.js";

/** A replacement of [from, to) by `length` characters; offsets are those before it. */
export interface Edit {
  readonly from: number;
  readonly to: number;
  readonly length: number;
}

/** A prompt after an edit: moved, or touched and so no longer the text that was read. */
export interface Followed {
  readonly found: FoundPrompt;
  readonly touched: boolean;
}

const moved = (found: FoundPrompt, by: number): FoundPrompt =>
  by === 0
    ? found
    : {
        ...found,
        start: found.start + by,
        end: found.end + by,
        pieces: found.pieces.map((piece): PromptPiece => ({ ...piece, from: piece.from + by, to: piece.to + by })),
      };

/**
 * Where a prompt stands after an edit, until the document is read again. An edit at a prompt's very edge touches it: a quote
 * typed there may make it another. @returns undefined when the edit took all of it away
 */
export function follow(found: FoundPrompt, edit: Edit): Followed | undefined {
  const by = edit.length - (edit.to - edit.from);
  if (edit.to < found.start) return { found: moved(found, by), touched: false };
  if (edit.from > found.end) return { found, touched: false };
  if (edit.from <= found.start && edit.to >= found.end && edit.to > edit.from) return undefined;
  const shift = (offset: number) => (offset >= edit.to ? offset + by : offset > edit.from ? Math.min(offset, edit.from + edit.length) : offset);
  // Before the prompt and ending at its first character: the prompt itself moves.
  const start =
    edit.to === found.start && edit.from < found.start
      ? found.start + by
      : edit.from === found.start && edit.to === edit.from
        ? found.start
        : shift(found.start);
  return {
    found: {
      ...found,
      start,
      end: Math.max(start, shift(found.end)),
      pieces: found.pieces.map((p) => ({ ...p, from: shift(p.from), to: Math.max(shift(p.from), shift(p.to)) })),
    },
    touched: true,
  };
}
