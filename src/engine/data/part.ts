import type { Column, DataCard, DataOptions, Notice, Place } from "../../protocol/index.js";
import { ProblemError } from "../../protocol/index.js";
import type { ImageFault } from "../image/errors.js";
import { pairedAnswers } from "./answer-pairs.js";
import { answersQuestion } from "./answers.js";
import type { AxisColumn } from "./axes.js";
import { checkBad } from "./bad-lines.js";
import type { ChatMessage } from "./dataset.js";
import { noRows } from "./errors.js";
import { type FileBytes, readBytes } from "./file.js";
import { flatten } from "./flatten.js";
import { findImageColumn, refuseImages, saidImages, withImages } from "./image-column.js";
import { isFolder, readImageFolder } from "./image-folder.js";
import { labelCandidates } from "./label-column.js";
import type { Meaning } from "./meaning.js";
import { buildPart } from "./part-rows.js";
import { type Profile, profile } from "./profile.js";
import { readTable } from "./read-table.js";
import { hasColumn, refOf } from "./refs.js";
import { Skips } from "./skips.js";
import type { RawTable } from "./table.js";
import { pickText, refuseNoText, type TextChoice } from "./text-column.js";
import { isSafetyValue } from "./words.js";

/** A row before its class is settled. */
export interface Candidate {
  readonly text: string;
  /** UTF-16 range of the answer in `text`. */
  readonly completion?: readonly [number, number];
  readonly messages?: readonly ChatMessage[];
  /** Real path of the image that the row names, or why there is none. */
  readonly image?: string;
  readonly imageFault?: ImageFault;
  /** As the file has it; absent when its cell is blank or there is no label column. */
  readonly label?: string;
  readonly place: Place;
  readonly category?: string;
  readonly group?: string;
  readonly name?: string;
  /** In the order of the part's axes. */
  readonly axes?: readonly (string | undefined)[];
  readonly long: boolean;
  /** What stands where the label should be: absent, null, blank. */
  readonly gap?: string;
  /** What stands where the text should be. */
  readonly hole?: string;
}

/** One file, read: its rows, and what its labels mean when it has any. */
export interface Part {
  readonly file: FileBytes;
  readonly format: string;
  readonly hasRanges: boolean;
  readonly columns: readonly Column[];
  readonly axes: readonly AxisColumn[];
  readonly candidates: readonly Candidate[];
  /** Where rows name images; `only`: their text is that name. */
  readonly images?: DataCard["images"];
  readonly meaning?: Meaning;
  readonly keyed: boolean;
  readonly hasReplies: boolean;
  readonly hasLines: boolean;
  /** Columns that might be the label, for the question when none is known to be. */
  readonly maybeLabels: readonly { readonly ref: string; readonly values: string }[];
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
  if (await isFolder(path)) return readImageFolder(request);
  const bytes = await readBytes(path, signal);
  const raw = await readRaw(bytes, request);
  notices.push(...raw.notices);
  const skips = new Skips();
  checkBad(path, raw, skips, request.options);
  if (raw.records.length === 0) throw noRows(path, skips.total() > 0 ? skips.sentence() : "it is blank");

  const { table, profiles, options } = settle(raw, request);
  const wanted = options.text === undefined ? undefined : profiles.find((p) => refOf(profiles, p) === options.text);
  const images = options.expandAnswers
    ? undefined
    : ((await findImageColumn(path, table, profiles, wanted)) ?? (wanted && (await findImageColumn(path, table, profiles))));
  const picked = pickText(path, profiles, options);
  const named: TextChoice | undefined = images && { columns: [images.column], ref: refOf(profiles, images.column), notices: [] };
  // A column of paths may look like texts by its name.
  const choice = picked && !(images && picked.columns.includes(images.column)) ? picked : (named ?? picked);
  if (
    options.text === undefined &&
    options.label === undefined &&
    !saysAnswers(options, profiles) &&
    options.all === undefined &&
    !promptLabel(table, profiles)
  ) {
    const question = answersQuestion(path, table, profiles, choice !== undefined);
    if (question) throw question;
  }
  if (!choice && !options.expandAnswers) {
    await refuseImages(path, table, profiles);
    throw refuseNoText(path, profiles);
  }
  if (choice) notices.push(...choice.notices);
  const part = buildPart(request, { bytes, table, profiles, options, choice, skips });
  if (!images) return part;
  const candidates = await withImages(part.candidates, table, images, signal);
  const only = choice === named;
  notices.push({ code: "data/images", message: saidImages(images, candidates, only) });
  return { ...part, candidates, images: { column: images.column.name, only } };
}

/** To read answers as rows says what they are only where each has a label of its own: what is preferred need not be what is safe. */
function saysAnswers({ expandAnswers, safe, unsafe, concept }: DataOptions, profiles: readonly Profile[]): boolean {
  if (!expandAnswers) return false;
  const kind = pairedAnswers(profiles)?.kind;
  return kind === undefined || kind === "flagged" || concept === true || safe !== undefined || unsafe !== undefined;
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
