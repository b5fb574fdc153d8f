import { createHash } from "node:crypto";
import { readdir, realpath, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import type { Column, DataOptions } from "../../protocol/index.js";
import { throwIfAborted } from "../errors.js";
import type { ImageFault } from "../image/errors.js";
import { flatFolder, manySubfolders, noImages, oneSubfolder, tooManyImages } from "./image-errors.js";
import { isImageName, isInside } from "./image-paths.js";
import { meaningFor } from "./label-choice.js";
import { MAX_LABEL_VALUES, MAX_RECORDS } from "./limits.js";
import type { Candidate, Part, PartRequest } from "./part.js";
import { profile } from "./profile.js";
import { count } from "./say.js";
import { Skips } from "./skips.js";
import type { RawTable } from "./table.js";
import { SPLIT_NAMES } from "./words.js";

/** Folders below this depth are not looked into. */
const MOST_DEPTH = 8;
const LISTS = /^(metadata|labels?|annotations?|train|test|data)\.(csv|tsv|jsonl|ndjson|json|parquet)$/i;

export const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );

interface Found {
  /** Path from the dataset's folder, with `/`. */
  readonly name: string;
  /** Real path; absent with `fault`. */
  readonly path?: string;
  readonly fault?: ImageFault;
  readonly bytes: number;
}

/** Images in subfolders: the subfolder is the label, a folder inside it the category. `train`, `test` and the like are no classes. */
export async function readImageFolder(request: PartRequest): Promise<Part> {
  const { path, notices, options } = request;
  const root = await realpath(path);
  const { images, others } = await scan(path, root, request.signal);
  const tops = [...new Set(images.filter(({ name }) => name.includes("/")).map(({ name }) => name.slice(0, name.indexOf("/"))))];
  if (images.length === 0) throw noImages(path, others.length > 0 ? `${count(others.length, "other file")}` : "it is empty");
  // Set against another folder, or said to be one class as a whole, its own subfolders are no classes.
  const whole = options.all !== undefined || request.soft || options.contrast !== undefined;
  const isFlat = tops.length === 0;
  if (isFlat && !whole)
    throw flatFolder(
      path,
      images.length,
      others.find((name) => LISTS.test(name)),
    );
  const depth = tops.length > 0 && tops.every((name) => SPLIT_NAMES.has(name.toLowerCase())) && images.every(({ name }) => name.split("/").length > 2) ? 1 : 0;
  const table = tableOf(images, depth);
  const profiles = profile(table);
  const [text, label, category] = profiles;
  const classes = new Set(images.flatMap(({ name }) => folderOf(name, depth) ?? []));
  const labelled = !whole && label && classes.size > 0;
  if (labelled && classes.size === 1) throw oneSubfolder(path, [...classes][0] as string, images.length);
  if (labelled && classes.size > MAX_LABEL_VALUES && !options.safe && !options.unsafe) throw manySubfolders(path, [...classes]);

  const categorised = category !== undefined && category.distinct > 1;
  const candidates = images.map(
    ({ name, path: file, fault }, i): Candidate => ({
      text: name,
      place: { file: request.file, startLine: i, startColumn: 0, endLine: i, endColumn: 0 },
      ...(labelled ? { label: folderOf(name, depth) } : {}),
      ...(categorised ? { category: folderOf(name, depth + 1) } : {}),
      ...(file === undefined ? { imageFault: fault ?? "image-missing" } : { image: file }),
      long: false,
    }),
  );
  const meaning = labelled ? meaningFor(request, table, profiles, label, candidates, text ? [text] : [], options) : undefined;
  if (meaning) notices.push(...meaning.notices);
  if (others.length > 0)
    notices.push({
      code: "data/other-files",
      message: `${count(others.length, "file")} in the folder ${others.length === 1 ? "is" : "are"} no images and ${others.length === 1 ? "was" : "were"} passed over.`,
    });
  const columns: Column[] = [{ name: "image", position: 1, role: "text", kind: "string" }];
  if (labelled) columns.push({ name: "folder", position: 2, role: "label", kind: "string" });
  if (categorised) columns.push({ name: "subfolder", position: 3, role: "category", kind: "string" });
  return {
    file: { path, bytes: Buffer.alloc(0), total: images.reduce((sum, { bytes }) => sum + bytes, 0), sha256: fingerprint(images) },
    format: "images",
    hasRanges: false,
    hasLines: false,
    columns,
    axes: [],
    candidates,
    images: { column: "image", only: true },
    meaning,
    keyed: false,
    hasReplies: false,
    maybeLabels: [],
    skips: new Skips(),
    options: (meaning?.options ?? {}) satisfies DataOptions,
  };
}

/** Every image below a folder in the order of its paths; hidden files and folders are left alone, links that lead out are named. */
async function scan(path: string, root: string, signal?: AbortSignal): Promise<{ images: Found[]; others: string[] }> {
  const images: Found[] = [];
  const others: string[] = [];
  const look = async (below: string, depth: number): Promise<void> => {
    throwIfAborted(signal);
    const entries = await readdir(join(path, below), { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.name.startsWith(".") || entry.name === "__MACOSX") continue;
      const name = below ? `${below}/${entry.name}` : entry.name;
      if (entry.isDirectory()) {
        if (depth < MOST_DEPTH) await look(name, depth + 1);
      } else if (!isImageName(entry.name) || extname(entry.name) === "") others.push(name);
      else images.push(await fileAt(path, root, name));
      if (images.length + others.length > MAX_RECORDS) throw tooManyImages(path, MAX_RECORDS);
    }
  };
  await look("", 0);
  return { images, others };
}

async function fileAt(path: string, root: string, name: string): Promise<Found> {
  try {
    const real = await realpath(join(path, name));
    const stats = await stat(real);
    if (!isInside(root, real)) return { name, fault: "image-outside", bytes: 0 };
    return stats.isFile() ? { name, path: real, bytes: stats.size } : { name, fault: "image-missing", bytes: 0 };
  } catch {
    return { name, fault: "image-missing", bytes: 0 };
  }
}

/** The folder at a depth of the path; undefined where the file itself lies there. */
function folderOf(name: string, depth: number): string | undefined {
  const parts = name.split("/");
  return depth < parts.length - 1 ? parts[depth] : undefined;
}

function tableOf(images: readonly Found[], depth: number): RawTable {
  const records = images.map(({ name }, i) => ({
    values: [name, folderOf(name, depth), folderOf(name, depth + 1)],
    place: { file: 0, startLine: i, startColumn: 0, endLine: i, endColumn: 0 },
  }));
  return { format: "images", columns: ["image", "folder", "subfolder"], records, bad: [], notices: [], hasRanges: false, read: {} };
}

/** SHA-256 of the list of paths and sizes: pixels are read only when they are run. */
function fingerprint(images: readonly Found[]): string {
  const hash = createHash("sha256");
  for (const { name, bytes } of images) hash.update(`${name}\t${bytes}\n`);
  return hash.digest("hex");
}
