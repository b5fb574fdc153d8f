import type { SkipCount } from "../../protocol/index.js";
import { MAX_LINES_NAMED } from "./limits.js";
import { count } from "./say.js";

const WORDS = {
  "bad-line": (n: number) => `${count(n, "record")} could not be read`,
  "empty-text": (n: number) => `${count(n, "row")} without text`,
  "no-label": (n: number) => `${count(n, "row")} without a label`,
  "no-image": (n: number) => `${count(n, "row")} whose image cannot be opened`,
  "unknown-label": (n: number) => `${count(n, "row")} with a label that is left out`,
  "shifted-cells": (n: number) => `${count(n, "row")} with too many cells, whose label is not where it should be`,
} as const;

export type SkipReason = keyof typeof WORDS;

interface Tally {
  count: number;
  readonly byClass: [number, number];
  readonly lines: number[];
  /** What exactly was found, by number of rows: null, blank, absent. */
  readonly kinds: Map<string, number>;
}

/** Rows of one file that are not used, by reason. Nothing is dropped without passing here. */
export class Skips {
  private readonly tallies = new Map<SkipReason, Tally>();
  /** Shown behind `bad-line`: line numbers (from one) with reasons. */
  readonly details: string[] = [];

  add(reason: SkipReason, line: number, { cls, kind }: { cls?: 0 | 1; kind?: string } = {}): void {
    const tally: Tally = this.tallies.get(reason) ?? { count: 0, byClass: [0, 0], lines: [], kinds: new Map() };
    this.tallies.set(reason, tally);
    tally.count++;
    if (cls !== undefined) tally.byClass[cls]++;
    if (kind !== undefined) tally.kinds.set(kind, (tally.kinds.get(kind) ?? 0) + 1);
    if (tally.lines.length < MAX_LINES_NAMED) tally.lines.push(line);
  }

  countOf(reason: SkipReason): number {
    return this.tallies.get(reason)?.count ?? 0;
  }

  total(): number {
    return [...this.tallies.values()].reduce((sum, tally) => sum + tally.count, 0);
  }

  /** @param spot says where a zero-based line is: "line 17", "row 3", "line 2 of the contrast file". */
  counts(names: readonly [string, string], spot: (line: number) => string): SkipCount[] {
    return [...this.tallies].map(([reason, { count: n, byClass, lines, kinds }]) => {
      const known = byClass[0] + byClass[1] > 0;
      const classes = known ? `, ${byClass[0]} ${names[0]} and ${byClass[1]} ${names[1]}` : "";
      const exactly = kinds.size > 0 ? ` (${[...kinds].map(([kind, k]) => `${k} ${kind}`).join(", ")})` : "";
      const where = reason === "bad-line" ? `: ${this.details.join("; ")}` : `; the first is on ${spot(lines[0] ?? 0)}`;
      return { reason, message: `${WORDS[reason](n)}${exactly}${classes}${where}.`, count: n, ...(known ? { byClass } : {}), lines };
    });
  }

  sentence(): string {
    return [...this.tallies].map(([reason, { count: n }]) => WORDS[reason](n)).join(", ");
  }
}
