import { extname } from "node:path";
import type { DataOptions, Notice } from "../../protocol/index.js";
import { readCsv } from "./csv.js";
import { delimiterOf, isKnownName } from "./csv-sniff.js";
import { decode } from "./decode.js";
import { noRows, wrongFormat } from "./errors.js";
import type { FileBytes } from "./file.js";
import { readJson } from "./json.js";
import { readJsonl } from "./jsonl.js";
import { parseJson } from "./lenient.js";
import { MAX_RANGED_BYTES } from "./limits.js";
import { LineTable } from "./lines.js";
import { parquetState, refusalOf } from "./magic.js";
import { cutParquet, readParquet } from "./parquet.js";
import { isRecord } from "./shapes.js";
import type { RawTable } from "./table.js";
import { readTxt } from "./txt.js";

type TextFormat = "jsonl" | "json" | "csv" | "txt";

/** Reads a file in the format its content has; the extension is a hint for what content leaves open. */
export async function readTable(file: FileBytes, options: DataOptions, signal?: AbortSignal): Promise<RawTable> {
  const { path, bytes } = file;
  const extension = extname(path).toLowerCase();
  const parquet = parquetState(bytes);
  if (parquet === "cut") throw cutParquet(path);
  if (parquet === "whole") return readParquet(path, bytes, signal);
  const refusal = refusalOf(path, bytes);
  if (refusal) throw refusal;

  const { text, notices: decoded } = decode(path, bytes);
  const lines = new LineTable(text);
  const format = sniff(text, lines, path);
  if (extension === ".parquet" || extension === ".pq")
    throw wrongFormat(path, `is no Parquet file: it does not begin with PAR1, its content looks like ${NAMES[format]}`, `Rename it to end in .${format}.`);
  if (text.trim() === "") throw noRows(path, "it is blank");
  const notices: Notice[] = [...decoded];
  const expected = EXPECTED[extension];
  if (expected && expected !== format)
    notices.push({ code: "data/format", message: `The file is named ${extension} and holds ${NAMES[format]}; read as such.` });

  const table = await READERS[format](path, lines, options, signal);
  return { ...table, notices: [...notices, ...table.notices], hasRanges: bytes.length <= MAX_RANGED_BYTES };
}

type Reader = (
  path: string,
  lines: LineTable,
  options: DataOptions,
  signal?: AbortSignal,
) => Omit<RawTable, "hasRanges"> | Promise<Omit<RawTable, "hasRanges">>;

const READERS: Readonly<Record<TextFormat, Reader>> = {
  jsonl: (path, lines, _options, signal) => readJsonl(path, lines, signal),
  json: readJson,
  csv: readCsv,
  txt: (path, lines, _options, signal) => readTxt(path, lines, signal),
};

const NAMES: Readonly<Record<TextFormat, string>> = { jsonl: "JSON Lines", json: "one JSON document", csv: "CSV", txt: "plain text" };
const EXPECTED: Readonly<Record<string, TextFormat>> = { ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json", ".csv": "csv", ".tsv": "csv", ".txt": "txt" };

function sniff(text: string, lines: LineTable, path: string): TextFormat {
  const extension = extname(path).toLowerCase();
  const head = firstLines(lines, 20);
  const first = head[0] ?? "";
  const expected = EXPECTED[extension];
  if (first.startsWith("{") || first.startsWith("[")) {
    const json = braces(text, first, head, expected);
    if (json) return json;
  }
  if (expected === "csv" || expected === "txt") return expected === "txt" && hasHeader(lines, path) ? "csv" : expected;
  if (expected === "jsonl" && head.some((line) => line.startsWith('"') && parseJson(line))) return "jsonl";
  if (hasHeader(lines, path)) return "csv";
  return expected ?? "txt";
}

/** JSON Lines or one document, for a file that begins with a bracket; undefined when it is neither after all. */
function braces(text: string, first: string, head: readonly string[], expected: TextFormat | undefined): TextFormat | undefined {
  const whole = head.length > 1 ? head.filter((line) => line.startsWith(first[0] as string) && /[}\]]$/.test(line)).length / head.length : 0;
  const parsed = parseJson(first);
  if (parsed && (head.length > 1 ? whole > 0.5 : expected === "jsonl" && isRecord(parsed.value))) return "jsonl";
  if (whole > 0.5 && first.startsWith("{")) return "jsonl";
  if (expected === "json" || expected === "jsonl") return "json";
  return parseJson(text) ? "json" : undefined;
}

function firstLines(lines: LineTable, most: number): string[] {
  const head: string[] = [];
  for (let line = 0; line < lines.length && head.length < most; line++) {
    const text = lines.text.slice(lines.start(line), lines.end(line)).trim();
    if (text !== "") head.push(text);
  }
  return head;
}

/** A sentence may hold a comma and a known name; its neighbours then do not divide alike. */
const alike = (head: readonly string[], delimiter: string, cells: number): boolean =>
  head.slice(1).filter((line) => line.includes('"') || line.split(delimiter).length >= cells).length >= (head.length - 1) * 0.8;

/** Several short cells of which one is a known column name; or tabs that divide every line alike. */
function hasHeader(lines: LineTable, path: string): boolean {
  const head = firstLines(lines, 20).filter((line) => !line.startsWith("#"));
  const first = head[0] ?? "";
  const delimiter = delimiterOf(head.join("\n"), 0, path);
  const cells = first.split(delimiter).map((cell) => cell.replace(/^"|"$/g, ""));
  if (
    cells.length > 1 &&
    cells.every((cell) => cell.length < 40 && cell.trim().split(/\s+/).length < 4) &&
    cells.some(isKnownName) &&
    alike(head, delimiter, cells.length)
  )
    return true;
  return head.length > 2 && first.includes("\t") && head.every((line) => line.split("\t").length === first.split("\t").length);
}
