import { type Document, isMap, isScalar, isSeq, parseAllDocuments } from "yaml";
import { spellYaml } from "../text/yaml.js";
import { refuseDeep } from "./depth.js";
import type { DataReading } from "./json.js";
import type { DataNode } from "./node.js";

/** A scalar of YAML can name any other by an alias; an alias is not followed, its anchor is read where it stands. */
const HARMLESS = new Set(["BAD_ALIAS", "DUPLICATE_KEY", "TAG_RESOLVE_FAILED"]);

/** Reads YAML; what is broken is left out. `at`: offset of `source` in the document. */
export function readYaml(source: string, at = 0): DataReading {
  refuseDeep(source);
  const parsed = parseAllDocuments(source, { uniqueKeys: false, logLevel: "silent", strict: false, customTags: [] });
  const documents = (Array.isArray(parsed) ? parsed : []) as Document[];
  const errors = documents.flatMap(({ errors: list }) => list).filter(({ code }) => !HARMLESS.has(code));
  const nodes = documents.flatMap(({ contents }) => (contents ? [nodeOf(source, contents, at, 0)] : []));
  return { nodes, ...(errors.length > 0 ? { fault: at + errors[0].pos[0] } : {}) };
}

function nodeOf(source: string, node: unknown, at: number, depth: number): DataNode {
  const range = (node as { range?: [number, number, number] | null }).range ?? [0, 0, 0];
  const start = at + range[0];
  const end = at + range[1];
  if (depth > 200) return { kind: "other", start, end };
  if (isScalar(node) && typeof node.value === "string") {
    // A block scalar's range takes its last line breaks along.
    const text = source.slice(range[0], range[1]);
    const value = node.value;
    const style = node.type ?? "PLAIN";
    return { kind: "text", start, end: at + range[0] + text.trimEnd().length, value, spell: (whole, from, to) => spellYaml(whole, from, to, value, style) };
  }
  if (isSeq(node)) return { kind: "list", start, end, items: node.items.map((item) => nodeOf(source, item, at, depth + 1)) };
  if (isMap(node))
    return {
      kind: "map",
      start,
      end,
      entries: node.items.flatMap(({ key, value }) =>
        isScalar(key) && value !== null && value !== undefined
          ? [{ key: String(key.value), value: nodeOf(source, value, at, depth + 1), start: at + (key.range?.[0] ?? range[0]) }]
          : [],
      ),
    };
  return { kind: "other", start, end };
}
