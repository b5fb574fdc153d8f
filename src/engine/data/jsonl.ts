import type { Notice } from "../../protocol/index.js";
import { breathe } from "../breathe.js";
import { tooManyRows } from "./errors.js";
import { jsonFault } from "./json-fault.js";
import { parseJson } from "./lenient.js";
import { BREATH_LINES, MAX_RECORD_CHARS, MAX_RECORDS } from "./limits.js";
import type { LineTable } from "./lines.js";
import { isRecord } from "./shapes.js";
import { type BadRecord, type RawTable, TableBuilder } from "./table.js";

/** Reasons worked out in full; the other bad lines are counted. */
const EXPLAINED = 20;

/** One JSON value a line: objects, lists of cells (names in the first, or column1 …) or bare texts. */
export async function readJsonl(path: string, lines: LineTable, signal?: AbortSignal): Promise<Omit<RawTable, "hasRanges">> {
  const table = new TableBuilder();
  const bad: BadRecord[] = [];
  const notices: Notice[] = [];
  let lenient = 0;
  let firstLenient = 0;
  for (let line = 0; line < lines.length; line++) {
    if (line % BREATH_LINES === 0) await breathe(signal);
    const start = lines.start(line);
    const end = lines.end(line);
    if (end - start > MAX_RECORD_CHARS) {
      bad.push({ line, reason: "longer than 16 million characters" });
      continue;
    }
    const text = lines.text.slice(start, end);
    if (text.trim() === "") continue;
    if (table.records.length >= MAX_RECORDS) throw tooManyRows(path, MAX_RECORDS, line);
    const parsed = parseJson(text);
    if (!parsed) {
      bad.push({ line, reason: bad.length < EXPLAINED ? reasonOf(text) : "not valid JSON" });
      continue;
    }
    if (parsed.lenient && lenient++ === 0) firstLenient = line;
    const place = lines.place(start, end);
    const { value } = parsed;
    if (isRecord(value)) table.add(value, place);
    else if (typeof value === "string") table.addNamed(["text"], [value], place);
    else if (Array.isArray(value)) table.addNamed(cellNames(value), cellNames(value).length === 1 ? [value] : value, place);
    else bad.push({ line, reason: "neither an object nor a text" });
  }
  if (lenient > 0)
    notices.push({
      code: "data/not-a-number",
      message: `${lenient} ${lenient === 1 ? "line holds" : "lines hold"} NaN or Infinity, which is not JSON (Python writes it); the first is line ${firstLenient + 1}. They were read as null.`,
      where: { file: path, line: firstLenient },
    });
  return { format: "jsonl", columns: table.columns, records: table.records, bad, notices, read: {} };
}

/** A line that is a list: of messages, or of cells. */
function cellNames(value: readonly unknown[]): readonly string[] {
  return value.length > 0 && value.every(isRecord) ? ["messages"] : value.map((_, i) => `column${i + 1}`);
}

function reasonOf(text: string): string {
  const fault = jsonFault(text);
  if (!fault) return "not valid JSON";
  return fault.cut ? "incomplete, cut in the middle" : `column ${fault.offset + 1}: ${fault.reason}`;
}
