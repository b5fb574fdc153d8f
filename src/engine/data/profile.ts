import { MAX_LABEL_VALUES } from "./limits.js";
import { isMessage, isRecord } from "./shapes.js";
import type { RawTable } from "./table.js";
import { ANSWER_NAMES, normalName, normalValue } from "./words.js";

export interface ValueCount {
  /** As the file first writes it, trimmed. */
  readonly shown: string;
  /** Every spelling that was joined here, untrimmed. */
  readonly spellings: Set<string>;
  count: number;
}

/** Counts one value under what makes it one with others. */
export function addValue(values: Map<string, ValueCount>, value: unknown, n = 1): void {
  const spelling = String(value);
  const normal = normalValue(value);
  const known = values.get(normal);
  if (!known) values.set(normal, { shown: spelling.trim(), spellings: new Set([spelling]), count: n });
  else {
    known.count += n;
    known.spellings.add(spelling);
  }
}

/** What the values of one column are like. */
export interface Profile {
  readonly index: number;
  readonly name: string;
  /** Lower case, words joined by _. */
  readonly normal: string;
  /** `string`, `number`, `boolean`, `list`, `object`, `mixed`, `empty`. */
  readonly kind: string;
  /** Records with a value that is not blank. */
  readonly filled: number;
  readonly meanLength: number;
  /** Share of values with a blank between words. */
  readonly spaced: number;
  readonly distinct: number;
  /** By normal value; absent when there are too many for a label. */
  readonly values?: ReadonlyMap<string, ValueCount>;
  /** All values are numbers or numerals. */
  readonly numeric: boolean;
  /** The numbers in rising order, where all values are. */
  readonly numbers?: readonly number[];
  readonly isUrl: boolean;
  readonly isChat: boolean;
}

const NUMERAL = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;
/** Long values are told apart up to here: they are texts, and that there are many is all that matters. */
const MANY = 2_000;
const SHORT = 40;

export const isBlank = (value: unknown): boolean => value === undefined || value === null || (typeof value === "string" && value.trim() === "");

/** The one value that a label cell stands for: a one-hot object's key, a list's only entry. */
export function labelText(value: unknown): string | undefined {
  if (isBlank(value)) return undefined;
  if (Array.isArray(value)) return value.length === 1 ? labelText(value[0]) : undefined;
  if (isRecord(value)) {
    const hot = Object.entries(value).filter(([, v]) => v === 1 || v === true);
    return hot.length === 1 ? (hot[0] as [string, unknown])[0] : undefined;
  }
  return String(value);
}

/** A one-hot object, `{"Yes": 1, "No": 0}`. */
export const isOneHot = (value: unknown): boolean =>
  isRecord(value) &&
  Object.keys(value).length >= 2 &&
  Object.keys(value).length <= 20 &&
  Object.values(value).every((v) => v === 0 || v === 1) &&
  labelText(value) !== undefined;

export function profile(table: RawTable): Profile[] {
  return table.columns.map((name, index) => profileColumn(table, name, index));
}

function profileColumn(table: RawTable, name: string, index: number): Profile {
  const kinds = new Set<string>();
  const raw = new Map<unknown, number>();
  const seen = { filled: 0, length: 0, spaced: 0, numeric: 0, url: 0, chat: 0 };
  for (const { values } of table.records) {
    const value = values[index];
    if (isBlank(value)) continue;
    seen.filled++;
    kinds.add(kindOf(value));
    const key = typeof value === "object" ? labelText(value) : value;
    if (key !== undefined && (raw.size < MANY || typeof key !== "string" || key.length <= SHORT)) raw.set(key, (raw.get(key) ?? 0) + 1);
    if (typeof value === "string") {
      seen.length += value.length;
      const body = value.trim();
      if (/\S\s+\S/.test(value)) seen.spaced++;
      if (body.length < 30 && NUMERAL.test(body)) seen.numeric++;
      else if (body.startsWith("http") && /^https?:\/\/\S+$/.test(body)) seen.url++;
    } else if (typeof value === "number" || typeof value === "bigint") seen.numeric++;
    else if (Array.isArray(value)) {
      if (value.some(isMessage)) seen.chat++;
      seen.length += lengthOf(value);
      if (value.length > 0 && (typeof value[0] === "string" || isMessage(value[0]))) seen.spaced++;
    } else if (isMessage(value)) {
      seen.chat++;
      seen.length += lengthOf(value);
    }
  }
  const { filled } = seen;
  return {
    index,
    name,
    normal: lastPart(normalName(name)),
    kind: kinds.size === 0 ? "empty" : kinds.size === 1 ? ([...kinds][0] as string) : "mixed",
    filled,
    meanLength: filled ? seen.length / filled : 0,
    spaced: filled ? seen.spaced / filled : 0,
    distinct: raw.size,
    values: valuesOf(raw),
    numeric: filled > 0 && seen.numeric === filled,
    numbers: filled > 0 && seen.numeric === filled ? numbersOf(table, index) : undefined,
    isUrl: filled > 0 && seen.url * 2 > filled,
    isChat: filled > 0 && seen.chat * 2 > filled,
  };
}

/** `body.messages` is messages; `response.text` stays what it is, an answer's. */
function lastPart(normal: string): string {
  const parts = normal.split(".");
  return parts.slice(0, -1).some((part) => ANSWER_NAMES.has(part)) ? normal : (parts.at(-1) ?? normal);
}

function numbersOf(table: RawTable, index: number): number[] {
  const filled = table.records.filter(({ values }) => !isBlank(values[index]));
  return filled.map(({ values }) => Number(values[index])).sort((a, b) => a - b);
}

function valuesOf(raw: ReadonlyMap<unknown, number>): Map<string, ValueCount> | undefined {
  if (raw.size > MAX_LABEL_VALUES * 8) return undefined;
  const values = new Map<string, ValueCount>();
  for (const [value, n] of raw) addValue(values, value, n);
  return values.size > MAX_LABEL_VALUES ? undefined : values;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "list";
  const type = typeof value;
  return type === "bigint" ? "number" : type === "object" ? "object" : type;
}

function lengthOf(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (Array.isArray(value)) return value.reduce<number>((sum, inner) => sum + lengthOf(inner), 0);
  return isRecord(value) ? Object.values(value).reduce<number>((sum, inner) => sum + (typeof inner === "string" ? inner.length : 0), 0) : 0;
}
