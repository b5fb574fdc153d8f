import { ProblemError } from "./rpc.js";

/** Where a workspace keeps its baseline, from its root. */
export const BASELINE_FILE = ".layerscope/baseline.json";

/** A prompt that was seen and accepted. No text of it. */
export interface BaselineEntry {
  /** SHA-256 of `role`, a line feed and the prompt's text, hexadecimal: a changed prompt is a new one, a moved one is not. */
  readonly sha256: string;
  /** Where it stood, from the workspace's root with forward slashes: for people. */
  readonly file?: string;
  readonly name?: string;
  /** Why it was accepted, and on which day (2026-01-31). */
  readonly reason?: string;
  readonly date?: string;
}

export interface Baseline {
  readonly layerscopeBaseline: 1;
  readonly prompts: readonly BaselineEntry[];
}

/** What is hashed to tell one prompt from another. */
export const baselineKey = (role: string, text: string): string => `${role}\n${text}`;

/** @throws ProblemError `baseline/unreadable`, `baseline/version` */
export function parseBaseline(json: string, file: string): Baseline {
  const refuse = (message: string, hint: string) =>
    new ProblemError({ code: message.includes("version") ? "baseline/version" : "baseline/unreadable", message, hint, where: { file } });
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw refuse(`${file} is not JSON, so no prompt is left out by it.`, "Mend the file, or delete it and accept the prompts again.");
  }
  const { layerscopeBaseline: version, prompts } = (typeof value === "object" && value !== null ? value : {}) as {
    layerscopeBaseline?: unknown;
    prompts?: unknown;
  };
  if (typeof version === "number" && version > 1) throw refuse(`${file} has version ${version}; this Layerscope reads version 1.`, "Update Layerscope.");
  if (version !== 1 || !Array.isArray(prompts)) throw refuse(`${file} is no baseline of prompts.`, "Name a file that Layerscope wrote, or delete this one.");
  const entries = prompts.filter(
    (entry): entry is BaselineEntry => typeof entry === "object" && entry !== null && /^[0-9a-f]{64}$/.test(String((entry as BaselineEntry).sha256)),
  );
  if (entries.length < prompts.length)
    throw refuse(`${prompts.length - entries.length} of ${prompts.length} entries of ${file} have no SHA-256.`, "Mend those entries, or take them out.");
  return { layerscopeBaseline: 1, prompts: entries };
}

/** The file's text with these entries added: one line each, sorted by file, so that two branches merge. */
export function withEntries(baseline: Baseline | undefined, added: readonly BaselineEntry[]): string {
  const byHash = new Map([...(baseline?.prompts ?? []), ...added].map((entry) => [entry.sha256, entry]));
  const order = (e: BaselineEntry) => `${e.file ?? ""}\n${e.name ?? ""}\n${e.sha256}`;
  const lines = [...byHash.values()]
    .sort((a, b) => (order(a) < order(b) ? -1 : 1))
    .map(({ sha256, file, name, reason, date }) => JSON.stringify({ file, name, reason, date, sha256 }));
  return `{"layerscopeBaseline": 1, "prompts": [${lines.length > 0 ? `\n${lines.join(",\n")}\n` : ""}]}\n`;
}
