import { type Branch, eachBranch } from "../tree/mirror.js";
import { type Code, entriesOf, isMember, isName, isTable, partOf, pathOf, textOf, unwrapped } from "./code.js";

interface Definition {
  readonly value: Branch;
  /** Where the name is known: the function or class that holds it, or the file. */
  readonly scope: Branch;
  readonly at: number;
}

/** What the names of a file stand for, as far as plain assignments tell. */
export interface Constants {
  /** The value that `branch` (a name, `self.x`, `PROMPTS.system`) stands for; undefined: not told in this file. */
  of(branch: Branch): Branch | undefined;
}

const SCOPES = new Set([
  "function_declaration",
  "function_definition",
  "function_expression",
  "arrow_function",
  "method_definition",
  "generator_function_declaration",
  "lambda",
  "statement_block",
  "module",
  "program",
]);

export function constantsOf(code: Code): Constants {
  const names = new Map<string, Definition[]>();
  const members = new Map<string, Definition[]>();
  eachBranch(code.root, (branch) => {
    const [left, value] = sides(branch);
    if (!left || !value) return;
    if (isName(left)) note(names, textOf(code, left), value, scopeOf(branch));
    const member = memberName(code, left, branch);
    if (member !== undefined) note(members, member, value, code.root);
  });
  const look = (branch: Branch): Branch | undefined => {
    if (isName(branch)) return pick(names.get(textOf(code, branch)), branch);
    if (!isMember(branch)) return undefined;
    const path = pathOf(code, branch).split(".");
    if (path.length < 2 || path.includes("?")) return undefined;
    const key = path.at(-1) as string;
    const object = partOf(branch, "object") ?? partOf(branch, "value");
    const table = object && isName(unwrapped(object)) ? pick(names.get(path[0]), branch) : undefined;
    if (table && path.length === 2) {
      const entries = isTable(unwrapped(table)) ? entriesOf(code, unwrapped(table)) : [];
      const entry = entries.find((e) => e.key === key);
      if (entry) return entry.value;
    }
    return path.length === 2 ? pick(members.get(key), branch) : undefined;
  };
  return { of: look };
}

/** The two sides of what gives a name a value. */
function sides(branch: Branch): [Branch | undefined, Branch | undefined] {
  switch (branch.type) {
    case "variable_declarator":
    case "public_field_definition":
    case "field_definition":
    case "required_parameter":
      return [partOf(branch, "name") ?? partOf(branch, "property") ?? partOf(branch, "pattern"), partOf(branch, "value")];
    case "assignment":
    case "assignment_expression":
    case "assignment_pattern":
      return [partOf(branch, "left"), partOf(branch, "right")];
    case "default_parameter":
    case "typed_default_parameter":
    case "named_expression":
      return [partOf(branch, "name"), partOf(branch, "value")];
    default:
      return [undefined, undefined];
  }
}

/** `self.x = …`, `this.x = …`, and names in a class's own body. */
function memberName(code: Code, left: Branch, branch: Branch): string | undefined {
  if (isMember(left)) {
    const [object, key, more] = pathOf(code, left).split(".");
    return more === undefined && ["self", "cls", "this"].includes(object) ? key : undefined;
  }
  if (left.type === "property_identifier") return textOf(code, left);
  const block = branch.parent?.type === "expression_statement" ? branch.parent.parent : branch.parent;
  return block?.parent?.type === "class_definition" && isName(left) ? textOf(code, left) : undefined;
}

function scopeOf(branch: Branch): Branch {
  let at = branch.parent ?? branch;
  while (at.parent && !SCOPES.has(at.type)) at = at.parent;
  return at;
}

function note(into: Map<string, Definition[]>, name: string, value: Branch, scope: Branch): void {
  const known = into.get(name);
  const definition = { value, scope, at: value.start };
  if (known) known.push(definition);
  else into.set(name, [definition]);
}

/** Of the innermost scope around the use, the last definition before it, else the first after it. */
function pick(definitions: readonly Definition[] | undefined, use: Branch): Branch | undefined {
  const seen = (definitions ?? []).filter(
    ({ scope, value }) => scope.start <= use.start && use.end <= scope.end && !(value.start <= use.start && use.end <= value.end),
  );
  if (seen.length === 0) return undefined;
  const size = Math.min(...seen.map(({ scope }) => scope.end - scope.start));
  const near = seen.filter(({ scope }) => scope.end - scope.start === size);
  return (near.filter(({ at }) => at < use.start).at(-1) ?? near[0]).value;
}
