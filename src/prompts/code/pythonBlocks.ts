import type { PromptRole } from "../../protocol/index.js";
import { dedented } from "../text/layout.js";
import { type Branch, eachBranch } from "../tree/mirror.js";
import { callOf, isCall, isText, partOf, partsOf, pathOf, unwrapped } from "./code.js";
import type { Collector, Want } from "./collector.js";
import { spell } from "./spell.js";

/** Prompts that Python writes as statements: docstrings of DSPy signatures and of tools, functions that are prompts by decorator, Guidance's role blocks. */
export function readPythonBlock(collector: Collector, branch: Branch): void {
  const { code } = collector;
  if (code.language !== "python") return;
  if (branch.type === "class_definition") {
    const bases = partOf(branch, "superclasses");
    if (bases && partsOf(bases).some((base) => /(^|\.)(Signature|TypedSignature)$/.test(pathOf(code, base))))
      docstring(collector, branch, { shape: "dspy-signature", rank: "certain", role: "system" });
  } else if (branch.type === "decorated_definition") decorated(collector, branch);
  else if (branch.type === "with_statement") guided(collector, branch);
}

function docstring(collector: Collector, definition: Branch, want: Want): void {
  const first = partOf(definition, "body") && partsOf(partOf(definition, "body") as Branch)[0];
  const literal = first && unwrapped(first);
  if (!literal || !isText(literal)) return;
  const spelled = spell(collector.code, literal);
  if (spelled) collector.add(dedented(spelled, { trim: true, firstToo: false }), { ...want, name: "docstring", anchor: definition.start });
}

function decorated(collector: Collector, branch: Branch): void {
  const definition = partOf(branch, "definition");
  if (definition?.type !== "function_definition") return;
  for (const decorator of branch.kids) {
    if (decorator.type !== "decorator") continue;
    const made = partsOf(decorator)[0] && unwrapped(partsOf(decorator)[0]);
    if (!made) continue;
    const path = isCall(made) ? callOf(collector.code, made).path : pathOf(collector.code, made);
    if (/(^|\.)(tool|function_tool|kernel_function|tool_plain)$/.test(path) && !/pytest/.test(path))
      docstring(collector, definition, { shape: "tool-description", rank: "certain", role: "other" });
    const role: PromptRole | undefined = /(^|\.)prompt$/.test(path) ? "user" : /(^|\.)(system_prompt|instructions)$/.test(path) ? "system" : undefined;
    if (!role) continue;
    const want: Want = { shape: role === "user" ? "mcp-prompt" : "agent-instructions", rank: "certain", role, name: path.split(".").at(-1) };
    const body = partOf(definition, "body");
    if (body)
      eachBranch(body, (inner) => {
        if (inner.type === "return_statement") for (const part of partsOf(inner)) collector.value(part, { ...want, anchor: inner.start });
      });
  }
}

const GUIDED: Readonly<Record<string, PromptRole>> = { system: "system", user: "user", assistant: "assistant" };

/** `with system(): lm += "…"`. */
function guided(collector: Collector, branch: Branch): void {
  const { code } = collector;
  const body = partOf(branch, "body");
  let role: PromptRole | undefined;
  for (const kid of branch.kids) {
    if (kid.type !== "with_clause") continue;
    for (const item of partsOf(kid)) {
      const made = partsOf(item)[0] && unwrapped(partsOf(item)[0]);
      const path = made && isCall(made) ? callOf(code, made).path.split(".").at(-1) : undefined;
      if (path && Object.hasOwn(GUIDED, path)) role = GUIDED[path];
    }
  }
  if (!role || !body) return;
  for (const statement of partsOf(body)) {
    const inner = unwrapped(statement);
    if (inner.type === "augmented_assignment") collector.value(partOf(inner, "right"), { shape: "guidance", rank: "certain", role, anchor: inner.start });
  }
}
