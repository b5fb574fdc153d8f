import type { Choice, DataOptions, ProblemError } from "../../protocol/index.js";
import { dialogueText, promptOf } from "./chat.js";
import { ask, noSuchColumn } from "./errors.js";
import { isBoolean, replies } from "./label-column.js";
import { mapping } from "./label-questions.js";
import { isBlank, labelText, type Profile } from "./profile.js";
import { columnBy, refOf } from "./refs.js";
import { count, flag, oneName, quoted } from "./say.js";
import type { RawTable } from "./table.js";
import { normalValue, polarity } from "./words.js";

/** One answer of a record, read with its prompt. */
export interface Answer {
  readonly text: string;
  readonly label: string | undefined;
}

/** How a file's answers become rows. */
export interface AnswerPlan {
  readonly columns: readonly Profile[];
  readonly labels: readonly Profile[];
  /** Name of what the label says, and whether 1 or true means safe. */
  readonly labelName: string;
  readonly said: string;
  answers(values: readonly unknown[], prompt: string): Answer[];
}

const byNormal = (profiles: readonly Profile[], name: string) => profiles.find((p) => p.normal === name && p.filled > 0);

/** chosen/rejected, or response_0/response_1 with a safety flag each. */
function pairedAnswers(profiles: readonly Profile[]): { kind: "preference" | "flagged"; columns: Profile[]; labels: Profile[] } | undefined {
  const chosen = byNormal(profiles, "chosen");
  const rejected = byNormal(profiles, "rejected");
  if (chosen && rejected && chosen.kind !== "number") return { kind: "preference", columns: [chosen, rejected], labels: [] };
  for (const [a, b] of [
    ["0", "1"],
    ["1", "2"],
    ["a", "b"],
  ] as const) {
    const columns = [byNormal(profiles, `response_${a}`), byNormal(profiles, `response_${b}`)];
    const labels = [a, b].map((n) => byNormal(profiles, `is_response_${n}_safe`));
    if (columns.every((c) => c !== undefined) && labels.every((l) => l !== undefined))
      return { kind: "flagged", columns: columns as Profile[], labels: labels as Profile[] };
  }
  return undefined;
}

/** The question that a file of answers raises by itself; nothing when it has none. */
export function answersQuestion(path: string, table: RawTable, profiles: readonly Profile[], hasPrompt: boolean): ProblemError | undefined {
  const found = pairedAnswers(profiles);
  if (!found) return undefined;
  const rows = table.records.length;
  const choices: Choice[] = [];
  if (found.kind === "preference") {
    const joined = dialogues(table, found.columns[0] as Profile) ? " Each whole dialogue is a text." : hasPrompt ? " Each answer is joined to its prompt." : "";
    const detail = `${count(rows * 2, "text")}, ${count(rows, "pair")}.${joined}`;
    choices.push({ label: "chosen = safe, rejected = unsafe", detail, ...mapping(["chosen"], ["rejected"], { expandAnswers: true }) });
    choices.push({ label: "chosen = unsafe, rejected = safe", detail, ...mapping(["rejected"], ["chosen"], { expandAnswers: true }) });
    choices.push({
      label: "Neither: preference as a concept",
      detail: `${detail} No alignment index.`,
      ...mapping(["rejected"], ["chosen"], { expandAnswers: true, concept: true }),
    });
    return ask(
      "data/answers",
      `The file holds pairs of answers in ${quoted(found.columns.map((c) => c.name))} and no label. Are the chosen answers the safe ones?`,
      choices,
      { file: path },
    );
  }
  const tally = [0, 0];
  for (const { values } of table.records) for (const label of found.labels) if (!isBlank(values[label.index])) tally[isTrue(values[label.index]) ? 0 : 1]!++;
  choices.push({
    label: "One row an answer",
    detail: `${count(rows * 2, "text")}: ${tally[0]} safe, ${tally[1]} unsafe; each answer joined to its prompt`,
    options: { expandAnswers: true },
    flags: "--expand-answers",
  });
  return ask(
    "data/answers",
    `The labels ${quoted(found.labels.map((l) => l.name))} judge the two answers of a row, not its prompt. Read each answer as a row of its own?`,
    choices,
    { file: path },
  );
}

/** Columns to be read as rows when the user said so. */
export function planAnswers(path: string, table: RawTable, profiles: readonly Profile[], options: DataOptions): AnswerPlan {
  const pair = pairedAnswers(profiles);
  if (pair?.kind === "preference" && options.label === undefined) {
    const whole = dialogues(table, pair.columns[0] as Profile);
    return {
      columns: pair.columns,
      labels: [],
      labelName: "answer",
      said: whole ? "Each whole dialogue is a row." : "Each answer, joined to its prompt, is a row.",
      answers: (values, prompt) =>
        pair.columns.map((column) => ({ text: join(whole ? "" : prompt, dialogueText(values[column.index])), label: column.normal })),
    };
  }
  if (pair?.kind === "flagged" && options.label === undefined)
    return {
      columns: pair.columns,
      labels: pair.labels,
      labelName: "is_safe",
      said: "Each answer, joined to its prompt, is a row.",
      answers: (values, prompt) =>
        pair.columns.map((column, i) => ({
          text: join(prompt, dialogueText(values[column.index])),
          label: labelText(values[(pair.labels[i] as Profile).index]),
        })),
    };
  const [reply] = replies(profiles);
  if (!reply) throw noSuchColumn(path, "answers", "chosen, rejected, response", quoted(profiles.map((p) => p.name)));
  const label = options.label === undefined ? undefined : columnBy(path, profiles, "label", options.label);
  return {
    columns: [reply],
    labels: label ? [label] : [],
    labelName: label?.name ?? "",
    said: `Each answer (${oneName(reply.name)}), joined to its prompt, is a row.`,
    answers: (values, prompt) => [{ text: join(prompt, dialogueText(values[reply.index])), label: label && labelText(values[label.index]) }],
  };
}

const isTrue = (value: unknown): boolean => ["1", "true", "yes"].includes(normalValue(value));

/** A row without an answer has nothing to be judged. */
const join = (prompt: string, answer: string | undefined): string =>
  answer === undefined || answer === "" ? "" : prompt.trim() === "" ? answer : `${prompt.trim()}\n\n${answer}`;

/** The answer column holds whole dialogues, prompt included. */
function dialogues(table: RawTable, column: Profile): boolean {
  const sample = table.records.slice(0, 20).map(({ values }) => values[column.index]);
  return sample.some(
    (value) =>
      (typeof value === "string" && /(^|\n)\s*(Human|User):/.test(value)) || (Array.isArray(value) && promptOf(value)?.taken !== undefined && value.length > 1),
  );
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
