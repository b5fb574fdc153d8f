import { roleOf } from "../roles.js";
import { type Branch, eachBranch } from "../tree/mirror.js";
import { entriesOf, isList, isTable, isText, partsOf, plainString, unwrapped } from "./code.js";
import { anchorOf, type Collector } from "./collector.js";
import type { Marks } from "./comments.js";
import { OPENING, readsAsPrompt } from "./names.js";
import { spell } from "./spell.js";

/** Objects that are messages, requests or tools by themselves. */
export function readLiteral(collector: Collector, branch: Branch): void {
  if (isTable(branch)) readTable(collector, branch);
}

function readTable(collector: Collector, branch: Branch): void {
  const { code } = collector;
  const entries = entriesOf(code, branch);
  const entry = (key: string) => entries.find((e) => e.key === key)?.value;
  if (collector.isMessage(entries)) collector.table(entries, { shape: "message-list", rank: "likely", role: "other" }, 0);
  const messages = entry("messages");
  if (
    messages &&
    isList(unwrapped(messages)) &&
    partsOf(unwrapped(messages)).some((part) => isTable(unwrapped(part)) && collector.isMessage(entriesOf(code, unwrapped(part))))
  )
    collector.value(messages, { shape: "http-body", rank: "certain", role: "user", name: "messages" });
  // {"messages": [("user", "…")]}, as LangChain takes them.
  if (messages && isList(unwrapped(messages)) && partsOf(unwrapped(messages)).some((part) => isRoleTuple(collector, unwrapped(part))))
    collector.value(messages, { shape: "langchain-messages", rank: "certain", role: "user", name: "messages" });
  const want = { shape: "http-body", rank: "certain", role: "system", name: "system" } as const;
  if (entry("model") && entry("system")) collector.value(entry("system"), want);
  if (entry("model") && entry("prompt")) collector.value(entry("prompt"), { ...want, role: "user", name: "prompt" });
  if (entry("model") && entry("instructions")) collector.value(entry("instructions"), { ...want, name: "instructions" });
  const contents = entry("contents");
  if (
    contents &&
    isList(unwrapped(contents)) &&
    partsOf(unwrapped(contents)).some((part) => isTable(unwrapped(part)) && entriesOf(code, unwrapped(part)).some(({ key }) => key === "parts"))
  )
    collector.value(contents, { shape: "google-contents", rank: "certain", role: "user", name: "contents" });
  for (const key of ["systemInstruction", "system_instruction"] as const)
    collector.value(entry(key), { shape: "google-system", rank: "certain", role: "system", name: key });
  // A function that a model may call: {type: "function", function: {name, description, parameters}}.
  if (
    entry("name") &&
    entry("description") &&
    (entry("parameters") || entry("input_schema") || entry("inputSchema")) &&
    plainString(code, entry("name")) !== undefined
  )
    collector.value(entry("description"), {
      shape: "tool-description",
      rank: "certain",
      role: "other",
      name: "description",
      only: (text) => text.trim().includes(" "),
    });
}

function isRoleTuple(collector: Collector, branch: Branch): boolean {
  const parts = isList(branch) ? partsOf(branch) : [];
  return parts.length === 2 && roleOf(plainString(collector.code, parts[0])) !== undefined;
}

/** Literals that a comment marks, and with `possible` those that open as prompts do. */
export function readMarked(collector: Collector, marks: Marks, possible: boolean): void {
  if (marks.prompts.length === 0 && !possible) return;
  const { source, root } = collector.code;
  const texts: Branch[] = [];
  eachBranch(root, (branch) => {
    const join = (branch.type === "binary_expression" || branch.type === "binary_operator") && branch.parent?.type !== branch.type;
    if (join || (isText(branch) && branch.parent?.type !== "concatenated_string")) texts.push(branch);
  });
  const sorted = [...texts].sort((a, b) => a.start - b.start || b.end - a.end);
  for (const { end } of marks.prompts) {
    const first = end + (/^\s*/.exec(source.slice(end))?.[0].length ?? 0);
    const literal = sorted.find((text) => text.start >= first);
    if (
      literal &&
      newlines(source, end, first) <= 2 &&
      newlines(source, first, literal.start) <= 2 &&
      !/;\s*\n|\n\s*\n/.test(source.slice(first, literal.start))
    )
      collector.value(literal, { shape: "marker", rank: "likely", role: "other", anchor: anchorOf(literal) });
  }
  if (!possible) return;
  for (const text of sorted) {
    // A docstring speaks to people.
    if (text.parent?.type === "expression_statement") continue;
    const spelled = spell(collector.code, text);
    if (spelled && spelled.text.length >= 60 && OPENING.test(spelled.text) && readsAsPrompt(spelled.text))
      collector.add(spelled, { shape: "opening-phrase", rank: "possible", role: "other", anchor: anchorOf(text) });
  }
}

function newlines(source: string, from: number, to: number): number {
  let count = 0;
  for (let at = from; at < to; at++) if (source[at] === "\n") count++;
  return count;
}
