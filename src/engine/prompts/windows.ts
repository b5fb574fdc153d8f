import type { TextRange } from "../text/align.js";

/** Windows of one prompt at most; of a longer text the rest is left out, and said so. */
export const MOST_WINDOWS = 128;
/** Tokens of a window at least: shorter ones say little. */
const LEAST = 16;
/** A text that is only so much longer than a window is one. */
const SLACK = 1.25;

/** Tokens of a window: as many as long rows have, since a mean over more tokens scatters less than the probe has learnt. */
export const windowSize = (longRow: number, maxTokens: number): number => Math.max(4, Math.min(maxTokens, Math.max(LEAST, longRow)));

/** Whether a text is one window. */
export const fits = (tokens: number, size: number, room: number): boolean => tokens <= Math.min(size * SLACK, Math.max(size, room));

/**
 * Windows of a text, each at most `size` tokens (a text up to a quarter longer is one window), ending where a paragraph, line,
 * sentence or word does and overlapping by about a quarter.
 * @param tokens ranges of the text's tokens, ascending
 * @returns [from, to) in UTF-16 units
 */
export function cutWindows(text: string, tokens: readonly TextRange[], size: number, room = Number.POSITIVE_INFINITY): { windows: TextRange[]; cut: boolean } {
  const n = tokens.length;
  if (fits(n, size, room)) return { windows: [[0, text.length]], cut: false };
  const windows: TextRange[] = [];
  let start = 0;
  while (start < n && windows.length < MOST_WINDOWS) {
    const last = start + size >= n;
    const end = last ? n : breakBetween(text, tokens, start + Math.ceil(size * 0.6), start + size);
    windows.push([tokens[start]![0], last ? text.length : tokens[end]![0]]);
    if (last) return { windows, cut: false };
    const back = breakBetween(text, tokens, end - Math.ceil(size * 0.4), end - Math.max(1, Math.floor(size * 0.12)));
    // The last window is a whole one, too.
    start = back + size >= n ? Math.max(back - size, Math.min(back, n - size)) : back;
  }
  return { windows, cut: true };
}

/** The best token in [from, to] to begin anew with, the latest of equals. */
function breakBetween(text: string, tokens: readonly TextRange[], from: number, to: number): number {
  let best = to;
  let most = -1;
  for (let i = to; i >= Math.max(1, from); i--) {
    const worth = worthAt(text, tokens[i]![0]);
    if (worth > most) {
      most = worth;
      best = i;
    }
  }
  return best;
}

/** What ends in front of a place, which may have white space on either side: paragraph 4, line 3, sentence 2, word 1, nothing 0. */
export function worthAt(text: string, at: number): number {
  const front = text.slice(Math.max(0, at - 3), at);
  const gap = (/\s*$/.exec(front)?.[0] ?? "") + (/^\s*/.exec(text.slice(at, at + 3))?.[0] ?? "");
  if (/\n\s*\n/.test(gap)) return 4;
  if (gap.includes("\n")) return 3;
  if (gap !== "") return /[.!?;:]["')\]]?\s*$/.test(front) ? 2 : 1;
  return /[。！？；，]$/.test(front) ? 2 : 0;
}
