import type { Dirent } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import { type FoundPrompts, type Notice, ProblemError, type PromptFinder } from "../protocol/index.js";
import { isExcludedFile, isExcludedFolder } from "./excluded.js";
import { type Ignore, readGitignore } from "./gitignore.js";
import { LARGEST_FILE } from "./limits.js";
import { tooLarge } from "./notices.js";

export interface FolderOptions {
  readonly possible?: boolean;
  /** Look into packages, builds and whatever `.gitignore` names, too. */
  readonly everything?: boolean;
  readonly signal?: AbortSignal;
  /** No more files than this are read; the rest is told in a notice. */
  readonly mostFiles?: number;
}

/** One file that was read. */
export interface FileFound extends FoundPrompts {
  /** As it was reached: the path that was asked for, and below. */
  readonly path: string;
  readonly source: string;
}

/** What was left out, counted. */
export interface FolderCount {
  files: number;
  prompts: number;
  /** Folders of packages, builds and caches that were passed by. */
  excludedFolders: number;
  /** Lock files, minified and generated files. */
  excludedFiles: number;
  /** Files and folders that a `.gitignore` names. */
  ignoredByGit: number;
  unreadable: number;
}

export interface FolderSearch {
  /** Ascending by path within a folder. */
  files: AsyncIterable<FileFound>;
  /** Complete when `files` has ended. */
  readonly count: FolderCount;
  readonly notices: Notice[];
}

const MOST_FILES = 50_000;
const DEEPEST = 60;

/**
 * Finds the prompts of files and folders. A file that is named is always read; below a folder the usual excludes and `.gitignore` count.
 * @throws ProblemError `prompts/no-such-path`, while iterating
 */
export function findInFolder(paths: readonly string[], finder: PromptFinder, options: FolderOptions = {}): FolderSearch {
  const count: FolderCount = { files: 0, prompts: 0, excludedFolders: 0, excludedFiles: 0, ignoredByGit: 0, unreadable: 0 };
  const notices: Notice[] = [];
  const search: Search = { finder, options, count, notices, seen: new Set() };
  return { files: walkAll(paths, search), count, notices };
}

interface Search {
  readonly finder: PromptFinder;
  readonly options: FolderOptions;
  readonly count: FolderCount;
  readonly notices: Notice[];
  readonly seen: Set<string>;
}

interface Level {
  readonly folder: string;
  readonly ignore: Ignore;
}

async function* walkAll(paths: readonly string[], search: Search): AsyncGenerator<FileFound> {
  for (const path of paths) {
    const info = await stat(path).catch(() => undefined);
    if (!info)
      throw new ProblemError({
        code: "prompts/no-such-path",
        message: `${path} does not exist.`,
        hint: "Name files or folders that exist.",
        where: { file: path },
      });
    if (info.isDirectory()) yield* walk(path, search, [], 0);
    else {
      const found = await readOne(path, search);
      if (found) yield found;
    }
  }
}

async function* walk(folder: string, search: Search, above: readonly Level[], depth: number): AsyncGenerator<FileFound> {
  const { count, options, notices } = search;
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => undefined);
  if (!entries || depth > DEEPEST) {
    count.unreadable++;
    return;
  }
  const ignore = entries.some((entry) => entry.name === ".gitignore" && entry.isFile()) && !options.everything;
  const own = ignore ? await readFile(join(folder, ".gitignore"), "utf8").catch(() => "") : "";
  const levels = own === "" ? above : [...above, { folder, ignore: readGitignore(own) }];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    options.signal?.throwIfAborted();
    const path = join(folder, entry.name);
    if (!options.everything && isLeftOut(entry, path, levels, count)) continue;
    // Links are not followed: what they lead to is read at its own place, or is not the user's.
    if (entry.isDirectory()) yield* walk(path, search, levels, depth + 1);
    else if (entry.isFile() && search.finder.reads(path)) {
      if (count.files >= (options.mostFiles ?? MOST_FILES)) {
        if (!notices.some(({ code }) => code === "prompts/too-many-files"))
          notices.push({ code: "prompts/too-many-files", message: `Only the first ${count.files.toLocaleString("en")} files were searched for prompts.` });
        return;
      }
      const found = await readOne(path, search);
      if (found) yield found;
    }
  }
}

function isLeftOut(entry: Dirent, path: string, levels: readonly Level[], count: FolderCount): boolean {
  const folder = entry.isDirectory();
  if (folder ? isExcludedFolder(entry.name) : isExcludedFile(entry.name)) {
    if (folder) count.excludedFolders++;
    else count.excludedFiles++;
    return true;
  }
  for (const level of [...levels].reverse()) {
    const said = level.ignore(relative(level.folder, path).split(sep).join("/"), folder);
    if (said === undefined) continue;
    if (said) count.ignoredByGit++;
    return said;
  }
  return false;
}

async function readOne(path: string, search: Search): Promise<FileFound | undefined> {
  const { count, finder, options, seen } = search;
  if (seen.has(resolve(path))) return undefined;
  seen.add(resolve(path));
  count.files++;
  const info = await stat(path).catch(() => undefined);
  if (info && info.size > LARGEST_FILE * 4) return { path, source: "", prompts: [], notices: [tooLarge(info.size)] };
  // A pipe or a device would be waited for without end.
  const source = info?.isFile() ? await readFile(path, "utf8").catch(() => undefined) : undefined;
  if (source === undefined) {
    count.unreadable++;
    return { path, source: "", prompts: [], notices: [{ code: "prompts/unreadable", message: "The file cannot be read.", where: { file: path } }] };
  }
  const found = finder.find(source, { fileName: path, possible: options.possible });
  count.prompts += found.prompts.length;
  return { path, source, ...found };
}

/** What was passed by, in a sentence; undefined: nothing was. */
export function passedBy(count: FolderCount): string | undefined {
  const parts = [
    [count.excludedFolders, "folder of packages or builds", "folders of packages or builds"],
    [count.excludedFiles, "generated or lock file", "generated or lock files"],
    [count.ignoredByGit, "entry of .gitignore", "entries of .gitignore"],
    [count.unreadable, "entry that cannot be read", "entries that cannot be read"],
  ] as const;
  const said = parts.filter(([n]) => n > 0).map(([n, one, many]) => `${n} ${n === 1 ? one : many}`);
  return said.length === 0 ? undefined : `Passed by: ${said.join(", ")}.`;
}
