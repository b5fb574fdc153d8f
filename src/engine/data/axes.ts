import type { DataOptions } from "../../protocol/index.js";
import { MAX_AXES, MAX_AXIS_CLASSES } from "./limits.js";
import { isBlank, isOneHot, type Profile } from "./profile.js";
import { columnBy, hasColumn, refOf } from "./refs.js";
import { isRecord } from "./shapes.js";
import type { RawTable } from "./table.js";
import { CATEGORY_NAMES, ID_NAMES, normalName, normalValue } from "./words.js";

/** A column of classes beside the label, before the rows that can be used are known. */
export interface AxisColumn {
  /** `axiom`; of an object's key `category.fraud`, of a list's entry `tags: fraud`. */
  readonly name: string;
  /** How options name it. */
  readonly ref: string;
  /** Zero-based column that it is read from; of a record with two answers one for each. */
  readonly index: number;
  readonly second?: number;
  readonly key?: string;
  /** A list column: yes or no for this entry. */
  readonly entry?: string;
}

/** Neither a property of the text nor one that could be read from it: order, split, date, length. */
const NO_AXIS =
  /^(split|fold|subset|counter|count|n\d+|diff|abs_diff|length|len|n_?tokens|num_tokens|tokens|token_count|n_?words|num_words|turns?|hash|checksum|version|(better|safer|preferred|chosen)_?(response_)?id|better_response|preferred)$/;
const DATE_NAME = /(^|_)(date|time|datetime|timestamp|created|updated|modified|year|month|day|week|hour)(_at|_on)?$/;
const DATE = /^(\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./]\d{1,2}[./]\d{2,4}|\d{1,2}:\d{2}(:\d{2})?)([T ].*)?$/;
/** Longer values are texts. */
const LONGEST_CLASS = 60;
/** Cells looked at to find the keys of objects and the entries of lists. */
const SAMPLE = 2_000;

/** All columns that may be axes (no option, or `all`), none (`none`), or those that are named. */
export function pickAxes(
  path: string,
  table: RawTable,
  profiles: readonly Profile[],
  taken: readonly (Profile | undefined)[],
  options: DataOptions,
  soft: boolean,
  answers?: readonly [string, string],
): AxisColumn[] {
  const wish = options.axes ?? ["all"];
  if (wish.includes("none")) return [];
  const free = profiles.filter((p) => !taken.includes(p) && p.filled > 0);
  if (!wish.includes("all")) return unique(wish.flatMap((ref) => namedAxes(path, table, profiles, ref, soft)));
  const order = (p: Profile) => CATEGORY_NAMES.indexOf(p.normal) + 1 || CATEGORY_NAMES.length + 1;
  const sorted = [...free].sort((a, b) => order(a) - order(b) || a.index - b.index);
  const found = sorted.flatMap((p) => (excluded(p) ? [] : axesOf(table, profiles, p)));
  return unique(answers ? byAnswer(found, profiles, answers) : found).slice(0, room(table));
}

/** Axes that are read before it is known which of them serve; of very long files fewer, for every row holds a value of each. */
const room = ({ records }: RawTable): number => Math.max(MAX_AXES, Math.min(MAX_AXES * 4, Math.floor(8_000_000 / (records.length + 1))));

/** `response_0_severity` and `response_1_severity` are one axis of the answers, `response_severity`. */
function byAnswer(axes: readonly AxisColumn[], profiles: readonly Profile[], [first, second]: readonly [string, string]): AxisColumn[] {
  const part = (which: string) => new RegExp(`(^|_)${which}(?=_|$)`);
  const stem = first.replace(/_?[012ab]$/, "").replace(/^chosen$/, "");
  return axes.flatMap((axis): AxisColumn[] => {
    const own = profiles[axis.index];
    const [here, there] = own && part(second).test(own.normal) ? [second, first] : [first, second];
    if (!own || !part(here).test(own.normal)) return [axis];
    const other = profiles.find((p) => p.normal === own.normal.replace(part(here), `$1${there}`));
    const name = own.normal.replace(part(here), `$1${stem}`).replace(/__+/g, "_").replace(/^_|_$/g, "");
    if (!other || name === "") return [];
    const rest = axis.key !== undefined ? `.${axis.key}` : axis.entry !== undefined ? `: ${axis.entry}` : "";
    const [index, next] = here === first ? [own.index, other.index] : [other.index, own.index];
    return [{ ...axis, name: `${name}${rest}`, index, second: next }];
  });
}

const excluded = (p: Profile): boolean => ID_NAMES.has(p.normal) || p.isUrl || p.isChat || NO_AXIS.test(p.normal) || DATE_NAME.test(p.normal);

function namedAxes(path: string, table: RawTable, profiles: readonly Profile[], ref: string, soft: boolean): AxisColumn[] {
  if (hasColumn(profiles, ref)) {
    const column = columnBy(path, profiles, "axis", ref);
    const found = axesOf(table, profiles, column);
    return found.length > 0 ? found : [plainAxis(profiles, column)];
  }
  const dot = ref.indexOf(".");
  const parent = dot > 0 ? profiles.find((p) => p.name === ref.slice(0, dot) && p.kind === "object") : undefined;
  if (parent) return [{ name: ref, ref, index: parent.index, key: ref.slice(dot + 1) }];
  const list = profiles.find((p) => p.kind === "list" && ref.startsWith(`${p.name}: `));
  if (list) return [{ name: ref, ref, index: list.index, entry: ref.slice(list.name.length + 2) }];
  if (soft) return [];
  columnBy(path, profiles, "axis", ref);
  return [];
}

const plainAxis = (profiles: readonly Profile[], p: Profile): AxisColumn => ({ name: p.name || `#${p.index + 1}`, ref: refOf(profiles, p), index: p.index });

/** The axes that one column gives: itself, or one for each key of its objects, each entry of its lists. */
function axesOf(table: RawTable, profiles: readonly Profile[], p: Profile): AxisColumn[] {
  if (p.kind === "object" && !isHot(table, p)) {
    const keys = new Set<string>();
    for (const value of sample(table, p.index)) if (isRecord(value)) for (const key of Object.keys(value)) keys.add(key);
    const name = p.name || `#${p.index + 1}`;
    return [...keys]
      .slice(0, MAX_AXES * 4)
      .map((key): AxisColumn => ({ name: `${name}.${key}`, ref: `${name}.${key}`, index: p.index, key }))
      .filter((axis) => !NO_AXIS.test(normalName(axis.key ?? "")) && isClasses(valuesOf(table, axis)));
  }
  if (p.kind === "list") return listAxes(table, profiles, p);
  if (!p.values || p.values.size < 2) return [];
  const axis = plainAxis(profiles, p);
  return isClasses([...p.values.values()].map((v) => v.shown)) ? [axis] : [];
}

/** One-hot objects are labels that one column holds. */
const isHot = (table: RawTable, p: Profile): boolean => sample(table, p.index).every((value) => isBlank(value) || isOneHot(value));

function listAxes(table: RawTable, profiles: readonly Profile[], p: Profile): AxisColumn[] {
  const entries = new Map<string, number>();
  let most = 0;
  for (const value of sample(table, p.index)) {
    if (!Array.isArray(value)) continue;
    most = Math.max(most, value.length);
    for (const entry of value) {
      if (typeof entry !== "string" || entry.length > LONGEST_CLASS) return [];
      entries.set(entry.trim(), (entries.get(entry.trim()) ?? 0) + 1);
      if (entries.size > MAX_AXIS_CLASSES * 4) return [];
    }
  }
  if (entries.size < 2) return [];
  if (most <= 1) return entries.size <= MAX_AXIS_CLASSES ? [plainAxis(profiles, p)] : [];
  const name = p.name || `#${p.index + 1}`;
  return [...entries]
    .sort((a, b) => b[1] - a[1])
    .slice(0, MAX_AXIS_CLASSES)
    .map(([entry]): AxisColumn => ({ name: `${name}: ${entry}`, ref: `${name}: ${entry}`, index: p.index, entry }));
}

const sample = (table: RawTable, index: number): unknown[] => table.records.slice(0, SAMPLE).map(({ values }) => values[index]);

/** Shown values of an axis in the sample; undefined when there are too many. */
function valuesOf(table: RawTable, axis: AxisColumn): string[] | undefined {
  const seen = new Map<string, string>();
  for (const { values } of table.records.slice(0, SAMPLE)) {
    const value = axisValue(axis, values);
    if (value === undefined) continue;
    const normal = normalValue(value);
    if (!seen.has(normal)) seen.set(normal, value);
    if (seen.size > MAX_AXIS_CLASSES) return undefined;
  }
  return [...seen.values()];
}

/** Short words or whole numbers; not fractions, dates or texts. */
function isClasses(shown: readonly string[] | undefined): boolean {
  if (!shown || shown.length < 2 || shown.length > MAX_AXIS_CLASSES) return false;
  if (shown.some((v) => Number.isFinite(Number(v)) && !Number.isInteger(Number(v)))) return false;
  return shown.every((v) => v.length <= LONGEST_CLASS) && !shown.some((v) => DATE.test(v));
}

function unique(axes: readonly AxisColumn[]): AxisColumn[] {
  const seen = new Set<string>();
  return axes.filter(({ name }) => !seen.has(name) && seen.add(name));
}

/** What a record says on an axis; undefined = nothing. */
export function axisValue({ index, second, key, entry }: AxisColumn, values: readonly unknown[], answer = 0): string | undefined {
  const cell = values[answer === 1 && second !== undefined ? second : index];
  if (key !== undefined) return isRecord(cell) && Object.hasOwn(cell, key) ? scalar(cell[key]) : undefined;
  if (entry !== undefined) return Array.isArray(cell) ? (cell.some((e) => typeof e === "string" && e.trim() === entry) ? "yes" : "no") : undefined;
  if (Array.isArray(cell)) return cell.length === 1 ? scalar(cell[0]) : undefined;
  if (isRecord(cell)) {
    const hot = Object.entries(cell).filter(([, v]) => v === 1 || v === true);
    return hot.length === 1 ? hot[0]?.[0] : undefined;
  }
  return scalar(cell);
}

const scalar = (value: unknown): string | undefined => (isBlank(value) || typeof value === "object" ? undefined : String(value).trim());
