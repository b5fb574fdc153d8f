import type { Problem } from "../protocol/index.js";
import { plain } from "./terminal.js";

/** 2: the input or the usage is wrong. 3: the engine failed. 130: interrupted. */
export function exitCode(problem: Problem): number {
  if (problem.code === "run/cancelled") return 130;
  return /^(internal|engine\/|run\/|model\/run|remote\/(lost|unreachable|refused))/.test(problem.code) ? 3 : 2;
}

/** The sentence, the place, what to do; for a question the options that answer it. */
export function printProblem(problem: Problem): void {
  const lines = [`layerscope: ${problem.message}`];
  if (problem.where?.file && !problem.message.includes(problem.where.file)) {
    const at = problem.where.line === undefined ? "" : `:${problem.where.line + 1}${problem.where.column === undefined ? "" : `:${problem.where.column + 1}`}`;
    lines.push(`  at ${problem.where.file}${at}`);
  }
  if (problem.hint) lines.push(`  ${problem.hint}`);
  for (const choice of problem.question?.choices ?? []) lines.push(`  ${choice.flags.padEnd(36)} ${choice.label}${choice.detail ? ` (${choice.detail})` : ""}`);
  if (problem.details) lines.push(`  ${problem.details}`);
  process.stderr.write(`${lines.map(plain).join("\n")}\n`);
}
