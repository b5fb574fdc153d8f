import type { Notice } from "../../protocol/index.js";
import type { Row } from "./dataset.js";
import { count } from "./say.js";
import type { Spot } from "./spot.js";

/** Repeats stay in; folds keep them together. Both counts are of rows beyond the first of their kind. */
export function duplicateNotices(rows: readonly Row[], spot: Spot): Notice[] {
  const firsts = new Map<string, Row>();
  /** Other spellings of a text that occurred before, where there are any. */
  const variants = new Map<string, Set<string>>();
  let same = 0;
  let alike = 0;
  let torn = 0;
  let first: Row | undefined;
  for (const row of rows) {
    const key = row.text.trim().toLowerCase();
    const before = firsts.get(key);
    if (before === undefined) {
      firsts.set(key, row);
      continue;
    }
    alike++;
    first ??= row;
    if (before.label !== row.label) torn++;
    if (before.text === row.text || variants.get(key)?.has(row.text)) same++;
    else variants.set(key, (variants.get(key) ?? new Set()).add(row.text));
  }
  const notices: Notice[] = [];
  const where = first && { line: first.place.startLine };
  if (alike > 0)
    notices.push({
      code: "data/duplicates",
      message: `${count(same, "row")} ${same === 1 ? "repeats" : "repeat"} an earlier text exactly (${alike.toLocaleString("en")} after trimming and case folding; the first is on ${first ? spot(first.place) : ""}); repeats are kept on one side of every split.`,
      where,
    });
  if (torn > 0)
    notices.push({
      code: "data/contradictions",
      message: `${count(torn, "row")} ${torn === 1 ? "has" : "have"} the text of an earlier row and the other label.`,
      where,
    });
  return notices;
}
