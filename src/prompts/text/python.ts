import type { Gap } from "./javascript.js";
import { type Spelled, Speller } from "./spelled.js";

const SIMPLE: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  a: "\x07",
  b: "\b",
  f: "\f",
  v: "\v",
  "\\": "\\",
  "'": "'",
  '"': '"',
};

/** Names that prompts really hold; another stays as it is spelled. */
const NAMED: Readonly<Record<string, string>> = {
  "EM DASH": "—",
  "EN DASH": "–",
  BULLET: "•",
  "HORIZONTAL ELLIPSIS": "…",
  "NO-BREAK SPACE": "\u00a0",
  "LEFT DOUBLE QUOTATION MARK": "“",
  "RIGHT DOUBLE QUOTATION MARK": "”",
  "LEFT SINGLE QUOTATION MARK": "‘",
  "RIGHT SINGLE QUOTATION MARK": "’",
  "RIGHTWARDS ARROW": "→",
  "WHITE HEAVY CHECK MARK": "✅",
  "GRINNING FACE": "😀",
};

/** The head of a Python literal: its prefix letters and its quotes. */
export function pythonHead(source: string, start: number): { readonly prefix: string; readonly quote: string; readonly length: number } {
  const [whole, prefix, quote] = /^([a-z]{0,3})("""|'''|"|')/i.exec(source.slice(start, start + 6)) ?? ["", "", ""];
  return { prefix: prefix.toLowerCase(), quote, length: whole.length };
}

/** Reads one Python string literal at [start, end) of `source`; `holes` are an f-string's fields. */
export function spellPython(source: string, start: number, end: number, holes: readonly Gap[]): Spelled {
  const { prefix, quote, length } = pythonHead(source, start);
  const close = quote !== "" && end - start >= length + quote.length && source.endsWith(quote, end) ? end - quote.length : end;
  const speller = new Speller();
  let at = start + length;
  for (const hole of holes) {
    span(source, at, hole.start, speller, prefix);
    speller.hole(hole.start, hole.end);
    at = hole.end;
  }
  span(source, at, close, speller, prefix);
  return speller.done(start, end);
}

function span(source: string, from: number, to: number, speller: Speller, prefix: string): void {
  const raw = prefix.includes("r");
  const fields = /[ft]/.test(prefix);
  let run = from;
  for (let at = from; at < to; ) {
    const c = source[at];
    const doubled = fields && (c === "{" || c === "}") && source[at + 1] === c && at + 1 < to;
    if (doubled || (c === "\r" && source[at + 1] === "\n") || (c === "\\" && !raw && at + 1 < to)) {
      speller.plain(source.slice(run, at), run);
      const [text, next]: [string, number] = doubled ? [c, at + 2] : c === "\r" ? ["\n", at + 2] : escaped(source, at, to, prefix);
      speller.odd(text, at, next);
      run = at = next;
    } else at++;
  }
  speller.plain(source.slice(run, to), run);
}

/** @returns what the escape at `at` means, and where it ends; an unknown one keeps its backslash, as in Python */
function escaped(source: string, at: number, to: number, prefix: string): [string, number] {
  const c = source[at + 1];
  if (c === "\n") return ["", at + 2];
  if (c === "\r") return ["", source[at + 2] === "\n" ? at + 3 : at + 2];
  if (c in SIMPLE) return [SIMPLE[c], at + 2];
  const rest = source.slice(at + 1, Math.min(to, at + 90));
  const octal = /^[0-7]{1,3}/.exec(rest);
  if (octal) return [String.fromCharCode(Number.parseInt(octal[0], 8)), at + 1 + octal[0].length];
  const bytes = prefix.includes("b");
  const code = /^x([0-9a-fA-F]{2})/.exec(rest) ?? (bytes ? null : (/^u([0-9a-fA-F]{4})/.exec(rest) ?? /^U([0-9a-fA-F]{8})/.exec(rest)));
  if (code && Number.parseInt(code[1], 16) <= 0x10ffff) return [String.fromCodePoint(Number.parseInt(code[1], 16)), at + 1 + code[0].length];
  const name = bytes ? null : /^N\{([^}]+)\}/.exec(rest);
  if (name && name[1].toUpperCase() in NAMED) return [NAMED[name[1].toUpperCase()], at + 1 + name[0].length];
  return ["\\", at + 1];
}
