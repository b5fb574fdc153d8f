import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** File names inside a model's folder, best first (full precision before the quantised ones). */
const PREFERRED = ["model.onnx", "model_fp16.onnx", "model_q4.onnx", "model_quantized.onnx"];

export interface ModelFolder {
  /** The folder with config.json or tokenizer.json, else the one the files lie in. */
  readonly folder: string;
  /** Its .onnx files, the one that is taken by itself first. */
  readonly files: readonly string[];
}

/** The folder a model file belongs to: its own, or the one above when that holds config.json or tokenizer.json. */
export function folderOf(file: string): string {
  const own = dirname(file);
  const describes = (folder: string) => existsSync(join(folder, "config.json")) || existsSync(join(folder, "tokenizer.json"));
  return !describes(own) && describes(dirname(own)) ? dirname(own) : own;
}

/** Groups .onnx files by model folder; folders and files in a stable order. */
export function groupModels(files: readonly string[]): ModelFolder[] {
  const groups = new Map<string, string[]>();
  for (const file of files) groups.set(folderOf(file), [...(groups.get(folderOf(file)) ?? []), file]);
  const rank = (file: string) => (PREFERRED.indexOf(basename(file)) + 1 || PREFERRED.length + 1) * 2 + (basename(dirname(file)) === "onnx" ? 0 : 1);
  return [...groups]
    .map(([folder, found]) => ({ folder, files: found.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1)) }))
    .sort((a, b) => (a.folder < b.folder ? -1 : 1));
}

/** .onnx files in a folder, its `onnx` folder and its folders' own, two levels deep: a folder of models, or one model. */
export async function onnxFilesUnder(root: string, depth = 2, most = 200): Promise<string[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  const found = entries.filter((e) => !e.isDirectory() && /\.onnx$/i.test(e.name)).map((e) => join(root, e.name));
  if (depth > 0) {
    for (const entry of entries) {
      if (found.length >= most) break;
      if (entry.isDirectory() && !entry.name.startsWith(".") && entry.name !== "node_modules")
        found.push(...(await onnxFilesUnder(join(root, entry.name), depth - 1, most)));
    }
  }
  return found.slice(0, most);
}
