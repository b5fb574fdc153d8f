import type { Branch } from "../tree/mirror.js";
import { type Code, entriesOf, isMember, isName, isTable, partOf, pathOf, textOf, unwrapped } from "./code.js";

/** An assignment that a name, a member or a class's field got its value by. */
export interface Definition {
  readonly name: string;
  /** `self.x`, `this.x`, a field: known in the whole file. */
  readonly member: boolean;
  readonly value: Branch;
  /** The node that makes the assignment. */
  readonly holder: Branch;
}

/** What the names of a file stand for, as far as plain assignments tell. */
export interface Constants {
  /** The values that `branch` (a name, `self.x`, `PROMPTS.system`) may stand for: the last before it, with those of other branches; none: not told in this file. */
  of(branch: Branch): readonly Branch[];
  /** Whether an answer since this was set to false hung on what other statements define. */
  looked: boolean;
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

/** The assignments that one node makes. */
export function definitionsAt(code: Code, branch: Branch): Definition[] {
  const [left, value] = sides(branch);
  if (!left || !value) return [];
  const found: Definition[] = [];
  if (isName(left)) found.push({ name: textOf(code, left), member: false, value, holder: branch });
  const member = memberName(code, left, branch);
  if (member !== undefined) found.push({ name: member, member: true, value, holder: branch });
  return found;
}

/** Of each function or block inside a statement, the values that its names are given. */
export type Scopes = WeakMap<Branch, ReadonlyMap<string, readonly Branch[]>>;

/** `shared`: definitions that are seen in the whole file. */
export function constantsOf(
  code: Code,
  scopes: Scopes,
  shared: readonly { readonly name: string; readonly member: boolean; readonly value: Branch }[],
): Constants {
  const names = new Map<string, Branch[]>();
  const members = new Map<string, Branch[]>();
  for (const { name, member, value } of shared) listIn(member ? members : names, name).push(value);
  /** Of the innermost function around the use that gives the name a value. */
  const named = (name: string, use: Branch): Branch[] => {
    let seen: readonly Branch[] = [];
    for (let at = use.parent; at; at = at.parent) {
      const here = at.parent ? scopes.get(at)?.get(name) : names.get(name);
      if (here && !at.parent) constants.looked = true;
      if (here) seen = seen.length > 0 ? [...seen, ...here] : here;
      if (seen.length === 0 || at.type === "statement_block") continue;
      const values = reaching(seen, use);
      if (values.length > 0) return values;
      seen = [];
    }
    return [];
  };
  const look = (branch: Branch): Branch[] => {
    if (isName(branch)) return named(textOf(code, branch), branch);
    if (!isMember(branch)) return [];
    const path = pathOf(code, branch).split(".");
    if (path.length < 2 || path.includes("?")) return [];
    const key = path.at(-1) as string;
    const object = partOf(branch, "object") ?? partOf(branch, "value");
    const tables = object && path.length === 2 && isName(unwrapped(object)) ? named(path[0], branch) : [];
    const entries = tables.flatMap((table) => (isTable(unwrapped(table)) ? entriesOf(code, unwrapped(table)) : [])).filter((e) => e.key === key);
    if (entries.length > 0) return entries.map(({ value }) => value);
    const values = path.length === 2 ? members.get(key) : undefined;
    if (values) constants.looked = true;
    return reaching(values ?? [], branch);
  };
  const constants: Constants = { of: look, looked: false };
  return constants;
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
    case "augmented_assignment":
    case "augmented_assignment_expression":
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

/** Where a name that this node gives a value is seen. */
export function scopeOf(branch: Branch): Branch {
  let at = branch.parent ?? branch;
  // An assignment without a declaration belongs to the function, not to the block it stands in.
  const wide = branch.type.endsWith("assignment_expression");
  while (at.parent && (!SCOPES.has(at.type) || (wide && at.type === "statement_block"))) at = at.parent;
  return at;
}

function listIn<K>(map: Map<K, Branch[]>, key: K): Branch[] {
  const list = map.get(key) ?? [];
  map.set(key, list);
  return list;
}

const BODIES = new Set(["block", "statement_block", "module", "program", "class_body", "switch_case", "switch_default", "else_clause"]);

/** Back from the use to the first value that is always given on the way to it; without any before it, the first after it. Never one that the use is part of. */
function reaching(values: readonly Branch[], use: Branch): Branch[] {
  const others = values.filter((value) => !(value.start <= use.start && use.end <= value.end)).sort((a, b) => a.start - b.start);
  const before = others.filter((value) => value.start < use.start);
  if (before.length === 0) return others.slice(0, 1);
  const found: Branch[] = [];
  for (const value of before.reverse()) {
    found.push(value);
    if (!value.parent?.type.startsWith("augmented") && holds(value, use)) break;
  }
  return found;
}

/** Whether the block that a value is given in holds the use, too. */
function holds(value: Branch, use: Branch): boolean {
  let at = value.parent;
  while (at && !BODIES.has(at.type)) at = at.parent;
  return !at || (at.start <= use.start && use.end <= at.end);
}
