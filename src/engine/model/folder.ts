import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { cannotRead, noModelInFolder, notRegular } from "./errors.js";
import { byPreference } from "./filenames.js";

/** A model as it lies on disk. */
export interface ModelPlace {
  /** The .onnx file. */
  readonly path: string;
  /** The folder with config.json and tokenizer.json; the file's own when there are none. */
  readonly folder: string;
  readonly name: string;
  /** Other .onnx files of the same model. */
  readonly variants: readonly string[];
}

/**
 * Finds the model file of a folder, or the folder of a model file.
 * @throws Problem `model/missing`, `model/none-in-folder`, `model/not-onnx` of what is no regular file
 */
export function findModel(path: string): ModelPlace {
  const full = resolve(path);
  let stats: ReturnType<typeof statSync>;
  try {
    stats = statSync(full);
  } catch (error) {
    throw cannotRead(path, error);
  }
  if (stats.isDirectory()) {
    const named = [...onnxFiles(join(full, "onnx")), ...onnxFiles(full)];
    const found = named.filter(isUsable);
    if (named.length > 0 && found.length === 0) throw notRegular(named[0]!);
    if (found.length === 0) throw noModelInFolder(path);
    const chosen = found.sort(byPreference)[0]!;
    return { path: chosen, folder: full, name: nameOf(full), variants: found.filter((file) => file !== chosen) };
  }
  if (!stats.isFile()) throw notRegular(path);
  const own = dirname(full);
  const above = dirname(own);
  const folder = [own, above].find((dir) => existsSync(join(dir, "tokenizer.json"))) ?? [own, above].find((dir) => existsSync(join(dir, "config.json"))) ?? own;
  return { path: full, folder, name: nameOf(folder), variants: onnxFiles(own).filter((file) => file !== full && isUsable(file)) };
}

/** Not a folder, pipe or device; what is not there or not ours to look at is told when it is opened. */
function isUsable(file: string): boolean {
  try {
    return statSync(file).isFile();
  } catch {
    return true;
  }
}

function onnxFiles(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(".onnx"))
      .sort()
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}

/** A folder's name; in a Hugging Face cache the repository's. */
export function nameOf(folder: string): string {
  const hub = /models--(.+?)[\\/]snapshots[\\/]/.exec(`${folder}/`);
  return hub ? hub[1]!.replaceAll("--", "/") : basename(folder);
}
