import type { Notice } from "../../protocol/index.js";
import type { Row } from "./dataset.js";
import { IMBALANCE, LARGE_SET, LONG_TEXT_CHARS, SMALL_CLASS } from "./limits.js";
import { count } from "./say.js";
import type { Spot } from "./spot.js";

const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;

/** What the rows themselves give reason to say: lengths, control characters, sizes of the classes. */
export function rowNotices(rows: readonly Row[], names: readonly [string, string], spot: Spot): Notice[] {
  const notices: Notice[] = [];
  const sizes: [number, number] = [0, 0];
  const long = { byClass: [0, 0] as [number, number], first: undefined as Row | undefined };
  const control = { count: 0, first: undefined as Row | undefined };
  for (const row of rows) {
    sizes[row.label]++;
    if (row.text.length > LONG_TEXT_CHARS) {
      long.byClass[row.label]++;
      long.first ??= row;
    }
    if (CONTROL.test(row.text)) {
      control.count++;
      control.first ??= row;
    }
  }
  const line = (row: Row | undefined) => (row ? spot(row.place) : "");
  const longs = long.byClass[0] + long.byClass[1];
  if (longs > 0)
    notices.push({
      code: "data/long-texts",
      message: `${count(longs, "text")} above ${LONG_TEXT_CHARS.toLocaleString("en")} characters (${long.byClass[0]} ${names[0]}, ${long.byClass[1]} ${names[1]}; the first on ${line(long.first)}) will be cut to the model's length.`,
      where: { line: long.first?.place.startLine },
    });
  if (control.count > 0)
    notices.push({
      code: "data/control-characters",
      message: `${count(control.count, "text")} with control characters, such as terminal colours (the first on ${line(control.first)}); the model sees them as they are, they are shown escaped.`,
      where: { line: control.first?.place.startLine },
    });
  if (rows.length > LARGE_SET)
    notices.push({
      code: "data/large",
      message: `${count(rows.length, "row")}: a balanced sample of a few thousand gives much the same scores in a fraction of the time.`,
    });
  const small = Math.min(...sizes);
  const total = sizes[0] + sizes[1];
  if (small < total * IMBALANCE)
    notices.push({
      code: "data/imbalance",
      message: `${sizes[0]} ${names[0]} against ${sizes[1]} ${names[1]} rows: guessing the larger class alone would be right in ${Math.round((100 * (total - small)) / total)}%. Read AUROC and F1, not accuracy, or audit a balanced sample.`,
    });
  if (small < SMALL_CLASS)
    notices.push({
      code: "data/small-sample",
      message: `Only ${count(small, "row")} of the smaller class (${sizes[0]} ${names[0]}, ${sizes[1]} ${names[1]}): scores of so few rows vary widely by chance.`,
    });
  return notices;
}

/** A text that every UTF-8 writer and tokenizer takes: unpaired surrogates become U+FFFD. */
export const wellFormed = (text: string): string => (LONE.test(text) ? text.replace(/\p{Cs}/gu, "\ufffd") : text);

const LONE = /\p{Cs}/u;
