export interface CsvRecord {
  readonly cells: string[];
  /** Offsets of the record without its line break. */
  readonly start: number;
  readonly end: number;
}

export interface CsvFault {
  /** `unclosed`: the file ends inside the quotes. `stray`: text follows a closing quote. */
  readonly kind: "unclosed" | "stray";
  /** Offset of the opening quote. */
  readonly quote: number;
}

const CR = 13;
const LF = 10;
const QUOTE = 34;

/**
 * RFC 4180 records with their exact ranges. Records end at \n, \r\n or a lone \r; a quote inside a bare cell is text.
 * After a stray quote the scan goes on at the next line, so one bad line costs one record. `onRecord` ends the scan
 * by returning false. Empty lines are passed over.
 */
export function scanCsv(
  text: string,
  delimiter: string,
  onRecord: (record: CsvRecord) => boolean | undefined,
  onFault: (fault: CsvFault) => void,
  { from = 0, quotes = true }: { from?: number; quotes?: boolean } = {},
): void {
  const length = text.length;
  const comma = delimiter.charCodeAt(0);
  let at = from;
  while (at < length) {
    const start = at;
    const cells: string[] = [];
    let broken = false;
    for (;;) {
      if (quotes && text.charCodeAt(at) === QUOTE) {
        const open = at;
        const close = closingQuote(text, at);
        if (close < 0) {
          onFault({ kind: "unclosed", quote: open });
          return;
        }
        at = close + 1;
        while (text.charCodeAt(at) === 32) at++;
        const next = text.charCodeAt(at);
        if (at < length && next !== comma && next !== LF && next !== CR) {
          onFault({ kind: "stray", quote: open });
          at = lineEnd(text, start);
          broken = true;
          break;
        }
        cells.push(text.slice(open + 1, close).replaceAll('""', '"'));
      } else {
        const cell = at;
        while (at < length) {
          const c = text.charCodeAt(at);
          if (c === comma || c === LF || c === CR) break;
          at++;
        }
        cells.push(text.slice(cell, at));
      }
      if (at < length && text.charCodeAt(at) === comma) {
        at++;
        continue;
      }
      break;
    }
    const end = at;
    if (at < length) at += text.charCodeAt(at) === CR && text.charCodeAt(at + 1) === LF ? 2 : 1;
    if (broken || end === start) continue;
    if (onRecord({ cells, start, end }) === false) return;
  }
}

/** Offset of the quote that closes the one at `open`, or -1. */
function closingQuote(text: string, open: number): number {
  let at = open + 1;
  for (;;) {
    const close = text.indexOf('"', at);
    if (close < 0 || text.charCodeAt(close + 1) !== QUOTE) return close;
    at = close + 2;
  }
}

function lineEnd(text: string, from: number): number {
  let at = from;
  while (at < text.length && text.charCodeAt(at) !== LF && text.charCodeAt(at) !== CR) at++;
  return at;
}
