import type { Spelled } from "../text/spelled.js";

/** A data file as maps, lists and texts, whatever its format. Offsets are mutable: a chunk that only moved is not read again. */
export type DataNode = DataMap | DataList | DataText | DataOther;

export interface DataMap {
  readonly kind: "map";
  start: number;
  end: number;
  readonly entries: DataEntry[];
}

export interface DataEntry {
  readonly key: string;
  readonly value: DataNode;
  /** Where the pair begins. */
  start: number;
}

export interface DataList {
  readonly kind: "list";
  start: number;
  end: number;
  readonly items: DataNode[];
}

export interface DataText {
  readonly kind: "text";
  start: number;
  end: number;
  readonly value: string;
  /** Reads it with its map, when it is a prompt. */
  readonly spell: (source: string, start: number, end: number) => Spelled;
  /** As it was read last, its fields holes. */
  read?: Spelled;
}

export interface DataOther {
  readonly kind: "other";
  start: number;
  end: number;
}

export function shiftNode(node: DataNode, by: number): void {
  if (by === 0) return;
  node.start += by;
  node.end += by;
  if (node.kind === "list") for (const item of node.items) shiftNode(item, by);
  else if (node.kind === "map")
    for (const entry of node.entries) {
      entry.start += by;
      shiftNode(entry.value, by);
    }
}

export const valueAt = (map: DataMap, ...keys: string[]): DataNode | undefined => map.entries.find(({ key }) => keys.includes(key))?.value;

export function textAt(map: DataMap, key: string): DataText | undefined {
  const value = valueAt(map, key);
  return value?.kind === "text" ? value : undefined;
}
