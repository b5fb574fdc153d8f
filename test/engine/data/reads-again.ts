import { expect } from "vitest";
import { openDataset } from "../../../src/engine/data/index.js";
import type { DataOptions } from "../../../src/protocol/index.js";
import { outcome } from "./files.js";

/** The options that a card gives ask nothing, and read the same rows, classes and columns. */
export async function readsAgain(path: string, options: DataOptions = {}): Promise<void> {
  const first = await openDataset(path, options);
  const again = await openDataset(path, first.card.options);
  expect(again.rows).toEqual(first.rows);
  const { options: given, kind, classes, columns, skipped, used, sha256 } = again.card;
  expect({ given, kind, classes, columns, skipped, used, sha256 }).toEqual({
    given: first.card.options,
    kind: first.card.kind,
    classes: first.card.classes,
    columns: first.card.columns,
    skipped: first.card.skipped,
    used: first.card.used,
    sha256: first.card.sha256,
  });
}

/** Every choice of a question that needs no further file leads to a card or to a question of another kind, and its flags say what its options say. */
export async function answersLead(path: string, options: DataOptions = {}, seen: readonly string[] = []): Promise<void> {
  const result = await outcome(path, options);
  if (result.kind !== "question") {
    if (result.kind === "card") await readsAgain(path, options);
    else expect(result.problem.code, result.problem.message).toMatch(/^data\/(one-class|too-many-values)$/);
    return;
  }
  expect(seen, `asked twice: ${result.question.message}`).not.toContain(result.question.code);
  for (const choice of result.question.choices) {
    expect(flagsOf(choice.options), choice.label).toEqual([...choice.flags.matchAll(/--[a-z-]+/g)].map((m) => m[0]).sort());
    if (choice.options.contrast !== "") await answersLead(path, { ...options, ...choice.options }, [...seen, result.question.code]);
  }
}

/** The command-line flags that a set of options amounts to. */
function flagsOf(options: DataOptions): string[] {
  const flags: string[] = [];
  for (const key of ["text", "label", "list", "all", "contrast", "threshold"] as const) if (options[key] !== undefined) flags.push(`--${key}`);
  for (const _ of options.safe ?? []) flags.push("--safe");
  for (const _ of options.unsafe ?? []) flags.push("--unsafe");
  if (options.header === false) flags.push("--no-header");
  if (options.expandAnswers) flags.push("--expand-answers");
  if (options.concept) flags.push("--concept");
  if (options.skipBad) flags.push("--skip-bad");
  // The class of the contrast file follows from --all on the command line.
  return flags.sort();
}
