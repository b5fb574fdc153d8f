import { basename } from "node:path";
import type { Choice, ProblemError, Question, Where } from "../../protocol/index.js";
import { needsAnswer, problem, rawText } from "../errors.js";
import { count, oneName, printable, quoted } from "./say.js";

const READS = "Layerscope reads JSONL, JSON, CSV, TSV, TXT and Parquet.";

/** The file's name in quotes; never its folder, which may be private. */
export const named = (path: string): string => `"${printable(basename(path))}"`;

export const notFound = (path: string): ProblemError =>
  problem("data/not-found", `There is no file ${named(path)}.`, { hint: "Check the path.", where: { file: path } });

export const notAFile = (path: string, what: string): ProblemError =>
  problem("data/not-a-file", `The file ${named(path)} is ${what}, not a file.`, { hint: "Choose a dataset file.", where: { file: path } });

export const unreadable = (path: string, error: unknown): ProblemError =>
  problem("data/unreadable", `The file ${named(path)} cannot be read.`, { hint: "Check its permissions.", where: { file: path }, details: rawText(error) });

export const tooLarge = (path: string, bytes: number, most: number): ProblemError =>
  problem("data/too-large", `The file ${named(path)} has ${megabytes(bytes)}; files above ${megabytes(most)} are not read.`, {
    hint: "Take a sample of its rows into a smaller file.",
    where: { file: path },
  });

export const tooManyRows = (path: string, most: number, line: number): ProblemError =>
  problem("data/too-many-rows", `The file ${named(path)} has more than ${most.toLocaleString("en")} rows.`, {
    hint: "Take a sample of its rows into a smaller file.",
    where: { file: path, line },
  });

export const empty = (path: string): ProblemError =>
  problem("data/empty", `The file ${named(path)} is empty.`, { hint: "Choose a file with rows.", where: { file: path } });

export const changedWhileReading = (path: string): ProblemError =>
  problem("data/changed", `The file ${named(path)} was changed while it was being read.`, {
    hint: "Run the audit again when nothing writes to it.",
    where: { file: path },
  });

export const wrongFormat = (path: string, what: string, hint: string): ProblemError =>
  problem("data/format", `The file ${named(path)} ${what}.`, { hint: `${hint} ${READS}`, where: { file: path } });

export const badJson = (path: string, line: number, column: number, reason: string, hint: string): ProblemError =>
  problem("data/bad-json", `The file ${named(path)} is not valid JSON: line ${line + 1}, column ${column + 1}: ${reason}.`, {
    hint,
    where: { file: path, line, column },
  });

export const openQuote = (path: string, line: number, column: number): ProblemError =>
  problem("data/open-quote", `The file ${named(path)}: the quote that opens on line ${line + 1}, column ${column + 1} is never closed.`, {
    hint: "Close it, or double a quote that belongs to the text.",
    where: { file: path, line, column },
  });

export const noRows = (path: string, found: string): ProblemError =>
  problem("data/no-rows", `The file ${named(path)} has no rows${found ? `: ${found}` : ""}.`, {
    hint: "Add rows, or choose another file.",
    where: { file: path },
  });

export const notADataset = (path: string, why: string): ProblemError =>
  problem("data/not-a-dataset", `The file ${named(path)} holds no list of rows: ${why}.`, {
    hint: 'Layerscope looks for a list of objects or texts, for example [{"text": …, "label": "safe"}].',
    where: { file: path },
  });

export const noText = (path: string, columns: string): ProblemError =>
  problem("data/no-text", `The file ${named(path)} has no column with text (${columns}).`, {
    hint: "Name the text column with --text.",
    where: { file: path },
  });

export const noSuchColumn = (path: string, role: string, name: string, columns: string): ProblemError =>
  problem("data/no-such-column", `The file ${named(path)} has no column ${oneName(name)} (asked for as ${role}); it has ${columns}.`, {
    hint: "Name one of them, or its position as #1, #2 …",
    where: { file: path },
  });

export const noSuchList = (path: string, key: string, lists: string): ProblemError =>
  problem("data/no-such-list", `The file ${named(path)} has no list ${oneName(key)}; it has ${lists}.`, {
    hint: "Name one of them with --list.",
    where: { file: path },
  });

export const oneClass = (path: string, has: string, lacks: string, rows: number, more: string): ProblemError =>
  problem(
    "data/one-class",
    `The file ${named(path)} has one class only: ${count(rows, `${has} row`)}, no ${lacks} ones; layers cannot be compared without both.`,
    {
      hint: `Set it against a file of ${lacks} rows with --contrast FILE${more}.`,
      where: { file: path },
    },
  );

export function categoriesOnly(path: string, rows: number, told: "safe" | "unsafe" | undefined, more: string): ProblemError {
  const one = told ? `one class only, ${told} by its name` : "one class only: its keys are categories, not safe and unsafe";
  return problem("data/one-class", `The file ${named(path)} holds ${count(rows, "row")} of ${one}; layers cannot be compared without a second class.`, {
    hint: `Say which class it is and set it against a file of the other: --all ${told ?? "unsafe"} --contrast FILE${more}.`,
    where: { file: path },
  });
}

export const noUsableRows = (path: string, why: string): ProblemError =>
  problem("data/no-usable-rows", `None of the rows of ${named(path)} can be used: ${why}.`, {
    hint: "Check the text and label columns.",
    where: { file: path },
  });

/** None of some given values occurs; `has` is what does. */
export function noSuchValue(path: string, safe: readonly string[], unsafe: readonly string[], has: string): ProblemError {
  const said = [by(safe, "safe"), by(unsafe, "unsafe")].filter(Boolean).join(" or ");
  return problem("data/no-such-value", `No row has the label ${said}; the file has: ${has}.`, {
    hint: "Name its values with --safe and --unsafe.",
    where: { file: path },
  });
}

const by = (values: readonly string[], name: "safe" | "unsafe"): string => (values.length > 0 ? `${quoted(values)}, which --${name} names` : "");

export const bothClasses = (path: string, values: readonly string[]): ProblemError =>
  problem("data/same-value", `Both --safe and --unsafe name ${quoted(values)}; a label is one or the other.`, {
    hint: "Take it out of one of them.",
    where: { file: path },
  });

export const noNumbers = (path: string, column: string, threshold: number, values: string): ProblemError =>
  problem("data/no-numbers", `The threshold ${threshold} needs numbers; the column ${oneName(column)} has: ${values}.`, {
    hint: "Name a column of numbers with --label, or leave --threshold out.",
    where: { file: path },
  });

/** A class without rows, for which one option is to blame; the sentence names it. */
export const emptiedClass = (path: string, sentence: string, hint: string): ProblemError =>
  problem("data/one-class", sentence, { hint, where: { file: path } });

export const tooManyValues = (path: string, column: string, values: number): ProblemError =>
  problem("data/too-many-values", `The column ${oneName(column)} of ${named(path)} has ${values.toLocaleString("en")} different values; a label has a few.`, {
    hint: "Name another column with --label.",
    where: { file: path },
  });

export const differentClasses = (path: string, contrast: string): ProblemError =>
  problem("data/different-classes", `The classes of ${named(path)} are not those of ${named(contrast)}.`, {
    hint: "Choose two files with the same classes.",
    where: { file: contrast },
  });

export const sameFile = (path: string): ProblemError =>
  problem("data/same-file", `The file ${named(path)} cannot be set against itself.`, { hint: "Choose another file as contrast.", where: { file: path } });

/** A question with its choices; the command line prints the flags. */
export function ask(code: string, message: string, choices: readonly Choice[], where?: Where): ProblemError {
  const question: Question = { code, message, choices };
  return needsAnswer(question, where);
}

const megabytes = (bytes: number): string => `${Math.max(1, Math.round(bytes / 1024 / 1024)).toLocaleString("en")} MB`;
