import { CHARACTERS_PER_TOKEN } from "./limits.js";
import type { Shown } from "./shown.js";
import type { Encoded } from "./tokenizer.js";

export type Encode = (text: string, special: boolean) => number[];

/** Of a row that does not fit, the answer gets at most this share, unless the prompt needs less than the rest. */
const ANSWER_SHARE = 0.75;

/**
 * Ids of a row of which only a part is pooled, and that part as a span of tokens. A row that is too long loses what stands
 * behind the part, then the head of what stands in front of it (its first token stays: special, and an attention sink), at last
 * the end of the part.
 */
export function encodePart(encode: Encode, special: ReadonlySet<number>, row: Shown, maxTokens: number): Encoded {
  const { text, from, to, first, cut } = windowOf(encode, row, maxTokens);
  const full = encode(text, row.special);
  const inner = row.special ? encode(text, false) : full;
  const before = row.special ? specialPrefix(full, inner) : 0;
  const after = Math.max(0, full.length - inner.length - before);
  if (inner.length === 0) return { ids: full, truncated: false, problem: "no-tokens" };
  const start = from === 0 ? 0 : borderAt(encode, inner, text, from);
  const end = to >= text.length ? inner.length : Math.max(start, borderAt(encode, inner, text, to));
  if (start >= end) return { ids: full, truncated: false, problem: "no-tokens" };
  const whole: readonly [number, number] | undefined = row.pooled && [before + start, before + end];
  if (full.length <= maxTokens && !cut) return { ids: full, truncated: false, span: whole };

  const room = Math.max(1, maxTokens - before - after);
  // A first token that lies outside the window is put back in front.
  const head = row.special ? [] : first !== undefined ? [first] : start > 0 && special.has(inner[0]!) ? [inner[0]!] : [];
  const front = inner.slice(first === undefined ? head.length : 0, start);
  const part = inner.slice(start, end);
  const rest = room - head.length;
  const keptPart = Math.min(part.length, Math.max(rest - front.length, Math.ceil(rest * ANSWER_SHARE)));
  const keptFront = Math.min(front.length, Math.max(0, rest - keptPart));
  const tail = inner.slice(end, end + Math.max(0, rest - keptPart - keptFront));
  const ids = [
    ...full.slice(0, before),
    ...head,
    ...front.slice(front.length - keptFront),
    ...part.slice(0, keptPart),
    ...tail,
    ...full.slice(full.length - after),
  ];
  const at = before + head.length + keptFront;
  return { ids, truncated: true, span: row.pooled && [at, at + keptPart] };
}

/** Characters around the part that can matter; a longer text is cut before it is tokenised. */
function windowOf(encode: Encode, { text: all, pooled, special }: Shown, maxTokens: number) {
  const limit = maxTokens * CHARACTERS_PER_TOKEN;
  const whole = all.toWellFormed();
  const [from, to] = pooled ?? [0, whole.length];
  const start = Math.max(0, from - limit);
  const end = Math.min(whole.length, Math.max(from, Math.min(to, from + limit)) + limit);
  const text = whole.slice(start, end);
  const first = start > 0 && !special ? encode(whole.slice(0, CHARACTERS_PER_TOKEN), false)[0] : undefined;
  return { text, from: from - start, to: Math.min(to, end) - start, first, cut: start > 0 || end < whole.length };
}

/** Number of special tokens in front: where the bare ids begin inside the full ones. */
export function specialPrefix(full: readonly number[], inner: readonly number[]): number {
  const extra = full.length - inner.length;
  for (let shift = 0; shift <= extra; shift++) if (inner.every((id, i) => full[i + shift] === id)) return shift;
  return 0;
}

/**
 * Number of tokens in front of a place in the text. The tokenizer gives no offsets, so either side is encoded by itself: where
 * its ids are the first or the last ids of the whole, the border is exact (two newlines before an answer may be one token by
 * themselves and two beside it, so neither side alone always is). Else a token straddles the place, or the neighbours changed;
 * then tokens count as in front as far as the front's own ids agree.
 */
function borderAt(encode: Encode, whole: readonly number[], text: string, place: number): number {
  const front = encode(text.slice(0, place), false);
  const agree = commonPrefix(front, whole);
  if (agree === front.length) return agree;
  const back = encode(text.slice(place), false);
  const border = whole.length - back.length;
  return border >= agree && back.every((id, i) => id === whole[border + i]) ? border : agree;
}

function commonPrefix(a: readonly number[], b: readonly number[]): number {
  let n = 0;
  while (n < a.length && n < b.length && a[n] === b[n]) n++;
  return n;
}
