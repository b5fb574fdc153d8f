import { extname } from "node:path";
import type { DataOptions, Notice } from "../../protocol/index.js";
import { throwIfAborted } from "../errors.js";
import { type CsvFault, type CsvRecord, scanCsv } from "./csv-scan.js";
import { delimiterOf, looksLikeData, NAMES_OF } from "./csv-sniff.js";
import { ask, noRows, openQuote, tooManyRows } from "./errors.js";
import { MAX_RECORDS } from "./limits.js";
import type { LineTable } from "./lines.js";
import { quoted } from "./say.js";
import type { BadRecord, RawRecord, RawTable } from "./table.js";

/** Comma, semicolon, tab or bar separated values: header, preamble and delimiter found by content. */
export function readCsv(path: string, lines: LineTable, options: DataOptions, signal?: AbortSignal): Omit<RawTable, "hasRanges"> {
  const { text } = lines;
  const notices: Notice[] = [];
  const from = preambleEnd(path, lines, notices);
  const delimiter = delimiterOf(text, from, path);
  noteDelimiter(path, delimiter, notices);

  const scanned = scanAll(path, lines, delimiter, from, notices, signal);
  const first = scanned.records.shift();
  if (!first) throw scanned.faults[0] ? openQuoteAt(path, lines, scanned.faults[0]) : noRows(path, "it is blank");

  if (options.header === undefined && looksLikeData(first.cells, scanned.records)) throw askHeader(path, lines.line(first.start));
  const header = options.header ?? true;
  if (!header) scanned.records.unshift(first);
  const names = header ? first.cells.map((cell) => cell.trim()) : first.cells.map((_, i) => `column${i + 1}`);
  if (header && scanned.records.length === 0 && scanned.faults.length === 0)
    throw noRows(path, `only the column names ${quoted(first.cells.map((cell) => cell.trim()))}`);

  const bad: BadRecord[] = scanned.faults.map((fault) => ({ line: lines.line(fault.quote), reason: "text after a closing quote" }));
  const records = shape(path, lines, names, scanned.records, notices);
  return { format: delimiter === "\t" ? "tsv" : "csv", columns: names, records, bad, notices, read: { header } };
}

/** Lines before the header that start with # (PyRIT) and Excel's `sep=;` are no records. */
function preambleEnd(path: string, lines: LineTable, notices: Notice[]): number {
  let line = 0;
  while (line < lines.length - 1 && /^(#|sep=.$)/.test(lines.text.slice(lines.start(line), Math.min(lines.end(line), lines.start(line) + 6)))) line++;
  if (line > 0)
    notices.push({
      code: "data/preamble",
      message: `${line} ${line === 1 ? "line" : "lines"} before the header ${line === 1 ? "was" : "were"} passed over; the header is line ${line + 1}.`,
      where: { file: path, line },
    });
  return lines.start(line);
}

function noteDelimiter(path: string, delimiter: string, notices: Notice[]): void {
  const extension = extname(path).toLowerCase();
  if ((extension === ".csv" && delimiter === "\t") || (extension === ".tsv" && delimiter !== "\t") || delimiter === "|")
    notices.push({ code: "data/delimiter", message: `The columns are separated by ${NAMES_OF[delimiter]}; read as such, whatever the file is called.` });
}

interface Scanned {
  records: CsvRecord[];
  faults: CsvFault[];
}

function scanAll(path: string, lines: LineTable, delimiter: string, from: number, notices: Notice[], signal?: AbortSignal): Scanned {
  const scan = (quotes: boolean): Scanned => {
    const records: CsvRecord[] = [];
    const faults: CsvFault[] = [];
    const onRecord = (record: CsvRecord) => {
      if (records.length % 1024 === 0) throwIfAborted(signal);
      if (records.length > MAX_RECORDS) throw tooManyRows(path, MAX_RECORDS, lines.line(record.start));
      records.push(record);
      return undefined;
    };
    scanCsv(lines.text, delimiter, onRecord, (fault) => faults.push(fault), { from, quotes });
    return { records, faults };
  };
  const quoted = scan(true);
  if (quoted.faults.length === 0) return quoted;
  if (delimiter === "\t") {
    notices.push({ code: "data/bare-quotes", message: "Quotes in this tab-separated file do not pair up; they were read as part of the text." });
    return scan(false);
  }
  const open = quoted.faults.find((fault) => fault.kind === "unclosed");
  if (open) throw openQuoteAt(path, lines, quoted.faults[0] as CsvFault);
  return quoted;
}

function openQuoteAt(path: string, lines: LineTable, fault: CsvFault) {
  const line = lines.line(fault.quote);
  return openQuote(path, line, fault.quote - lines.start(line));
}

function askHeader(path: string, line: number) {
  return ask(
    "data/header",
    `Line ${line + 1} looks like a row, not like column names. Is it the first row?`,
    [{ label: "It is a row", detail: "The columns are then called column1, column2 …", options: { header: false }, flags: "--no-header" }],
    { file: path, line },
  );
}

function shape(path: string, lines: LineTable, names: readonly string[], found: readonly CsvRecord[], notices: Notice[]): RawRecord[] {
  const width = names.length;
  const short = { count: 0, line: 0 };
  const long = { count: 0, line: 0 };
  const records = found.map(({ cells, start, end }): RawRecord => {
    const place = lines.place(start, end);
    if (cells.length === width) return { values: cells, place };
    if (cells.length < width) {
      if (short.count++ === 0) short.line = place.startLine;
      return { values: cells, place };
    }
    // A single column is text: its commas are the text's own.
    if (width === 1 && !lines.text.startsWith('"', start)) return { values: [lines.text.slice(start, end)], place };
    if (long.count++ === 0) long.line = place.startLine;
    return { values: cells.slice(0, width), place, long: true };
  });
  const say = (what: { count: number; line: number }, words: string) =>
    what.count > 0 &&
    notices.push({
      code: "data/ragged",
      message: `${what.count} ${what.count === 1 ? "row has" : "rows have"} ${words} than the header's ${width} columns; the first is on line ${what.line + 1}.`,
      where: { file: path, line: what.line },
    });
  say(short, "fewer cells");
  say(long, "more cells");
  return records;
}
