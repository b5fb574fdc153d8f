import type { Place, RowTable } from "../protocol/index.js";

/** Rows of a table in the order of their places, for looking up what lies under a cursor. */
const orders = new WeakMap<Int32Array, Uint32Array>();

const starts = (place: Int32Array, a: number, b: number) =>
  place[a * 5]! - place[b * 5]! || place[a * 5 + 1]! - place[b * 5 + 1]! || place[a * 5 + 2]! - place[b * 5 + 2]! || a - b;

function orderOf(rows: RowTable): Uint32Array {
  const known = orders.get(rows.place);
  if (known) return known;
  const order = Uint32Array.from({ length: rows.count }, (_, i) => i).sort((a, b) => starts(rows.place, a, b));
  orders.set(rows.place, order);
  return order;
}

/** Position in the table's columns of the row with this id, or -1. Ids ascend in every table the engine makes; others are searched through. */
export function indexOfRow(rows: RowTable, id: number): number {
  let lo = 0;
  let hi = rows.count - 1;
  while (lo <= hi) {
    const mid = (lo + hi) >> 1;
    const at = rows.id[mid]!;
    if (at === id) return mid;
    if (at < id) lo = mid + 1;
    else hi = mid - 1;
  }
  return rows.id.subarray(0, rows.count).indexOf(id);
}

export function placeOf(rows: RowTable, index: number): Place {
  const [file, startLine, startColumn, endLine, endColumn] = rows.place.subarray(index * 5, index * 5 + 5) as unknown as [
    number,
    number,
    number,
    number,
    number,
  ];
  return { file, startLine, startColumn, endLine, endColumn };
}

/** Id of the row whose range holds the position (zero-based line and UTF-16 column), or null. On one line with several rows the column decides. */
export function rowAt(rows: RowTable, file: number, line: number, column: number): number | null {
  const order = orderOf(rows);
  let lo = 0;
  let hi = order.length;
  while (lo < hi) {
    const mid = (lo + hi) >> 1;
    const p = placeOf(rows, order[mid]!);
    const after = p.file - file || p.startLine - line || p.startColumn - column;
    if (after <= 0) lo = mid + 1;
    else hi = mid;
  }
  const before = lo > 0 ? order[lo - 1] : undefined;
  if (before !== undefined) {
    const p = placeOf(rows, before);
    if (p.file === file && (line < p.endLine || (line === p.endLine && column <= p.endColumn))) return rows.id[before]!;
  }
  // Left of the first row of a line: indentation, a bracket.
  const next = lo < order.length ? order[lo] : undefined;
  if (next !== undefined) {
    const p = placeOf(rows, next);
    if (p.file === file && p.startLine === line) return rows.id[next]!;
  }
  return null;
}
