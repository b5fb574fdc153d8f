import type { AxisCard, Notice } from "../../protocol/index.js";
import type { Row } from "./dataset.js";
import { LEAST_AXIS_ROWS, MAX_AXES, MAX_AXIS_CLASSES } from "./limits.js";
import { oneName, quoted } from "./say.js";
import { normalValue } from "./words.js";

export interface SettledAxes {
  readonly cards: readonly AxisCard[];
  readonly notices: readonly Notice[];
  /** The classes of row `i`, by axis name. */
  of(i: number): Readonly<Record<string, string>> | undefined;
}

/** Spellings of an axis's values that are remembered while it is read. */
const MOST_SPELLINGS = 1_000;

interface Coded {
  readonly card: AxisCard;
  /** [rows] index into the card's classes, -1 = none. */
  readonly codes: Int8Array;
}

/**
 * The axes that the rows in use can carry: two to twenty classes of at least `LEAST_AXIS_ROWS` rows (smaller classes count as
 * no value), not the label itself under another name, not one another.
 * @param names of all axes, in order of preference
 * @param value what row `i` says on an axis
 * @param given named by the user: why one of them is left out is said
 */
export function settleAxes(
  rows: readonly Pick<Row, "label">[],
  names: readonly string[],
  value: (i: number, name: string) => string | undefined,
  given: boolean,
): SettledAxes {
  const kept: Coded[] = [];
  const notices: Notice[] = [];
  const beyond: string[] = [];
  for (const name of names) {
    const coded = encode(rows, name, (i) => value(i, name));
    const reason = typeof coded === "string" ? coded : redundant(coded, rows, kept);
    if (reason !== undefined) {
      if (given) notices.push({ code: "data/no-axis", message: `The column ${oneName(name)} is not used as an axis: ${reason}.` });
    } else if (kept.length >= MAX_AXES) beyond.push(name);
    else kept.push(coded as Coded);
  }
  if (beyond.length > 0)
    notices.push({
      code: "data/many-axes",
      message: `${kept.length + beyond.length} columns hold classes; the first ${MAX_AXES} are axes, ${quoted(beyond)} are not. Name others with --axis.`,
    });
  /** Rows of the same classes share one object: there may be half a million rows. */
  const shared = new Map<string, Readonly<Record<string, string>> | undefined>();
  return {
    cards: kept.map(({ card }) => card),
    notices,
    of(i) {
      const key = kept.map(({ codes }) => codes[i]).join();
      if (shared.has(key)) return shared.get(key);
      const entries = kept.flatMap(({ card, codes }) => (codes[i]! < 0 ? [] : [[card.name, card.classes[codes[i]!]!.name]]));
      // Names are data: fromEntries makes own properties of all of them, `__proto__` too.
      const own = entries.length > 0 ? (Object.fromEntries(entries) as Record<string, string>) : undefined;
      shared.set(key, own);
      return own;
    },
  };
}

function encode(rows: readonly unknown[], name: string, value: (i: number) => string | undefined): Coded | string {
  const seen = new Map<string, { shown: string; rows: number }>();
  const words: (string | undefined)[] = new Array(rows.length);
  const normal = new Map<string, string>();
  for (let i = 0; i < rows.length; i++) {
    const raw = value(i);
    if (raw === undefined || raw === "") continue;
    const word = normal.get(raw) ?? normalValue(raw);
    if (normal.size < MOST_SPELLINGS) normal.set(raw, word);
    words[i] = word;
    const known = seen.get(word);
    if (known) known.rows++;
    else if (seen.size >= MAX_AXIS_CLASSES * 8) return `it has more than ${MAX_AXIS_CLASSES} values`;
    else seen.set(word, { shown: raw, rows: 1 });
  }
  if (seen.size > MAX_AXIS_CLASSES) return `it has ${seen.size} values, and an axis at most ${MAX_AXIS_CLASSES}`;
  const classes = [...seen].filter(([, { rows: n }]) => n >= LEAST_AXIS_ROWS).sort(([a], [b]) => order(a, b));
  if (classes.length < 2) return `fewer than two of its values have ${LEAST_AXIS_ROWS} rows`;
  const position = new Map(classes.map(([word], c) => [word, c]));
  return {
    card: { name, classes: classes.map(([, { shown, rows: n }]) => ({ name: shown, rows: n })) },
    codes: Int8Array.from(words, (word) => (word === undefined ? -1 : (position.get(word) ?? -1))),
  };
}

/** Numbers by size, words by letters. */
function order(a: string, b: string): number {
  const by = Number(a) - Number(b);
  return Number.isNaN(by) ? (a < b ? -1 : a > b ? 1 : 0) : by;
}

function redundant({ card, codes }: Coded, rows: readonly Pick<Row, "label">[], kept: readonly Coded[]): string | undefined {
  const label = (i: number) => rows[i]!.label;
  if (card.classes.length === 2 && same(codes, label, rows.length, false)) return "it says the same as the label";
  const twin = kept.find((other) => other.card.classes.length === card.classes.length && same(codes, (i) => other.codes[i]!, rows.length, true));
  return twin && `it says the same as ${oneName(twin.card.name)}`;
}

/** One class here is one class there, and the other way round; `whole`: values stand in the same rows. */
function same(codes: Int8Array, other: (i: number) => number, n: number, whole: boolean): boolean {
  const to = new Map<number, number>();
  const back = new Map<number, number>();
  for (let i = 0; i < n; i++) {
    const [a, b] = [codes[i]!, other(i)];
    if (a < 0 || b < 0) {
      if (whole && a !== b) return false;
      continue;
    }
    if ((to.get(a) ?? b) !== b || (back.get(b) ?? a) !== a) return false;
    to.set(a, b);
    back.set(b, a);
  }
  return true;
}
