import type { FoundPrompt, PromptScore } from "../../protocol/index.js";

/**
 * `fresh`: the score is of the text as it stands. `stale`: the text has changed since. `scoring`: asked for, not answered.
 * `unsaved`: the text has changed since, and is scored again when it is saved. `waiting`: an audit has the engine. `unscored`: nobody asked yet. The rest say why there is none.
 */
export type Standing = "fresh" | "stale" | "unsaved" | "scoring" | "waiting" | "unscored" | "untrusted" | "no-profile" | "failed";

/** A prompt of a document, where it stands now, and what is known of it. */
export interface PromptAt {
  readonly found: FoundPrompt;
  /** SHA-256 of role and text, hexadecimal. */
  readonly hash: string;
  readonly standing: Standing;
  /** With `stale`, `unsaved` and `scoring` the score of the former text, never shown as that of this one. */
  readonly score?: PromptScore;
  /** Listed in the baseline file: seen and accepted. */
  readonly accepted?: boolean;
  /** Why scoring failed, for people. */
  readonly fault?: string;
}

/** Left alone, by a comment or by the baseline. */
export const isQuiet = (prompt: PromptAt): boolean => prompt.found.ignored === true || prompt.accepted === true;

/** The score, when it is of the text as it stands. */
export const freshScore = (prompt: PromptAt): PromptScore | undefined => (prompt.standing === "fresh" ? prompt.score : undefined);
