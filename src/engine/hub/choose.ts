import type { Listed } from "./library.js";

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

/** Full precision first, the closest to it next: the order in which a folder's file is chosen, too. */
const ORDER = [/^model$/, /^encoder_model$/, /^decoder_model$/, /^decoder_model_merged$/, /fp16|float16/, /q4|int4|bnb4/, /quantized|int8|uint8/];
const PRECISIONS: readonly [RegExp, string][] = [
  [/q4f16/i, "int4 weights, float16"],
  [/(q4|int4|bnb4)/i, "int4 weights"],
  [/(quantized|int8|uint8|q8)/i, "int8"],
  [/(fp16|float16)/i, "float16"],
  [/(bf16|bfloat16)/i, "bfloat16"],
  [/(^|\/)(model|encoder_model|decoder_model|decoder_model_merged)$/i, "float32"],
];

const nameOf = (path: string) => path.slice(path.lastIndexOf("/") + 1);
const folderOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf("/")));
const stemOf = (path: string) => path.replace(/\.onnx$/i, "");

/** What a file's name says of its numbers; empty when nothing. The graph itself is asked once it is here. */
export const precisionByName = (path: string): string => PRECISIONS.find(([pattern]) => pattern.test(stemOf(path)))?.[1] ?? "";

/** The .onnx files of a repository, each with the files that it needs: .onnx, external data, side files. */
export function variantsOf(files: readonly Listed[]): { path: string; files: Listed[] }[] {
  const rank = (path: string) => {
    const at = ORDER.findIndex((pattern) => pattern.test(stemOf(nameOf(path))));
    return at < 0 ? ORDER.length : at;
  };
  return files
    .filter(({ path }) => /\.onnx$/i.test(path))
    .sort((a, b) => rank(a.path) - rank(b.path) || (a.path < b.path ? -1 : 1))
    .map((model) => ({ path: model.path, files: [model, ...dataOf(model.path, files), ...sideFilesOf(model.path, files)] }));
}

/** External data by the exporters' conventions: `model.onnx_data`, `model.onnx_data_1`, `model.onnx.data`, `model.data`. */
function dataOf(model: string, files: readonly Listed[]): Listed[] {
  const stem = stemOf(model);
  const named = (path: string) => path.startsWith(`${model}_data`) || path.startsWith(`${model}.data`) || path === `${stem}.data` || path === `${stem}.weights`;
  return files.filter(({ path }) => folderOf(path) === folderOf(model) && path !== model && named(path));
}

function sideFilesOf(model: string, files: readonly Listed[]): Listed[] {
  const own = folderOf(model);
  return files.filter(({ path }) => SIDE_FILES.has(nameOf(path)) && (folderOf(path) === own || folderOf(path) === "" || own.startsWith(`${folderOf(path)}/`)));
}
