import { PROMPT_HOLE, type PromptPiece } from "../../protocol/index.js";

/** A text as the model would read it, with the places in the document that it was read from. */
export interface Spelled {
  readonly text: string;
  /** Ascending and without gaps in the text; ascending in the document. */
  readonly pieces: readonly PromptPiece[];
  /** The literal or join of literals, quotes included. */
  readonly start: number;
  readonly end: number;
}

/** Writes a text piece by piece. Runs that stand one for one are joined. */
export class Speller {
  private readonly parts: string[] = [];
  private readonly pieces: PromptPiece[] = [];
  private at = 0;

  /** `text` stands at [from, from + its length), one for one. */
  plain(text: string, from: number): void {
    if (text === "") return;
    const last = this.pieces.at(-1);
    if (last && !last.hole && last.to === from && last.length === last.to - last.from)
      this.pieces[this.pieces.length - 1] = { ...last, length: last.length + text.length, to: from + text.length };
    else this.pieces.push({ at: this.at, length: text.length, from, to: from + text.length });
    this.write(text);
  }

  /** `text` is what [from, to) means: an escape, a doubled quote, a line break of two characters. Of the same length, it must be the same characters. */
  odd(text: string, from: number, to: number): void {
    if (text === "") return;
    if (text.length === to - from) this.plain(text, from);
    else {
      this.pieces.push({ at: this.at, length: text.length, from, to });
      this.write(text);
    }
  }

  /** `text` stands nowhere: it comes between what ends at `from` and what begins at `to`. */
  between(text: string, from: number, to: number): void {
    this.odd(text, from, text.length === to - from ? from : to);
  }

  /** What stands at [from, to) is known to the running program alone. */
  hole(from: number, to: number): void {
    this.pieces.push({ at: this.at, length: PROMPT_HOLE.length, from, to, hole: true });
    this.write(PROMPT_HOLE);
  }

  add(other: Spelled): void {
    for (const piece of other.pieces) {
      const text = other.text.slice(piece.at, piece.at + piece.length);
      if (piece.hole) this.hole(piece.from, piece.to);
      else this.odd(text, piece.from, piece.to);
    }
  }

  done(start: number, end: number): Spelled {
    return { text: this.parts.join(""), pieces: this.pieces, start, end };
  }

  private write(text: string): void {
    this.parts.push(text);
    this.at += text.length;
  }
}

/** The same text, `by` characters further on in the document. */
export function shifted(spelled: Spelled, by: number): Spelled {
  if (by === 0) return spelled;
  const pieces = spelled.pieces.map((piece) => ({ ...piece, from: piece.from + by, to: piece.to + by }));
  return { text: spelled.text, pieces, start: spelled.start + by, end: spelled.end + by };
}

/** Part of a text to be replaced: by nothing, by other characters, by a hole. */
export interface Swap {
  readonly from: number;
  readonly to: number;
  readonly text?: string;
  readonly hole?: true;
}

/** The text with `swaps` (ascending, not overlapping) made; the map follows. */
export function swapped(spelled: Spelled, swaps: readonly Swap[]): Spelled {
  if (swaps.length === 0) return spelled;
  const speller = new Speller();
  let at = 0;
  for (const swap of swaps) {
    copy(spelled, at, swap.from, speller);
    const [from, to] = sourceRange(spelled, swap.from, swap.to);
    if (swap.hole) speller.hole(from, to);
    else if (swap.text) speller.between(swap.text, from, to);
    at = swap.to;
  }
  copy(spelled, at, spelled.text.length, speller);
  return speller.done(spelled.start, spelled.end);
}

/** Characters [from, to) of the text, with their map. */
export function cut(spelled: Spelled, from: number, to: number): Spelled {
  const speller = new Speller();
  copy(spelled, from, to, speller);
  return speller.done(spelled.start, spelled.end);
}

function copy(spelled: Spelled, from: number, to: number, into: Speller): void {
  for (const piece of spelled.pieces) {
    const start = Math.max(from, piece.at);
    const end = Math.min(to, piece.at + piece.length);
    if (start >= end) continue;
    if (piece.hole) into.hole(piece.from, piece.to);
    else if (piece.length === piece.to - piece.from) into.plain(spelled.text.slice(start, end), piece.from + start - piece.at);
    else into.odd(spelled.text.slice(start, end), piece.from, piece.to);
  }
}

/** Where characters [from, to) of the text stand in the document. */
export function sourceRange(spelled: { readonly pieces: readonly PromptPiece[]; readonly start: number }, from: number, to: number): [number, number] {
  let start: number | undefined;
  let end: number | undefined;
  for (const piece of spelled.pieces) {
    if (piece.at + piece.length <= from || piece.at >= to) continue;
    const even = !piece.hole && piece.length === piece.to - piece.from;
    start ??= even ? piece.from + Math.max(0, from - piece.at) : piece.from;
    end = even ? piece.from + Math.min(piece.length, to - piece.at) : piece.to;
  }
  return [start ?? spelled.start, end ?? start ?? spelled.start];
}
