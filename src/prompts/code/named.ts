import type { PromptRole } from "../../protocol/index.js";
import { type Branch, eachBranch } from "../tree/mirror.js";
import { callOf, entriesOf, isCall, isList, isMember, isName, isTable, isText, partOf, partsOf, pathOf, plainString, textOf, unwrapped } from "./code.js";
import type { Collector, Want } from "./collector.js";
import { functionSays, nameSays, OPENING, readsAsPrompt } from "./names.js";

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
  const written = writer && functionSays(textOf(code, writer));
  if (writer && written)
    returned(collector, branch, written, { shape: "prompt-function", rank: "likely", role: roleOfName(textOf(code, writer)), name: textOf(code, writer) });
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

/** Texts of a module that holds nothing but prompts, whatever they are called, and what its functions give back. */
export function readModule(collector: Collector, branch: Branch, module: "prompts" | "templates"): void {
  const [name, value] = branch.type === "return_statement" ? ["", partsOf(branch)[0]] : nameAndValue(collector, branch);
  if (name === undefined || !value || !/^(string|template_string|concatenated_string|binary_\w+|call\w*|parenthesized_expression)$/.test(value.type)) return;
  if (/desc|title|label|error|warn|log|help|doc|usage|msg$|url|path|html|css|sql|query|regex|pattern/i.test(name)) return;
  const only = (text: string) => text.length >= 40 && readsAsPrompt(text, "plain") && (module === "prompts" || OPENING.test(text));
  collector.value(value, { shape: "prompt-module", rank: "likely", role: roleOfName(name), ...(name ? { name } : {}), anchor: branch.start, only });
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
  else collector.value(isCall(at) ? (defaultOf(collector, at) ?? at) : at, want);
}

/** What a setting is unless it is told otherwise: `Field(default="…")`, `os.getenv("X", "…")`, `z.string().default("…")`. */
function defaultOf(collector: Collector, at: Branch): Branch | undefined {
  const { path, named, positional } = callOf(collector.code, at);
  const value = /(^|\.)(getenv|environ\.get|config|env|get_env|getEnv|config\.get)$/.test(path)
    ? positional[1]
    : /(^|\.)(Field|field|Option|Argument|Parameter|default|mapped_column|Column|CharField|TextField)$/.test(path)
      ? (named.find(({ key }) => key === "default")?.value ?? positional[0])
      : undefined;
  return value && (isText(unwrapped(value)) || /^binary_/.test(unwrapped(value).type)) ? value : undefined;
}

/** What a function gives back, its own inner functions apart. */
function returned(collector: Collector, branch: Branch, says: "prompt" | "plain", want: Want): void {
  const only = (text: string) => text.length >= SHORTEST && readsAsPrompt(text, says);
  const body = partOf(branch, "body") ?? partOf(partOf(branch, "value") ?? branch, "body");
  if (!body) return;
  if (body.type !== "statement_block" && body.type !== "block") collector.value(body, { ...want, only });
  else
    eachBranch(body, (inner) => {
      if (inner.type === "return_statement" && partsOf(inner)[0]) collector.value(partsOf(inner)[0], { ...want, only, anchor: inner.start });
    });
}
