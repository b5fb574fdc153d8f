import type { Notice } from "../../protocol/index.js";
import { breathe } from "../breathe.js";
import { tooManyRows } from "./errors.js";
import { BREATH_LINES, MAX_RECORD_CHARS, MAX_RECORDS } from "./limits.js";
import type { LineTable } from "./lines.js";
import type { BadRecord, RawRecord, RawTable } from "./table.js";

const FASTTEXT = /^\s*__label__(\S+)((?:\s+__label__\S+)*)\s+/;
const DIGIT = /^\s*([01])[\s,;:]+(?=\S)/;

/** One prompt a line; `__label__x prompt` (fastText) and `0 prompt` when every line has it. Blank lines separate. */
export async function readTxt(path: string, lines: LineTable, signal?: AbortSignal): Promise<Omit<RawTable, "hasRanges">> {
  const prefix = prefixOf(lines);
  const records: RawRecord[] = [];
  const bad: BadRecord[] = [];
  const notices: Notice[] = [];
  let blank = 0;
  for (let line = 0; line < lines.length; line++) {
    if (line % BREATH_LINES === 0) await breathe(signal);
    const start = lines.start(line);
    const end = lines.end(line);
    if (end - start > MAX_RECORD_CHARS) {
      bad.push({ line, reason: "longer than 16 million characters" });
      continue;
    }
    const text = lines.text.slice(start, end);
    if (text.trim() === "") {
      if (line + 1 < lines.length) blank++;
      continue;
    }
    if (records.length >= MAX_RECORDS) throw tooManyRows(path, MAX_RECORDS, line);
    const place = lines.place(start, end);
    const match = prefix?.exec(text);
    records.push({ values: match ? [text.slice(match[0].length), match[1]] : prefix ? [text, undefined] : [text], place });
  }
  if (prefix === FASTTEXT) notices.push({ code: "data/prefix", message: "The __label__ prefix of each line was read as its label." });
  if (prefix === DIGIT) notices.push({ code: "data/prefix", message: "Each line starts with 0 or 1, which was read as its label." });
  if (blank > 0) notices.push({ code: "data/blank-lines", message: `${blank} blank ${blank === 1 ? "line was" : "lines were"} passed over.` });
  return { format: "txt", columns: prefix ? ["text", "label"] : ["text"], records, bad, notices, read: {} };
}

function prefixOf(lines: LineTable): RegExp | undefined {
  let seen = 0;
  let fast = 0;
  const digits = [0, 0];
  for (let line = 0; line < lines.length && seen < 10_000; line++) {
    const text = lines.text.slice(lines.start(line), Math.min(lines.end(line), lines.start(line) + 400));
    if (text.trim() === "") continue;
    seen++;
    if (FASTTEXT.test(text)) fast++;
    const digit = DIGIT.exec(text);
    if (digit) digits[digit[1] === "1" ? 1 : 0]!++;
  }
  // Some lines may go on from the line before; they have no label and are counted as such.
  if (fast > seen * 0.5) return FASTTEXT;
  const [zeros = 0, ones = 0] = digits;
  return seen >= 2 && zeros + ones === seen && zeros > 0 && ones > 0 ? DIGIT : undefined;
}
