import { byPreference, isDataOf, precisionByName } from "../model/filenames.js";
import type { Listed } from "./library.js";

export { precisionByName };

/** What belongs to an .onnx file and is small: taken from its own folder and those above it. */
const SIDE_FILES = new Set([
  "config.json",
  "generation_config.json",
  "genai_config.json",
  "preprocessor_config.json",
  "processor_config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
  "vocab.json",
  "vocab.txt",
  "merges.txt",
  "chat_template.jinja",
  "chat_template.json",
]);

const nameOf = (path: string) => path.slice(path.lastIndexOf("/") + 1);
const folderOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf("/")));
/** The .onnx files of a repository, each with the files that it needs: .onnx, external data, side files. */
export function variantsOf(files: readonly Listed[]): { path: string; files: Listed[] }[] {
  return files
    .filter(({ path }) => /\.onnx$/i.test(path))
    .sort((a, b) => byPreference(a.path, b.path) || (a.path < b.path ? -1 : 1))
    .map((model) => ({ path: model.path, files: [model, ...dataOf(model.path, files), ...sideFilesOf(model.path, files)] }));
}

function dataOf(model: string, files: readonly Listed[]): Listed[] {
  return files.filter(({ path }) => folderOf(path) === folderOf(model) && isDataOf(nameOf(model), nameOf(path)));
}

function sideFilesOf(model: string, files: readonly Listed[]): Listed[] {
  const own = folderOf(model);
  return files.filter(({ path }) => SIDE_FILES.has(nameOf(path)) && (folderOf(path) === own || folderOf(path) === "" || own.startsWith(`${folderOf(path)}/`)));
}
