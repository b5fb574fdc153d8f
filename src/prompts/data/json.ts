import { type Node, parseTree } from "jsonc-parser";
import { spellJavaScript } from "../text/javascript.js";
import { refuseDeep } from "./depth.js";
import type { DataNode } from "./node.js";

export interface DataReading {
  readonly nodes: DataNode[];
  /** Offset of the first place that cannot be read. */
  readonly fault?: number;
}

/** Reads JSON, with comments and trailing commas; what is broken is left out. `at`: offset of `source` in the document. */
export function readJson(source: string, at = 0): DataReading {
  refuseDeep(source);
  const errors: { offset: number }[] = [];
  const root = parseTree(source, errors as Parameters<typeof parseTree>[1], { allowTrailingComma: true, allowEmptyContent: true });
  return { nodes: root ? [nodeOf(root, at)] : [], ...(errors.length > 0 ? { fault: at + errors[0].offset } : {}) };
}

const spell = (source: string, start: number, end: number) => spellJavaScript(source, start, end, []);

function nodeOf(node: Node, at: number): DataNode {
  const start = at + node.offset;
  const end = start + node.length;
  if (node.type === "string") return { kind: "text", start, end, value: String(node.value), spell };
  if (node.type === "array") return { kind: "list", start, end, items: (node.children ?? []).map((kid) => nodeOf(kid, at)) };
  if (node.type === "object") {
    const pairs = (node.children ?? []).filter((kid) => kid.children?.length === 2);
    return {
      kind: "map",
      start,
      end,
      entries: pairs.map(({ offset, children = [] }) => ({ key: String(children[0].value), value: nodeOf(children[1], at), start: at + offset })),
    };
  }
  return { kind: "other", start, end };
}
