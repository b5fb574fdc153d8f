import type { Parser, Tree } from "web-tree-sitter";
import type { FoundPrompts, Notice } from "../protocol/index.js";
import { Parts } from "./code/parts.js";
import { readCode } from "./code/read.js";
import { moduleOf } from "./kinds.js";
import { LONGEST_PARSE } from "./limits.js";
import { tooDeep, tookTooLong, unreadable } from "./notices.js";
import { type Mirror, mirrorOf } from "./tree/mirror.js";
import { changedWindow, pointAt } from "./tree/window.js";

/** Characters; parsed whole in a few milliseconds. */
const SMALL = 12_000;
const NOTHING: FoundPrompts = { prompts: [], notices: [] };

/** A source file that keeps its syntax tree: an edit reads anew only what it touched. */
export class CodeDocument {
  private tree: Tree | null = null;
  private mirror: Mirror | undefined;
  private readonly parts: Parts;

  constructor(
    private readonly parser: Parser,
    private readonly possible: boolean,
    fileName = "",
  ) {
    this.parts = new Parts(moduleOf(fileName));
  }

  private source = "";

  read(source: string): FoundPrompts {
    const { tree: before, mirror: old } = this;
    const window = before && changedWindow(this.source, source);
    if (before && window)
      before.edit({
        startIndex: window.start,
        oldEndIndex: window.oldEnd,
        newEndIndex: window.newEnd,
        startPosition: pointAt(source, window.start),
        oldEndPosition: pointAt(this.source, window.oldEnd),
        newEndPosition: pointAt(source, window.newEnd),
      } as Parameters<Tree["edit"]>[0]);
    let tree = parse(this.parser, source, before);
    // Around faults an incremental parse may settle otherwise than a whole one, which a small file can afford.
    const whole = before !== null && tree?.rootNode.hasError === true && source.length < SMALL;
    if (whole) {
      tree?.delete();
      tree = parse(this.parser, source, null);
    }
    if (!tree) {
      this.dispose();
      return { ...NOTHING, notices: [tookTooLong()] };
    }
    const kept =
      before && old && window && !whole
        ? {
            root: old.root,
            touched: [{ start: window.start, end: window.newEnd }, ...before.getChangedRanges(tree).map((r) => ({ start: r.startIndex, end: r.endIndex }))],
            from: window.newEnd,
            by: window.newEnd - window.oldEnd,
          }
        : undefined;
    this.mirror = mirrorOf(tree, kept);
    this.tree = tree;
    this.source = source;
    before?.delete();
    const language = tree.language.name === "python" ? "python" : "javascript";
    const { prompts, notices } = readCode({ source, language, root: this.mirror.root }, this.parts, this.possible);
    return { prompts, notices: [...notices, ...faults(tree, this.mirror)] };
  }

  dispose(): void {
    this.tree?.delete();
    this.tree = null;
    this.mirror = undefined;
  }
}

function parse(parser: Parser, source: string, before: Tree | null): Tree | null {
  const until = Date.now() + LONGEST_PARSE;
  parser.reset();
  const tree = parser.parse(source, before, { progressCallback: () => Date.now() > until });
  if (!tree) parser.reset();
  return tree;
}

function faults(tree: Tree, mirror: Mirror): Notice[] {
  const notices: Notice[] = mirror.deep ? [tooDeep()] : [];
  if (!tree.rootNode.hasError) return notices;
  const at = firstError(tree);
  return [...notices, unreadable(at.row, at.column)];
}

/** Where the first error stands: down the first child that has one. */
function firstError(tree: Tree): { row: number; column: number } {
  let node = tree.rootNode;
  for (;;) {
    if (node.isError || node.isMissing) return node.startPosition;
    const next = node.children.find((kid) => kid.hasError || kid.isError || kid.isMissing);
    if (!next) return node.startPosition;
    node = next;
  }
}
