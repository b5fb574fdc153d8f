/** [from, to) in UTF-16 units of a text. */
export type TextRange = readonly [number, number];

/** What a token says of the text: its bytes; none where the tokenizer did not know them; undefined for special tokens, which are no part of it. */
export type TokenBytes = Uint8Array | undefined;

/** A text as a tokenizer may have seen it: its bytes, and the character that each belongs to. */
interface Seen {
  readonly bytes: Uint8Array;
  /** [bytes + 1] UTF-16 place of the character that holds the byte; the last one is the text's length. */
  readonly at: Int32Array;
}

/** How far ahead a token is looked for where the next bytes are not its own. */
const AHEAD = 48;

const FORMS: readonly ((cluster: string) => string)[] = [
  (c) => c,
  (c) => c.normalize("NFC"),
  (c) => c.normalize("NFKC"),
  (c) => c.normalize("NFKC").toLowerCase(),
  (c) => c.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase(),
];

/**
 * Where each token of a text stands in it. Ranges ascend and do not overlap; a character that several tokens share belongs to the first of
 * them, the others have an empty range behind it. Unknown tokens get what lies between their neighbours, special ones an empty
 * range. The tokenizer gives no offsets, so its pieces are laid along the text in the first of its usual
 * normal forms that they fit.
 */
export function alignTokens(text: string, tokens: readonly TokenBytes[]): TextRange[] {
  let best: { places: readonly (readonly [number, number] | undefined)[]; missed: number; seen: Seen } | undefined;
  for (const form of FORMS) {
    const seen = seenAs(text, form);
    const laid = lay(seen.bytes, tokens);
    if (!best || laid.missed < best.missed) best = { ...laid, seen };
    if (best.missed === 0) break;
  }
  const { places, seen } = best!;
  return ranges(tokens, places, seen);
}

function seenAs(text: string, form: (cluster: string) => string): Seen {
  const parts: Uint8Array[] = [];
  const at: number[] = [];
  const encoder = new TextEncoder();
  // A character with its combining marks is normalised as one.
  for (const match of text.matchAll(/[\s\S]\p{M}*/gu)) {
    const whole = match[0];
    const formed = form(whole);
    if (formed === whole) {
      let from = match.index;
      for (const character of whole) {
        const bytes = encoder.encode(character);
        parts.push(bytes);
        for (let i = 0; i < bytes.length; i++) at.push(from);
        from += character.length;
      }
    } else {
      const bytes = encoder.encode(formed);
      parts.push(bytes);
      for (let i = 0; i < bytes.length; i++) at.push(match.index);
    }
  }
  at.push(text.length);
  const bytes = new Uint8Array(at.length - 1);
  let to = 0;
  for (const one of parts) {
    bytes.set(one, to);
    to += one.length;
  }
  return { bytes, at: Int32Array.from(at) };
}

/** Lays the tokens along the bytes; white space that a tokenizer adds, drops or squeezes does not count. */
function lay(text: Uint8Array, tokens: readonly TokenBytes[]): { places: (readonly [number, number] | undefined)[]; missed: number } {
  let at = 0;
  let missed = 0;
  const places = tokens.map((bytes): readonly [number, number] | undefined => {
    if (!bytes || bytes.length === 0) return undefined;
    const found = placeAt(text, bytes, at);
    if (!found) {
      missed++;
      return undefined;
    }
    at = found[1];
    return found;
  });
  return { places, missed };
}

function placeAt(text: Uint8Array, token: Uint8Array, at: number): readonly [number, number] | undefined {
  if (fits(text, token, at)) return [at, at + token.length];
  const bare = token.subarray(spaces(token, 0));
  // Nothing but white space: as much of it as there is.
  if (bare.length === 0) return [at, Math.min(spaces(text, at), at + token.length)];
  const next = spaces(text, at);
  if (fits(text, bare, next)) return [next, next + bare.length];
  for (let from = at + 1; from <= Math.min(at + AHEAD, text.length - bare.length); from++) if (fits(text, bare, from)) return [from, from + bare.length];
  return undefined;
}

function fits(text: Uint8Array, token: Uint8Array, at: number): boolean {
  if (at + token.length > text.length) return false;
  for (let i = 0; i < token.length; i++) if (text[at + i] !== token[i]) return false;
  return true;
}

/** The first byte from `at` on that is no white space. */
function spaces(bytes: Uint8Array, at: number): number {
  let to = at;
  while (to < bytes.length && (bytes[to] === 32 || (bytes[to]! >= 9 && bytes[to]! <= 13))) to++;
  return to;
}

function ranges(tokens: readonly TokenBytes[], places: readonly (readonly [number, number] | undefined)[], { at }: Seen): TextRange[] {
  const starts = new Int32Array(places.length).fill(-1);
  const ends = new Int32Array(places.length).fill(-1);
  let free = 0;
  places.forEach((place, i) => {
    if (!place) return;
    const from = Math.max(free, at[place[0]]!);
    // A character that the token ends within is the token's, unless one before has it already.
    let end = place[1];
    while (end < at.length - 1 && end > 0 && at[end] === at[end - 1]) end++;
    const to = Math.max(from, place[1] > place[0] ? at[end]! : from);
    starts[i] = from;
    ends[i] = to;
    free = to;
  });
  const all: TextRange[] = [];
  let before = 0;
  for (let i = 0; i < places.length; i++) {
    if (starts[i]! >= 0) {
      all.push([starts[i]!, ends[i]!]);
      before = ends[i]!;
      continue;
    }
    let next = i + 1;
    while (next < places.length && starts[next]! < 0) next++;
    const to = tokens[i] ? (next < places.length ? starts[next]! : at.at(-1)!) : before;
    all.push([before, to]);
    before = to;
  }
  return all;
}
