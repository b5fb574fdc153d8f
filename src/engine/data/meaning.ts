import type { DataOptions, Notice } from "../../protocol/index.js";
import { noNumbers, noSuchValue, tooManyValues } from "./errors.js";
import { FOREIGN_MAYBE_SAFE, FOREIGN_MAYBE_UNSAFE, FOREIGN_SAFE, FOREIGN_UNSAFE } from "./foreign-words.js";
import { looksLikeJudgement } from "./judgement.js";
import { isBoolean } from "./label-column.js";
import { askMeaning, askThreshold, askUnknown, type LabelQuestion, opposite } from "./label-questions.js";
import type { Profile, ValueCount } from "./profile.js";
import { oneName, quoted } from "./say.js";
import {
  ANSWER_CLASS_NAMES,
  CONCEPT_NAME,
  FALSE_VALUES,
  isSafetyValue,
  isSafeValue,
  normalName,
  normalValue,
  polarity,
  SAFETY_HINT,
  STATEMENT_NAMES,
  TRUE_VALUES,
  wordForm,
} from "./words.js";

/** How label values are read. */
export interface Meaning {
  readonly kind: "safety" | "concept";
  /** [class 0, class 1]. */
  readonly names: readonly [string, string];
  /** By normal value; a value that is not here is left out and counted. */
  readonly classes: ReadonlyMap<string, 0 | 1>;
  /** A number at or above this is class 1; then `classes` is empty. */
  readonly threshold?: number;
  /** Every spelling in the file, by class. */
  readonly shown: readonly [readonly string[], readonly string[]];
  readonly notices: readonly Notice[];
  /** The same reading as options. */
  readonly options: DataOptions;
}

/** What else is known when label values are judged. */
export interface LabelSetting {
  readonly path: string;
  readonly ref: string;
  /** Named by the user, so its subject is settled. */
  readonly given: boolean;
  /** The column's values that occur in rows of the header's width. */
  readonly values: ReadonlyMap<string, ValueCount>;
  readonly textName: string;
  /** Most texts are declarative sentences. */
  readonly statements: boolean;
  readonly hasConceptColumn: boolean;
}

/** Reads a label column, or asks what its values mean. Nothing unknown ever counts as unsafe. */
export function meaningOf(column: Profile, setting: LabelSetting, options: DataOptions): Meaning {
  const { values } = setting;
  const question: LabelQuestion = { path: setting.path, column, ref: setting.ref, given: setting.given, values };
  if (options.threshold !== undefined) return byThreshold(column, setting, options.threshold);
  if (options.safe || options.unsafe) return byOptions(column, setting, options);
  const words = [...values.keys()];
  if (options.concept) {
    if (words.length === 2) return concept(column, setting, words);
    throw askUnknown(question, words, true);
  }
  if (words.length === 0) throw column.numeric ? askThreshold(question) : tooManyValues(setting.path, column.name, column.distinct);

  const booleans = words.filter(isBoolean);
  const safety = words.filter(isSafetyValue);
  const pole = polarity(column.name);
  const known = words.filter((word) => isBoolean(word) || isSafetyValue(word) || (safety.length > 0 && isMaybe(word)));
  if (known.length === words.length && (pole || safety.length > 0)) return safetyMeaning(column, values, pole ?? "unsafe", pole !== undefined);
  if (booleans.length === words.length) {
    if (words.length <= 2 && isConceptColumn(column, setting, words)) return concept(column, setting, words);
    throw askMeaning(question);
  }
  if (column.numeric) throw words.length === 2 ? askMeaning(question) : askThreshold(question);
  const unclear = words.some((word) => SAFETY_HINT.test(word)) || (!setting.hasConceptColumn && looksLikeJudgement(column.name, words));
  if (words.length === 2 && safety.length === 0 && !unclear && booleans.length === 0) return concept(column, setting, words);
  throw askUnknown(question, words, false);
}

/** Known words; 0, 1, true and yes beside them are read by the column's name, else as 1 = unsafe, and said. */
function safetyMeaning(column: Profile, values: ReadonlyMap<string, ValueCount>, pole: "safe" | "unsafe", fixed: boolean): Meaning {
  const classes = new Map<string, 0 | 1>();
  for (const word of values.keys()) {
    const positive = isBoolean(word) ? TRUE_VALUES.has(word) === (pole === "unsafe") : !isSafeValue(word) && !FOREIGN_MAYBE_SAFE.has(wordForm(word));
    classes.set(word, positive ? 1 : 0);
  }
  const mixed = [...values.keys()].some(isBoolean) && [...values.keys()].some(isSafetyValue);
  const notices: Notice[] = [];
  const meaning = finish("safety", ["safe", "unsafe"], classes, values, notices);
  const foreign = [...values.keys()].some((word) => isForeign(wordForm(word)));
  if (foreign)
    notices.push({
      code: "data/label-words",
      message: `By what the words mean, ${quoted(trimmed(meaning.shown[1]))} ${verb(meaning.shown[1])} read as unsafe, ${quoted(trimmed(meaning.shown[0]))} as safe; --safe and --unsafe say otherwise.`,
    });
  if (mixed)
    notices.push({
      code: "data/mixed-labels",
      message: `The column ${oneName(column.name)} mixes words and numbers: ${quoted(trimmed(meaning.shown[1]))} were read as unsafe, ${quoted(trimmed(meaning.shown[0]))} as safe${fixed ? "" : " (1 and true as unsafe, for the words beside them do not say otherwise)"}.`,
    });
  return meaning;
}

const trimmed = (spellings: readonly string[]): string[] => [...new Set(spellings.map((spelling) => spelling.trim()))];
const verb = (list: readonly string[]): string => (trimmed(list).length === 1 ? "is" : "are");
const isMaybe = (word: string): boolean => FOREIGN_MAYBE_SAFE.has(wordForm(word)) || FOREIGN_MAYBE_UNSAFE.has(wordForm(word));
const isForeign = (form: string): boolean => FOREIGN_SAFE.has(form) || FOREIGN_UNSAFE.has(form) || isMaybe(form);

function isConceptColumn(column: Profile, setting: LabelSetting, words: readonly string[]): boolean {
  if (setting.hasConceptColumn || STATEMENT_NAMES.has(normalName(setting.textName))) return true;
  if (CONCEPT_NAME.test(column.normal) || ANSWER_CLASS_NAMES.has(column.normal)) return true;
  if (words.every((word) => word === "yes" || word === "no")) return true;
  return setting.statements && words.every((word) => word === "true" || word === "false");
}

const NEGATED = /^(not|non|un|no)[\s-]?/;

function concept(column: Profile, setting: LabelSetting, words: readonly string[]): Meaning {
  const [a = "", b = ""] =
    words.length === 2 ? words : words.length === 1 && isBoolean(words[0] as string) ? [words[0] as string, opposite(words[0] as string)] : words;
  const positive = positiveOf(a, b);
  const negative = positive === a ? b : a;
  const classes = new Map<string, 0 | 1>([
    [negative, 0],
    [positive, 1],
  ]);
  return conceptMeaning(column, setting, classes);
}

/** True, yes and 1 are positive, what is negated is not; else the alphabetically later value is. */
function positiveOf(a: string, b: string): string {
  if (TRUE_VALUES.has(a) && FALSE_VALUES.has(b)) return a;
  if (TRUE_VALUES.has(b) && FALSE_VALUES.has(a)) return b;
  if (NEGATED.test(a) !== NEGATED.test(b)) return NEGATED.test(a) ? b : a;
  return [a, b].sort()[1] as string;
}

function conceptMeaning(column: Profile, setting: LabelSetting, classes: ReadonlyMap<string, 0 | 1>): Meaning {
  const names = ([0, 1] as const).map((c) => {
    const values = [...classes].filter(([, cls]) => cls === c).map(([word]) => word);
    return conceptName(column, setting, c, values);
  }) as [string, string];
  const message = `The classes are "${names[0]}" and "${names[1]}", not safe and unsafe: they are probed as a concept, and the alignment index is absent. "${names[1]}" is the positive class.`;
  return finish("concept", names, classes, setting.values, [{ code: "data/concept", message }]);
}

function conceptName(column: Profile, setting: LabelSetting, c: 0 | 1, values: readonly string[]): string {
  const attribute = /^(?:is|has|was)_(.+)$/.exec(column.normal)?.[1]?.replaceAll("_", " ");
  const [word = ""] = values;
  if (values.length === 1 && isBoolean(word)) {
    if (attribute) return c === 1 ? attribute : `not ${attribute}`;
    if ((word === "0" || word === "1") && STATEMENT_NAMES.has(normalName(setting.textName))) return word === "1" ? "true" : "false";
  }
  return values.map((value) => setting.values.get(value)?.shown ?? value).join(" or ") || (c === 1 ? "other" : "none");
}

function byThreshold(column: Profile, setting: LabelSetting, threshold: number): Meaning {
  if (setting.values.size > 0 && ![...setting.values.keys()].some((word) => Number.isFinite(Number(word))))
    throw noNumbers(setting.path, column.name, threshold, quoted([...setting.values.values()].map((v) => v.shown)));
  const notice = { code: "data/threshold", message: `Rows with ${oneName(column.name)} of ${threshold} or more are read as unsafe, the others as safe.` };
  const names = ["safe", "unsafe"] as const;
  return { kind: "safety", names, classes: new Map(), threshold, shown: [[`< ${threshold}`], [`>= ${threshold}`]], notices: [notice], options: { threshold } };
}

/** The user's own mapping. With one list given and one other value left, that value is the other class. */
function byOptions(column: Profile, setting: LabelSetting, options: DataOptions): Meaning {
  const classes = new Map<string, 0 | 1>();
  for (const value of options.safe ?? []) classes.set(normalValue(value), 0);
  for (const value of options.unsafe ?? []) classes.set(normalValue(value), 1);
  const words = [...setting.values.keys()];
  const given = words.filter((word) => classes.has(word));
  const one = !options.safe || !options.unsafe;
  if (setting.values.size > 0 && given.length === 0 && !(one && words.length === 1))
    throw noSuchValue(setting.path, options.safe ?? [], options.unsafe ?? [], quoted([...setting.values.values()].map((v) => v.shown)));
  const rest = words.filter((word) => !classes.has(word));
  if (one && rest.length === 1) classes.set(rest[0] as string, options.safe ? 1 : 0);
  if (options.concept) return conceptMeaning(column, setting, classes);
  return finish("safety", ["safe", "unsafe"], classes, setting.values, []);
}

function finish(
  kind: "safety" | "concept",
  names: readonly [string, string],
  classes: ReadonlyMap<string, 0 | 1>,
  values: ReadonlyMap<string, ValueCount>,
  notices: Notice[],
): Meaning {
  const of = (c: 0 | 1) => [...classes].filter(([, cls]) => cls === c).map(([word]) => word);
  const written = (c: 0 | 1) => of(c).map((word) => values.get(word)?.shown ?? word);
  const spelled = (c: 0 | 1) => of(c).flatMap((word) => [...(values.get(word)?.spellings ?? [])]);
  return {
    kind,
    names,
    classes,
    shown: [spelled(0), spelled(1)],
    notices,
    options: { safe: written(0), unsafe: written(1), ...(kind === "concept" ? { concept: true } : {}) },
  };
}
