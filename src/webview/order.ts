import type { RowTable } from "../protocol/index.js";
import { rowIndex } from "./rowIndex.js";
import { orderByKey } from "./sorting.js";

export type Sort = "disagreement" | "risk" | "file" | "category";
export const SORTS: readonly { readonly id: Sort; readonly name: string }[] = [
  { id: "disagreement", name: "By disagreement" },
  { id: "risk", name: "By risk" },
  { id: "file", name: "File order" },
  { id: "category", name: "By category" },
];

export const NO_CATEGORY = 65_535;

/** Held-out evidence for class 1, 0..1: the calibrated probability, else the decision value squashed; NaN = not scored yet. */
export function risk(rows: RowTable, i: number): number {
  const p = rows.probability[i];
  if (!Number.isNaN(p)) return p;
  if (rows.probabilityLayer < 0) return Number.NaN;
  const score = rows.score[i * rows.columns + rows.probabilityLayer];
  return Number.isNaN(score) ? Number.NaN : 1 / (1 + Math.exp(-score));
}

/** How strongly the held-out score lies on the other side from the label, 0..1. */
export function disagreement(rows: RowTable, i: number): number {
  const p = risk(rows, i);
  return rows.label[i] === 1 ? 1 - p : p;
}

/** Scored, and on the other side of the boundary from its label. */
export const isOtherSide = (rows: RowTable, i: number): boolean => disagreement(rows, i) > 0.5;

export interface OrderWish {
  /** `arrival`: as the table has them, which in a preview is the order of the batches. */
  readonly sort: Sort | "arrival";
  readonly filter: string;
  /** Row ids to keep; null = all. */
  readonly lasso: Iterable<number> | null;
  readonly classNames: readonly [string, string];
  /** Text of a row where it has been read, for the filter. */
  text(id: number): string | undefined;
  /** Whether a row's text holds a word, where all texts have been searched for it. */
  holds?(word: string, id: number): boolean | undefined;
  /** Raised when scores of the same table have come later. */
  readonly version?: number;
}

/** The words of a filter, as they are looked for. */
export const wordsOf = (filter: string): string[] => filter.trim().toLowerCase().split(/\s+/).filter(Boolean);

/** Indices of the rows to list, sorted; ties stay in file order. Rows without a score come last. */
export function orderRows(rows: RowTable, wish: OrderWish): Uint32Array {
  const all = wish.sort === "arrival" ? asTheyAre(rows.count) : sorted(rows, wish.sort, wish.version ?? 0);
  const keep = rowFilter(rows, wish);
  if (!keep) return all.slice();
  const picked = new Uint32Array(rows.count);
  let n = 0;
  for (let k = 0; k < all.length; k++) if (keep(all[k])) picked[n++] = all[k];
  return picked.subarray(0, n);
}

const asTheyAre = (count: number): Uint32Array => Uint32Array.from({ length: count }, (_, i) => i);

const known = new WeakMap<RowTable, { version: number; orders: Partial<Record<Sort, Uint32Array>> }>();

/** Every order of a table is made once: a filter only picks from it. */
function sorted(rows: RowTable, sort: Sort, version: number): Uint32Array {
  const before = known.get(rows);
  const memory = before?.version === version ? before : { version, orders: {} as Partial<Record<Sort, Uint32Array>> };
  if (memory !== before) known.set(rows, memory);
  memory.orders[sort] ??= orderByKey(sortKeys(rows, sort));
  return memory.orders[sort];
}

/** Rows from which the other orders are made ahead, in idle moments. */
const MANY = 20_000;
const prepared = new WeakMap<RowTable, number>();

export function prepareOrders(rows: RowTable, version: number): void {
  if (rows.count < MANY || prepared.get(rows) === version) return;
  prepared.set(rows, version);
  const left = SORTS.map(({ id }) => id);
  const next = () => {
    const sort = left.pop();
    if (sort === undefined || prepared.get(rows) !== version) return;
    sorted(rows, sort, version);
    requestIdleCallback(next);
  };
  requestIdleCallback(next);
}

function sortKeys(rows: RowTable, sort: Sort): Float64Array {
  const key = new Float64Array(rows.count);
  for (let i = 0; i < rows.count; i++) {
    if (sort === "file") key[i] = rows.id[i];
    else if (sort === "category") key[i] = rows.category[i];
    else {
      const value = sort === "risk" ? risk(rows, i) : disagreement(rows, i);
      key[i] = Number.isNaN(value) ? 2 : -value;
    }
  }
  return key;
}

/**
 * All words must match: `#12` or `12` the row's number, `wrong` the rows on the other side, anything else a part of the class
 * name, the category, or the text. Nothing when every row is kept.
 */
function rowFilter(rows: RowTable, { filter, lasso, classNames, text, holds }: OrderWish): ((i: number) => boolean) | undefined {
  const words = wordsOf(filter).map((word) => wordTest(rows, word, classNames, text, holds));
  const inside = lasso && inLasso(rows, lasso);
  if (words.length === 0 && !inside) return undefined;
  return (i) => (!inside || inside[i] === 1) && words.every((test) => test(i));
}

function inLasso(rows: RowTable, ids: Iterable<number>): Uint8Array {
  const inside = new Uint8Array(rows.count);
  const indexOf = rowIndex(rows);
  for (const id of ids) {
    const i = indexOf(id);
    if (i >= 0) inside[i] = 1;
  }
  return inside;
}

/** What does not depend on the row is looked at once: there may be very many rows. */
function wordTest(
  rows: RowTable,
  word: string,
  classNames: readonly [string, string],
  text: OrderWish["text"],
  holds: OrderWish["holds"],
): (i: number) => boolean {
  if (word === "wrong") return (i) => isOtherSide(rows, i);
  // `safe` is part of `unsafe`: a class name has to match from its start.
  const classes = classNames.map((name) => name.toLowerCase().startsWith(word));
  const categories = rows.categories.map((name) => name.toLowerCase().includes(word));
  const number = /^#?\d+$/.test(word) ? Number(word.replace("#", "")) - 1 : -1;
  return (i) => {
    const id = rows.id[i];
    return (
      id === number || classes[rows.label[i]] || categories[rows.category[i]] === true || (holds?.(word, id) ?? text(id)?.toLowerCase().includes(word) ?? false)
    );
  };
}

/** Whether rows are ordered by scores, which may come later than the table, and not by calibrated probabilities alone. */
export function needsScores({ probability, probabilityLayer, count }: RowTable): boolean {
  if (probabilityLayer < 0) return false;
  for (let i = 0; i < count; i++) if (Number.isNaN(probability[i])) return true;
  return false;
}
