/** Start and end offset of a JSON value inside its document, with its key when it lies in an object. */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly key?: string;
}

const SPACE = /\s/;

/**
 * Children of the list or object that starts at `start`, without parsing them. The document is known to be valid
 * (bare NaN and Infinity allowed), so a value ends where its brackets close.
 */
export function children(text: string, start: number): Span[] {
  const spans: Span[] = [];
  let i = skipSpace(text, start);
  const isObject = text[i] === "{";
  if (!isObject && text[i] !== "[") return spans;
  i = skipSpace(text, i + 1);
  while (i < text.length && text[i] !== "]" && text[i] !== "}") {
    let key: string | undefined;
    if (isObject) {
      const end = skipString(text, i);
      key = JSON.parse(text.slice(i, end)) as string;
      i = skipSpace(text, skipSpace(text, end) + 1);
    }
    const end = skipValue(text, i);
    spans.push({ start: i, end, key });
    i = skipSpace(text, end);
    if (text[i] === ",") i = skipSpace(text, i + 1);
  }
  return spans;
}

/** Span of the value under a key; of two equal keys the last counts, as for JSON.parse. */
export function child(text: string, start: number, key: string): Span | undefined {
  return keyed(text, start).get(key);
}

/** The children of an object by key. */
export function keyed(text: string, start: number): Map<string, Span> {
  return new Map(children(text, start).map((span) => [span.key ?? "", span]));
}

function skipSpace(text: string, from: number): number {
  let i = from;
  while (i < text.length && SPACE.test(text[i] as string)) i++;
  return i;
}

function skipString(text: string, from: number): number {
  let i = from + 1;
  while (i < text.length) {
    const c = text.charCodeAt(i);
    if (c === 92) i += 2;
    else if (c === 34) return i + 1;
    else i++;
  }
  return i;
}

function skipValue(text: string, from: number): number {
  const first = text.charCodeAt(from);
  if (first === 34) return skipString(text, from);
  let i = from;
  if (first !== 91 && first !== 123) {
    while (i < text.length && !/[\s,\]}]/.test(text[i] as string)) i++;
    return i;
  }
  let depth = 0;
  while (i < text.length) {
    const c = text.charCodeAt(i);
    if (c === 34) {
      i = skipString(text, i);
      continue;
    }
    if (c === 91 || c === 123) depth++;
    else if ((c === 93 || c === 125) && --depth === 0) return i + 1;
    i++;
  }
  return i;
}
