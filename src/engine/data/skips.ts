import type { SkipCount } from "../../protocol/index.js";
import { MAX_LINES_NAMED } from "./limits.js";
import { count } from "./say.js";

const WORDS: Readonly<Record<string, (n: number) => string>> = {
  "bad-line": (n) => `${count(n, "record")} could not be read`,
  "empty-text": (n) => `${count(n, "row")} without text`,
  "no-label": (n) => `${count(n, "row")} without a label`,
  "unknown-label": (n) => `${count(n, "row")} with a label that was left out`,
  "shifted-cells": (n) => `${count(n, "row")} with too many cells, whose label is not where it should be`,
};

export type SkipReason = "bad-line" | "empty-text" | "no-label" | "unknown-label" | "shifted-cells";

interface Tally {
  count: number;
  readonly byClass: [number, number];
  readonly lines: number[];
}

/** Rows that are not used, by reason. Nothing is dropped without passing here. */
export class Skips {
  private readonly tallies = new Map<SkipReason, Tally>();
  /** Shown behind `bad-line`: line numbers (from one) with reasons. */
  readonly details: string[] = [];

  add(reason: SkipReason, line: number, cls?: 0 | 1): void {
    const tally = this.tallies.get(reason) ?? { count: 0, byClass: [0, 0], lines: [] };
    this.tallies.set(reason, tally);
    tally.count++;
    if (cls !== undefined) tally.byClass[cls]++;
    if (tally.lines.length < MAX_LINES_NAMED) tally.lines.push(line);
  }

  countOf(reason: SkipReason): number {
    return this.tallies.get(reason)?.count ?? 0;
  }

  total(): number {
    return [...this.tallies.values()].reduce((sum, tally) => sum + tally.count, 0);
  }

  counts(names: readonly [string, string]): SkipCount[] {
    return [...this.tallies].map(([reason, { count: n, byClass, lines }]) => {
      const known = byClass[0] + byClass[1] > 0;
      const classes = known ? ` (${byClass[0]} ${names[0]}, ${byClass[1]} ${names[1]})` : "";
      const where = lines.length > 0 ? `; first on line ${(lines[0] as number) + 1}` : "";
      const details = reason === "bad-line" && this.details.length > 0 ? `: ${this.details.join("; ")}` : where;
      return { reason, message: `${WORDS[reason]?.(n)}${classes}${details}.`, count: n, ...(known ? { byClass } : {}), lines };
    });
  }

  sentence(): string {
    return [...this.tallies].map(([reason, { count: n }]) => WORDS[reason]?.(n)).join(", ");
  }
}
