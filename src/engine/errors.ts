import { type Problem, ProblemError, type Question, type Where } from "../protocol/index.js";

/** A failure in the user's words; each area keeps its own constructors in its `errors.ts`. */
export function problem(code: string, message: string, more: Omit<Problem, "code" | "message"> = {}): ProblemError {
  return new ProblemError({ code, message, ...more });
}

/** Refused until somebody answers: the panel asks, the command line prints the options. */
export function needsAnswer(question: Question, where?: Where): ProblemError {
  return problem(question.code, question.message, { question, where });
}

export const cancelled = (): ProblemError => problem("run/cancelled", "Cancelled.");

export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancelled();
}

/** The text of a library's error on one line; for `details`, never for the message. */
export function rawText(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\s+/g, " ").slice(0, 2000);
}
