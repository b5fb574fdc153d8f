import { describe, expect, it } from "vitest";
import { indexOfRow, placeOf, rowAt } from "../../src/extension/rowIndex.js";
import type { RowTable } from "../../src/protocol/index.js";

type Range = [file: number, startLine: number, startColumn: number, endLine: number, endColumn: number];
const table = (ids: number[], places: Range[]): RowTable => ({
  count: ids.length,
  columns: 1,
  id: Uint32Array.from(ids),
  label: new Uint8Array(ids.length),
  category: new Uint16Array(ids.length),
  categories: [],
  place: Int32Array.from(places.flat()),
  score: new Float32Array(ids.length),
  probability: new Float32Array(ids.length),
  probabilityLayer: 0,
  tokens: new Uint16Array(ids.length),
});

describe("rows by id and by place", () => {
  const rows = table(
    [2, 5, 9, 11],
    [
      [0, 0, 0, 0, 40],
      [0, 2, 0, 4, 3],
      [0, 6, 4, 6, 20],
      [1, 0, 0, 0, 10],
    ],
  );

  it("finds ids, also where they do not ascend", () => {
    expect([2, 5, 9, 11, 3].map((id) => indexOfRow(rows, id))).toEqual([0, 1, 2, 3, -1]);
    const shuffled = table(
      [9, 2, 5],
      [
        [0, 6, 0, 6, 1],
        [0, 0, 0, 0, 1],
        [0, 2, 0, 2, 1],
      ],
    );
    expect(indexOfRow(shuffled, 2)).toBe(1);
    expect(placeOf(shuffled, 2).startLine).toBe(2);
    expect(rowAt(shuffled, 0, 2, 0)).toBe(5);
  });

  it("finds the row under a cursor: first and last column, inner lines, indentation, gaps, the other file", () => {
    expect(rowAt(rows, 0, 0, 0)).toBe(2);
    expect(rowAt(rows, 0, 0, 40)).toBe(2);
    expect(rowAt(rows, 0, 0, 41)).toBeNull();
    expect(rowAt(rows, 0, 1, 0)).toBeNull();
    expect(rowAt(rows, 0, 3, 99)).toBe(5);
    expect(rowAt(rows, 0, 4, 3)).toBe(5);
    expect(rowAt(rows, 0, 4, 4)).toBeNull();
    expect(rowAt(rows, 0, 6, 0)).toBe(9);
    expect(rowAt(rows, 0, 6, 10)).toBe(9);
    expect(rowAt(rows, 0, 7, 0)).toBeNull();
    expect(rowAt(rows, 1, 0, 3)).toBe(11);
    expect(rowAt(rows, 1, 6, 10)).toBeNull();
  });

  it("tells rows on one line apart by column", () => {
    const line = table(
      [0, 1],
      [
        [0, 0, 1, 0, 10],
        [0, 0, 12, 0, 20],
      ],
    );
    expect(rowAt(line, 0, 0, 5)).toBe(0);
    expect(rowAt(line, 0, 0, 15)).toBe(1);
    expect(rowAt(line, 0, 0, 0)).toBe(0);
  });

  it("agrees with looking at every row, on a thousand seeded places", () => {
    let seed = 7;
    const random = (n: number) => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 1;
      return seed % n;
    };
    const places: Range[] = [];
    for (let line = 0, i = 0; i < 300; i++) {
      line += random(3);
      const height = random(3);
      const from = places.at(-1);
      const start = from && from[3] === line ? from[4] + 1 : random(4);
      places.push([0, line, start, line + height, height ? random(9) : start + random(9)]);
      line += height;
    }
    const many = table(
      places.map((_, i) => i),
      places,
    );
    for (let i = 0; i < 1000; i++) {
      const [line, column] = [random(520), random(24)];
      const inside = places.findIndex(([, a, b, c, d]) => (line > a || (line === a && column >= b)) && (line < c || (line === c && column <= d)));
      const got = rowAt(many, 0, line, column);
      if (inside >= 0) expect(got, `${line}:${column}`).toBe(inside);
      else expect(got === null || places[got]![1] === line, `${line}:${column} gave ${got}`).toBe(true);
    }
  });
});
