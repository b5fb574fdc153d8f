import type { RowTable } from "../../protocol/index.js";

/** Rows that both runs have, by row id (the dataset is the same), in the order of run A. */
export interface Match {
  /** [count] index into each run's RowTable. */
  readonly a: Int32Array;
  readonly b: Int32Array;
  readonly onlyA: number;
  readonly onlyB: number;
  /** Common rows whose labels differ: 0, or the runs read the file in two ways. */
  readonly labels: number;
}

export function matchRows(a: RowTable, b: RowTable): Match {
  const place = new Map<number, number>();
  for (let i = 0; i < b.count; i++) place.set(b.id[i], i);
  const left: number[] = [];
  const right: number[] = [];
  let labels = 0;
  for (let i = 0; i < a.count; i++) {
    const j = place.get(a.id[i]);
    if (j === undefined) continue;
    left.push(i);
    right.push(j);
    if (a.label[i] !== b.label[j]) labels++;
  }
  return { a: Int32Array.from(left), b: Int32Array.from(right), onlyA: a.count - left.length, onlyB: b.count - left.length, labels };
}

/** Whether both runs divided their common rows into the same groups; undefined when one of them did not store them. */
export function sameGroups(a: RowTable, b: RowTable, match: Match): boolean | undefined {
  if (!a.group || !b.group) return undefined;
  const forth = new Map<number, number>();
  const back = new Map<number, number>();
  for (let k = 0; k < match.a.length; k++) {
    const [x, y] = [a.group[match.a[k]], b.group[match.b[k]]];
    if ((forth.get(x) ?? y) !== y || (back.get(y) ?? x) !== x) return false;
    forth.set(x, y);
    back.set(y, x);
  }
  return true;
}
