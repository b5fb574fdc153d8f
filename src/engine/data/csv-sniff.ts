import { extname } from "node:path";
import { type CsvRecord, scanCsv } from "./csv-scan.js";
import {
  CATEGORY_NAMES,
  ID_NAMES,
  isSafeValue,
  isUnsafeValue,
  LABEL_NAMES,
  normalName,
  normalValue,
  PROMPT_LABEL_NAMES,
  polarity,
  TEXT_NAMES,
} from "./words.js";

export const NAMES_OF: Readonly<Record<string, string>> = { ",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars (|)" };

/** Records that are looked at to find the delimiter. */
const SAMPLE = 50;

const KNOWN = new Set([...TEXT_NAMES, ...LABEL_NAMES, ...PROMPT_LABEL_NAMES, ...CATEGORY_NAMES, ...ID_NAMES]);

export function isKnownName(cell: string): boolean {
  const name = normalName(cell);
  return KNOWN.has(name) || polarity(name) !== undefined;
}

interface Guess {
  readonly delimiter: string;
  readonly known: number;
  readonly share: number;
  readonly columns: number;
}

/** The delimiter that gives the most known column names, then the most even rows; a comma when there is one column. */
export function delimiterOf(text: string, from: number, path: string): string {
  const preferred = extname(path).toLowerCase() === ".tsv" ? ["\t", ",", ";", "|"] : [",", ";", "\t", "|"];
  const guesses = preferred.map((delimiter): Guess => guess(text, from, delimiter)).filter((g) => g.columns > 1);
  guesses.sort((a, b) => b.known - a.known || b.share - a.share);
  return guesses[0]?.delimiter ?? (preferred[0] as string);
}

function guess(text: string, from: number, delimiter: string): Guess {
  const records: CsvRecord[] = [];
  scanCsv(
    text,
    delimiter,
    (record) => records.push(record) < SAMPLE,
    () => {},
    { from },
  );
  const header = records[0]?.cells ?? [];
  const same = records.filter((record) => record.cells.length === header.length).length;
  return { delimiter, known: header.filter(isKnownName).length, share: same / Math.max(1, records.length), columns: header.length };
}

/**
 * True when the first record holds what only a row holds: a label that later rows have in the same column, and, where
 * no cell is a known column name, a sentence, an address or a number above numbers.
 */
export function looksLikeData(first: readonly string[], rest: readonly CsvRecord[]): boolean {
  if (first.some((cell, c) => isLabel(cell) && repeats(cell, c, rest))) return true;
  if (first.some(isKnownName)) return false;
  return first.some((cell, c) => isSentence(cell) || /^https?:\/\//.test(cell.trim()) || (isNumber(cell) && numbers(c, rest)));
}

const isNumber = (cell: string | undefined): boolean => /^\s*-?\d+(\.\d+)?\s*$/.test(cell ?? "");
const numbers = (c: number, rest: readonly CsvRecord[]): boolean => rest.length > 0 && rest.slice(0, 100).every((record) => isNumber(record.cells[c]));
const isSentence = (cell: string): boolean => cell.length > 80 || cell.trim().split(/\s+/).length >= 5;
const isLabel = (cell: string): boolean => isSafeValue(normalValue(cell)) || isUnsafeValue(normalValue(cell));
const repeats = (cell: string, c: number, rest: readonly CsvRecord[]): boolean => rest.slice(0, 1000).some((record) => record.cells[c] === cell);
