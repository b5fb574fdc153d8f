import { type Spelled, Speller } from "./spelled.js";

const ESCAPES: Readonly<Record<string, string>> = {
  "0": "\0",
  a: "\x07",
  b: "\b",
  e: "\x1b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  "\t": "\t",
  v: "\v",
  N: "\u0085",
  _: "\u00a0",
  L: "\u2028",
  P: "\u2029",
  " ": " ",
  '"': '"',
  "/": "/",
  "\\": "\\",
};

/**
 * The map of a YAML scalar at [start, end) whose resolved text is `value`: source and text are walked side by side, since only
 * white space, quotes and escapes differ between them. A scalar that does not go along is one piece.
 */
export function spellYaml(source: string, start: number, end: number, value: string, style: string): Spelled {
  const block = style.startsWith("BLOCK");
  const quoted = style.startsWith("QUOTE");
  const header = block ? source.indexOf("\n", start) + 1 : start;
  // A folded value ends in line breaks that lie behind the last character.
  const kept = block ? value.trimEnd() : value;
  const speller = new Speller();
  const ok = align(
    source,
    block ? (header === 0 ? end : header) : quoted ? start + 1 : start,
    quoted ? end - 1 : end,
    kept,
    speller,
    style === "QUOTE_DOUBLE",
    style === "QUOTE_SINGLE",
    block,
  );
  if (ok) {
    if (block && value.length > kept.length) speller.between(value.slice(kept.length), end, end);
    return speller.done(start, end);
  }
  const whole = new Speller();
  whole.between(value, start, end);
  return whole.done(start, end);
}

const isSpace = (c: string | undefined): boolean => c === " " || c === "\t" || c === "\n" || c === "\r";

function align(source: string, from: number, to: number, value: string, speller: Speller, escapes: boolean, doubled: boolean, block: boolean): boolean {
  let s = from;
  if (block) s = skipMargin(source, s, to, value, 0);
  for (let i = 0; i < value.length; ) {
    const c = value[i];
    if (escapes && source[s] === "\\") {
      const [text, length] = escaped(source, s);
      if (text === "") {
        s += length;
        while (s < to && (source[s] === " " || source[s] === "\t")) s++;
        continue;
      }
      if (!value.startsWith(text, i)) return false;
      speller.odd(text, s, s + length);
      i += text.length;
      s += length;
      continue;
    }
    if (doubled && c === "'" && source.startsWith("''", s)) {
      speller.odd("'", s, s + 2);
      i++;
      s += 2;
      continue;
    }
    if (source[s] === c && s < to) {
      // To the end of the line at once.
      let n = 1;
      if (c !== "\n")
        while (s + n < to && i + n < value.length && value[i + n] === source[s + n] && value[i + n] !== "\n" && !isStop(source[s + n], escapes, doubled)) n++;
      speller.plain(value.slice(i, i + n), s);
      s += n;
      i += n;
      if (c === "\n" && block) s = skipMargin(source, s, to, value, i);
      continue;
    }
    if (c === "\n" || c === " ") {
      let next = s;
      while (next < to && (source[next] === " " || source[next] === "\t" || source[next] === "\r")) next++;
      if (source[next] !== "\n" && c === "\n") return false;
      if (source[next] === "\n" && next < to) {
        // A line break: "\n" itself, or folded into a space.
        if (c === "\n") {
          speller.between("\n", source[next - 1] === "\r" && next > s ? next - 1 : next, next + 1);
          s = next + 1;
          i++;
          if (block) s = skipMargin(source, s, to, value, i);
        } else {
          speller.between(" ", next, next + 1);
          s = next + 1;
          i++;
        }
        continue;
      }
    }
    if (!isSpace(source[s]) || s >= to) return false;
    s++;
  }
  return true;
}

const isStop = (c: string, escapes: boolean, doubled: boolean): boolean => (escapes && c === "\\") || (doubled && c === "'");

/** Past a block's margin: of the line's spaces, those that the text does not have. */
function skipMargin(source: string, s: number, to: number, value: string, i: number): number {
  let spaces = 0;
  while (s + spaces < to && source[s + spaces] === " ") spaces++;
  let kept = 0;
  while (value[i + kept] === " ") kept++;
  return s + Math.max(0, spaces - kept);
}

/** @returns what the escape at `at` means, and its length; an escaped line break means nothing */
function escaped(source: string, at: number): [string, number] {
  const c = source[at + 1];
  if (c === "\n") return ["", 2];
  if (c === "\r") return ["", 3];
  const code = /^(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/.exec(source.slice(at + 1, at + 10));
  const point = code ? Number.parseInt(code[1] ?? code[2] ?? code[3], 16) : -1;
  if (code && point <= 0x10ffff) return [String.fromCodePoint(point), 1 + code[0].length];
  return [Object.hasOwn(ESCAPES, c) ? ESCAPES[c] : `\\${c}`, 2];
}
