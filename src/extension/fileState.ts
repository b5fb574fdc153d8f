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
  const stats = await stat(path);
  return stats.isFile() && stats.size <= MOST_TEXT_BYTES;
}

const hashes = new Map<string, { readonly stamp: string; readonly fingerprint: string }>();

const sha256 = async (path: string): Promise<string> => {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest("hex");
};

/** As the engine counts it: of one file its SHA-256, of two the SHA-256 of both digests in order. */
async function hashFiles(paths: readonly string[]): Promise<string> {
  const stamp = (await Promise.all(paths.map(async (p) => [p, (await stat(p)).size, (await stat(p)).mtimeMs]))).join("|");
  const key = paths.join("\n");
  const known = hashes.get(key);
  if (known?.stamp === stamp) return known.fingerprint;
  const digests = await Promise.all(paths.map(sha256));
  const fingerprint = digests.length === 1 ? (digests[0] as string) : createHash("sha256").update(digests.join("")).digest("hex");
  hashes.set(key, { stamp, fingerprint });
  return fingerprint;
}

export type FileState = "same" | "changed" | "unsaved" | "gone";

/** How the dataset's files on disk and in open editors compare with what the audit read. */
export async function fileState(dataset: Pick<AuditResult["dataset"], "path" | "contrastPath" | "sha256">): Promise<FileState> {
  const paths = dataset.contrastPath ? [dataset.path, dataset.contrastPath] : [dataset.path];
  if (workspace.textDocuments.some((d) => d.isDirty && paths.includes(d.uri.fsPath))) return "unsaved";
  try {
    // Rows of a folder are files of their own: none lies at a line that may have moved.
    if ((await stat(dataset.path)).isDirectory()) return "same";
    return (await hashFiles(paths)) === dataset.sha256 ? "same" : "changed";
  } catch {
    return "gone";
  }
}
