import type { DataOptions } from "../../protocol/index.js";
import { askSubject } from "./answers.js";
import { ask } from "./errors.js";
import { fractions, isScore, type LabelCandidate, labelCandidates, replies, sameClasses } from "./label-column.js";
import { type LabelSetting, type Meaning, meaningOf } from "./meaning.js";
import type { Candidate, PartRequest } from "./part.js";
import { addValue, type Profile, type ValueCount } from "./profile.js";
import { columnBy, refOf } from "./refs.js";
import { flag, oneName, quoted } from "./say.js";
import type { RawTable } from "./table.js";
import { isSafetyValue, normalValue } from "./words.js";

/** The label column; undefined when the file has none, a question when several compete or it judges an answer. */
export function pickLabel(
  path: string,
  table: RawTable,
  profiles: readonly Profile[],
  text: readonly Profile[],
  options: DataOptions,
  soft = false,
): Profile | undefined {
  if (options.label !== undefined) return columnBy(path, profiles, "label", options.label);
  // A file that is set against another one needs no score.
  const pair = (soft || options.contrast !== undefined) && options.threshold === undefined;
  const found = labelCandidates(table, profiles, text).filter((c) => !pair || !isScore(c));
  const all = options.threshold === undefined ? found : found.filter((c) => c.column.numeric);
  if (all.length === 0 && options.threshold !== undefined) {
    const scores = fractions(profiles).filter((p) => !text.includes(p));
    if (scores.length > 1)
      throw askWhich(
        path,
        profiles,
        scores.map((column) => ({ column, rank: 0, about: "prompt" })),
      );
    if (scores[0]) return scores[0];
    return found[0]?.column;
  }
  const [best] = all;
  if (!best || isConstant(best)) return undefined;
  const equals = all.filter((c) => c.rank === best.rank);
  const textIsReply = text.some((p) => replies(profiles).includes(p));
  if (best.rank >= 2 && equals.length > 1 && equals.slice(1).some((c) => !sameClasses(table, best.column, c.column))) throw askWhich(path, profiles, equals);
  if (best.about === "answer" && !textIsReply && !options.expandAnswers) throw askSubject(path, profiles, best.column, text);
  if (best.rank === 5) throw askWhich(path, profiles, equals);
  return best.column;
}

/** One value that says nothing about safety is no label. */
function isConstant({ column }: LabelCandidate): boolean {
  const words = [...(column.values?.keys() ?? [])];
  return words.length === 1 && !isSafetyValue(words[0] as string) && !["0", "1", "true", "false", "yes", "no"].includes(words[0] as string);
}

function askWhich(path: string, profiles: readonly Profile[], candidates: readonly LabelCandidate[]) {
  const choices = candidates.slice(0, 12).map(({ column }) => {
    const ref = refOf(profiles, column);
    const values = [...(column.values?.values() ?? [])].map((v) => `${oneName(v.shown)}: ${v.count}`).slice(0, 6);
    return { label: oneName(column.name), detail: values.join(", "), options: { label: ref }, flags: flag("label", ref) };
  });
  const names = quoted(candidates.map(({ column }) => column.name));
  const one = candidates.length === 1;
  return ask(
    "data/which-label",
    `${one ? `The column ${names} may hold the label. Is it to be read as such?` : `The columns ${names} could each be the label. Which one is it?`}`,
    choices,
    {
      file: path,
    },
  );
}

export function meaningFor(
  request: PartRequest,
  table: RawTable,
  profiles: readonly Profile[],
  label: Profile,
  candidates: readonly Candidate[],
  text: readonly Profile[],
  options: DataOptions,
): Meaning {
  const long = candidates.some((c) => c.long);
  const even = long ? tally(candidates.filter((c) => !c.long)) : label.values;
  const setting: LabelSetting = {
    path: request.path,
    ref: refOf(profiles, label),
    given: request.options.label !== undefined,
    values: (long && even && even.size > 0 ? even : label.values) ?? new Map(),
    textName: text[0]?.normal ?? "",
    statements: declarative(candidates),
    hasConceptColumn: table.columns.some((name) => name.toLowerCase() === "concept"),
  };
  return meaningOf(label, setting, request.soft ? softened(setting, options) : options);
}

/** Another file's value mapping is taken over only where it covers this file's values. */
function softened(setting: LabelSetting, options: DataOptions): DataOptions {
  const known = new Set([...(options.safe ?? []), ...(options.unsafe ?? [])].map(normalValue));
  const covers = [...setting.values.keys()].every((word) => known.has(word));
  return covers ? options : { ...options, safe: undefined, unsafe: undefined, concept: undefined };
}

function tally(candidates: readonly { label?: string }[]): Map<string, ValueCount> {
  const values = new Map<string, ValueCount>();
  for (const { label } of candidates) {
    if (label === undefined) continue;
    addValue(values, label);
  }
  return values;
}

export function answerMeaning(
  request: PartRequest,
  name: string,
  label: Profile | undefined,
  candidates: readonly Candidate[],
  options: DataOptions,
): Meaning | undefined {
  const values = tally(candidates);
  if (values.size === 0) return undefined;
  const column = {
    ...(label ?? ({ index: -1, kind: "string", filled: 0, meanLength: 0, spaced: 0, distinct: 2, numeric: false, isUrl: false, isChat: false } as const)),
    name,
    normal: name,
    values,
  };
  const setting: LabelSetting = {
    path: request.path,
    ref: options.label ?? "",
    given: options.label !== undefined,
    values,
    textName: "",
    statements: false,
    hasConceptColumn: false,
  };
  return meaningOf(column, setting, options);
}

/** At least seven of ten texts end like a statement. */
function declarative(candidates: readonly Candidate[]): boolean {
  const sample = candidates.slice(0, 500).filter((c) => c.text.trim() !== "");
  return sample.length > 0 && sample.filter((c) => /[.!]["'”’)]?\s*$/.test(c.text)).length >= sample.length * 0.7;
}
