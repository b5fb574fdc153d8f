import type { TextRange } from "../text/align.js";
import { cutWindows, fits, MOST_WINDOWS, worthAt } from "./windows.js";

/** Tokens of a span at least, where its line has more: shorter ones say little. */
const LEAST_SPAN = 6;
/** What ends in front of a span: a sentence (2), a line (3), a paragraph (4). */
const SENTENCE = 2;
const LINE = 3;

/**
 * A long text in its own parts: sentences and lines, each scored as a row is, so that one sentence among many is not thinned out by its
 * neighbours. What is shorter than a few tokens goes with its neighbour on the line, what is longer than a window is cut into windows;
 * a text of too many sentences is cut into windows whole.
 * @param tokens ranges of the text's tokens, ascending
 * @returns [from, to) in UTF-16 units
 */
export function cutSpans(text: string, tokens: readonly TextRange[], size: number, room = Number.POSITIVE_INFINITY): { windows: TextRange[]; cut: boolean } {
  const n = tokens.length;
  if (fits(n, size, room)) return { windows: [[0, text.length]], cut: false };
  // Token indices at which a span begins, the end of the text as the last one.
  const starts: number[] = [0];
  for (let i = 1; i < n; i++) {
    const worth = worthAt(text, tokens[i]![0]);
    // White space that is a token of its own begins nothing.
    if (worth < SENTENCE || text.slice(...tokens[i]!).trim() === "") continue;
    const own = i - starts.at(-1)!;
    // The rest of the line, up to the next end of a sentence that is one.
    if (worth >= LINE ? own > 1 : own >= LEAST_SPAN) starts.push(i);
  }
  if (starts.length > 1 && n - starts.at(-1)! < LEAST_SPAN && worthAt(text, tokens[starts.at(-1)!]![0]) < LINE) starts.pop();
  const windows: TextRange[] = [];
  starts.forEach((first, k) => {
    const last = starts[k + 1] ?? n;
    const from = k === 0 ? 0 : tokens[first]![0];
    const to = last === n ? text.length : tokens[last]![0];
    const own = tokens.slice(first, last).map(([a, b]): TextRange => [a - from, b - from]);
    for (const [a, b] of cutWindows(text.slice(from, to), own, size, room).windows) {
      const span = bare(text, from + a, from + b);
      if (span) windows.push(span);
    }
  });
  return windows.length > MOST_WINDOWS ? cutWindows(text, tokens, size, room) : { windows, cut: false };
}

/** Without white space around it and marks of a list or heading before it: rows have neither. undefined: nothing else is there. */
function bare(text: string, from: number, to: number): TextRange | undefined {
  const own = text.slice(from, to);
  const front = /^(?:\s|[-*•>#]+\s)*/.exec(own)![0].length;
  const words = own.slice(front).trimEnd();
  return words === "" ? undefined : [from + front, from + front + words.length];
}
