import type { Branch } from "../tree/mirror.js";

export type CodeLanguage = "python" | "javascript";

/** A source file as its mirror shows it. TypeScript and JavaScript are one language here. */
export interface Code {
  readonly source: string;
  readonly language: CodeLanguage;
  readonly root: Branch;
}

export const textOf = (code: Code, branch: Branch): string => code.source.slice(branch.start, branch.end);

/** Named parts without comments. */
export const partsOf = (branch: Branch): Branch[] => branch.kids.filter((kid) => kid.type !== "comment");

export const partOf = (branch: Branch, field: string): Branch | undefined => branch.kids.find((kid) => kid.field === field && kid.type !== "comment");

const WRAPPERS = new Set([
  "parenthesized_expression",
  "as_expression",
  "satisfies_expression",
  "non_null_expression",
  "await_expression",
  "await",
  "jsx_expression",
  "list_splat",
  "spread_element",
  "expression_statement",
]);

/** The expression inside brackets, casts, `await` and spreads. */
export function unwrapped(branch: Branch): Branch {
  let at = branch;
  for (;;) {
    const inner: Branch | undefined =
      at.type === "named_expression"
        ? partOf(at, "value")
        : at.type === "type_assertion"
          ? partsOf(at).at(-1)
          : WRAPPERS.has(at.type)
            ? partsOf(at)[0]
            : undefined;
    if (!inner) return at;
    at = inner;
  }
}

export const isList = (b: Branch): boolean => b.type === "array" || b.type === "list" || b.type === "tuple" || b.type === "set";
export const isTable = (b: Branch): boolean => b.type === "object" || b.type === "dictionary";
export const isName = (b: Branch): boolean => b.type === "identifier" || b.type === "shorthand_property_identifier";
export const isMember = (b: Branch): boolean =>
  b.type === "member_expression" || b.type === "attribute" || b.type === "subscript_expression" || b.type === "subscript";
export const isCall = (b: Branch): boolean => b.type === "call_expression" || b.type === "call" || b.type === "new_expression";
export const isText = (b: Branch): boolean => b.type === "string" || b.type === "template_string" || b.type === "concatenated_string";

/** Content of a plain string without holes or escapes: keys, roles, names. */
export function plainString(code: Code, branch: Branch | undefined): string | undefined {
  if (!branch) return undefined;
  const at = unwrapped(branch);
  if (at.type !== "string" && at.type !== "template_string") return undefined;
  const match = /^[a-z]{0,2}(["'`])([^\\]*)\1$/i.exec(textOf(code, at));
  return match?.[2];
}

/** One entry of an object, a dict, or a call's named arguments. */
export interface Entry {
  readonly key: string;
  readonly value: Branch;
  /** The whole pair. */
  readonly pair: Branch;
}

/** Entries of an object or dict (also `dict(a=1)`) whose keys can be read. */
export function entriesOf(code: Code, branch: Branch): Entry[] {
  const found: Entry[] = [];
  for (const kid of branch.kids) {
    if (kid.type === "pair") {
      const key = partOf(kid, "key");
      const value = partOf(kid, "value");
      if (!key || !value) continue;
      const name =
        key.type === "property_identifier"
          ? textOf(code, key)
          : key.type === "computed_property_name"
            ? plainString(code, partsOf(key)[0])
            : plainString(code, key);
      if (name !== undefined) found.push({ key: name, value, pair: kid });
    } else if (kid.type === "keyword_argument") {
      const key = partOf(kid, "name");
      const value = partOf(kid, "value");
      if (key && value) found.push({ key: textOf(code, key), value, pair: kid });
    } else if (kid.type === "shorthand_property_identifier") found.push({ key: textOf(code, kid), value: kid, pair: kid });
  }
  return found;
}

/** `a.b["c"]().d` as `a.b.c().d`; what cannot be named is `?`. */
export function pathOf(code: Code, branch: Branch | undefined, depth = 0): string {
  if (!branch || depth > 30) return "?";
  const at = unwrapped(branch);
  if (isName(at) || at.type === "this" || at.type === "super") return textOf(code, at);
  if (at.type === "member_expression" || at.type === "attribute") {
    const property = partOf(at, "property") ?? partOf(at, "attribute");
    return `${pathOf(code, partOf(at, "object"), depth + 1)}.${property ? textOf(code, property) : "?"}`;
  }
  if (at.type === "subscript_expression" || at.type === "subscript") {
    const key = plainString(code, partOf(at, "index") ?? partOf(at, "subscript"));
    const object = pathOf(code, partOf(at, "object") ?? partOf(at, "value"), depth + 1);
    return key === undefined ? (/^[A-Z]/.test(object) ? object : `${object}.?`) : `${object}.${key}`;
  }
  if (isCall(at)) return `${pathOf(code, calleeOf(at), depth + 1)}()`;
  return "?";
}

export const calleeOf = (call: Branch): Branch | undefined => partOf(call, "function") ?? partOf(call, "constructor");

/** A call with its arguments told apart. */
export interface Call {
  readonly branch: Branch;
  readonly path: string;
  readonly positional: readonly Branch[];
  /** Keyword arguments, or the entries of the object among the arguments. */
  readonly named: readonly Entry[];
}

export function callOf(code: Code, branch: Branch): Call {
  const args = partOf(branch, "arguments");
  const positional: Branch[] = [];
  const named: Entry[] = [];
  if (args && (args.type === "arguments" || args.type === "argument_list")) {
    if (code.language === "python") named.push(...entriesOf(code, args));
    for (const part of partsOf(args)) {
      if (part.type === "keyword_argument" || part.type === "dictionary_splat") continue;
      positional.push(part);
      const inner = unwrapped(part);
      if (code.language === "javascript" && inner.type === "object") named.push(...entriesOf(code, inner));
    }
  }
  return { branch, path: pathOf(code, calleeOf(branch)), positional, named };
}

export const namedArgument = (call: Call, ...keys: string[]): Entry | undefined => call.named.find(({ key }) => keys.includes(key));
