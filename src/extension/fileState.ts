import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { workspace } from "vscode";
import type { AuditResult } from "../protocol/index.js";

/** VS Code hands files above this to no extension as text (`TextModel`'s own limit). */
export const MOST_TEXT_BYTES = 50 * 1024 * 1024;

/** Whether rows of this file have a range in a text editor. */
export async function hasTextRanges(path: string): Promise<boolean> {
  if (/\.parquet$/i.test(path)) return false;
  return (await stat(path)).size <= MOST_TEXT_BYTES;
}

const hashes = new Map<string, { readonly stamp: string; readonly sha256: string }>();

async function hashFiles(paths: readonly string[]): Promise<string> {
  const stamp = (await Promise.all(paths.map(async (p) => [p, (await stat(p)).size, (await stat(p)).mtimeMs]))).join("|");
  const key = paths.join("\n");
  const known = hashes.get(key);
  if (known?.stamp === stamp) return known.sha256;
  const hash = createHash("sha256");
  for (const path of paths) for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  const sha256 = hash.digest("hex");
  hashes.set(key, { stamp, sha256 });
  return sha256;
}

export type FileState = "same" | "changed" | "unsaved" | "gone";

/** How the dataset's files on disk and in open editors compare with what the audit read. */
export async function fileState(dataset: AuditResult["dataset"]): Promise<FileState> {
  const paths = dataset.contrastPath ? [dataset.path, dataset.contrastPath] : [dataset.path];
  if (workspace.textDocuments.some((d) => d.isDirty && paths.includes(d.uri.fsPath))) return "unsaved";
  try {
    return (await hashFiles(paths)) === dataset.sha256 ? "same" : "changed";
  } catch {
    return "gone";
  }
}
