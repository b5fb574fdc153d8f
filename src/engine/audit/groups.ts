import { nearDuplicates } from "../stats/minhash.js";

export interface Groups {
  /** [count] */
  readonly group: Int32Array;
  /** Rows that share a group only because their texts are nearly the same. */
  readonly nearDuplicates: number;
  /** Rows that fill one template with many others; they are not kept together for that. */
  readonly templated: number;
  /** Every group holds as many rows of one class as of the other: pairs, or several pairs of one prompt. */
  readonly paired: boolean;
}

/** Above this many rows near-duplicates are not looked for; only the columns and exact repeats bind rows together. */
export const MAX_MINHASH_ROWS = 50_000;

/** One group number a row: rows that share a `group`/`pair` value, or whose texts are nearly the same, lie on one side of every fold. */
export function groupRows(texts: readonly string[], column: readonly (string | undefined)[], label: Uint8Array, seed: number): Groups {
  const parent = Int32Array.from(texts, (_, i) => i);
  const root = (i: number): number => {
    while (parent[i] !== i) {
      parent[i] = parent[parent[i]];
      i = parent[i];
    }
    return i;
  };
  const join = (a: number, b: number) => {
    const [x, y] = [root(a), root(b)];
    if (x !== y) parent[Math.max(x, y)] = Math.min(x, y);
    return x !== y;
  };
  const members = new Map<string, number>();
  column.forEach((value, i) => {
    if (value === undefined || value === "") return;
    const first = members.get(value);
    if (first === undefined) members.set(value, i);
    else join(first, i);
  });
  let repeats = 0;
  const near = texts.length <= MAX_MINHASH_ROWS ? nearDuplicates(texts, seed) : { group: exactGroups(texts), templated: 0 };
  const first = new Map<number, number>();
  near.group.forEach((group, i) => {
    const other = first.get(group);
    if (other === undefined) first.set(group, i);
    else if (join(other, i)) repeats++;
  });
  const numbers = new Map<number, number>();
  const group = Int32Array.from(texts, (_, i) => {
    const r = root(i);
    const known = numbers.get(r) ?? numbers.size;
    numbers.set(r, known);
    return known;
  });
  return { group, nearDuplicates: repeats, templated: near.templated, paired: members.size > 0 && balanced(group, label) };
}

function balanced(group: Int32Array, label: Uint8Array): boolean {
  const surplus = new Map<number, number>();
  group.forEach((g, i) => {
    surplus.set(g, (surplus.get(g) ?? 0) + (label[i] === 1 ? 1 : -1));
  });
  return [...surplus.values()].every((n) => n === 0);
}

function exactGroups(texts: readonly string[]): Int32Array {
  const seen = new Map<string, number>();
  return Int32Array.from(texts, (text, i) => {
    const key = text.trim().toLowerCase();
    const known = seen.get(key) ?? i;
    seen.set(key, known);
    return known;
  });
}
