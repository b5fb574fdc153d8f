import { createHash } from "node:crypto";
import type { Column, ColumnRole, DataOptions } from "../../protocol/index.js";
import type { AnswerText } from "./answer-rows.js";
import { type AnswerPlan, planAnswers } from "./answers.js";
import { type AxisColumn, axisValue, pickAxes } from "./axes.js";
import { type Prompt, promptOf, SAID, type Taken } from "./chat.js";
import type { FileBytes } from "./file.js";
import { answerMeaning, meaningFor, pickLabel } from "./label-choice.js";
import { fractions, replies } from "./label-column.js";
import type { Candidate, Part, PartRequest } from "./part.js";
import { isBlank, labelText, type Profile } from "./profile.js";
import { refOf } from "./refs.js";
import { categoryOf, type SideRoles, sideRoles } from "./roles.js";
import { count, oneName, quoted } from "./say.js";
import type { Skips } from "./skips.js";
import type { RawRecord, RawTable } from "./table.js";
import type { TextChoice } from "./text-column.js";
import { ANSWER_NAMES } from "./words.js";

/** A file that is read into columns, with its text column chosen. */
export interface Reading {
  readonly bytes: FileBytes;
  readonly table: RawTable;
  readonly profiles: readonly Profile[];
  readonly options: DataOptions;
  readonly choice: TextChoice | undefined;
  readonly skips: Skips;
}

/** More columns than this are named as a number, not one by one. */
const MANY_COLUMNS = 50;

/** Chooses label, category and group, and turns records into rows. */
export function buildPart(request: PartRequest, reading: Reading): Part {
  const { path, notices } = request;
  const { bytes, table, profiles, choice, skips } = reading;
  const options = withOwnLabel(request, reading);
  const text = choice?.columns ?? [];
  const plan = options.expandAnswers ? planAnswers(path, table, profiles, options) : undefined;
  const label = plan || options.all !== undefined ? undefined : pickLabel(path, table, profiles, text, options, request.soft);
  const labels = plan ? plan.labels : label ? [label] : [];
  const sides = sideRoles(path, table, profiles, [...text, ...(plan?.columns ?? []), ...labels], options);

  const axes = pickAxes(path, table, profiles, [...text, ...(plan?.columns ?? []), ...labels, sides.group, sides.id], options, request.soft, plan?.parts);

  const taken = new Map<Taken, number>();
  const beside = sideReader(request, sides, axes);
  const candidates = plan ? expanded(request, reading, plan, beside, taken) : plain(reading, label, beside, taken);
  if (plan) notices.push({ code: "data/answers", message: plan.said });
  else for (const [how, n] of taken) if (how !== "text") notices.push({ code: "data/turns", message: `The prompt is ${SAID[how]} (${count(n, "row")}).` });

  const meaning = plan
    ? answerMeaning(request, plan.labelName, plan.labels[0], candidates, options)
    : label && meaningFor(request, table, profiles, label, candidates, text, options);
  if (meaning) notices.push(...meaning.notices);
  const columns = profiles.map(
    (p): Column => ({ name: p.name, position: p.index + 1, role: roleOf(p, [...text, ...(plan?.columns ?? [])], labels, sides), kind: p.kind }),
  );
  if (columns.length > MANY_COLUMNS) {
    const message = `The file has ${count(columns.length, "column")}; ${quoted(text.map((p) => p.name))} is read as text${label ? `, ${oneName(label.name)} as label` : ""}.`;
    notices.push({ code: "data/many-columns", message });
  }
  const named = plan ? (options.label === undefined ? undefined : plan.labels[0]) : label;
  const found: DataOptions = {
    ...(choice ? { text: choice.ref } : {}),
    ...(named ? { label: refOf(profiles, named) } : {}),
    ...(sides.category ? { category: refOf(profiles, sides.category) } : {}),
    ...(sides.group ? { group: refOf(profiles, sides.group) } : {}),
    ...(options.axes ? { axes: options.axes } : {}),
    ...(table.read.list !== undefined ? { list: table.read.list } : {}),
    ...(table.read.header !== undefined ? { header: table.read.header } : {}),
    ...(plan ? { expandAnswers: true } : {}),
    ...(meaning?.options ?? {}),
  };
  return {
    file: bytes,
    format: table.format,
    hasRanges: table.hasRanges,
    hasLines: table.format !== "parquet",
    columns,
    axes,
    candidates,
    meaning,
    keyed: table.keyColumn !== undefined,
    hasReplies: replies(profiles).some((p) => !text.includes(p)),
    maybeLabels: label ? [] : maybeLabels(profiles, [...text, sides.group, sides.id]),
    skips,
    options: found,
  };
}

function roleOf(p: Profile, text: readonly Profile[], labels: readonly Profile[], { category, group, id }: SideRoles): ColumnRole {
  if (text.includes(p)) return "text";
  if (labels.includes(p)) return "label";
  return p === category ? "category" : p === group ? "group" : p === id ? "id" : "other";
}

/** Columns of two to six short values, any of which the user may know to be the label. */
function maybeLabels(profiles: readonly Profile[], taken: readonly (Profile | undefined)[]): { ref: string; values: string }[] {
  const scores = fractions(profiles);
  const few = profiles.filter((p) => {
    if (taken.includes(p) || ANSWER_NAMES.has(p.normal) || p.kind === "object" || p.kind === "list") return false;
    if (scores.includes(p)) return true;
    if (!p.values) return false;
    // Longer values are texts, and texts are not shown.
    return (
      p.values.size >= 2 &&
      p.values.size <= 6 &&
      p.filled > p.values.size * 2 &&
      [...p.values.keys()].every((word) => word.length <= 24 && word.split(" ").length <= 3)
    );
  });
  return few.slice(0, 3).map((p) => ({
    ref: refOf(profiles, p),
    values: scores.includes(p) ? `Numbers from ${p.numbers?.[0]} to ${p.numbers?.at(-1)}` : quoted([...(p.values?.values() ?? [])].map((v) => v.shown)),
  }));
}

/** The columns beside text and label, read from one record. */
function sideReader(request: PartRequest, { category, group, id }: SideRoles, axes: readonly AxisColumn[]) {
  const [c, g, i] = [category?.index, group?.index, id?.index];
  return (record: RawRecord, answer = 0) => ({
    place: request.file === 0 ? record.place : { ...record.place, file: request.file },
    category: c === undefined ? undefined : categoryOf(record.values[c]),
    group: g === undefined ? undefined : nameOf(record.values[g]),
    name: i === undefined ? undefined : nameOf(record.values[i]),
    axes: axes.length > 0 ? axes.map((axis) => axisValue(axis, record.values, answer)) : undefined,
    long: record.long === true,
  });
}

type Beside = ReturnType<typeof sideReader>;

function plain({ table, choice }: Reading, label: Profile | undefined, beside: Beside, taken: Map<Taken, number>): Candidate[] {
  const text = choice?.columns ?? [];
  return table.records.map((record) => {
    const own = beside(record);
    const prompt = promptIn(record, text, taken);
    const cell = label && record.values[label.index];
    return {
      text: prompt?.text ?? "",
      messages: prompt?.messages,
      hole: prompt ? undefined : holeIn(record, text),
      label: label && labelText(cell),
      gap: label && isBlank(cell) ? blankKind(cell) : undefined,
      ...own,
    };
  });
}

/** A label beside single answers or conversations is the answers' where they are what is read; pairs carry their own. */
function withOwnLabel({ path, soft }: PartRequest, { table, profiles, options }: Reading): DataOptions {
  if (!options.expandAnswers || options.label !== undefined || options.all !== undefined) return options;
  const plan = planAnswers(path, table, profiles, options);
  const label = plan.parts || plan.labels.length > 0 ? undefined : pickLabel(path, table, profiles, plan.columns, options, soft);
  return label ? { ...options, label: refOf(profiles, label) } : options;
}

/** A row for each answer. Answers to one prompt belong together; without a prompt, the answers of one record do. */
function expanded(request: PartRequest, { table, choice }: Reading, plan: AnswerPlan, beside: Beside, taken: Map<Taken, number>): Candidate[] {
  return table.records.flatMap((record, r) => {
    const prompt = promptIn(record, choice?.columns ?? [], taken);
    const answers = plan.answers(record.values, prompt);
    const asked = prompt?.text ?? sharedPrompt(answers);
    const named = asked === undefined ? `record ${request.file}.${r + 1}` : `prompt ${createHash("sha256").update(asked).digest("hex").slice(0, 16)}`;
    return answers.map((answer, i) => {
      const own = beside(record, i);
      return { ...own, ...answer, group: own.group ?? named, hole: answer.text === "" ? "without an answer" : undefined };
    });
  });
}

/** What all dialogues of a record begin with, up to the last answer of each; undefined when they differ before that. */
function sharedPrompt(answers: readonly AnswerText[]): string | undefined {
  const before = answers.map(({ messages, completion }) => (messages && completion ? JSON.stringify(messages.slice(0, -1)) : undefined));
  return before.every((one) => one !== undefined && one === before[0]) ? before[0] : undefined;
}

const nameOf = (value: unknown): string | undefined => (isBlank(value) || typeof value === "object" ? undefined : String(value).trim());

const blankKind = (value: unknown): string => (value === undefined ? "absent" : value === null ? "null" : "blank");

/** The prompt of a record, in parts where several columns hold it; undefined when there is none. */
function promptIn(record: RawRecord, columns: readonly Profile[], taken: Map<Taken, number>): Prompt | undefined {
  let found: Prompt | undefined;
  for (const column of columns) {
    const prompt = promptOf(record.values[column.index]);
    if (!prompt || prompt.text.trim() === "") continue;
    if (prompt.taken !== "text") taken.set(prompt.taken, (taken.get(prompt.taken) ?? 0) + 1);
    found = found ? { text: `${found.text}\n\n${prompt.text}`, taken: found.taken } : prompt;
  }
  return found;
}

function holeIn(record: RawRecord, columns: readonly Profile[]): string {
  const cell = columns[0] && record.values[columns[0].index];
  return cell === "" ? "empty" : isBlank(cell) ? blankKind(cell) : "no prompt in it";
}
