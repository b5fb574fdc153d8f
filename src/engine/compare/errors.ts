import { problem } from "../errors.js";
import type { Clash } from "./comparable.js";

export const tooFewRuns = (count: number) =>
  problem("compare/runs", `A comparison needs two runs or more, not ${count}.`, { hint: "Name the base first, then the runs that are set against it." });

export const tooManyRuns = (count: number, most: number) =>
  problem("compare/runs", `At most ${most} runs can be compared at once, not ${count}.`, { hint: "Choose fewer of the series." });

export const unfinished = (mark: string, name: string) =>
  problem("compare/unfinished", `Run ${mark} (${name}) has not ended, so there is nothing to compare yet.`, {
    hint: "Wait for its end, or run it again, then compare.",
  });

/** Names every field that differs, with both values. */
export const notComparable = (a: string, b: string, clashes: readonly Clash[]) =>
  problem(
    "compare/not-comparable",
    `Runs ${a} and ${b} measure different things: ${clashes.map(({ field, a: one, b: other }) => `${field} (${one} against ${other})`).join(", ")}.`,
    {
      hint: clashes.some(({ data }) => data)
        ? "Audit the same file, read the same way, with both models, then compare those runs."
        : "Run one of them again with the settings of the other, then compare.",
    },
  );

export const noCommonRows = (a: string, b: string) =>
  problem("compare/no-rows", `Runs ${a} and ${b} have no row in common.`, { hint: "Audit the same file with both models, then compare those runs." });

export const labelsDiffer = (a: string, b: string, rows: number) =>
  problem("compare/labels", `Runs ${a} and ${b} give ${rows === 1 ? "one row" : `${rows} rows`} another label, though the file is the same.`, {
    hint: "Audit the file again with both models, then compare those runs.",
  });
