import type { FoundPrompt } from "../../protocol/index.js";
import { marksOf, type Remark } from "../code/comments.js";
import { roleOfName, SHORTEST } from "../code/named.js";
import { nameSays, OPENING, readsAsPrompt } from "../code/names.js";
import { reported } from "../found.js";
import { isInPromptFolder } from "../kinds.js";
import { movedPrompt } from "../text/moved.js";
import { DataCollector } from "./collector.js";
import { readByFile } from "./files.js";
import type { DataNode, DataText } from "./node.js";
import { isMessage, readShapes } from "./shapes.js";

/** A record's prompts, as long as its text stays what it was. */
export type RowMemory = WeakMap<DataNode, { at: number; prompts: readonly FoundPrompt[] }>;

export interface DataAsk {
  readonly fileName: string;
  readonly possible: boolean;
  /** Of a file of records: what they held before. */
  readonly rows?: RowMemory;
  /** What begins a comment in this format; null: it has none. */
  readonly comment: RegExp | null;
}

/** Reads the prompts of a data file from its nodes. */
export function readData(source: string, roots: readonly DataNode[], ask: DataAsk): FoundPrompt[] {
  const into = new DataCollector(source, ask.rows !== undefined);
  const texts: DataText[] = [];
  if (ask.rows && !ask.possible) {
    const prompts: FoundPrompt[] = [];
    for (const root of roots) for (const prompt of rowPrompts(root, source, ask.rows)) prompts.push(prompt);
    return prompts;
  }
  for (const root of roots) {
    readByFile(root, ask.fileName, into);
    visit(root, into, texts, 0);
  }
  if (isInPromptFolder(ask.fileName))
    for (const text of texts)
      if (text.value.length >= 80 && readsAsPrompt(text.value, "plain")) into.value(text, { shape: "prompt-folder", rank: "likely", role: "other" });
  const comments = ask.comment && /layerscope-ignore|prompt/i.test(source) ? remarks(source, ask.comment, texts) : [];
  const marks = marksOf(source, comments);
  for (const { end } of marks.prompts) {
    const next = texts.filter((text) => text.start >= end).sort((a, b) => a.start - b.start)[0];
    if (next && (source.slice(end, next.start).match(/\n/g)?.length ?? 0) <= 2) into.value(next, { shape: "marker", rank: "likely", role: "other" });
  }
  if (ask.possible)
    for (const text of texts)
      if (text.value.length >= 60 && OPENING.test(text.value) && readsAsPrompt(text.value))
        into.value(text, { shape: "opening-phrase", rank: "possible", role: "other" });
  return reported(into.finds, marks);
}

/** A record's prompts; of one that only moved, those of the last reading moved along. */
function rowPrompts(root: DataNode, source: string, rows: RowMemory): readonly FoundPrompt[] {
  const known = rows.get(root);
  const by = known ? root.start - known.at : 0;
  if (known && by === 0) return known.prompts;
  let prompts: readonly FoundPrompt[];
  if (known) prompts = known.prompts.map((prompt) => movedPrompt(prompt, by));
  else {
    const into = new DataCollector(source, true);
    visit(root, into, [], 0);
    prompts = reported(into.finds, marksOf(source, []));
  }
  rows.set(root, { at: root.start, prompts });
  return prompts;
}

function visit(node: DataNode, into: DataCollector, texts: DataText[], depth: number): void {
  if (depth > 200) return;
  if (node.kind === "text") texts.push(node);
  else if (node.kind === "list") {
    for (const item of node.items) {
      if (isMessage(item)) into.message(item, "message-list", "likely");
      visit(item, into, texts, depth + 1);
    }
  } else if (node.kind === "map") {
    readShapes(node, into);
    for (const { key, value, start } of node.entries) {
      const says = nameSays(key);
      if (says)
        named(
          value,
          into,
          {
            shape: "named-key",
            rank: "likely",
            role: roleOfName(key),
            name: key,
            anchor: start,
            only: (text: string) => text.length >= SHORTEST && readsAsPrompt(text, says),
          },
          0,
        );
      visit(value, into, texts, depth + 1);
    }
  }
}

/** The texts under a telling key, also of a list or a map of prompts. */
function named(node: DataNode, into: DataCollector, want: Parameters<DataCollector["value"]>[1], depth: number): void {
  if (depth > 3) return;
  if (node.kind === "text") into.value(node, want);
  else if (node.kind === "list") for (const item of node.items) named(item, into, { ...want, anchor: undefined }, depth + 1);
  else if (node.kind === "map" && !node.entries.some(({ key }) => key === "type" || key === "$ref"))
    for (const { key, value, start } of node.entries)
      if (!/^(description|title|name|label|id|key|type|url|path|icon|category|placeholder|message|error|hint|help)$/i.test(key))
        named(value, into, { ...want, name: key, anchor: start }, depth + 1);
}

/** Comments, as far as they stand outside of texts. */
function remarks(source: string, comment: RegExp, texts: readonly DataText[]): Remark[] {
  const found: Remark[] = [];
  const sorted = [...texts].sort((a, b) => a.start - b.start);
  let next = 0;
  for (const match of source.matchAll(comment)) {
    const start = match.index + match[0].length - match[0].trimStart().length;
    while (next < sorted.length && sorted[next].end <= start) next++;
    const text = sorted[next];
    // A block scalar's first line may end in a comment.
    const inside = text && text.start < start && !(/^[|>]/.test(source[text.start]) && !source.slice(text.start, start).includes("\n"));
    if (!inside) found.push({ start, end: match.index + match[0].length, text: match[0].trim() });
  }
  return found;
}
