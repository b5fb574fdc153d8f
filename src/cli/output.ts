import { constants } from "node:fs";
import { access, realpath, stat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { ProblemError } from "../protocol/index.js";

/**
 * Checked before any work is done: the file can be written, and is none of those that are read.
 * @returns the absolute path
 */
export async function checkOutput(out: string, inputs: readonly string[]): Promise<string> {
  const path = resolve(out);
  const refuse = (code: string, message: string, hint: string) => new ProblemError({ code, message, hint, where: { file: path } });
  const folder = dirname(path);
  if (!(await stat(folder).catch(() => undefined))?.isDirectory())
    throw refuse("cli/out", `There is no folder ${folder} to write ${basename(path)} into.`, "Make the folder, or name another with --out.");
  const known = await stat(path).catch(() => undefined);
  if (known?.isDirectory()) throw refuse("cli/out", `${out} is a folder.`, "Name a file with --out.");
  const real = await realpath(path).catch(() => path);
  for (const input of inputs)
    if ((await realpath(input).catch(() => resolve(input))) === real)
      throw refuse("cli/out", `${out} is read by this command and would be overwritten.`, "Name another file with --out.");
  await access(known ? path : folder, constants.W_OK).catch(() => {
    throw refuse("cli/out", `${out} cannot be written: permission denied.`, "Name another file with --out.");
  });
  return path;
}
