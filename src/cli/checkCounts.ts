import type { Notice, PromptSide } from "../protocol/index.js";

/** What was looked at and what was left out. */
export interface CheckCounts {
  readonly files: number;
  readonly prompts: number;
  readonly errors: number;
  readonly warnings: number;
  readonly outside: number;
  readonly failed: number;
  /** Every prompt that was scored, those of the baseline too, by its side. Prompts that could not be scored are in `failed` alone. */
  readonly sides: Readonly<Record<PromptSide, number>>;
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
    counts.outside > 0 && `${counts.outside} out of domain (nothing is claimed about ${counts.outside === 1 ? "it" : "them"})`,
    counts.failed > 0 && `${counts.failed} not scored`,
    counts.accepted > 0 && `${counts.accepted} in the baseline`,
    counts.ignored > 0 && `${counts.ignored} left alone by a comment`,
    counts.stale > 0 && `${some(counts.stale, "entry", "entries")} of the baseline fit no prompt`,
  ].filter(Boolean);
  const found = `${some(counts.prompts, "prompt")} in ${some(counts.files, "file")}: ${some(counts.errors, "error")}, ${some(counts.warnings, "warning")}`;
  return `${[found, ...more].join(", ")}.${counts.passedBy ? ` ${counts.passedBy}` : ""}`;
}

/** From this share on, a profile says so little about the prompts at hand that the reader must know. */
const MOSTLY = 0.5;

/** @returns a notice where most of the prompts lie outside of what the profile has seen */
export function mostlyOutside({ sides }: Pick<CheckCounts, "sides">): Notice | undefined {
  const all = sides.safe + sides.unsafe + sides.unsure + sides.outside;
  if (all === 0 || sides.outside < MOSTLY * all) return undefined;
  return {
    code: "check/mostly-outside",
    message: `${sides.outside} of ${all} prompts lie outside of what the profile has seen, so this check says little about them: audit a dataset that holds prompts like these, or let --fail-on outside end the check.`,
  };
}
