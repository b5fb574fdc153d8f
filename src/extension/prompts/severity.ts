import { PROMPT_CODES, type ProfileCard, type PromptCode, type PromptScore } from "../../protocol/index.js";

/** From which calibrated probability a prompt is a warning and an error; null: as the profile says. */
export interface Thresholds {
  readonly warningAt: number | null;
  readonly errorAt: number | null;
}

export type Severity = "error" | "warning" | "information" | "none";

/** Codes of the diagnostics, the same as the command line's rules. */
export const CODES = PROMPT_CODES;
export type Code = PromptCode;

export function severityOf(score: PromptScore, card: Pick<ProfileCard, "threshold" | "thresholds">, { warningAt, errorAt }: Thresholds): Severity {
  if (score.side === "outside") return "information";
  if (score.probability === null) return "none";
  // One setting alone moves what the profile says of the other; of both, what is not even a warning is no error.
  const warning = warningAt ?? Math.min(card.thresholds?.report ?? card.threshold, errorAt ?? 1);
  const error = Math.max(warning, errorAt ?? card.thresholds?.error ?? 1);
  if (score.probability < warning) return "none";
  return score.probability >= error ? "error" : "warning";
}
