import type { DataOptions, Notice, ProblemError } from "../../protocol/index.js";
import { bothClasses, emptiedClass, noSuchValue } from "./errors.js";
import type { Part } from "./part.js";
import { addValue, type ValueCount } from "./profile.js";
import { count, quoted } from "./say.js";
import { normalValue } from "./words.js";

/** What the user's own mapping or threshold did to the classes, in sentences that name it. */

/** A value cannot be in both classes. */
export function refuseBoth(path: string, { safe = [], unsafe = [] }: DataOptions): void {
  const known = new Set(safe.map(normalValue));
  const both = unsafe.filter((value) => known.has(normalValue(value)));
  if (both.length > 0) throw bothClasses(path, both);
}

/** Why a class has no rows, when a threshold or a named value is the reason. */
export function emptiedBy(parts: readonly Part[], options: DataOptions, lacking: 0 | 1): ProblemError | undefined {
  const path = parts[0]?.file.path ?? "";
  if (options.threshold !== undefined) return byThreshold(parts, path, options.threshold, lacking);
  const values = labelsOf(parts);
  const [own, ownFlag, other, otherFlag] = sides(options, lacking);
  if (values.size === 0 || (!own && !other)) return undefined;
  const all = quoted([...values.values()].map((v) => v.shown));
  if (own) {
    const occurs = own.some((value) => values.has(normalValue(value)));
    return occurs ? undefined : noSuchValue(path, lacking === 0 ? own : [], lacking === 1 ? own : [], all);
  }
  const named = new Set(other?.map(normalValue));
  const left = [...values].filter(([word]) => !named.has(word)).map(([, v]) => v.shown);
  const taken = [...values].filter(([word]) => named.has(word)).map(([, v]) => v);
  if (taken.length === 0) return noSuchValue(path, lacking === 1 ? (other ?? []) : [], lacking === 0 ? (other ?? []) : [], all);
  const words = quoted(taken.map((v) => v.shown));
  if (left.length > 0)
    return emptiedClass(
      path,
      `Only ${words} has a meaning, which --${otherFlag} gives; what ${quoted(left)} mean is not said.`,
      `Name the values that are ${ownFlag} with --${ownFlag}.`,
    );
  const rows = taken.reduce((sum, v) => sum + v.count, 0);
  return emptiedClass(
    path,
    `All ${count(rows, "row")} have a label that --${otherFlag} names (${words}); none is left to be ${ownFlag}.`,
    `Name fewer values with --${otherFlag}, or set the file against one of ${ownFlag} rows with --contrast FILE.`,
  );
}

const sides = ({ safe, unsafe }: DataOptions, lacking: 0 | 1) =>
  lacking === 0 ? ([safe, "safe", unsafe, "unsafe"] as const) : ([unsafe, "unsafe", safe, "safe"] as const);

function byThreshold(parts: readonly Part[], path: string, threshold: number, lacking: 0 | 1): ProblemError | undefined {
  let [n, low, high] = [0, Infinity, -Infinity];
  for (const { candidates } of parts)
    for (const { label } of candidates) {
      const score = label === undefined ? Number.NaN : Number(label);
      if (!Number.isFinite(score)) continue;
      n++;
      low = Math.min(low, score);
      high = Math.max(high, score);
    }
  // Where scores lie on both sides, the rows of one class are missing for another reason.
  if (n === 0 || (low < threshold && high >= threshold)) return undefined;
  const where = lacking === 1 ? "below" : "at or above";
  const said =
    n === 1
      ? `The only score, ${low}, is ${where} the threshold ${threshold}.`
      : `All ${n.toLocaleString("en")} scores are ${where} the threshold ${threshold}; they go from ${low} to ${high}.`;
  const hint = low < high ? `Choose a threshold above ${low} and up to ${high}.` : "Choose another label column with --label.";
  return emptiedClass(path, said, hint);
}

/** Values that the user names and no row has; a slip of the pen would otherwise pass in silence. */
export function absentValues(parts: readonly Part[], { safe = [], unsafe = [] }: DataOptions): Notice[] {
  const values = labelsOf(parts);
  const absent = (list: readonly string[]) => list.filter((value) => !values.has(normalValue(value)));
  if (values.size === 0) return [];
  return (
    [
      ["safe", absent(safe)],
      ["unsafe", absent(unsafe)],
    ] as const
  )
    .filter(([, list]) => list.length > 0)
    .map(([name, list]) => ({ code: "data/no-such-value", message: `No row has the label ${quoted(list)}, which --${name} names.` }));
}

function labelsOf(parts: readonly Part[]): Map<string, ValueCount> {
  const values = new Map<string, ValueCount>();
  for (const { candidates } of parts) for (const { label } of candidates) if (label !== undefined && label.trim() !== "") addValue(values, label);
  return values;
}
