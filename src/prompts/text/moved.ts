import type { FoundPrompt, PromptPiece } from "../../protocol/index.js";

/** The same prompt, `by` characters further on in the document. Written out: thousands move with one keystroke. */
export function movedPrompt({ shape, rank, role, text, start, end, pieces, name, holes, ignored }: FoundPrompt, by: number): FoundPrompt {
  const moved: PromptPiece[] = [];
  for (const piece of pieces) moved.push(movedPiece(piece, by));
  const prompt = { shape, rank, role, text, start: start + by, end: end + by, pieces: moved, name, holes };
  return ignored ? { ...prompt, ignored } : prompt;
}

const movedPiece = ({ at, length, from, to, hole }: PromptPiece, by: number): PromptPiece =>
  hole ? { at, length, from: from + by, to: to + by, hole } : { at, length, from: from + by, to: to + by };
