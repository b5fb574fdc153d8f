import { type Spelled, Speller } from "./spelled.js";

const SIMPLE: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", b: "\b", v: "\v", f: "\f" };

/** Range of a hole inside a literal. */
export interface Gap {
  readonly start: number;
  readonly end: number;
}

/** Reads a JavaScript string or template literal at [start, end) of `source`; `holes` are its `${…}`. `raw`: tagged by String.raw. */
export function spellJavaScript(source: string, start: number, end: number, holes: readonly Gap[], raw = false): Spelled {
  const quote = source[start];
  const closed = end - start >= 2 && source[end - 1] === quote;
  const speller = new Speller();
  let at = start + 1;
  for (const hole of holes) {
    span(source, at, hole.start, speller, raw);
    speller.hole(hole.start, hole.end);
    at = hole.end;
  }
  span(source, at, closed ? end - 1 : end, speller, raw);
  return speller.done(start, end);
}

function span(source: string, from: number, to: number, speller: Speller, raw: boolean): void {
  let run = from;
  for (let at = from; at < to; ) {
    const c = source[at];
    if ((c === "\r" && source[at + 1] === "\n") || (c === "\\" && !raw && at + 1 < to)) {
      speller.plain(source.slice(run, at), run);
      // A template's line break is "\n", whatever the file's is.
      const [text, next]: [string, number] = c === "\r" ? ["\n", at + 2] : escaped(source, at, to);
      speller.odd(text, at, next);
      run = at = next;
    } else at++;
  }
  speller.plain(source.slice(run, to), run);
}

/** @returns what the escape at `at` means, and where it ends */
function escaped(source: string, at: number, to: number): [string, number] {
  const c = source[at + 1];
  if (c === "\r") return ["", source[at + 2] === "\n" ? at + 3 : at + 2];
  if (c === "\n" || c === "\u2028" || c === "\u2029") return ["", at + 2];
  if (c in SIMPLE) return [SIMPLE[c], at + 2];
  const rest = source.slice(at + 1, Math.min(to, at + 12));
  const code = /^x([0-9a-fA-F]{2})/.exec(rest) ?? /^u([0-9a-fA-F]{4})/.exec(rest) ?? /^u\{([0-9a-fA-F]{1,6})\}/.exec(rest);
  if (code && Number.parseInt(code[1], 16) <= 0x10ffff) return [String.fromCodePoint(Number.parseInt(code[1], 16)), at + 1 + code[0].length];
  const octal = /^([0-3][0-7]{0,2}|[4-7][0-7]?)/.exec(rest);
  if (octal) return [String.fromCharCode(Number.parseInt(octal[1], 8)), at + 1 + octal[0].length];
  const whole = String.fromCodePoint(source.codePointAt(at + 1) ?? 0xfffd);
  return [whole, at + 1 + whole.length];
}
