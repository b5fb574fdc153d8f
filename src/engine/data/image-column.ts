import { existsSync, statSync } from "node:fs";
import { realpath } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { throwIfAborted } from "../errors.js";
import { FAULTS, type ImageFault } from "../image/errors.js";
import { imagesNotFound } from "./image-errors.js";
import { imageInside, imageName, isImageName } from "./image-paths.js";
import type { Candidate } from "./part.js";
import { isBlank, type Profile } from "./profile.js";
import { count, oneName } from "./say.js";
import type { RawTable } from "./table.js";

/** Image files that a column names. */
export interface ImageColumn {
  readonly column: Profile;
  /** Real path of the dataset's folder, and the folder in it that the paths start from ("" = itself). */
  readonly root: string;
  readonly base: string;
}

/** Columns are told by their values; among equals by these names, in order. */
const NAMES = ["image", "image_path", "file_name", "filename", "path", "file", "filepath", "file_path", "img", "img_path", "image_file", "picture", "photo"];
/** Folders beside the list that hold the images by custom. */
const BASES = ["images", "image", "imgs", "img", "data"];
const SAMPLE = 50;
/** Read ahead of each other; each costs a few system calls. */
const AT_ONCE = 64;

/** The column whose values are existing image files inside the dataset's folder; undefined when no column names images. */
export async function findImageColumn(path: string, table: RawTable, profiles: readonly Profile[], wanted?: Profile): Promise<ImageColumn | undefined> {
  const named = (wanted ? [wanted] : profiles)
    .filter((p) => p.filled > 0 && ["string", "object", "mixed"].includes(p.kind))
    .map((column) => ({ column, sample: sampleOf(table, column) }))
    .filter(({ sample }) => sample.length > 0 && sample.filter(isImageName).length * 2 >= sample.length);
  if (named.length === 0) return undefined;
  const root = await realpath(dirname(path));
  const rank = ({ normal }: Profile) => (NAMES.indexOf(normal) + 1 || NAMES.length + 1) - 1;
  let best: (ImageColumn & { found: number }) | undefined;
  for (const { column, sample } of named.sort((a, b) => rank(a.column) - rank(b.column)))
    for (const base of basesIn(root, path)) {
      const found = (await Promise.all(sample.map((name) => imageInside(root, base, name)))).filter((one) => typeof one === "object").length;
      if (found > (best?.found ?? 0)) best = { column, root, base, found };
    }
  return best;
}

/** @throws Problem that says why no image of a column of image names can be opened */
export async function refuseImages(path: string, table: RawTable, profiles: readonly Profile[]): Promise<void> {
  for (const column of profiles) {
    const sample = sampleOf(table, column);
    if (sample.length === 0 || sample.filter(isImageName).length * 2 < sample.length) continue;
    const root = await realpath(dirname(path));
    const tally = new Map<ImageFault, number>();
    for (const name of sample) {
      const found = await imageInside(root, "", name);
      if (typeof found === "string") tally.set(found, (tally.get(found) ?? 0) + 1);
    }
    const [most] = [...tally].sort((a, b) => b[1] - a[1]);
    if (most)
      throw imagesNotFound(path, column.name, `of the first ${sample.length}, ${most[1] === sample.length ? "each" : most[1]} fails: ${FAULTS[most[0]]}`);
  }
}

/** The part's rows with the file of each image, or why it has none. */
export async function withImages(rows: readonly Candidate[], table: RawTable, { column, root, base }: ImageColumn, signal?: AbortSignal): Promise<Candidate[]> {
  const out: Candidate[] = [];
  for (let start = 0; start < rows.length; start += AT_ONCE) {
    throwIfAborted(signal);
    const chunk = rows.slice(start, start + AT_ONCE);
    const found = await Promise.all(chunk.map((_, i) => imageInside(root, base, imageName(table.records[start + i]?.values[column.index]))));
    chunk.forEach((row, i) => {
      const one = found[i]!;
      out.push(typeof one === "string" ? { ...row, imageFault: one } : { ...row, image: one.path });
    });
  }
  return out;
}

export const saidImages = ({ column, base }: ImageColumn, rows: readonly Candidate[], only: boolean): string => {
  const found = rows.filter(({ image }) => image !== undefined).length;
  const where = `${count(found, "image")} named by ${oneName(column.name)}${base ? ` in ${oneName(base)}` : ""}`;
  return only ? `The rows are ${where}.` : `The file also has ${where}; a model that reads images looks at these.`;
};

function basesIn(root: string, path: string): string[] {
  const beside = [...BASES, basename(path, extname(path))].filter((name) => existsSync(join(root, name)) && statSync(join(root, name)).isDirectory());
  return ["", ...beside];
}

function sampleOf(table: RawTable, column: Profile): string[] {
  const step = Math.max(1, Math.floor(table.records.length / SAMPLE));
  const names: string[] = [];
  for (let i = 0; i < table.records.length && names.length < SAMPLE; i += step) {
    const value = table.records[i]?.values[column.index];
    const name = isBlank(value) ? undefined : imageName(value);
    if (name !== undefined) names.push(name);
  }
  return names;
}
