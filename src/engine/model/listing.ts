import { existsSync, readFileSync, statSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type ModelEntry, type ModelList, ProblemError, type SheetVariant } from "../../protocol/index.js";
import { byPreference, isDataOf, precisionByName } from "./filenames.js";
import { nameOf } from "./folder.js";
import { LIMITS } from "./limits.js";
import { refuseOtherFormats } from "./sniff.js";
import { fileSource } from "./source.js";

export interface Places {
  /** Folders of models: each, and what lies two levels below. */
  readonly folders: readonly string[];
  readonly files: readonly string[];
  /** The Hugging Face cache; absent = not looked into. */
  readonly cache?: string;
}

/** More than anybody picks from; the rest is said to be cut. */
const MOST_FILES = 500;

/** Lists the models of folders, single files and the cache by their names, sizes and first bytes. No graph is read. */
export async function listModels({ folders, files, cache }: Places): Promise<ModelList> {
  const found = new Set(files);
  for (const folder of folders) for (const file of await onnxFilesUnder(folder, 2, MOST_FILES)) found.add(file);
  const cached = cache === undefined ? [] : await cachedFiles(cache);
  const all = [...new Set([...found, ...cached])];
  const refused: { path: string; message: string }[] = [];
  const good = all.slice(0, MOST_FILES).filter((file) => {
    const message = whyNot(file);
    if (message !== undefined) refused.push({ path: file, message });
    return message === undefined;
  });
  const inCache = new Set(cached);
  const models = await Promise.all([...groups(good)].map(([folder, members]) => entryOf(folder, members, inCache.has(members[0]!))));
  return { models: models.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.path < b.path ? -1 : 1)), refused, cut: all.length > MOST_FILES };
}

/** The folder a model file belongs to: its own, or the one above when that holds config.json or tokenizer.json. */
export function folderOf(file: string): string {
  const own = dirname(file);
  return !describes(own) && describes(dirname(own)) ? dirname(own) : own;
}

const describes = (folder: string): boolean => existsSync(join(folder, "config.json")) || existsSync(join(folder, "tokenizer.json"));

/** .onnx files in a folder and below: a folder of models, or one model. Links to files count, links to folders do not. */
export async function onnxFilesUnder(root: string, depth: number, most: number): Promise<string[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  const found = entries.filter((entry) => !entry.isDirectory() && /\.onnx$/i.test(entry.name)).map((entry) => join(root, entry.name));
  for (const entry of entries) {
    if (depth === 0 || found.length >= most) break;
    if (entry.isDirectory() && !entry.name.startsWith(".") && entry.name !== "node_modules")
      found.push(...(await onnxFilesUnder(join(root, entry.name), depth - 1, most - found.length)));
  }
  return found.slice(0, most);
}

/** The newest snapshot of every model in the cache: the one that refs/main names, else the youngest. */
async function cachedFiles(cache: string): Promise<string[]> {
  const repositories = (await readdir(cache).catch(() => [])).filter((name) => name.startsWith("models--")).sort();
  const lists = await Promise.all(
    repositories.map(async (name) => {
      const snapshots = join(cache, name, "snapshots");
      const commits = await readdir(snapshots).catch(() => []);
      const main = readText(join(cache, name, "refs", "main"), 100).trim();
      const times = await Promise.all(
        commits.map(async (commit) => ({
          commit,
          at: commit === main ? Number.POSITIVE_INFINITY : ((await stat(join(snapshots, commit)).catch(() => undefined))?.mtimeMs ?? 0),
        })),
      );
      for (const { commit } of times.sort((a, b) => b.at - a.at)) {
        const files = await onnxFilesUnder(join(snapshots, commit), 3, MOST_FILES);
        if (files.length > 0) return files;
      }
      return [];
    }),
  );
  return lists.flat();
}

function whyNot(file: string): string | undefined {
  try {
    const source = fileSource(file);
    try {
      refuseOtherFormats(source);
      return undefined;
    } finally {
      source.close();
    }
  } catch (error) {
    return error instanceof ProblemError ? error.problem.message : `${file} cannot be read.`;
  }
}

function groups(files: readonly string[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const file of files) {
    const folder = folderOf(file);
    // A file without anything beside it stands for itself.
    const key = describes(folder) ? folder : file;
    found.set(key, [...(found.get(key) ?? []), file]);
  }
  return found;
}

async function entryOf(path: string, files: readonly string[], cached: boolean): Promise<ModelEntry> {
  const isFile = files.length === 1 && files[0] === path;
  const type = isFile ? undefined : /"model_type"\s*:\s*"([\w.-]{1,64})"/.exec(readText(join(path, "config.json"), LIMITS.configBytes))?.[1];
  const sorted = [...files].sort(
    (a, b) => byPreference(a, b) || Number(basename(dirname(b)) === "onnx") - Number(basename(dirname(a)) === "onnx") || (a < b ? -1 : 1),
  );
  return {
    path,
    name: isFile ? basename(path) : nameOf(path),
    where: cached ? "cache" : isFile ? "file" : "folder",
    files: await Promise.all(sorted.map(variantOf)),
    ...(type && { architecture: type }),
  };
}

/** A file with what lies beside it under its name. */
export async function variantOf(file: string): Promise<SheetVariant> {
  const beside = (await readdir(dirname(file)).catch(() => [])).filter((name) => isDataOf(basename(file), name)).map((name) => join(dirname(file), name));
  const sizes = await Promise.all(
    [file, ...beside].map((one) =>
      stat(one).then(
        (s) => s.size,
        () => 0,
      ),
    ),
  );
  return { path: file, bytes: sizes.reduce((sum, size) => sum + size, 0), precision: precisionByName(file) };
}

function readText(path: string, most: number): string {
  try {
    if (!statSync(path).isFile()) return "";
    const text = readFileSync(path, "utf8");
    return text.length > most ? "" : text;
  } catch {
    return "";
  }
}
