import type { DataOptions } from "../../protocol/index.js";
import { ask, noRows, noSuchList, notADataset } from "./errors.js";
import { flag, oneName, quoted } from "./say.js";
import { isMessage, isRecord, isText, listOf } from "./shapes.js";
import { isSafetyValue, LIST_NAMES, normalName, normalValue, SPLIT_NAMES, TEXT_NAMES } from "./words.js";

/** A list of rows inside the document, under a path of keys. */
export interface Source {
  readonly keys: readonly string[];
  readonly rows: readonly unknown[];
  /** Columns made of the keys that lead to it. */
  readonly extra?: Readonly<Record<string, string>>;
}

/** Where the rows are. */
export interface Found {
  readonly shape: "rows" | "cells" | "columns";
  readonly sources: readonly Source[];
  /** Column names of `cells` and `columns`. */
  readonly names?: readonly string[];
  /** Leading rows of `cells` that are names. */
  readonly skip?: number;
  readonly keyColumn?: string;
  readonly list?: string;
  readonly said?: string;
}

const MAX_DEPTH = 4;

/** Finds the rows of a parsed document, or asks which list, or refuses. */
export function findRows(path: string, value: unknown, options: DataOptions): Found {
  if (Array.isArray(value)) return fromArray(path, value, []);
  if (!isRecord(value)) throw notADataset(path, "it is a single value");
  if (options.list !== undefined) return fromNamedList(path, value, options.list);
  return fromObject(path, value, []);
}

function fromArray(path: string, value: readonly unknown[], keys: readonly string[]): Found {
  const kind = listOf(value);
  if (kind === "empty") throw noRows(path, "its list is empty");
  if (kind === "scalars") throw notADataset(path, "its list holds neither objects nor texts");
  if (kind !== "lists") return { shape: "rows", sources: [{ keys, rows: value }] };
  const first = value[0] as unknown[];
  if (value.every((row) => Array.isArray(row) && row.every(isMessage))) return { shape: "rows", sources: [{ keys, rows: value }] };
  const named = first.every(isText) && first.some((cell) => TEXT_NAMES.includes(normalName(cell)));
  return { shape: "cells", sources: [{ keys, rows: value }], names: named ? (first as string[]) : first.map((_, i) => `column${i + 1}`), skip: named ? 1 : 0 };
}

function lists(value: Record<string, unknown>): [string, unknown[]][] {
  return Object.entries(value).filter((entry): entry is [string, unknown[]] => Array.isArray(entry[1]) && entry[1].length > 0);
}

function fromNamedList(path: string, value: Record<string, unknown>, list: string): Found {
  const all = lists(value);
  const chosen = list === "*" ? all.filter(([, rows]) => listOf(rows) === "records" || listOf(rows) === "texts") : all.filter(([key]) => key === list);
  const [only] = chosen;
  if (!only) throw noSuchList(path, list, quoted(all.map(([key]) => key)) || "none");
  if (chosen.length === 1) return { ...fromArray(path, only[1], [only[0]]), list };
  return { shape: "rows", sources: chosen.map(([key, rows]) => ({ keys: [key], rows })), list };
}

function fromObject(path: string, value: Record<string, unknown>, keys: readonly string[]): Found {
  const split = fromSplit(value, keys);
  if (split) return split;
  const all = lists(value);
  const records = all.filter(([, rows]) => listOf(rows) === "records" || listOf(rows) === "lists");
  const columnar = fromColumns(value, all, keys);
  if (columnar) return columnar;
  if (records.length > 0) return fromLists(path, records, keys);

  const texts = all.filter(([, rows]) => listOf(rows) === "texts");
  if (texts.length === 1 && Object.values(value).every((inner) => !isRecord(inner))) {
    const [key, rows] = texts[0] as [string, unknown[]];
    if (isSafetyValue(normalValue(key))) return { shape: "rows", sources: [{ keys: [...keys, key], rows, extra: { class: key } }], keyColumn: "class" };
    return { ...said(key), ...fromArray(path, rows, [...keys, key]), list: keys.length === 0 ? key : undefined };
  }
  if (texts.length > 1 && texts.every(([key]) => SPLIT_NAMES.has(normalName(key)) || LIST_NAMES.includes(normalName(key)))) return fromLists(path, texts, keys);
  return fromTables(value, keys) ?? fromKeys(path, value, keys);
}

const said = (key: string) => ({ said: `The rows are those of the list ${oneName(key)}.` });

function fromLists(path: string, found: readonly [string, unknown[]][], keys: readonly string[]): Found {
  const preferred = found.filter(([key]) => LIST_NAMES.includes(normalName(key)));
  const [only] = found.length === 1 ? found : preferred.length === 1 ? preferred : [];
  if (only) return { ...said(only[0]), ...fromArray(path, only[1], [...keys, only[0]]), list: keys.length === 0 ? only[0] : undefined };
  const choices = found.slice(0, 20).map(([key, rows]) => ({
    label: oneName(key),
    detail: `${rows.length.toLocaleString("en")} rows`,
    options: { list: key },
    flags: flag("list", key),
  }));
  const total = found.reduce((sum, [, rows]) => sum + rows.length, 0);
  choices.push({ label: "All of them, joined", detail: `${total.toLocaleString("en")} rows`, options: { list: "*" }, flags: "--list '*'" });
  throw ask("data/which-list", `The file holds several lists of rows: ${quoted(found.map(([key]) => key))}. Which one?`, choices, { file: path });
}

/** pandas `orient="split"`: {columns, data}. */
function fromSplit(value: Record<string, unknown>, keys: readonly string[]): Found | undefined {
  const { columns, data } = value;
  if (!Array.isArray(columns) || !columns.every(isText) || !Array.isArray(data) || listOf(data) !== "lists") return undefined;
  return { shape: "cells", names: columns, sources: [{ keys: [...keys, "data"], rows: data }] };
}

/** `{text: [...], label: [...]}`: lists of one length, one of them named like a text column. */
function fromColumns(value: Record<string, unknown>, all: readonly [string, unknown[]][], keys: readonly string[]): Found | undefined {
  const length = all[0]?.[1].length ?? 0;
  const texts = all.filter(([name, cells]) => TEXT_NAMES.includes(normalName(name)) && listOf(cells) !== "scalars");
  if (all.length < 2 || texts.length === 0 || all.some(([, cells]) => cells.length !== length)) return fromPandas(value, keys);
  const scalars = all.some(([, cells]) => listOf(cells) === "scalars");
  const plural = all.every(([name, cells]) => LIST_NAMES.includes(normalName(name)) && listOf(cells) === "records");
  if (plural && !scalars) return undefined;
  return { shape: "columns", names: all.map(([name]) => name), sources: [{ keys, rows: Array.from({ length }, (_, i) => all.map(([, cells]) => cells[i])) }] };
}

/** pandas' default: {text: {"0": …}, label: {"0": …}}. */
function fromPandas(value: Record<string, unknown>, keys: readonly string[]): Found | undefined {
  const columns = Object.entries(value);
  const [first] = columns;
  if (columns.length < 2 || !first || !isRecord(first[1])) return undefined;
  const rows = Object.keys(first[1]);
  if (rows.length === 0 || !rows.every((key) => /^\d+$/.test(key))) return undefined;
  if (!columns.every(([, cells]) => isRecord(cells) && Object.keys(cells).length === rows.length && !Object.values(cells).some(isRecord))) return undefined;
  const cell = (c: unknown, row: string) => (c as Record<string, unknown>)[row];
  return { shape: "columns", names: columns.map(([name]) => name), sources: [{ keys, rows: rows.map((row) => columns.map(([, cells]) => cell(cells, row))) }] };
}

/** `{"q1": {prompt, label}, "q2": …}`: an object of rows; or a wrapper with one object in it. */
function fromTables(value: Record<string, unknown>, keys: readonly string[]): Found | undefined {
  const inner = Object.values(value);
  if (inner.length < 2 || !inner.every(isRecord)) return undefined;
  const isRow = (row: Record<string, unknown>) =>
    Object.entries(row).some(([name, cell]) => TEXT_NAMES.includes(normalName(name)) && (isText(cell) || Array.isArray(cell)));
  return inner.every(isRow) ? { shape: "rows", sources: [{ keys, rows: inner }] } : undefined;
}

/** Class or category names as keys, lists of texts as values, at most four levels deep. */
function fromKeys(path: string, value: Record<string, unknown>, keys: readonly string[]): Found {
  const sources: Source[] = [];
  let strays = 0;
  const walk = (inner: Record<string, unknown>, trail: readonly string[]) => {
    for (const [key, below] of Object.entries(inner)) {
      const next = [...trail, key];
      if (listOf(below) === "texts") sources.push({ keys: [...keys, ...next], rows: below as unknown[] });
      else if (isRecord(below) && next.length < MAX_DEPTH) walk(below, next);
      else strays++;
    }
  };
  walk(value, []);
  const single = Object.entries(value).find(([key, inner]) => LIST_NAMES.includes(normalName(key)) && isRecord(inner));
  if (sources.length === 0 && single) return fromObject(path, single[1] as Record<string, unknown>, [...keys, single[0]]);
  if (sources.length === 0 || strays > sources.length) {
    const row = Object.entries(value).some(([name, cell]) => TEXT_NAMES.includes(normalName(name)) && isText(cell));
    if (row) throw notADataset(path, "it is a single record");
    throw notADataset(path, `it is an object with the keys ${quoted(Object.keys(value))}`);
  }
  const depth = Math.max(...sources.map((source) => source.keys.length - keys.length));
  const clean = (key: string) => key.replace(/:\s*$/, "").trim();
  const labelled = sources.map((source): Source => {
    const [top = "", ...rest] = source.keys.slice(keys.length).map(clean);
    return { ...source, extra: { class: top, ...(depth > 1 ? { subcategory: rest.join(" / ") || top } : {}) } };
  });
  return { shape: "rows", sources: labelled, keyColumn: "class" };
}
