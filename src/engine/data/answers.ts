import type { Choice, DataOptions, ProblemError } from "../../protocol/index.js";
import { type AnswerPair, pairedAnswers, preferenceWords, preferredIndex } from "./answer-pairs.js";
import { type AnswerText, answerOf, dialogueOf } from "./answer-rows.js";
import { conversationOf, type Prompt } from "./chat.js";
import { ask, noSuchColumn } from "./errors.js";
import { isBoolean, replies } from "./label-column.js";
import { mapping } from "./label-questions.js";
import { isBlank, labelText, type Profile } from "./profile.js";
import { columnBy, refOf } from "./refs.js";
import { count, flag, oneName, quoted } from "./say.js";
import type { RawTable } from "./table.js";
import { normalValue, polarity } from "./words.js";

/** One answer of a record, read with its prompt. */
export interface Answer extends AnswerText {
  readonly label: string | undefined;
}

/** How a file's answers become rows. */
export interface AnswerPlan {
  readonly columns: readonly Profile[];
  readonly labels: readonly Profile[];
  /** Name of what the label says, and whether 1 or true means safe. */
  readonly labelName: string;
  readonly said: string;
  /** Where a record holds two answers: what the names of the columns about each have in them. */
  readonly parts?: readonly [string, string];
  /** One entry an answer column; an answer that is missing has an empty text. */
  answers(values: readonly unknown[], prompt: Prompt | undefined): Answer[];
}

/** The question that a file of answers raises by itself; nothing when it has none. */
export function answersQuestion(path: string, table: RawTable, profiles: readonly Profile[], hasPrompt: boolean): ProblemError | undefined {
  const found = pairedAnswers(profiles);
  if (!found) return undefined;
  const rows = table.records.length;
  const said = dialogues(table, found.columns[0]) ? " Each whole dialogue is a text." : hasPrompt ? " Each answer is joined to its prompt." : "";
  const detail = `${count(rows * 2, "text")}, ${count(rows, "pair")}.${said}`;
  const choices: Choice[] = [];
  if (found.kind === "flagged") {
    const tally = [0, 0];
    for (const { values } of table.records) for (const label of found.labels) if (!isBlank(values[label.index])) tally[isTrue(values[label.index]) ? 0 : 1]!++;
    choices.push({
      label: "One row an answer",
      detail: `${count(rows * 2, "text")}: ${tally[0]} safe, ${tally[1]} unsafe; each answer joined to its prompt`,
      options: { expandAnswers: true },
      flags: "--expand-answers",
    });
  }
  if (found.kind === "preference") choices.push(...preferenceChoices("chosen", "rejected", detail, {}));
  for (const column of found.preferences) {
    const [first, other] = preferenceWords(column);
    const all = preferenceChoices(first, other, detail, { label: refOf(profiles, column) });
    // Safe by its own flag is more than safer than the other.
    choices.push(...(found.kind === "flagged" ? all.slice(-1).map((c) => ({ ...c, label: `${c.label} (${oneName(column.name)})` })) : all));
  }
  const columns = quoted(found.columns.map((c) => c.name));
  const message =
    found.kind === "flagged"
      ? `The labels ${quoted(found.labels.map((l) => l.name))} judge the two answers of a row, not its prompt. Read each answer as a row of its own?`
      : found.kind === "preference"
        ? `The file holds pairs of answers in ${columns} and no label. Are the chosen answers the safe ones?`
        : `The file holds pairs of answers in ${columns}; ${quoted(found.preferences.map((p) => p.name))} says which one is preferred, which need not be the safe one. How are they to be read?`;
  return ask("data/answers", message, choices, { file: path });
}

/** What is preferred may be what is safe, or not: only the user knows. */
function preferenceChoices(first: string, other: string, detail: string, more: DataOptions): Choice[] {
  const options = { ...more, expandAnswers: true };
  return [
    { label: `${first} = safe, ${other} = unsafe`, detail, ...mapping([first], [other], options) },
    { label: `${first} = unsafe, ${other} = safe`, detail, ...mapping([other], [first], options) },
    { label: "Neither: preference as a concept", detail: `${detail} No alignment index.`, ...mapping([other], [first], { ...options, concept: true }) },
  ];
}

/** Columns to be read as rows when the user said so. */
export function planAnswers(path: string, table: RawTable, profiles: readonly Profile[], options: DataOptions): AnswerPlan {
  const label = options.label === undefined ? undefined : columnBy(path, profiles, "label", options.label);
  const pair = pairedAnswers(profiles);
  if (pair && (label === undefined ? pair.kind !== "ranked" : pair.preferences.includes(label))) return planPair(table, pair, label);
  if (pair?.kind === "ranked" && label === undefined && pair.preferences[0]) return planPair(table, pair, pair.preferences[0]);
  const labels = label ? [label] : [];
  const read = (values: readonly unknown[]) => label && labelText(values[label.index]);
  const [reply] = replies(profiles);
  if (reply)
    return {
      columns: [reply],
      labels,
      labelName: label?.name ?? "",
      said: `Each answer (${oneName(reply.name)}), joined to its prompt, is a row.`,
      answers: (values, prompt) => [{ ...answerOf(prompt, values[reply.index]), label: read(values) }],
    };
  const chat = profiles.find((p) => p.isChat);
  if (!chat) throw noSuchColumn(path, "answers", "chosen, rejected, response", quoted(profiles.map((p) => p.name)));
  return {
    columns: [chat],
    labels,
    labelName: label?.name ?? "",
    said: `Each whole conversation (${oneName(chat.name)}) is a row; its last answer is what is judged.`,
    answers: (values) => [{ ...dialogueOf(values[chat.index]), label: read(values) }],
  };
}

function planPair(table: RawTable, pair: AnswerPair, ranked: Profile | undefined): AnswerPlan {
  const whole = dialogues(table, pair.columns[0]);
  const words = ranked && preferenceWords(ranked);
  const labelOf = (values: readonly unknown[], i: 0 | 1): string | undefined => {
    if (words) {
      const first = preferredIndex(values[(ranked as Profile).index], pair.suffixes);
      return first === undefined ? undefined : words[first === i ? 0 : 1];
    }
    return pair.kind === "flagged" ? labelText(values[(pair.labels[i] as Profile).index]) : pair.suffixes[i];
  };
  return {
    columns: pair.columns,
    labels: ranked ? [ranked] : pair.labels,
    labelName: ranked ? ranked.name : pair.kind === "flagged" ? "is_safe" : "answer",
    said: whole ? "Each whole dialogue is a row." : "Each answer, joined to its prompt, is a row.",
    parts: [pair.columns[0].normal, pair.columns[1].normal],
    answers: (values, prompt) =>
      pair.columns.map((column, i) => ({
        ...(whole ? dialogueOf(values[column.index]) : answerOf(prompt, values[column.index])),
        label: labelOf(values, i as 0 | 1),
      })),
  };
}

const isTrue = (value: unknown): boolean => ["1", "true", "yes"].includes(normalValue(value));

/** The answer column holds whole dialogues, prompt included. */
function dialogues(table: RawTable, column: Profile): boolean {
  const sample = table.records.slice(0, 20).map(({ values }) => values[column.index]);
  return sample.some((value) => {
    if (typeof value === "string" && /(^|\n)\s*(Human|User):/.test(value)) return true;
    const messages = Array.isArray(value) || typeof value === "string" ? conversationOf(value) : undefined;
    return messages !== undefined && messages.length > 1 && messages.some((m) => m.role === "user");
  });
}

/** A label beside an answer: does it judge the answer, or the prompt? */
export function askSubject(path: string, profiles: readonly Profile[], label: Profile, text: readonly Profile[]): ProblemError {
  const ref = refOf(profiles, label);
  const reply = replies(profiles).find((p) => !text.includes(p));
  const prompt = quoted(text.map((p) => p.name));
  const readings = readingsOf(label);
  const choices: Choice[] = [];
  if (reply)
    for (const { words, options, flags } of readings)
      choices.push({
        label: `It judges the answer${words && `; ${words}`}`,
        detail: `Prompt and answer (${oneName(reply.name)}) are read together`,
        options: { label: ref, expandAnswers: true, ...options },
        flags: `${flag("label", ref)} --expand-answers${flags}`,
      });
  for (const { words, options, flags } of readings)
    choices.push({
      label: `It judges the prompt${words && `; ${words}`}`,
      detail: `${prompt} is read alone`,
      options: { label: ref, ...options },
      flags: `${flag("label", ref)}${flags}`,
    });
  const texts = reply ? ` (the prompt is ${prompt}, the answer ${oneName(reply.name)})` : "";
  return ask("data/label-subject", `The column ${oneName(label.name)} seems to judge an answer, not the prompt${texts}. What does it describe?`, choices, {
    file: path,
  });
}

interface Reading {
  readonly words: string;
  readonly options: DataOptions;
  readonly flags: string;
}

/** What 1 or true may mean in a column about answers. */
function readingsOf(label: Profile): Reading[] {
  const words = [...(label.values?.keys() ?? [])];
  const of = (yes: boolean) => words.filter((word) => (yes ? ["1", "true", "yes"] : ["0", "false", "no"]).includes(word));
  const reading = (text: string, safe: readonly string[], unsafe: readonly string[], concept = false): Reading => {
    const said = mapping(safe, unsafe, concept ? { concept } : {});
    return { words: text, options: said.options, flags: ` ${said.flags}` };
  };
  if (words.length === 0 || !words.every(isBoolean))
    return label.numeric
      ? [{ words: "0.5 or more is unsafe", options: { threshold: 0.5 }, flags: " --threshold 0.5" }]
      : [{ words: "", options: {}, flags: "" }];
  const [yes, no] = [of(true), of(false)];
  const pole = polarity(label.name) ?? (/jailbroken/.test(label.normal) ? "unsafe" : /(^|_)safe(ty)?$/.test(label.normal) ? "safe" : undefined);
  if (pole)
    return [{ words: "", options: {}, flags: "" }].map(() =>
      reading(`${yes.join("/") || "true"} = ${pole}`, pole === "safe" ? yes : no, pole === "safe" ? no : yes),
    );
  return [
    reading(`${yes.join("/")} = safe`, yes, no),
    reading(`${yes.join("/")} = unsafe`, no, yes),
    reading("a concept (for example: refused or not)", no, yes, true),
  ];
}
