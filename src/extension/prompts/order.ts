import { freshScore, isQuiet, type PromptAt } from "./state.js";

/** A prompt of the workspace, wherever it was read. */
export interface Listed {
  readonly uri: string;
  readonly prompt: PromptAt;
  /** Zero-based line at which it begins. */
  readonly line: number;
}

/** Riskiest first: by probability, then those nothing is claimed about, then those without a score; those left alone last. */
export function byRisk(a: Listed, b: Listed): number {
  return rank(b.prompt) - rank(a.prompt) || (a.uri < b.uri ? -1 : a.uri > b.uri ? 1 : a.line - b.line);
}

function rank(prompt: PromptAt): number {
  if (isQuiet(prompt)) return -3;
  const score = freshScore(prompt);
  if (!score) return -2;
  // Between the safe and the unsafe: out of domain is neither.
  if (score.side === "outside") return 0.5;
  return score.probability ?? -1;
}

/** Files in the order of their riskiest prompt. */
export function byFile(listed: readonly Listed[]): [uri: string, prompts: Listed[]][] {
  const files = new Map<string, Listed[]>();
  for (const one of [...listed].sort(byRisk)) files.set(one.uri, [...(files.get(one.uri) ?? []), one]);
  return [...files];
}
