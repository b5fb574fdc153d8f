import { extname } from "node:path";
import type { ProblemError } from "../../protocol/index.js";
import { wrongFormat } from "./errors.js";

const MAGIC: readonly (readonly [string, string, string])[] = [
  ["1f8b", "is gzip-compressed", "Unpack it first (gunzip)."],
  ["504b0304", "is a zip archive (or an Excel or Word file)", "Unpack it, or save the sheet as CSV."],
  ["504b0506", "is an empty zip archive", "Choose a dataset file."],
  ["28b52ffd", "is zstd-compressed", "Unpack it first (unzstd)."],
  ["425a68", "is bzip2-compressed", "Unpack it first (bunzip2)."],
  ["fd377a585a00", "is xz-compressed", "Unpack it first (unxz)."],
  ["377abcaf271c", "is a 7-Zip archive", "Unpack it first."],
  ["25504446", "is a PDF", "Save its prompts as text, one a line."],
  ["53514c69746520666f726d6174", "is an SQLite database", "Export the table as CSV."],
  ["4152524f5731", "is an Arrow file", "Save it as Parquet or JSONL."],
  ["ffffffff", "is an Arrow stream", "Save it as Parquet or JSONL."],
  ["d0cf11e0a1b11ae1", "is an old Office file", "Save the sheet as CSV."],
  ["4f626a01", "is an Avro file", "Save it as Parquet or JSONL."],
  ["89504e47", "is an image", "Choose a dataset file."],
  ["ffd8ff", "is an image", "Choose a dataset file."],
  ["8004", "is a Python pickle", "Save it as JSONL."],
  ["934e554d5059", "is a NumPy array", "Layerscope needs the prompts, as text."],
];

const NAMES: Readonly<Record<string, readonly [string, string]>> = {
  ".yaml": ["is YAML", "Save the prompts as JSONL or CSV."],
  ".yml": ["is YAML", "Save the prompts as JSONL or CSV."],
  ".prompt": ["is a YAML prompt file", "Save the prompts as JSONL or CSV."],
  ".prompty": ["is a prompt template", "Choose a file with one prompt a row."],
  ".toml": ["is TOML", "Save the prompts as JSONL or CSV."],
  ".xml": ["is XML", "Save the prompts as JSONL or CSV."],
  ".md": ["is Markdown", "Save the prompts as text, one a line."],
  ".html": ["is a web page", "Download the data itself."],
  ".htm": ["is a web page", "Download the data itself."],
  ".xlsx": ["is an Excel workbook", "Save the sheet as CSV."],
  ".xls": ["is an Excel workbook", "Save the sheet as CSV."],
  ".ipynb": ["is a notebook", "Save the prompts as JSONL or CSV."],
  ".onnx": ["is a model", "Choose a dataset; the model is chosen separately."],
  ".py": ["is source code", "Save the prompts as JSONL or CSV."],
  ".js": ["is source code", "Save the prompts as JSONL or CSV."],
  ".ts": ["is source code", "Save the prompts as JSONL or CSV."],
};

/** What a file is that is no dataset: by its first bytes, then by its name. */
export function refusalOf(path: string, bytes: Buffer): ProblemError | undefined {
  const head = bytes.subarray(0, 32).toString("hex");
  for (const [magic, what, hint] of MAGIC) if (head.startsWith(magic)) return wrongFormat(path, what, hint);
  const start = bytes.subarray(0, 512).toString("latin1").trimStart().toLowerCase();
  if (start.startsWith("version https://git-lfs.github.com/spec/"))
    return wrongFormat(path, "is a Git LFS pointer, not the file itself", "Fetch it first (git lfs pull).");
  if (/^(<!--[\s\S]*?-->\s*)?<(!doctype html|html|head|body)\b/.test(start))
    return wrongFormat(path, "is a web page, probably a failed download", "Download the data itself.");
  if (start.startsWith("<?xml")) return wrongFormat(path, "is XML", "Save the prompts as JSONL or CSV.");
  if (start.startsWith("%yaml")) return wrongFormat(path, "is YAML", "Save the prompts as JSONL or CSV.");
  const known = NAMES[extname(path).toLowerCase()];
  return known && wrongFormat(path, known[0], known[1]);
}

/** Parquet begins and ends with PAR1; without the second the footer is missing. */
export function parquetState(bytes: Buffer): "none" | "whole" | "cut" {
  if (bytes.toString("latin1", 0, 4) !== "PAR1") return bytes.toString("latin1", 0, 4) === "PARE" ? "cut" : "none";
  return bytes.length >= 12 && bytes.toString("latin1", bytes.length - 4) === "PAR1" ? "whole" : "cut";
}
