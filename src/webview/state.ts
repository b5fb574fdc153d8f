import type { Sort } from "./order.js";

/** What the user has chosen. Kept over hiding and reloading; holds ids and settings, never a row's text. */
export interface ViewState {
  /** null = follow the best layer. */
  readonly layer: number | null;
  /** RowTable.id of the chosen row. */
  readonly row: number | null;
  readonly sort: Sort;
  readonly filter: string;
  readonly scroll: number;
  /** Pictures shown as tables, by id. */
  readonly tables: readonly string[];
  /** Row ids inside the lasso. */
  readonly lasso: readonly number[] | null;
  /** What the rows of `lasso` are, where a picture listed them; null = a lasso on the map. */
  readonly listed: string | null;
  /** Folds that the user opened or closed, by lens. */
  readonly folds: Readonly<Record<string, boolean>>;
}

export const FRESH: ViewState = { layer: null, row: null, sort: "disagreement", filter: "", scroll: 0, tables: [], lasso: null, listed: null, folds: {} };

/** A lasso beyond this many rows is not kept over a reload: state is written on every change. */
const MOST_KEPT = 2_000;

/** Where state is kept between the lives of a page. */
export interface Keeper {
  load(): unknown;
  save(state: unknown): void;
}

/** State that tells of its changes and saves itself, at most once in 200 ms. */
export class Store {
  private state: ViewState;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly keeper: Keeper,
    private readonly changed: (state: ViewState, fields: readonly (keyof ViewState)[]) => void,
  ) {
    this.state = readState(keeper.load());
  }

  get now(): ViewState {
    return this.state;
  }

  set(change: Partial<ViewState>): void {
    const fields = (Object.keys(change) as (keyof ViewState)[]).filter((key) => change[key] !== this.state[key]);
    if (fields.length === 0) return;
    this.state = { ...this.state, ...change };
    this.timer ??= setTimeout(() => this.save(), 200);
    this.changed(this.state, fields);
  }

  save(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { lasso } = this.state;
    this.keeper.save({ v: 1, ...this.state, lasso: lasso && lasso.length <= MOST_KEPT ? lasso : null });
  }
}

/** What an older page, or nobody, may have written: every field is checked, the rest falls back. */
export function readState(saved: unknown): ViewState {
  if (typeof saved !== "object" || saved === null || (saved as { v?: unknown }).v !== 1) return FRESH;
  const { layer, row, sort, filter, scroll, tables, lasso, listed, folds } = saved as Record<string, unknown>;
  const whole = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
  return {
    layer: whole(layer) ? layer : null,
    row: whole(row) ? row : null,
    sort: sort === "risk" || sort === "file" || sort === "category" ? sort : "disagreement",
    filter: typeof filter === "string" ? filter.slice(0, 200) : "",
    scroll: typeof scroll === "number" && scroll >= 0 ? scroll : 0,
    tables: Array.isArray(tables) ? tables.filter((id) => typeof id === "string").slice(0, 100) : [],
    lasso: Array.isArray(lasso) && lasso.every(whole) ? lasso : null,
    listed: typeof listed === "string" ? listed.slice(0, 300) : null,
    folds:
      typeof folds === "object" && folds !== null
        ? Object.fromEntries(
            Object.entries(folds)
              .filter(([, open]) => typeof open === "boolean")
              .slice(0, 100),
          )
        : {},
  };
}
