import type { Choice, DataOptions, ProblemError } from "../../protocol/index.js";
import { ask } from "./errors.js";
import { soundsUnsafe } from "./judgement.js";
import type { Profile, ValueCount } from "./profile.js";
import { count, flag, oneName, quoted } from "./say.js";
import { isSafeValue, isUnsafeValue, TRUE_VALUES } from "./words.js";

export interface LabelQuestion {
  readonly path: string;
  readonly column: Profile;
  readonly ref: string;
  /** The user named the column, so that an answer has to name it again. */
  readonly given: boolean;
  readonly values: ReadonlyMap<string, ValueCount>;
}

/** Options and the flags that say the same. */
export function mapping(safe: readonly string[], unsafe: readonly string[], more: DataOptions = {}): Pick<Choice, "options" | "flags"> {
  const flags = [
    ...(more.label ? [flag("label", more.label)] : []),
    ...unsafe.map((value) => flag("unsafe", value)),
    ...safe.map((value) => flag("safe", value)),
    ...(more.concept ? ["--concept"] : []),
    ...(more.expandAnswers ? ["--expand-answers"] : []),
  ];
  return { options: { ...more, safe, unsafe }, flags: flags.join(" ") };
}

const named = (q: LabelQuestion): DataOptions => (q.given ? { label: q.ref } : {});
const rows = (q: LabelQuestion, value: string): string => count(q.values.get(value)?.count ?? 0, "row");

const OPPOSITES: Readonly<Record<string, string>> = { "1": "0", "0": "1", true: "false", false: "true", yes: "no", no: "yes", t: "f", f: "t", y: "n", n: "y" };
export const opposite = (word: string): string => OPPOSITES[word] ?? word;

/** 0/1 or true/false without a name that fixes the meaning. */
export function askMeaning(q: LabelQuestion): ProblemError {
  const words = [...q.values.keys()];
  const top = q.column.numeric && words.length === 2 ? [...words].sort((a, b) => Number(b) - Number(a))[0] : undefined;
  const high = words.filter((word) => (top === undefined ? TRUE_VALUES.has(word) : word === top));
  const low = words.filter((word) => !high.includes(word));
  const shown = (list: readonly string[]) => list.map((word) => q.values.get(word)?.shown ?? word);
  const say = (list: readonly string[]) =>
    shown(list).join(", ") ||
    shown(list === high ? low : high)
      .map((v) => opposite(v.toLowerCase()))
      .join(", ");
  const counts = words.map((word) => `${q.values.get(word)?.shown}: ${rows(q, word)}`).join(", ");
  // The other value is named even where it does not occur: the contrast file may have it.
  const [no, yes] = [low.length ? shown(low) : high.map(opposite), high.length ? shown(high) : low.map(opposite)];
  const choices: Choice[] = [
    { label: `${say(high)} = unsafe`, detail: `${say(low)} = safe`, ...mapping(no, yes, named(q)) },
    { label: `${say(high)} = safe`, detail: `${say(low)} = unsafe`, ...mapping(yes, no, named(q)) },
    { label: "Neither: another concept", detail: "Probed without an alignment index", ...mapping(no, yes, { ...named(q), concept: true }) },
  ];
  return ask(
    "data/label-meaning",
    `The column ${oneName(q.column.name)} has the values ${quoted(shown(words))} (${counts}); nothing in the file says which of them is unsafe. Which is it?`,
    choices,
    { file: q.path },
  );
}

/** A number that is no class: where is the line? */
export function askThreshold(q: LabelQuestion): ProblemError {
  const numbers = q.column.numbers ?? [];
  const [low = 0, high = 1] = [numbers[0], numbers.at(-1)];
  // A sum of a hair above 0 is 0: nobody means to cut at 1e-17.
  const half = Math.abs(low + high) < (high - low) * 1e-9 ? 0 : round((low + high) / 2);
  const steps = low >= 0 && high <= 1 ? [0.5, 0.8, 0.2] : low < 0 && high > 0 ? [...new Set([half, 0])] : [half];
  const choices = steps.map((threshold): Choice => {
    const above = numbers.filter((n) => n >= threshold).length;
    return {
      label: `${threshold} or more is unsafe`,
      detail: `${count(above, "unsafe row")}, ${numbers.length - above} safe`,
      options: { ...named(q), threshold },
      flags: `${q.given ? `${flag("label", q.ref)} ` : ""}${flag("threshold", threshold)}`,
    };
  });
  const few = [...q.values.values()].map((value) => value.shown);
  if (few.length >= 2 && few.length <= 6)
    choices.push({
      label: "The ends only",
      detail: `lowest value safe, highest unsafe, the others left out`,
      ...mapping([String(low)], [String(high)], named(q)),
    });
  return ask(
    "data/threshold",
    `The column ${oneName(q.column.name)} is a number from ${round(low)} to ${round(high)}, not a class. From which value on is a row unsafe?`,
    choices,
    { file: q.path },
  );
}

const round = (n: number): number => Number(n.toPrecision(4));

/** Values that are not known: to be mapped, or left out. */
export function askUnknown(q: LabelQuestion, words: readonly string[], concept: boolean): ProblemError {
  const shown = (list: readonly string[]) => list.map((word) => q.values.get(word)?.shown ?? word);
  const safe = words.filter((word) => isSafeValue(word));
  const unsafe = words.filter((word) => isUnsafeValue(word));
  const other = words.filter((word) => !safe.includes(word) && !unsafe.includes(word));
  const counts = words
    .slice(0, 8)
    .map((word) => `${oneName(q.values.get(word)?.shown ?? word)}: ${rows(q, word)}`)
    .join(", ");
  const choices: Choice[] = [];
  const more = named(q);
  if (safe.length > 0 && unsafe.length > 0) {
    const rest = quoted(shown(other));
    choices.push({ label: `Leave ${rest} out`, ...mapping(shown(safe), shown(unsafe), more) });
    choices.push({ label: `${rest} = unsafe`, ...mapping(shown(safe), shown([...unsafe, ...other]), more) });
    choices.push({ label: `${rest} = safe`, ...mapping(shown([...safe, ...other]), shown(unsafe), more) });
  } else if (safe.length + unsafe.length > 0) {
    const lacks = safe.length === 0;
    choices.push({
      label: `${quoted(shown(other))} = ${lacks ? "safe" : "unsafe"}`,
      ...mapping(shown(lacks ? other : safe), shown(lacks ? unsafe : other), more),
    });
  } else choices.push(...pairs(q, words, concept, shown));
  return ask(
    "data/unknown-values",
    `The column ${oneName(q.column.name)} has values whose meaning is not known (${counts}${words.length > 8 ? ` and ${words.length - 8} more` : ""}). How are they to be read?`,
    choices,
    { file: q.path },
  );
}

/** Two unknown values, or the two most frequent of several. */
function pairs(q: LabelQuestion, words: readonly string[], concept: boolean, shown: (list: readonly string[]) => string[]): Choice[] {
  const [a = "", b = ""] = [...words].sort((x, y) => (q.values.get(y)?.count ?? 0) - (q.values.get(x)?.count ?? 0));
  const [low, high] = soundsUnsafe(a) && !soundsUnsafe(b) ? [b, a] : [a, b];
  const out = words.length > 2 ? `, the other ${words.length - 2} left out` : "";
  const [l, h] = [shown([low]), shown([high])];
  const asConcept: Choice = {
    label: `${quoted(h)} against ${quoted(l)}, as a concept`,
    detail: `Probed without an alignment index${out}`,
    ...mapping(l, h, { ...named(q), concept: true }),
  };
  if (concept) return [asConcept];
  return [
    { label: `${quoted(h)} = unsafe`, detail: `${quoted(l)} = safe${out}`, ...mapping(l, h, named(q)) },
    { label: `${quoted(l)} = unsafe`, detail: `${quoted(h)} = safe${out}`, ...mapping(h, l, named(q)) },
    asConcept,
  ];
}
