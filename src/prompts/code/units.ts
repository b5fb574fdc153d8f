import type { FoundPrompt } from "../../protocol/index.js";
import { reported } from "../found.js";
import { movedPrompt } from "../text/moved.js";
import { shifted } from "../text/spelled.js";
import type { Branch } from "../tree/mirror.js";
import type { Called, Pull } from "./calls.js";
import type { Code } from "./code.js";
import { Collector, type Find, type Use } from "./collector.js";
import type { Marks } from "./comments.js";
import type { Constants } from "./constants.js";
import type { Parts } from "./parts.js";

/** One outermost statement and what it holds. An edit elsewhere leaves it as it is, but for its place. */
export class Unit {
  /** Names that look outside of this statement and find something there. */
  private open: Use[] = [];
  private settled: Held<Find> | undefined;
  private prompts: Held<FoundPrompt> | undefined;
  /** Names that nothing explains. */
  unknown: readonly Use[] = [];

  constructor(
    readonly branch: Branch,
    private readonly finds: Held<Find>,
    private readonly uses: readonly Use[],
    /** Definitions that other statements see. */
    readonly shared: readonly { readonly name: string; readonly member: boolean; readonly value: Branch }[],
    readonly comments: readonly Branch[],
    readonly pulls: readonly Pull[],
    readonly pipes: readonly Branch[],
    readonly calls: readonly Called[],
  ) {}

  /** Follows the names of this statement; `same`: those of others stand for what they stood for before. @returns what lies in other statements, or is told by them */
  follow(code: Code, parts: Parts, constants: Constants, same: boolean): Find[] {
    const collector = new Collector(code, parts.memory, constants);
    if (same && this.settled) {
      for (const { branch, want } of this.open) collector.value(branch, want);
      return collector.finds;
    }
    const settled: Find[] = [];
    const foreign: Find[] = [];
    this.open = [];
    for (const use of this.uses) {
      constants.looked = false;
      collector.value(use.branch, use.want);
      const found = collector.finds.splice(0);
      if (!constants.looked) settled.push(...found);
      else if (found.length > 0) {
        this.open.push(use);
        foreign.push(...found);
      }
    }
    this.settled = { at: this.branch.start, items: settled };
    this.unknown = collector.unknown;
    this.prompts = undefined;
    return foreign;
  }

  /** The prompts of this statement, with those that others tell of. */
  report(foreign: readonly Find[], marks: Marks): readonly FoundPrompt[] {
    const { start } = this.branch;
    if (foreign.length === 0 && !marks.some && this.prompts) return placed(this.prompts, start, movedPrompt);
    const items = reported([...placed(this.finds, start, movedFind), ...(this.settled ? placed(this.settled, start, movedFind) : []), ...foreign], marks);
    if (foreign.length === 0 && !marks.some) this.prompts = { at: start, items };
    return items;
  }
}

/** What was made when the statement stood at `at`. */
export interface Held<T> {
  at: number;
  items: readonly T[];
}

function placed<T>(held: Held<T>, at: number, moved: (item: T, by: number) => T): readonly T[] {
  const by = at - held.at;
  if (by !== 0) {
    held.items = held.items.map((item) => moved(item, by));
    held.at = at;
  }
  return held.items;
}

const movedFind = (find: Find, by: number): Find => ({
  ...find,
  spelled: shifted(find.spelled, by),
  ...(find.anchor === undefined ? {} : { anchor: find.anchor + by }),
});

/** The unit that holds an offset, by halving. */
export function unitAt(units: readonly Unit[], offset: number): number {
  let low = 0;
  let high = units.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (units[middle].branch.start <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
