import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { basename, dirname, isAbsolute, resolve } from "node:path";
import { type DataAnswer, type DataCard, type DataOptions, type Notice, ProblemError, type SkipCount } from "../../protocol/index.js";
import { breathe } from "../breathe.js";
import { FAULTS } from "../image/errors.js";
import { type SettledAxes, settleAxes } from "./axis-cards.js";
import type { Dataset, Row } from "./dataset.js";
import { duplicateNotices } from "./duplicates.js";
import { absentValues, emptiedBy, refuseBoth } from "./emptied.js";
import { noUsableRows, oneClass, sameFile, wrongFormat } from "./errors.js";
import { MAX_SPELLINGS } from "./limits.js";
import { type Settled, settleOne, settleTwo } from "./pairing.js";
import { type Candidate, type Part, readPart } from "./part.js";
import { rowNotices, wellFormed } from "./row-notices.js";
import { oneName } from "./say.js";
import { findSibling } from "./sibling.js";
import type { SkipReason } from "./skips.js";
import { spotter } from "./spot.js";

export { findSibling } from "./sibling.js";
export { openTexts } from "./texts.js";

/**
 * Reads a dataset (and its contrast file) into rows with classes.
 * @throws ProblemError: a refusal, or with `question` set what only the user can answer.
 */
export async function openDataset(path: string, options: DataOptions, signal?: AbortSignal): Promise<Dataset> {
  return read(path, options, [], signal);
}

/** The card of a file, or the question to be answered first; refusals are thrown. */
export async function inspectDataset(path: string, options: DataOptions, signal?: AbortSignal): Promise<DataAnswer> {
  const notices: Notice[] = [];
  try {
    return { kind: "card", card: (await read(path, options, notices, signal)).card };
  } catch (error) {
    if (!(error instanceof ProblemError) || !error.problem.question) throw error;
    return { kind: "question", question: error.problem.question, notices, sibling: await findSibling(path) };
  }
}

async function read(path: string, options: DataOptions, notices: Notice[], signal?: AbortSignal): Promise<Dataset> {
  try {
    return await readParts(path, options, notices, signal);
  } catch (error) {
    // A value of a hundred thousand brackets is valid JSON, and too deep for any walk over it.
    if (error instanceof RangeError) throw wrongFormat(path, "is nested too deeply, or a value in it is too large", "Take its rows out into a plain list.");
    throw error;
  }
}

async function readParts(path: string, options: DataOptions, notices: Notice[], signal?: AbortSignal): Promise<Dataset> {
  refuseBoth(path, options);
  const first = await readPart({ path, file: 0, options, soft: false, notices, signal });
  // An empty contrast stands for "a file still to be chosen".
  const contrastPath = options.contrast ? contrastOf(path, options.contrast) : undefined;
  if (contrastPath === undefined) {
    const settled = await settleOne(first, options);
    return assemble([first], settled, notices, options, undefined, signal);
  }
  if (resolve(path) === resolve(contrastPath)) throw sameFile(path);
  const own = first.options;
  const inherited: DataOptions = {
    ...own,
    expandAnswers: options.expandAnswers,
    all: options.contrastAll,
    skipBad: options.skipBad,
    safe: options.safe ?? own.safe,
    unsafe: options.unsafe ?? own.unsafe,
    concept: options.concept ?? own.concept,
  };
  const second = await readPart({ path: contrastPath, file: 1, options: inherited, soft: true, notices, signal });
  return assemble([first, second], settleTwo(first, second, options), notices, options, contrastPath, signal);
}

/** From where the program runs, else from the dataset's own folder. */
function contrastOf(path: string, contrast: string): string {
  if (isAbsolute(contrast)) return contrast;
  const near = resolve(contrast);
  return existsSync(near) ? near : resolve(dirname(path), contrast);
}

async function assemble(
  parts: readonly Part[],
  settled: Settled,
  notices: Notice[],
  options: DataOptions,
  contrastPath: string | undefined,
  signal?: AbortSignal,
): Promise<Dataset> {
  const [first] = parts as readonly [Part];
  const read: Row[] = [];
  /** Of each row: its file, and what it says on that file's axes. */
  const said: (readonly [number, Candidate["axes"]])[] = [];
  let id = 0;
  let torn = 0;
  const spot = spotter(parts.map((part) => part.hasLines));
  const skipped: SkipCount[] = [];
  parts.forEach((part, f) => {
    for (const candidate of part.candidates) {
      const { place, category, group, name } = candidate;
      const label = settled.classOf[f]?.(candidate.label);
      const at = id++;
      if (candidate.text.trim() === "") part.skips.add("empty-text", place.startLine, { cls: label, kind: candidate.hole });
      else if (label === undefined) part.skips.add(reasonOf(candidate), place.startLine, { kind: candidate.gap });
      else if (candidate.imageFault && part.images?.only) part.skips.add("no-image", place.startLine, { cls: label, kind: FAULTS[candidate.imageFault] });
      else {
        const text = wellFormed(candidate.text);
        if (text !== candidate.text) torn++;
        said.push([f, candidate.axes]);
        read.push({
          id: at,
          place,
          text,
          label,
          category: category && wellFormed(category),
          group: group && wellFormed(group),
          completion: candidate.completion,
          messages: candidate.messages,
          image: candidate.image,
          imageFault: candidate.imageFault,
          name: name && wellFormed(name),
        });
      }
    }
    skipped.push(...part.skips.counts(settled.names, (line) => spot({ file: f, startLine: line })));
  });
  await breathe(signal);
  const axes = axesOf(parts, read, said, options);
  const rows = axes.cards.length === 0 ? read : read.map((row, i) => ({ ...row, axes: axes.of(i) }));
  notices.push(...settled.notices, ...axes.notices);
  if (torn > 0)
    notices.push({
      code: "data/lone-surrogate",
      message: `${torn} ${torn === 1 ? "text holds" : "texts hold"} half of a surrogate pair, which no encoder takes; it was read as \ufffd.`,
    });

  const sizes = [0, 0] as [number, number];
  for (const row of rows) sizes[row.label]++;
  if (rows.length === 0) throw noUsableRows(first.file.path, joinSkips(parts));
  const lacking = sizes.indexOf(0);
  if (lacking >= 0) {
    const cause = emptiedBy(parts, options, lacking as 0 | 1);
    if (cause) throw cause;
    const sibling = contrastPath === undefined ? await findSibling(first.file.path) : undefined;
    const more = sibling ? ` (${oneName(basename(sibling))} beside it seems to be one)` : "";
    throw oneClass(first.file.path, settled.names[1 - lacking] as string, settled.names[lacking] as string, rows.length, more);
  }
  notices.push(
    ...absentValues(parts, options),
    ...rowNotices(rows, settled.names, spot),
    ...(parts.some((part) => part.images?.only) ? [] : duplicateNotices(rows, spot)),
  );

  const card: DataCard = {
    path: first.file.path,
    contrastPath,
    format: first.format,
    bytes: parts.reduce((sum, part) => sum + (part.file.total ?? part.file.bytes.length), 0),
    sha256: fingerprint(parts),
    columns: first.columns.map((column) => (column.role === "other" && axes.columns.has(column.position) ? { ...column, role: "axis" as const } : column)),
    ...(axes.cards.length > 0 ? { axes: axes.cards } : {}),
    ...(parts.every((part) => part.images) ? { images: { column: first.images!.column, only: parts.every((part) => part.images?.only) } } : {}),
    kind: settled.kind,
    classes: [
      { name: settled.names[0], values: settled.values[0].slice(0, MAX_SPELLINGS), rows: sizes[0] },
      { name: settled.names[1], values: settled.values[1].slice(0, MAX_SPELLINGS), rows: sizes[1] },
    ],
    rows: id + parts.reduce((sum, part) => sum + part.skips.countOf("bad-line"), 0),
    used: rows.length,
    skipped,
    notices,
    options: { ...first.options, ...(contrastPath ? { contrast: contrastPath } : {}), ...settled.options, ...(options.skipBad ? { skipBad: true } : {}) },
    hasRanges: parts.every((part) => part.hasRanges),
  };
  return { card, rows };
}

/** The axes of both files together: columns of one name are one axis. */
function axesOf(parts: readonly Part[], rows: readonly Row[], said: readonly (readonly [number, Candidate["axes"]])[], options: DataOptions) {
  const names = [...new Set(parts.flatMap((part) => part.axes.map(({ name }) => name)))];
  const places = parts.map((part) => new Map(part.axes.map(({ name }, at) => [name, at])));
  const value = (i: number, name: string) => {
    const [file, values] = said[i]!;
    const at = places[file]?.get(name);
    return at === undefined ? undefined : values?.[at];
  };
  const axes: SettledAxes = settleAxes(rows, names, value, options.axes !== undefined && !options.axes.includes("all"));
  const kept = new Set(axes.cards.map(({ name }) => name));
  return { ...axes, columns: new Set(parts[0]?.axes.filter(({ name }) => kept.has(name)).flatMap(({ index, second }) => [index + 1, (second ?? index) + 1])) };
}

function reasonOf(candidate: Candidate): SkipReason {
  if (candidate.label === undefined || candidate.label.trim() === "") return "no-label";
  return candidate.long ? "shifted-cells" : "unknown-label";
}

const joinSkips = (parts: readonly Part[]): string =>
  parts
    .map((part) => part.skips.sentence())
    .filter(Boolean)
    .join(", ");

/** Of one file its SHA-256; of two the SHA-256 of both digests, in order. */
function fingerprint(parts: readonly Part[]): string {
  const [only, ...more] = parts.map((part) => part.file.sha256);
  return more.length === 0
    ? (only as string)
    : createHash("sha256")
        .update([only, ...more].join(""))
        .digest("hex");
}
