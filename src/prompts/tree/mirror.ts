import type { Language, Tree, TreeCursor } from "web-tree-sitter";

/** A named node of a syntax tree as a plain object: asking the parser's own nodes costs a call into wasm each time. Offsets in UTF-16 units. */
export interface Branch {
  readonly type: string;
  readonly field: string | undefined;
  start: number;
  end: number;
  readonly kids: Branch[];
  parent: Branch | undefined;
}

/** What an edit left as it was. */
export interface Kept {
  readonly root: Branch;
  /** Ranges of the new text whose nodes must be read anew, ascending. */
  readonly touched: readonly { readonly start: number; readonly end: number }[];
  /** Offsets of the new text at or above `from` stood `by` lower in the old one. */
  readonly from: number;
  readonly by: number;
}

/** Nodes that hold no prompt and no name that matters. */
const LEFT_OUT = new Set([
  "import_statement",
  "import_from_statement",
  "future_import_statement",
  "type_annotation",
  "interface_declaration",
  "type_alias_declaration",
  "type_arguments",
  "type_parameters",
  "ambient_declaration",
  "type",
  "regex",
]);

/** Nodes whose inside is read from the source itself. */
const LEAVES = new Set([
  "comment",
  "identifier",
  "property_identifier",
  "shorthand_property_identifier",
  "type_identifier",
  "number",
  "integer",
  "float",
  "string_start",
  "string_content",
  "string_end",
  "string_fragment",
  "escape_sequence",
  "jsx_text",
  "html_character_reference",
  "true",
  "false",
  "null",
  "none",
  "this",
]);

/** Deeper nests are left unread: a stack has an end. */
export const DEEPEST = 500;

export interface Mirror {
  readonly root: Branch;
  /** Nests deeper than `DEEPEST` were met and left. */
  readonly deep: boolean;
}

/** Mirrors a tree; with `kept`, whatever an edit left alone is taken over. */
export function mirrorOf(tree: Tree, kept?: Kept): Mirror {
  const cursor = tree.walk();
  const state: State = { cursor, language: tree.language, kept, deep: false };
  try {
    return { root: read(state, kept?.root, undefined, 0), deep: state.deep };
  } finally {
    cursor.delete();
  }
}

interface State {
  readonly cursor: TreeCursor;
  readonly language: Language;
  readonly kept: Kept | undefined;
  deep: boolean;
}

function read(state: State, old: Branch | undefined, parent: Branch | undefined, depth: number): Branch {
  const { cursor, language } = state;
  const type = language.types[cursor.nodeTypeId] ?? "ERROR";
  const branch: Branch = { type, field: fieldOf(state), start: cursor.startIndex, end: cursor.endIndex, kids: [], parent };
  if (LEAVES.has(type) || LEFT_OUT.has(type)) return branch;
  if (depth >= DEEPEST) {
    state.deep = true;
    return branch;
  }
  if (!cursor.gotoFirstChild()) return branch;
  let next = 0;
  do {
    if (!cursor.nodeIsNamed) continue;
    const start = cursor.startIndex;
    const end = cursor.endIndex;
    const kidType = old && state.kept ? language.types[cursor.nodeTypeId] : undefined;
    if (old && state.kept && kidType !== undefined) {
      const { from, by } = state.kept;
      const oldStart = start >= from ? start - by : start;
      const oldEnd = end >= from ? end - by : end;
      while (next < old.kids.length && old.kids[next].end < oldStart) next++;
      const index = [next, next + 1].find((i) => old.kids[i]?.type === kidType && (old.kids[i].start === oldStart || old.kids[i].end === oldEnd));
      const same = index === undefined ? undefined : old.kids[index];
      if (index !== undefined) next = index + 1;
      if (same && same.start === oldStart && same.end === oldEnd && same.field === fieldOf(state) && isUntouched(state.kept, start, end)) {
        shift(same, start - oldStart);
        same.parent = branch;
        branch.kids.push(same);
      } else branch.kids.push(read(state, same, branch, depth + 1));
    } else branch.kids.push(read(state, undefined, branch, depth + 1));
  } while (cursor.gotoNextSibling());
  cursor.gotoParent();
  return branch;
}

const fieldOf = ({ cursor, language }: State): string | undefined => language.fields[cursor.currentFieldId] ?? undefined;

function isUntouched(kept: Kept, start: number, end: number): boolean {
  for (const range of kept.touched) if (range.start <= end && range.end >= start) return false;
  return true;
}

function shift(branch: Branch, by: number): void {
  if (by === 0) return;
  branch.start += by;
  branch.end += by;
  for (const kid of branch.kids) shift(kid, by);
}

/** Visits every node below and with `branch`, in the order of the text. */
export function eachBranch(branch: Branch, visit: (branch: Branch) => void): void {
  visit(branch);
  for (const kid of branch.kids) eachBranch(kid, visit);
}
