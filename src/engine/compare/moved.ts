import type { MovedRow, RowTable } from "../../protocol/index.js";

export const MOST_MOVED = 50;

/** Scores in units of their own deviation within the classes; the boundary stays at 0. NaN where there is no spread. */
export function standardise(score: Float64Array, label: ArrayLike<number>): Float64Array {
  const sum = [0, 0];
  const count = [0, 0];
  for (let i = 0; i < score.length; i++) {
    sum[label[i]] += score[i];
    count[label[i]]++;
  }
  let square = 0;
  for (let i = 0; i < score.length; i++) square += (score[i] - sum[label[i]] / count[label[i]]) ** 2;
  const deviation = Math.sqrt(square / Math.max(1, score.length - 2));
  return score.map((s) => (deviation > 0 ? s / deviation : Number.NaN));
}

/** Rows by the size of their move, those that changed sides told apart. Ids and categories only: no text. */
export function movedRows(a: ArrayLike<number>, b: ArrayLike<number>, rows: RowTable, most = MOST_MOVED): MovedRow[] {
  const order = Array.from({ length: rows.count }, (_, i) => i).filter((i) => Math.abs(b[i] - a[i]) > 0);
  order.sort((x, y) => Math.abs(b[y] - a[y]) - Math.abs(b[x] - a[x]) || x - y);
  return order.slice(0, most).map((i): MovedRow => {
    const category = rows.categories[rows.category[i]];
    const change = b[i] - a[i];
    return {
      row: rows.id[i],
      label: rows.label[i],
      ...(category === undefined ? {} : { category }),
      a: a[i],
      b: b[i],
      change,
      direction: change > 0 === (rows.label[i] === 1) ? "towards" : "away",
      crossed: a[i] > 0 !== b[i] > 0,
    };
  });
}
