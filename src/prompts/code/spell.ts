import { spellJavaScript } from "../text/javascript.js";
import { dedented, formatted, percented, type Side, trimmed } from "../text/layout.js";
import { spellPython } from "../text/python.js";
import { type Spelled, Speller } from "../text/spelled.js";
import type { Branch } from "../tree/mirror.js";
import { type Code, calleeOf, isCall, isList, partOf, partsOf, textOf, unwrapped } from "./code.js";

/** Joins are followed this deep; a longer chain is read by its operands, without recursion. */
const DEEPEST = 60;

/** The text that an expression of literals makes; null: it holds none. What is not a literal becomes a hole. */
export function spell(code: Code, branch: Branch, depth = 0): Spelled | null {
  const at = unwrapped(branch);
  if (depth > DEEPEST) return null;
  if (at.type === "string" || at.type === "template_string") return literal(code, at);
  if (at.type === "concatenated_string") return joined(code, partsOf(at), at, depth);
  if (at.type === "binary_expression" || at.type === "binary_operator") return operated(code, at, depth);
  if (isCall(at)) return called(code, at, depth);
  return null;
}

function literal(code: Code, at: Branch, raw = false): Spelled {
  const holes = at.kids.filter((kid) => kid.type === "interpolation" || kid.type === "template_substitution");
  return code.language === "python" ? spellPython(code.source, at.start, at.end, holes) : spellJavaScript(code.source, at.start, at.end, holes, raw);
}

/** Operands one after another, a hole for each that is no literal; null when none is. */
function joined(code: Code, operands: readonly Branch[], whole: Branch, depth: number, separator?: string): Spelled | null {
  const speller = new Speller();
  let texts = 0;
  let last: Branch | undefined;
  for (const operand of operands) {
    if (last && separator) speller.between(separator, last.end, operand.start);
    const spelled = spell(code, operand, depth + 1);
    if (spelled) {
      speller.add(spelled);
      texts++;
    } else speller.hole(operand.start, operand.end);
    last = operand;
  }
  return texts > 0 ? speller.done(whole.start, whole.end) : null;
}

const operatorOf = (code: Code, at: Branch): string => {
  const left = partOf(at, "left");
  const right = partOf(at, "right");
  if (!left || !right) return "";
  return code.source.slice(left.end, right.start).replace(/\/\/[^\n]*|\/\*[\s\S]*?\*\/|#[^\n]*|[\s()\\]+/g, "");
};

/** The operands of `a + b + c`, however long. */
function sumOf(code: Code, at: Branch): Branch[] {
  const operands: Branch[] = [];
  let left: Branch | undefined = at;
  while (left && (left.type === "binary_expression" || left.type === "binary_operator") && operatorOf(code, left) === "+") {
    const right = partOf(left, "right");
    if (right) operands.push(right);
    left = partOf(left, "left");
    if (left?.type === "parenthesized_expression") left = unwrapped(left);
  }
  if (left) operands.push(left);
  return operands.reverse();
}

function operated(code: Code, at: Branch, depth: number): Spelled | null {
  const operator = operatorOf(code, at);
  if (operator === "+") return joined(code, sumOf(code, at), at, depth);
  const left = partOf(at, "left");
  if (operator === "%" && left && code.language === "python") {
    const spelled = spell(code, left, depth + 1);
    return spelled && percented(spelled);
  }
  return null;
}

const SIDES: Readonly<Record<string, Side>> = {
  trim: "both",
  strip: "both",
  trimStart: "start",
  trimLeft: "start",
  lstrip: "start",
  trimEnd: "end",
  trimRight: "end",
  rstrip: "end",
};
/** Methods that leave the words as they are. */
const KEPT = new Set([
  "toString",
  "valueOf",
  "replace",
  "replaceAll",
  "encode",
  "decode",
  "expandtabs",
  "normalize",
  "removeprefix",
  "removesuffix",
  "format_map",
  "substitute",
  "safe_substitute",
]);
const DEDENTS = /(^|\.)(dedent|outdent|stripIndents?|cleandoc|unindent|dedentBlock|oneLine|endent|codeBlock)$/;
/** Functions that give their text back. */
const WRAPS = /(^|\.)(Template|String|str|SafeString|Prompt|prompt|PromptString|gettext)$/;

function called(code: Code, at: Branch, depth: number): Spelled | null {
  const callee = calleeOf(at);
  const args = partOf(at, "arguments");
  if (!callee || !args) return null;
  const name = textOf(code, callee).slice(-80);
  if (args.type === "template_string") {
    // A tagged template.
    const spelled = literal(code, args, /(^|\.)raw$/.test(name));
    return DEDENTS.test(name) ? dedented(spelled, { trim: true, firstToo: false }) : spelled;
  }
  const parts = partsOf(args);
  if (DEDENTS.test(name) && parts[0]) {
    const spelled = spell(code, parts[0], depth + 1);
    const clean = /cleandoc$/.test(name) || code.language === "javascript";
    return spelled && dedented(spelled, clean ? { trim: true, firstToo: false } : {});
  }
  if (callee.type === "member_expression" || callee.type === "attribute") {
    const object = partOf(callee, "object");
    const property = partOf(callee, "property") ?? partOf(callee, "attribute");
    const method = property ? textOf(code, property) : "";
    if (!object) return null;
    if (method === "join") return join(code, code.language === "python" ? parts[0] : object, code.language === "python" ? object : parts[0], depth);
    if (method === "concat") return spell(code, object, depth + 1) && joined(code, [object, ...parts], at, depth);
    const inner = unwrapped(object);
    if (!(method in SIDES) && method !== "format" && !KEPT.has(method)) return WRAPS.test(name) && parts.length === 1 ? spell(code, parts[0], depth + 1) : null;
    const spelled = spell(code, inner, depth + 1);
    if (!spelled) return null;
    return method in SIDES ? trimmed(spelled, SIDES[method]) : method === "format" && code.language === "python" ? formatted(spelled) : spelled;
  }
  return WRAPS.test(name) && parts.length === 1 ? spell(code, parts[0], depth + 1) : null;
}

/** `[…].filter(Boolean)` leaves out what is empty. */
function unfiltered(code: Code, at: Branch): Branch {
  const callee = isCall(at) ? calleeOf(at) : undefined;
  const property = callee && partOf(callee, "property");
  const object = callee && partOf(callee, "object");
  return object && property && textOf(code, property) === "filter" ? unwrapped(object) : at;
}

/** `"\n".join([…])` and `[…].join("\n")`. */
function join(code: Code, list: Branch | undefined, separator: Branch | undefined, depth: number): Spelled | null {
  const items = list && unfiltered(code, unwrapped(list));
  if (!items || !isList(items)) return null;
  const between = separator ? spell(code, separator, depth + 1)?.text : ",";
  return joined(code, partsOf(items), items, depth, between ?? "\n");
}
