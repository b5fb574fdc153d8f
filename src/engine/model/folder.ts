import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { cannotRead, noModelInFolder, notAModel } from "./errors.js";
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
 * @throws Problem `model/missing`, `model/none-in-folder`
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
    const found = [...onnxFiles(join(full, "onnx")), ...onnxFiles(full)];
    if (found.length === 0) throw noModelInFolder(path);
    const chosen = found.sort(byPreference)[0]!;
    return { path: chosen, folder: full, name: nameOf(full), variants: found.filter((file) => file !== chosen) };
  }
  // A pipe would block for ever, a device never end.
  if (!stats.isFile()) throw notAModel(path, "no regular file", "Choose an .onnx file or a folder that holds one.");
  const own = dirname(full);
  const above = dirname(own);
  const folder = [own, above].find((dir) => existsSync(join(dir, "tokenizer.json"))) ?? [own, above].find((dir) => existsSync(join(dir, "config.json"))) ?? own;
  return { path: full, folder, name: nameOf(folder), variants: onnxFiles(own).filter((file) => file !== full) };
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
