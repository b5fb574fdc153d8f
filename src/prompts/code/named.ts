import type { PromptRole } from "../../protocol/index.js";
import { type Branch, eachBranch } from "../tree/mirror.js";
import { entriesOf, isList, isMember, isName, isTable, partOf, partsOf, pathOf, plainString, textOf, unwrapped } from "./code.js";
import type { Collector, Want } from "./collector.js";
import { functionSays, nameSays, readsAsPrompt } from "./names.js";

/** Shorter ones are labels. */
export const SHORTEST = 30;

/** Constants, keys, arguments and functions whose name says that they hold a prompt (likely). */
export function readNamed(collector: Collector, branch: Branch): void {
  const { code } = collector;
  const [name, value] = nameAndValue(collector, branch);
  if (name !== undefined && value) {
    const says = nameSays(name);
    if (says)
      nested(
        collector,
        value,
        {
          shape: "named-constant",
          rank: "likely",
          role: roleOfName(name),
          name,
          anchor: branch.start,
          only: (text) => text.length >= SHORTEST && readsAsPrompt(text, says),
        },
        0,
      );
  }
  const named =
    branch.type === "function_declaration" || branch.type === "function_definition" || branch.type === "method_definition" ? partOf(branch, "name") : undefined;
  const held =
    branch.type === "variable_declarator" && /^(arrow_function|function_expression)$/.test(partOf(branch, "value")?.type ?? "")
      ? partOf(branch, "name")
      : undefined;
  const writer = named ?? held;
  if (writer && functionSays(textOf(code, writer)))
    returned(collector, branch, { shape: "prompt-function", rank: "likely", role: roleOfName(textOf(code, writer)), name: textOf(code, writer) });
}

export const roleOfName = (name: string): PromptRole =>
  /sys|developer|persona|instruction|preamble|backstory/i.test(name) ? "system" : /user|human|question/i.test(name) ? "user" : "other";

function nameAndValue(collector: Collector, branch: Branch): [string | undefined, Branch | undefined] {
  const { code } = collector;
  const left = (field: string): string | undefined => {
    const at = partOf(branch, field);
    if (!at) return undefined;
    if (isName(at) || at.type === "property_identifier" || at.type === "private_property_identifier") return textOf(code, at);
    if (isMember(at)) return pathOf(code, at).split(".").at(-1);
    return plainString(code, at);
  };
  switch (branch.type) {
    case "variable_declarator":
    case "keyword_argument":
    case "default_parameter":
    case "typed_default_parameter":
      return [left("name"), partOf(branch, "value")];
    case "public_field_definition":
    case "field_definition":
      return [left("name") ?? left("property"), partOf(branch, "value")];
    case "assignment":
    case "assignment_expression":
    case "augmented_assignment":
    case "augmented_assignment_expression":
    case "assignment_pattern":
      return [left("left"), partOf(branch, "right")];
    case "pair":
      return [left("key"), partOf(branch, "value")];
    case "required_parameter":
      return [left("pattern"), partOf(branch, "value")];
    default:
      return [undefined, undefined];
  }
}

/** The texts of a value; of `PROMPTS = {…}` and `prompts = […]` those of its entries. Names are not followed: the constant has its own name. */
function nested(collector: Collector, value: Branch, want: Want, depth: number): void {
  if (depth > 4) return;
  const at = unwrapped(value);
  if (isName(at) || isMember(at)) return;
  if (isTable(at)) {
    for (const entry of entriesOf(collector.code, at))
      if (!/^(description|title|name|label|id|key|type|url|path|icon|category|placeholder)$/i.test(entry.key))
        nested(collector, entry.value, { ...want, name: entry.key, anchor: entry.pair.start }, depth + 1);
  } else if (isList(at)) for (const part of partsOf(at)) nested(collector, part, { ...want, anchor: undefined }, depth + 1);
  else collector.value(at, want);
}

/** What a function gives back, its own inner functions apart. */
function returned(collector: Collector, branch: Branch, want: Want): void {
  const only = (text: string) => text.length >= SHORTEST && readsAsPrompt(text);
  const body = partOf(branch, "body") ?? partOf(partOf(branch, "value") ?? branch, "body");
  if (!body) return;
  if (body.type !== "statement_block" && body.type !== "block") collector.value(body, { ...want, only });
  else
    eachBranch(body, (inner) => {
      if (inner.type === "return_statement" && partsOf(inner)[0]) collector.value(partsOf(inner)[0], { ...want, only, anchor: inner.start });
    });
}
