import type { RowTable } from "../protocol/index.js";

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
  readonly lasso: ReadonlySet<number> | null;
  readonly classNames: readonly [string, string];
  /** Text of a row where it has been read, for the filter. */
  text(id: number): string | undefined;
  /** Whether a row's text holds a word, where all texts have been searched for it. */
  holds?(word: string, id: number): boolean | undefined;
}

/** The words of a filter, as they are looked for. */
export const wordsOf = (filter: string): string[] => filter.trim().toLowerCase().split(/\s+/).filter(Boolean);

/** Indices of the rows to list, sorted; ties stay in file order. Rows without a score come last. */
export function orderRows(rows: RowTable, wish: OrderWish): Uint32Array {
  const keep = rowFilter(rows, wish);
  const picked = new Uint32Array(rows.count);
  let n = 0;
  for (let i = 0; i < rows.count; i++) if (keep(i)) picked[n++] = i;
  const order = picked.subarray(0, n);
  if (wish.sort === "arrival") return order;
  const key = new Float64Array(rows.count);
  for (const i of order) key[i] = sortKey(rows, i, wish.sort);
  return order.sort((a, b) => key[a] - key[b] || a - b);
}

function sortKey(rows: RowTable, i: number, sort: Sort): number {
  if (sort === "file") return rows.id[i];
  if (sort === "category") return rows.category[i];
  const value = sort === "risk" ? risk(rows, i) : disagreement(rows, i);
  return Number.isNaN(value) ? 2 : -value;
}

/**
 * All words must match: `#12` or `12` the row's number, `wrong` the rows on the other side, anything else a part of the class
 * name, the category, or the text.
 */
function rowFilter(rows: RowTable, { filter, lasso, classNames, text, holds }: OrderWish): (i: number) => boolean {
  const words = wordsOf(filter);
  const categories = rows.categories.map((name) => name.toLowerCase());
  const names = classNames.map((name) => name.toLowerCase());
  return (i) => {
    const id = rows.id[i];
    if (lasso && !lasso.has(id)) return false;
    if (words.length === 0) return true;
    return words.every((word) => {
      if (word === "wrong") return isOtherSide(rows, i);
      if (/^#?\d+$/.test(word) && Number(word.replace("#", "")) === id + 1) return true;
      // `safe` is part of `unsafe`: a class name has to match from its start.
      if (names[rows.label[i]].startsWith(word)) return true;
      return categories[rows.category[i]]?.includes(word) || (holds?.(word, id) ?? text(id)?.toLowerCase().includes(word) ?? false);
    });
  };
}

/** Index by row id. */
export function indexById(rows: RowTable): Map<number, number> {
  const index = new Map<number, number>();
  for (let i = 0; i < rows.count; i++) index.set(rows.id[i], i);
  return index;
}
