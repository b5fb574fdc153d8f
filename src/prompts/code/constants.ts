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

export function constantsOf(code: Code, parts: readonly { readonly definitions: readonly Definition[] }[]): Constants {
  const names = new Map<string, Map<Branch, Branch[]>>();
  const members = new Map<string, Branch[]>();
  for (const { definitions } of parts)
    for (const { name, member, value, holder } of definitions) {
      if (member) listIn(members, name).push(value);
      else {
        const scopes = names.get(name) ?? new Map<Branch, Branch[]>();
        names.set(name, scopes);
        listIn(scopes, scopeOf(holder)).push(value);
      }
    }
  /** Of the innermost scope around the use. */
  const named = (name: string, use: Branch): Branch | undefined => {
    const scopes = names.get(name);
    for (let at = use.parent; scopes && at; at = at.parent) {
      const value = pick(scopes.get(at), use);
      if (value) return value;
    }
    return undefined;
  };
  const look = (branch: Branch): Branch | undefined => {
    if (isName(branch)) return named(textOf(code, branch), branch);
    if (!isMember(branch)) return undefined;
    const path = pathOf(code, branch).split(".");
    if (path.length < 2 || path.includes("?")) return undefined;
    const key = path.at(-1) as string;
    const object = partOf(branch, "object") ?? partOf(branch, "value");
    const table = object && isName(unwrapped(object)) ? named(path[0], branch) : undefined;
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

function listIn<K>(map: Map<K, Branch[]>, key: K): Branch[] {
  const list = map.get(key) ?? [];
  map.set(key, list);
  return list;
}

/** The last value before the use, else the first after it; never one that the use is part of. */
function pick(values: readonly Branch[] | undefined, use: Branch): Branch | undefined {
  let best: Branch | undefined;
  for (const value of values ?? []) {
    if (value.start <= use.start && use.end <= value.end) continue;
    if (!best || value.start < use.start) best = value;
  }
  return best;
}
