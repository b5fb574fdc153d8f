import type { Notice } from "../protocol/index.js";

/** What was looked at and what was left out. */
export interface CheckCounts {
  readonly files: number;
  readonly prompts: number;
  readonly errors: number;
  readonly warnings: number;
  readonly outside: number;
  readonly failed: number;
  /** In the baseline, and marked by a comment to be left alone. */
  readonly accepted: number;
  readonly ignored: number;
  /** Entries of the baseline that fit no prompt that was read. */
  readonly stale: number;
  /** Files and folders that were passed by, in a sentence. */
  readonly passedBy?: string;
  readonly notices: readonly Notice[];
}

export function summaryOf(counts: CheckCounts): string {
  const some = (n: number, one: string, many = `${one}s`) => `${n} ${n === 1 ? one : many}`;
  const more = [
    counts.outside > 0 && `${counts.outside} out of domain`,
    counts.failed > 0 && `${counts.failed} not scored`,
    counts.accepted > 0 && `${counts.accepted} in the baseline`,
    counts.ignored > 0 && `${counts.ignored} left alone by a comment`,
    counts.stale > 0 && `${some(counts.stale, "entry", "entries")} of the baseline fit no prompt`,
  ].filter(Boolean);
  const found = `${some(counts.prompts, "prompt")} in ${some(counts.files, "file")}: ${some(counts.errors, "error")}, ${some(counts.warnings, "warning")}`;
  return `${[found, ...more].join(", ")}.${counts.passedBy ? ` ${counts.passedBy}` : ""}`;
}
