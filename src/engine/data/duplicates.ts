import type { Notice } from "../../protocol/index.js";
import type { Row } from "./dataset.js";
import { count } from "./say.js";
import type { Spot } from "./spot.js";

/** Repeats stay in; folds keep them together. Both counts are of rows beyond the first of their kind. */
export function duplicateNotices(rows: readonly Row[], spot: Spot): Notice[] {
  const exact = new Map<string, 0 | 1>();
  const folded = new Map<string, 0 | 1>();
  let same = 0;
  let alike = 0;
  let torn = 0;
  let first: Row | undefined;
  for (const row of rows) {
    if (exact.has(row.text)) same++;
    else exact.set(row.text, row.label);
    const key = row.text.trim().toLowerCase();
    const before = folded.get(key);
    if (before === undefined) {
      folded.set(key, row.label);
      continue;
    }
    alike++;
    first ??= row;
    if (before !== row.label) torn++;
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
