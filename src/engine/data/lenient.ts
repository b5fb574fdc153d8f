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
