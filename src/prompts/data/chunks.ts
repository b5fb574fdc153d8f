import type { DataReading } from "./json.js";
import { type DataNode, shiftNode } from "./node.js";

/** Where a data file may be cut so that its parts can be read alone: a record of JSONL, an entry of YAML's outermost map or list. */
export type Cut = (source: string) => number[];

export const cutLines: Cut = (source) => {
  const cuts = [0];
  for (let at = source.indexOf("\n"); at >= 0 && at < source.length - 1; at = source.indexOf("\n", at + 1)) cuts.push(at + 1);
  return cuts;
};

/** Lines that begin in the first column, but for comments, closing brackets and what goes on from the line before. */
export const cutYaml: Cut = (source) => {
  if (/^(%|---|\.\.\.)/m.test(source) || /^[{[&!*"'|>]/.test(source.trimStart())) return [0];
  const cuts = [0];
  for (const { index } of source.matchAll(/^(?=[A-Za-z_"'$][^\n]*:(?:\s|$)|- )/gm)) if (index > 0) cuts.push(index);
  return cuts;
};

interface Chunk {
  readonly at: number;
  readonly reading: DataReading;
}

/** Reads a file chunk by chunk; a chunk whose text was there before is taken over. */
export class Chunks {
  private known = new Map<string, Chunk[]>();

  constructor(
    private readonly cut: Cut,
    private readonly parse: (source: string, at: number) => DataReading,
    /** `lines`: a chunk stands alone, and its inside is not asked for again. */
    private readonly lines = false,
  ) {}

  /** `torn`: a chunk can be read with what follows it, but not alone: the cuts are no good. */
  read(source: string): { readonly nodes: DataNode[]; readonly fault?: number; readonly torn?: boolean } {
    const cuts = this.cut(source);
    const next = new Map<string, Chunk[]>();
    const nodes: DataNode[] = [];
    let fault: number | undefined;
    let torn = false;
    for (let i = 0; i < cuts.length; i++) {
      const at = cuts[i];
      const text = source.slice(at, cuts[i + 1] ?? source.length);
      if (text.trim() === "") continue;
      const known = this.known.get(text)?.pop();
      if (known) for (const node of known.reading.nodes) (this.lines ? shiftOuter : shiftNode)(node, at - known.at);
      const reading = known
        ? { ...known.reading, ...(known.reading.fault === undefined ? {} : { fault: known.reading.fault + at - known.at }) }
        : this.parse(text, at);
      const list = next.get(text);
      if (list) list.push({ at, reading });
      else next.set(text, [{ at, reading }]);
      nodes.push(...reading.nodes);
      fault ??= reading.fault;
      if (reading.fault !== undefined && !this.lines && !torn)
        torn = [2, 3, 4].some((n) => i + n <= cuts.length && this.parse(source.slice(at, cuts[i + n] ?? source.length), at).fault === undefined);
    }
    this.known = next;
    return { nodes, fault, torn };
  }
}

function shiftOuter(node: DataNode, by: number): void {
  node.start += by;
  node.end += by;
}

/** The entries of YAML's outermost map, or the items of its list, put together again. */
export function joinedNodes(nodes: readonly DataNode[]): DataNode[] {
  const [first] = nodes;
  const last = nodes.at(-1);
  if (!first || !last || nodes.length === 1) return [...nodes];
  if (nodes.every((node) => node.kind === "map")) return [{ kind: "map", start: first.start, end: last.end, entries: nodes.flatMap((node) => node.entries) }];
  if (nodes.every((node) => node.kind === "list")) return [{ kind: "list", start: first.start, end: last.end, items: nodes.flatMap((node) => node.items) }];
  return [...nodes];
}
