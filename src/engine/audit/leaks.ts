import type { Controls, Notice } from "../../protocol/index.js";
import { type Groups, MAX_MINHASH_ROWS } from "./groups.js";

/** Folds that an audit makes where it can. */
const WANTED_FOLDS = 5;
/** A file of fewer rows may be in blocks by chance. */
const LEAST_ROWS = 20;

export interface Leaks {
  /** Groups of rows that share folds, the largest one's rows, and rows bound or not bound by likeness. */
  readonly groups: { readonly count: number; readonly largest: number; readonly nearDuplicates: number; readonly templated: number };
  readonly notices: readonly Notice[];
}

/**
 * What the rows' likeness and order give reason to say: what was kept together, what was not, and where a label may be told by
 * something that has nothing to do with it.
 * @param files the file of each row, in the order of the rows
 */
export function findLeaks(groups: Groups, label: Uint8Array, names: readonly [string, string], files: readonly number[]): Leaks {
  const { group, nearDuplicates, templated } = groups;
  const rows = new Map<number, [number, number]>();
  group.forEach((g, i) => {
    const counts = rows.get(g) ?? [0, 0];
    rows.set(g, counts);
    counts[label[i] === 1 ? 1 : 0]++;
  });
  const all = [...rows.values()];
  const largest = all.reduce((most, counts) => (counts[0] + counts[1] > most[0] + most[1] ? counts : most), [0, 0] as [number, number]);
  const notices: Notice[] = [];
  if (nearDuplicates > 0)
    notices.push({
      code: "audit/near-duplicates",
      message:
        nearDuplicates === 1
          ? "1 row repeats another one nearly or exactly; it is kept in one fold with it."
          : `${nearDuplicates.toLocaleString("en")} rows repeat another one nearly or exactly; they are kept in one fold with it.`,
    });
  if (templated > 0)
    notices.push({
      code: "audit/template",
      message: `${templated.toLocaleString("en")} rows differ in a few words only, as of one template that is filled in; that alone does not keep them in one fold. Name a group column (--group) if some of them belong together.`,
    });
  if (group.length > MAX_MINHASH_ROWS)
    notices.push({
      code: "audit/exact-repeats-only",
      message: `Above ${MAX_MINHASH_ROWS.toLocaleString("en")} rows only exact repeats are kept in one fold; rows that are nearly the same are not looked for. Name a group column (--group) where there are many.`,
    });
  notices.push(...copies(all, group.length, names), ...few(all, names), ...swallowed(largest, label, names), ...blocks(label, names, files));
  return { groups: { count: rows.size, largest: largest[0] + largest[1], nearDuplicates, templated }, notices };
}

/** Most rows are copies of few texts, each with its text's label: so many rows say no more than so many texts. */
function copies(all: readonly (readonly [number, number])[], count: number, names: readonly [string, string]): Notice[] {
  const several = all.filter(([a, b]) => a + b > 1);
  const inside = several.reduce((sum, [a, b]) => sum + a + b, 0);
  if (inside * 2 < count || several.some(([a, b]) => a > 0 && b > 0)) return [];
  const message = `${inside.toLocaleString("en")} of ${count.toLocaleString("en")} rows lie in ${several.length.toLocaleString("en")} groups that are ${names[0]} or ${names[1]} as a whole: what is measured rests on ${all.length.toLocaleString("en")} groups, not on so many rows.`;
  return [{ code: "audit/label-of-groups", message }];
}

/** Every fold needs a group of each class. */
function few(all: readonly (readonly [number, number])[], names: readonly [string, string]): Notice[] {
  return ([0, 1] as const).flatMap((c) => {
    const having = all.filter((counts) => counts[c] > 0).length;
    if (having === 0 || having >= WANTED_FOLDS) return [];
    const message = `The ${names[c]} rows lie in ${having === 1 ? "one group" : `${having} groups`} only, so there can be no more than ${having} ${having === 1 ? "fold" : "folds"} that hold them.`;
    return [{ code: "audit/few-groups", message }];
  });
}

function swallowed(largest: readonly [number, number], label: Uint8Array, names: readonly [string, string]): Notice[] {
  const total = [0, 0];
  for (const y of label) total[y === 1 ? 1 : 0]!++;
  const c = ([0, 1] as const).find((y) => largest[y] > 1 && largest[y] * 2 > total[y]!);
  if (c === undefined) return [];
  const message = `One group holds ${largest[c].toLocaleString("en")} of the ${total[c]!.toLocaleString("en")} ${names[c]} rows; whichever fold it lies in decides the score.`;
  return [{ code: "audit/large-group", message }];
}

/** Words that are held against their own labels: a row's like-worded partner has the other label and lies in another fold, as in pairs that no column names. */
export function wrongWay({ words, wordsCi95 }: Controls, groupColumn: string | undefined): Notice[] {
  if (words === null || wordsCi95 === null || wordsCi95[1] >= 0.5) return [];
  const hint = groupColumn === undefined ? "name their column with --group" : "the group column does not bind them";
  const message = `Words alone score ${words.toFixed(2)}, on the wrong side of chance: rows seem to come in pairs of like texts with different labels, which lie in different folds; ${hint}. Until then the probe and the index are too low.`;
  return [{ code: "audit/unbound-pairs", message }];
}

/** One class after the other, as where two sources were joined: whatever tells the sources apart then tells the classes apart. */
function blocks(label: Uint8Array, names: readonly [string, string], files: readonly number[]): Notice[] {
  if (label.length < LEAST_ROWS || files.some((file) => file !== files[0])) return [];
  let changes = 0;
  for (let i = 1; i < label.length; i++) if (label[i] !== label[i - 1]) changes++;
  if (changes !== 1) return [];
  const [first, second] = label[0] === 1 ? [names[1], names[0]] : names;
  const message = `The file holds all ${first} rows, then all ${second} ones. Where they come from two sources, whatever tells the sources apart tells the classes apart, too.`;
  return [{ code: "audit/blocks", message }];
}
