import type { Notice, SkipCount } from "../../protocol/index.js";
import type { Dataset } from "../data/dataset.js";
import { FAULTS } from "../image/errors.js";
import type { Collected } from "./collect.js";
import type { SkipReason } from "./extract.js";

export const MESSAGES: Readonly<Record<SkipReason, string>> = {
  ...FAULTS,
  "no-tokens": "the tokenizer gives no token",
  "too-slow": "the tokenizer took longer than two seconds",
  refused: "the model's chat template refuses the conversation",
  "one-token": "one token only: without its first token nothing is left to pool",
};

/** What the file's reading skipped, then what the model's side skipped; every row is counted once. */
export function allSkips(dataset: Dataset, collected: Collected): SkipCount[] {
  const ours = [...collected.skipped].map(([reason, rows]): SkipCount => {
    const byClass: [number, number] = [0, 0];
    for (const row of rows) byClass[dataset.rows[row].label]++;
    const lines = [...rows].sort((a, b) => a - b).slice(0, 5);
    // A row of a folder is a file; its text is the file's path from there.
    const files = dataset.card.format === "images" ? { files: lines.map((row) => dataset.rows[row].text) } : {};
    return { reason, message: MESSAGES[reason], count: rows.length, byClass, lines: lines.map((row) => dataset.rows[row].place.startLine), ...files };
  });
  return [...dataset.card.skipped, ...ours];
}

export function truncation(
  dataset: Dataset,
  collected: Collected,
  maxTokens: number,
  answers: boolean,
): { total: number; byClass: [number, number]; notice?: Notice } {
  const byClass: [number, number] = [0, 0];
  let first = -1;
  collected.truncated.forEach((cut, row) => {
    if (!cut) return;
    if (first < 0) first = row;
    byClass[dataset.rows[row].label]++;
  });
  const total = byClass[0] + byClass[1];
  if (total === 0) return { total, byClass };
  const [negative, positive] = dataset.card.classes;
  const line = dataset.rows[first].place.startLine;
  const uneven = Math.abs(byClass[0] / Math.max(1, negative.rows) - byClass[1] / Math.max(1, positive.rows)) > 0.05;
  return {
    total,
    byClass,
    notice: {
      code: "audit/truncated",
      message: `${total} ${total === 1 ? "row was" : "rows were"} cut at ${maxTokens} tokens (${byClass[0]} ${negative.name}, ${byClass[1]} ${positive.name}), the first at line ${line + 1}${answers ? "; of those too long the head of a prompt goes first, then the end of its answer" : ""}.${uneven ? " The classes are cut unevenly, which biases the comparison." : ""}`,
      where: { line },
    },
  };
}
