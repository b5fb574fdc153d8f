import { parse } from "csv-parse/sync";
import { describe, expect, it } from "vitest";
import { type CsvRecord, scanCsv } from "../../../src/engine/data/csv-scan.js";
import { openDataset } from "../../../src/engine/data/index.js";
import { LineTable } from "../../../src/engine/data/lines.js";
import type { Place } from "../../../src/protocol/index.js";
import { random, scratch } from "./files.js";

const files = scratch();

/** An independent splitter, one character at a time, in VS Code's terms. */
function naiveLines(text: string): { line: string; end: string }[] {
  const lines: { line: string; end: string }[] = [];
  let line = "";
  for (let i = 0; i < text.length; i++) {
    const c = text[i] as string;
    if (c === "\r" && text[i + 1] === "\n") {
      lines.push({ line, end: "\r\n" });
      line = "";
      i++;
    } else if (c === "\r" || c === "\n") {
      lines.push({ line, end: c });
      line = "";
    } else line += c;
  }
  lines.push({ line, end: "" });
  return lines;
}

/** What an editor holds between two positions. */
function slice(lines: readonly { line: string; end: string }[], place: Place): string {
  let out = "";
  for (let l = place.startLine; l <= place.endLine; l++) {
    const { line, end } = lines[l] as { line: string; end: string };
    const from = l === place.startLine ? place.startColumn : 0;
    out += l === place.endLine ? line.slice(from, place.endColumn) : line.slice(from) + end;
  }
  return out;
}

const BREAKS = ["\n", "\r\n", "\r"];
const PIECES = [
  "a prompt",
  "naïve",
  "😀 face",
  "👩‍🚀",
  "\u2028",
  "\u2029",
  "tab\tin",
  "don't",
  "e\u0301",
  "‏rtl‏",
  "x",
  "  ",
  "日本語",
  "{",
  "}",
  "[",
  "//",
  "#",
  "\u0085",
];

function randomText(next: () => number, more: readonly string[] = []): string {
  const pieces = [...PIECES, ...more];
  const n = 1 + Math.floor(next() * 6);
  return Array.from({ length: n }, () => pieces[Math.floor(next() * pieces.length)]).join(" ");
}

const pick = <T>(next: () => number, list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;

describe("line table", () => {
  it("splits as the naive splitter does, for every offset, in any order", () => {
    for (let seed = 1; seed <= 60; seed++) {
      const next = random(seed);
      let text = "";
      for (let i = 0; i < 20; i++) text += (next() < 0.7 ? randomText(next) : "") + pick(next, BREAKS);
      if (next() < 0.5) text += "end";
      const naive = naiveLines(text);
      const table = new LineTable(text);
      expect(table.length).toBe(naive.length);
      for (const [l, { line }] of naive.entries()) expect(text.slice(table.start(l), table.end(l))).toBe(line);
      for (let i = 0; i < 50; i++) {
        const a = Math.floor(next() * (text.length + 1));
        const b = a + Math.floor(next() * (text.length + 1 - a));
        const inside = (o: number) => text[o - 1] === "\r" && text[o] === "\n";
        if (!inside(a) && !inside(b)) expect(slice(naive, table.place(a, b))).toBe(text.slice(a, b));
      }
    }
  });
});

describe("row places", () => {
  const encode = (next: () => number, text: string): Uint8Array => {
    const kind = next();
    if (kind < 0.4) return Buffer.from(text, "utf8");
    if (kind < 0.6) return Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(text, "utf8")]);
    const le = Buffer.from(`\ufeff${text}`, "utf16le");
    return kind < 0.8 ? le : le.swap16();
  };

  it("give a JSON Lines record back from the document", async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const next = random(seed);
      let text = "";
      const records: string[] = [];
      for (let i = 0; i < 12; i++) {
        if (next() < 0.2) text += pick(next, BREAKS);
        const record = `${" ".repeat(Math.floor(next() * 3))}${JSON.stringify({ id: i, text: randomText(next, ["\n", "\r", '"']), label: i % 2 ? "unsafe" : "safe" })}`;
        records.push(record);
        text += record + (i === 11 && next() < 0.5 ? "" : pick(next, BREAKS));
      }
      const path = files.write(`lines-${seed}.jsonl`, encode(next, text));
      const { rows } = await openDataset(path, { text: "text", label: "label" });
      const naive = naiveLines(text);
      const found = rows.map((row) => slice(naive, row.place));
      // Texts of nothing but blanks are skipped, so rows are a subset in order.
      expect(found).toEqual(rows.map((row) => records[row.id]));
      expect(rows.length).toBeGreaterThan(8);
    }
  });

  it("give a CSV record back, quotes with line breaks and all", async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const next = random(seed + 1000);
      const delimiter = pick(next, [",", ";", "\t"]);
      const quote = (cell: string) => (/["\r\n]/.test(cell) || cell.includes(delimiter) || next() < 0.3 ? `"${cell.replaceAll('"', '""')}"` : cell);
      let text = `text${delimiter}label${delimiter}note${pick(next, BREAKS)}`;
      const raw: string[] = [];
      const cells: string[] = [];
      for (let i = 0; i < 14; i++) {
        const cell = `p${i} ${randomText(next, ["\n", "\r\n", "\r", '"', ",", ";"])}`;
        const record = [cell, i % 2 ? "unsafe" : "safe", next() < 0.5 ? "" : "n"].map(quote).join(delimiter);
        raw.push(record);
        cells.push(cell);
        text += record + (i === 13 && next() < 0.5 ? "" : pick(next, BREAKS));
      }
      const path = files.write(`records-${seed}.csv`, encode(next, text));
      const { rows } = await openDataset(path, { text: "text", label: "label", header: true });
      const naive = naiveLines(text);
      expect(rows.map((row) => slice(naive, row.place))).toEqual(raw);
      expect(rows.map((row) => row.text)).toEqual(cells);
    }
  });

  it("give an element of a JSON list back, however it is laid out", async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const next = random(seed + 2000);
      const list = Array.from({ length: 10 }, (_, i) => ({
        text: `p${i} ${randomText(next, ["\n", '"', "\\"])}`,
        label: i % 2 ? "unsafe" : "safe",
        tags: [{ a: "]" }, "}"],
      }));
      const inner = JSON.stringify(list, null, pick(next, [0, 1, 2])).replaceAll("\n", pick(next, BREAKS));
      const text = next() < 0.5 ? inner : `{"version": "1", "data": ${inner}, "size": 10}`;
      const path = files.write(`list-${seed}.json`, encode(next, text));
      const { rows } = await openDataset(path, {});
      const naive = naiveLines(text);
      expect(rows.map((row) => JSON.parse(slice(naive, row.place)))).toEqual(list);
    }
  });

  it("give a TXT line back, with the class in the file's name", async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const next = random(seed + 3000);
      const lines = Array.from({ length: 10 }, (_, i) => `p${i} ${randomText(next)}`);
      const text = lines.join(pick(next, BREAKS));
      const path = files.write("unsafe.txt", text);
      const contrast = files.write("safe.txt", Buffer.from(`\ufeff${lines.join("\r")}`, "utf16le"));
      const { rows } = await openDataset(path, { contrast });
      const naive = naiveLines(text);
      expect(rows.filter((row) => row.place.file === 0).map((row) => slice(naive, row.place))).toEqual(lines);
      expect(rows.filter((row) => row.place.file === 1).map((row) => slice(naiveLines(lines.join("\r")), row.place))).toEqual(lines);
    }
  });
});

describe("CSV scanner", () => {
  const scan = (text: string, delimiter: string): CsvRecord[] => {
    const records: CsvRecord[] = [];
    scanCsv(
      text,
      delimiter,
      (record) => void records.push(record),
      () => expect.fail("fault"),
    );
    return records;
  };

  it("reads the same cells as csv-parse", () => {
    for (let seed = 1; seed <= 200; seed++) {
      const next = random(seed + 5000);
      const delimiter = pick(next, [",", ";", "\t", "|"]);
      const eol = pick(next, ["\n", "\r\n"]);
      const rows = Array.from({ length: 1 + Math.floor(next() * 8) }, () =>
        Array.from({ length: 1 + Math.floor(next() * 4) }, () => (next() < 0.15 ? "" : randomText(next, ["\n", '"', ",", ";", "\t", "|"]))),
      ).filter((row) => row.length > 1 || row[0] !== "");
      const text = rows
        .map((row) => row.map((cell) => (/["\r\n,;\t|]/.test(cell) || next() < 0.3 ? `"${cell.replaceAll('"', '""')}"` : cell)).join(delimiter))
        .join(eol);
      const oracle = parse(text, { delimiter, relax_column_count: true, skip_empty_lines: true, record_delimiter: ["\r\n", "\n", "\r"] }) as string[][];
      expect(scan(text, delimiter).map((record) => record.cells)).toEqual(oracle);
      expect(oracle).toEqual(rows);
    }
  });

  it("loses one record to a stray quote and goes on", () => {
    const faults: string[] = [];
    const records: string[][] = [];
    scanCsv(
      'a,b\n"x" y,1\n"p",2\n',
      ",",
      (record) => void records.push(record.cells),
      (fault) => faults.push(fault.kind),
    );
    expect(faults).toEqual(["stray"]);
    expect(records).toEqual([
      ["a", "b"],
      ["p", "2"],
    ]);
  });
});
