import type { Column, ColumnRole, DataOptions, Notice, Place } from "../../protocol/index.js";
import { ProblemError } from "../../protocol/index.js";
import { answersQuestion, askSubject, planAnswers } from "./answers.js";
import { checkBad } from "./bad-lines.js";
import { promptOf, SAID, type Taken } from "./chat.js";
import { ask, noRows } from "./errors.js";
import { type FileBytes, readBytes } from "./file.js";
import { flatten } from "./flatten.js";
import { type LabelCandidate, labelCandidates, sameClasses } from "./label-column.js";
import { type LabelSetting, type Meaning, meaningOf } from "./meaning.js";
import { isBlank, labelText, type Profile, profile, type ValueCount } from "./profile.js";
import { readTable } from "./read-table.js";
import { columnBy, hasColumn, refOf } from "./refs.js";
import { categoryOf, sideRoles } from "./roles.js";
import { count, oneName, quoted, shellWord } from "./say.js";
import { Skips } from "./skips.js";
import type { RawRecord, RawTable } from "./table.js";
import { pickText, refuseNoText, type TextChoice } from "./text-column.js";
import { isSafetyValue, normalValue } from "./words.js";

/** A row before its class is settled. */
export interface Candidate {
  readonly text: string;
  /** As the file has it; absent when its cell is blank or there is no label column. */
  readonly label?: string;
  readonly place: Place;
  readonly category?: string;
  readonly group?: string;
  readonly name?: string;
  readonly long: boolean;
}

/** One file, read: its rows, and what its labels mean when it has any. */
export interface Part {
  readonly file: FileBytes;
  readonly format: string;
  readonly hasRanges: boolean;
  readonly columns: readonly Column[];
  readonly candidates: readonly Candidate[];
  readonly meaning?: Meaning;
  readonly keyed: boolean;
  readonly hasReplies: boolean;
  readonly skips: Skips;
  /** The reading found, as options. */
  readonly options: DataOptions;
}

export interface PartRequest {
  readonly path: string;
  readonly file: 0 | 1;
  readonly options: DataOptions;
  /** Options of another file: used where this file has such columns and values. */
  readonly soft: boolean;
  readonly notices: Notice[];
  readonly signal?: AbortSignal;
}

/** Reads one file up to the meaning of its labels; asks where only the user can know. */
export async function readPart(request: PartRequest): Promise<Part> {
  const { path, notices, signal } = request;
  const bytes = await readBytes(path, signal);
  const raw = await readRaw(bytes, request);
  notices.push(...raw.notices);
  const skips = new Skips();
  checkBad(path, raw, skips, request.options);
  if (raw.records.length === 0) throw noRows(path, skips.total() > 0 ? skips.sentence() : "it is blank");

  const { table, profiles, options } = settle(raw, request);
  const choice = pickText(path, profiles, options);
  if (options.text === undefined && options.label === undefined && !options.expandAnswers && options.all === undefined && !promptLabel(table, profiles)) {
    const question = answersQuestion(path, table, profiles, choice !== undefined);
    if (question) throw question;
  }
  if (!choice && !options.expandAnswers) throw refuseNoText(path, profiles);
  if (choice) notices.push(...choice.notices);
  return build(request, { bytes, table, profiles, options, choice, skips });
}

interface Reading {
  readonly bytes: FileBytes;
  readonly table: RawTable;
  readonly profiles: readonly Profile[];
  readonly options: DataOptions;
  readonly choice: TextChoice | undefined;
  readonly skips: Skips;
}

async function readRaw(bytes: FileBytes, request: PartRequest): Promise<RawTable> {
  if (!request.soft) return readTable(bytes, request.options, request.signal);
  const { list: _list, header: _header, ...own } = request.options;
  try {
    return await readTable(bytes, own, request.signal);
  } catch (error) {
    if (error instanceof ProblemError && (error.problem.code === "data/which-list" || error.problem.code === "data/header"))
      return readTable(bytes, request.options, request.signal);
    throw error;
  }
}

/** Columns and options as they apply to this file; nested objects are opened when something is missing at the top. */
function settle(raw: RawTable, request: PartRequest): { table: RawTable; profiles: Profile[]; options: DataOptions } {
  const refs = (["text", "label", "category", "group"] as const).flatMap((role) => request.options[role]?.split("+") ?? []);
  const lacking = (profiles: readonly Profile[]) =>
    refs.some((ref) => !hasColumn(profiles, ref)) || labelCandidates(raw, profiles, []).length === 0 || !pickable(request.path, profiles, request.options);
  let table = raw;
  let profiles = profile(raw);
  if (profiles.some((p) => p.kind === "object") && lacking(profiles)) {
    table = flatten(raw);
    profiles = profile(table);
  }
  if (!request.soft) return { table, profiles, options: request.options };
  const options: Record<string, unknown> = { ...request.options };
  for (const role of ["text", "label", "category", "group"] as const) {
    const ref = request.options[role];
    if (ref !== undefined && (ref.startsWith("#") || !ref.split("+").every((part) => hasColumn(profiles, part)))) delete options[role];
  }
  return { table, profiles, options: options as DataOptions };
}

function pickable(path: string, profiles: readonly Profile[], options: DataOptions): boolean {
  try {
    return pickText(path, profiles, { ...options, text: undefined }) !== undefined;
  } catch {
    return true;
  }
}

/** A label named for the prompt settles what the answers beside it cannot. */
const promptLabel = (table: RawTable, profiles: readonly Profile[]): boolean =>
  labelCandidates(table, profiles, []).some((c) => c.rank <= 1 && c.about === "prompt" && hasSafetyWords(c.column));
const hasSafetyWords = (column: Profile): boolean => [...(column.values?.keys() ?? [])].some(isSafetyValue);

function build(request: PartRequest, reading: Reading): Part {
  const { path, notices } = request;
  const { bytes, table, profiles, options, choice, skips } = reading;
  const text = choice?.columns ?? [];
  const plan = options.expandAnswers ? planAnswers(path, table, profiles, options) : undefined;
  const label = plan || options.all !== undefined ? undefined : pickLabel(path, table, profiles, text, options);
  const labels = plan ? plan.labels : label ? [label] : [];
  const roles = sideRoles(path, table, profiles, [...text, ...(plan?.columns ?? []), ...labels], options);
  if (plan) notices.push({ code: "data/answers", message: plan.said });

  const candidates: Candidate[] = [];
  const taken = new Map<Taken, number>();
  const prompts = new Map<string, number>();
  const own = (record: RawRecord) => ({
    place: request.file === 0 ? record.place : { ...record.place, file: request.file },
    category: roles.category && categoryOf(record.values[roles.category.index]),
    name: roles.id && nameOf(record.values[roles.id.index]),
    long: record.long === true,
  });
  for (const [r, record] of table.records.entries()) {
    const prompt = promptText(record, text, taken);
    const group = roles.group && nameOf(record.values[roles.group.index]);
    if (!plan) candidates.push({ ...own(record), text: prompt, label: label && labelText(record.values[label.index]), group });
    else {
      // Answers to one prompt belong together; without a prompt column, the answers of one record.
      const known = prompt === "" ? r : (prompts.get(prompt) ?? r);
      if (prompt !== "") prompts.set(prompt, known);
      for (const answer of plan.answers(record.values, prompt)) candidates.push({ ...own(record), ...answer, group: group ?? `prompt ${known + 1}` });
    }
  }
  for (const [how, n] of taken) if (how !== "text" && !plan) notices.push({ code: "data/turns", message: `The prompt is ${SAID[how]} (${count(n, "row")}).` });

  const meaning = plan
    ? answerMeaning(request, plan.labelName, plan.labels[0], candidates, options)
    : label && meaningFor(request, table, profiles, label, candidates, text, options);
  if (meaning) notices.push(...meaning.notices);
  const found: DataOptions = {
    ...(choice ? { text: choice.ref } : {}),
    ...((plan ? plan.labels.length > 0 && options.label !== undefined : label) ? { label: refOf(profiles, labels[0] as Profile) } : {}),
    ...(roles.category ? { category: refOf(profiles, roles.category) } : {}),
    ...(roles.group ? { group: refOf(profiles, roles.group) } : {}),
    ...(table.read.list !== undefined ? { list: table.read.list } : {}),
    ...(table.read.header !== undefined ? { header: table.read.header } : {}),
    ...(plan ? { expandAnswers: true } : {}),
    ...(options.skipBad ? { skipBad: true } : {}),
    ...(meaning?.options ?? {}),
  };
  const roleOf = (p: Profile): ColumnRole =>
    text.includes(p) || plan?.columns.includes(p)
      ? "text"
      : labels.includes(p)
        ? "label"
        : p === roles.category
          ? "category"
          : p === roles.group
            ? "group"
            : p === roles.id
              ? "id"
              : "other";
  const columns = profiles.map((p): Column => ({ name: p.name, position: p.index + 1, role: roleOf(p), kind: p.kind }));
  if (columns.length > 50)
    notices.push({
      code: "data/many-columns",
      message: `The file has ${count(columns.length, "column")}; ${quoted(text.map((p) => p.name))} is read as text${label ? `, ${oneName(label.name)} as label` : ""}.`,
    });
  const hasReplies = profiles.some(
    (p) => ["response", "completion", "output", "model_output", "assistant_response"].includes(p.normal) && p.filled > 0 && !text.includes(p),
  );
  return {
    file: bytes,
    format: table.format,
    hasRanges: table.hasRanges,
    columns,
    candidates,
    meaning,
    keyed: table.keyColumn !== undefined,
    hasReplies,
    skips,
    options: found,
  };
}

const nameOf = (value: unknown): string | undefined => (isBlank(value) || typeof value === "object" ? undefined : String(value).trim());

function promptText(record: RawRecord, columns: readonly Profile[], taken: Map<Taken, number>): string {
  const parts: string[] = [];
  for (const column of columns) {
    const prompt = promptOf(record.values[column.index]);
    if (!prompt || prompt.text.trim() === "") continue;
    taken.set(prompt.taken, (taken.get(prompt.taken) ?? 0) + 1);
    parts.push(prompt.text);
  }
  return parts.length === 1 ? (parts[0] as string) : parts.join("\n\n");
}

/** The label column; undefined when the file has none, a question when several compete or it judges an answer. */
function pickLabel(path: string, table: RawTable, profiles: readonly Profile[], text: readonly Profile[], options: DataOptions): Profile | undefined {
  if (options.label !== undefined) return columnBy(path, profiles, "label", options.label);
  const all = labelCandidates(table, profiles, text);
  const [best] = all;
  if (!best || isConstant(best)) return undefined;
  const equals = all.filter((c) => c.rank === best.rank);
  const textIsReply = text.some((p) => ["response", "completion", "output", "model_output", "assistant_response"].includes(p.normal));
  if (best.rank >= 2 && equals.length > 1 && equals.slice(1).some((c) => !sameClasses(table, best.column, c.column))) throw askWhich(path, profiles, equals);
  if (best.about === "answer" && !textIsReply) throw askSubject(path, profiles, best.column, text);
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
    const values = [...(column.values?.values() ?? [])].map((v) => `${v.shown}: ${v.count}`).slice(0, 6);
    return { label: oneName(column.name), detail: values.join(", "), options: { label: ref }, flags: `--label ${shellWord(ref)}` };
  });
  const names = quoted(candidates.map(({ column }) => column.name));
  const one = candidates.length === 1;
  return ask("data/which-label", `${names} ${one ? "may hold the label. Is it to be read as such?" : "could each be the label. Which one is it?"}`, choices, {
    file: path,
  });
}

function meaningFor(
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
    const normal = normalValue(label);
    const known = values.get(normal);
    if (known) known.count++;
    else values.set(normal, { shown: label.trim(), count: 1 });
  }
  return values;
}

function answerMeaning(
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
  const preference = values.has("chosen") && !options.safe && !options.unsafe ? { safe: ["chosen"], unsafe: ["rejected"] } : {};
  return meaningOf(column, setting, { ...options, ...preference });
}

/** At least seven of ten texts end like a statement. */
function declarative(candidates: readonly Candidate[]): boolean {
  const sample = candidates.slice(0, 500).filter((c) => c.text.trim() !== "");
  return sample.length > 0 && sample.filter((c) => /[.!]["'”’)]?\s*$/.test(c.text)).length >= sample.length * 0.7;
}
