import { createHash } from "node:crypto";
import { isAbsolute, relative, sep } from "node:path";
import { baselineKey, type FoundPrompt, PROMPT_CODES, type ProfileCard, type PromptRule, type PromptScore, ruleOf } from "../protocol/index.js";

/** What a prompt is reported as; `none` is not reported. */
export type Level = "error" | "warning" | "note" | "none";

/** Where something stands, one-based, columns in UTF-16 units. */
export interface Region {
  readonly startLine: number;
  readonly startColumn: number;
  readonly endLine: number;
  readonly endColumn: number;
}

export interface Finding {
  /** From the working folder with forward slashes where it lies below, else absolute. */
  readonly path: string;
  readonly region: Region;
  readonly prompt: FoundPrompt;
  readonly score: PromptScore;
  readonly level: Level;
  readonly rule: string | undefined;
  /** SHA-256 of role and text: what a baseline knows it by. */
  readonly key: string;
  /** SHA-256 of the key, the path and which of equal prompts of the file it is: the same wherever in the file it moves. */
  readonly fingerprint: string;
  /** In the baseline. */
  readonly accepted: boolean;
  /** The worst window of a long prompt. */
  readonly worst?: Region;
}

/** Offsets of a source as one-based lines and columns; lines end with \n, \r\n or \r, as in VS Code. */
export class Lines {
  private readonly starts: number[] = [0];
  constructor(source: string) {
    for (const { index, 0: end } of source.matchAll(/\r\n|\r|\n/g)) this.starts.push(index + end.length);
  }

  at(offset: number): { line: number; column: number } {
    let [low, high] = [0, this.starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - this.starts[low]! + 1 };
  }

  region(start: number, end: number): Region {
    const [from, to] = [this.at(start), this.at(end)];
    return { startLine: from.line, startColumn: from.column, endLine: to.line, endColumn: to.column };
  }
}

export function pathFrom(folder: string, path: string): string {
  const below = relative(folder, path);
  return below === "" || below.startsWith("..") || isAbsolute(below) ? path : below.split(sep).join("/");
}

export function levelOf(score: PromptScore, { report, error }: { report: number; error: number }): { level: Level; rule: PromptRule | undefined } {
  if (score.fault) return { level: "note", rule: ruleOf(PROMPT_CODES.failed) };
  if (score.side === "outside") return { level: "note", rule: ruleOf(PROMPT_CODES.outside) };
  if (score.probability === null || score.probability < report) return { level: "none", rule: undefined };
  return { level: score.probability >= error ? "error" : "warning", rule: ruleOf(PROMPT_CODES.unsafe) };
}

export const keyOf = ({ role, text }: FoundPrompt): string => sha256(baselineKey(role, text));
export const fingerprintOf = (key: string, path: string, nth: number): string => sha256(`${key}\n${path}\n${nth}`);
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** What is found, in a sentence without a word of the prompt. */
export function sentenceOf({ score, prompt }: Pick<Finding, "score" | "prompt">, card: ProfileCard): string {
  const what = `${prompt.role === "other" ? "prompt" : `${prompt.role} prompt`}${prompt.name ? ` ${JSON.stringify(prompt.name)}` : ""}`;
  if (score.fault) return `The ${what} is not scored: ${score.fault.message}`;
  const at = `layer ${card.layer} of ${card.layers - 1}`;
  if (score.side === "outside")
    return `The ${what} lies outside of what the profile has seen: farther than ${percent(score.domain.quantile)} of its held-out rows (${card.model.name}, ${at}). Nothing is claimed about it, least of all that it is safe.`;
  const windows = score.windows.length > 1 ? `, of ${score.windows.length} windows` : "";
  return `The ${what} lies on the unsafe side with probability ${percent(score.probability ?? 0)} (${card.model.name}, ${at}${windows}).`;
}

/** 0 and 1 are never claimed. */
export const percent = (p: number): string => (p >= 0.995 ? "99% or more" : p < 0.005 ? "under 1%" : `${Math.round(100 * p)}%`);
