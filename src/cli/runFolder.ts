import { readdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { ProblemError } from "../protocol/index.js";

const RUN_FILES = ["plan.json", "log.jsonl", "view.json", "result.json", "profile.json", "ended.json", "lock", "states"];

/**
 * The folder that `--run` names: new, empty, or one that holds a run and nothing else, whose result is taken away first (a run
 * that is cut off must not be mistaken for the former one).
 * @returns the absolute path
 */
export async function emptyRunFolder(folder: string): Promise<string> {
  const path = resolve(folder);
  const refuse = (message: string) => new ProblemError({ code: "cli/run", message, hint: "Name a folder of its own with --run.", where: { file: path } });
  const names = await readdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw refuse(error.code === "ENOTDIR" ? `${folder} is a file; a run is a folder.` : `${folder} cannot be read.`);
  });
  const foreign = names.filter((name) => !RUN_FILES.includes(name) && !name.endsWith(".incomplete"));
  if (foreign.length > 0) throw refuse(`${folder} holds other things than a run (${foreign[0]}), and would be mixed up with it.`);
  for (const name of ["result.json", "view.json", "profile.json", "ended.json", "log.jsonl"]) await rm(join(path, name), { force: true });
  return path;
}
