import type { DataOptions, Notice } from "../../protocol/index.js";
import { throwIfAborted } from "../errors.js";
import { badJson, noRows, tooManyRows } from "./errors.js";
import { jsonFault } from "./json-fault.js";
import { type Found, findRows, type Source } from "./json-shape.js";
import { parseJson } from "./lenient.js";
import { MAX_RECORDS } from "./limits.js";
import type { LineTable } from "./lines.js";
import { child, children, keyed, type Span } from "./ranges.js";
import { isRecord, isText } from "./shapes.js";
import { type BadRecord, type RawTable, TableBuilder } from "./table.js";
import { normalName, TEXT_NAMES } from "./words.js";

/** A JSON document: finds the list of rows in it and the range of every row. */
export function readJson(path: string, lines: LineTable, options: DataOptions, signal?: AbortSignal): Omit<RawTable, "hasRanges"> {
  const parsed = parseJson(lines.text);
  if (!parsed) throw notJson(path, lines);
  const notices: Notice[] = [];
  if (parsed.lenient)
    notices.push({ code: "data/not-a-number", message: "The file holds NaN or Infinity, which is not JSON (Python writes it); read as null." });
  const found = findRows(path, parsed.value, options);
  if (found.said) notices.push({ code: "data/list", message: found.said });

  const reader = new Reader(path, lines, signal);
  if (found.shape === "columns") reader.readColumns(found);
  else for (const source of found.sources) reader.readSource(source, found);
  const { table, bad } = reader;
  if (table.records.length === 0 && bad.length === 0) throw noRows(path, "its list is empty");
  return { format: "json", columns: table.columns, records: table.records, bad, notices, keyColumn: found.keyColumn, read: { list: found.list } };
}

function notJson(path: string, lines: LineTable) {
  const fault = jsonFault(lines.text) ?? { offset: 0, reason: "it cannot be read", cut: false };
  const line = lines.line(fault.offset);
  const hint = fault.cut
    ? "The end of the file may be missing; download it again."
    : "Correct it there; JSON has no comments and no comma before a closing bracket.";
  return badJson(path, line, fault.offset - lines.start(line), fault.reason, hint);
}

class Reader {
  readonly table = new TableBuilder();
  readonly bad: BadRecord[] = [];

  constructor(
    private readonly path: string,
    private readonly lines: LineTable,
    private readonly signal?: AbortSignal,
  ) {}

  /** Rows that lie one after another under a path of keys. */
  readSource(source: Source, found: Found): void {
    const spans = children(this.lines.text, this.at(source.keys).start);
    const names = found.shape === "cells" ? (found.names ?? []) : [];
    const extra = Object.entries(source.extra ?? {});
    source.rows.forEach((row, i) => {
      if (i % 1024 === 0) throwIfAborted(this.signal);
      const span = spans[i];
      if (!span || (found.shape === "cells" && i < (found.skip ?? 0))) return;
      if (this.table.records.length >= MAX_RECORDS) throw tooManyRows(this.path, MAX_RECORDS, this.lines.line(span.start));
      const place = this.lines.place(span.start, span.end);
      const inner = isRecord(row) && isRecord(row["row"]) && "row_idx" in row ? row["row"] : row;
      if (found.shape === "cells" && Array.isArray(inner)) this.table.addNamed(names, inner, place);
      else if (isRecord(inner)) this.table.add(span.key === undefined ? inner : { id: span.key, ...inner }, place);
      else if (isText(inner)) this.table.addNamed(["text", ...extra.map(([name]) => name)], [inner, ...extra.map(([, value]) => value)], place);
      else if (Array.isArray(inner) && inner.every(isRecord)) this.table.addNamed(["messages"], [inner], place);
      else this.bad.push({ line: place.startLine, reason: "neither an object nor a text" });
    });
  }

  /** `{text: [...], label: [...]}`: a row's place is its text's, for the rest of it lies elsewhere. */
  readColumns(found: Found): void {
    const [source] = found.sources;
    if (!source || !found.names) return;
    const root = this.at(source.keys).start;
    const main = textColumn(found.names, source.rows);
    const spans = children(this.lines.text, child(this.lines.text, root, main)?.start ?? root);
    source.rows.forEach((row, i) => {
      const span = spans[i] as Span;
      if (this.table.records.length >= MAX_RECORDS) throw tooManyRows(this.path, MAX_RECORDS, this.lines.line(span.start));
      this.table.addNamed(found.names as string[], row as unknown[], this.lines.place(span.start, span.end));
    });
  }

  /** Spans by key of every object on the way, so that a thousand classes cost one walk and not a thousand. */
  private readonly known = new Map<string, Map<string, Span>>();

  private at(keys: readonly string[]): Span {
    let span: Span = { start: 0, end: this.lines.text.length };
    let trail = "";
    for (const key of keys) {
      let inside = this.known.get(trail);
      if (!inside) {
        inside = keyed(this.lines.text, span.start);
        this.known.set(trail, inside);
      }
      const next = inside.get(key);
      if (!next) return span;
      trail += `\0${key}`;
      span = next;
    }
    return span;
  }
}

function textColumn(names: readonly string[], rows: readonly unknown[]): string {
  const byName = TEXT_NAMES.map((known) => names.find((name) => normalName(name) === known)).find((name) => name !== undefined);
  if (byName !== undefined) return byName;
  const length = (c: number) => rows.slice(0, 100).reduce<number>((sum, row) => sum + String((row as unknown[])[c] ?? "").length, 0);
  return names.reduce((best, name, c) => (length(c) > length(names.indexOf(best)) ? name : best), names[0] ?? "");
}
