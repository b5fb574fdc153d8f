import type { Keeper } from "../state.js";

/** What the user has chosen in a comparison, and which runs it is of: enough to come back after a reload. No texts, no paths. */
export interface CompareChoices {
  readonly runs: readonly string[];
  readonly pair: number | null;
  /** null = the column where both are best. */
  readonly layer: number | null;
  readonly row: number | null;
  readonly tables: readonly string[];
}

const FRESH: CompareChoices = { runs: [], pair: null, layer: null, row: null, tables: [] };

export class CompareStore {
  now: CompareChoices;

  constructor(
    private readonly keeper: Keeper,
    private readonly changed: () => void,
  ) {
    this.now = readChoices(keeper.load());
  }

  set(change: Partial<CompareChoices>): void {
    const keys = Object.keys(change) as (keyof CompareChoices)[];
    if (keys.every((key) => change[key] === this.now[key])) return;
    this.now = { ...this.now, ...change };
    this.keeper.save({ v: 1, ...this.now });
    this.changed();
  }
}

export function readChoices(saved: unknown): CompareChoices {
  if (typeof saved !== "object" || saved === null || (saved as { v?: unknown }).v !== 1) return FRESH;
  const { runs, pair, layer, row, tables } = saved as Record<string, unknown>;
  const whole = (value: unknown): number | null => (Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : null);
  const texts = (value: unknown) => (Array.isArray(value) ? value.filter((x): x is string => typeof x === "string").slice(0, 100) : []);
  return { runs: texts(runs), pair: whole(pair), layer: whole(layer), row: whole(row), tables: texts(tables) };
}
