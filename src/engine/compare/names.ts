import { basename } from "node:path";
import type { AuditResult } from "../../protocol/index.js";

/** A name for each run: the model, and of precision, file, hash and time the first that tells all of them apart. */
export function nameRuns(results: readonly AuditResult[]): string[] {
  const more: readonly ((result: AuditResult) => string)[] = [
    () => "",
    ({ model }) => model.precision,
    ({ model }) => basename(model.path),
    ({ model }) => model.sha256.slice(0, 8),
    ({ createdAt }) => createdAt.slice(0, 19).replace("T", " "),
  ];
  for (const part of more) {
    const names = results.map((result) => [result.model.name, part(result)].filter(Boolean).join(" · "));
    if (new Set(names).size === names.length) return names;
  }
  return results.map((result, i) => `${result.model.name} · run ${i + 1}`);
}

/** A, B, … Z, AA, AB, … */
export function markOf(index: number): string {
  const letter = String.fromCharCode(65 + (index % 26));
  return index < 26 ? letter : `${markOf(Math.floor(index / 26) - 1)}${letter}`;
}
