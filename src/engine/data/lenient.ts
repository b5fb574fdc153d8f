import { type ParseError, parse, printParseErrorCode } from "jsonc-parser";

/** Python writes NaN and Infinity, which are not JSON. */
const PYTHON_NUMBER = /"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g;

export interface Parsed {
  readonly value: unknown;
  /** NaN or Infinity was read as null. */
  readonly lenient: boolean;
}

/** JSON.parse that also reads Python's NaN and Infinity, as null; undefined when the text is not JSON all the same. */
export function parseJson(text: string): Parsed | undefined {
  try {
    return { value: JSON.parse(text) as unknown, lenient: false };
  } catch {
    if (!/NaN|Infinity/.test(text)) return undefined;
    try {
      return { value: JSON.parse(text.replace(PYTHON_NUMBER, (token) => (token.startsWith('"') ? token : "null"))) as unknown, lenient: true };
    } catch {
      return undefined;
    }
  }
}

const REASONS: Readonly<Record<string, string>> = {
  InvalidSymbol: "a word that is neither quoted nor true, false or null",
  InvalidNumberFormat: "a number that is not written as JSON",
  PropertyNameExpected: "a quoted name is missing (a comma too many, or quotes missing)",
  ValueExpected: "a value is missing (a comma too many?)",
  ColonExpected: "a colon is missing",
  CommaExpected: "a comma is missing",
  CloseBraceExpected: "a closing brace } is missing",
  CloseBracketExpected: "a closing bracket ] is missing",
  EndOfFileExpected: "more text after the end",
  InvalidCommentToken: "a comment, which JSON does not have",
  UnexpectedEndOfComment: "a comment that does not end",
  UnexpectedEndOfString: "a text without its closing quote",
  UnexpectedEndOfNumber: "a number that does not end",
  InvalidUnicode: "a \\u escape that is not four hex digits",
  InvalidEscapeCharacter: "an unknown escape after a backslash",
  InvalidCharacter: "a control character inside a text",
};

/** Where a text stops being JSON and why, without a word of the text itself (JSON.parse's own message quotes it). */
export function jsonFault(text: string): { offset: number; reason: string; cut: boolean } {
  const errors: ParseError[] = [];
  parse(text, errors, { disallowComments: true, allowTrailingComma: false });
  const first = errors[0];
  if (!first) return { offset: 0, reason: "not valid JSON", cut: false };
  const name = printParseErrorCode(first.error);
  const cut = first.offset + first.length >= text.trimEnd().length && name !== "EndOfFileExpected";
  return { offset: first.offset, reason: REASONS[name] ?? "not valid JSON", cut };
}
