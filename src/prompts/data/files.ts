import { baseName } from "../kinds.js";
import type { DataCollector } from "./collector.js";
import { type DataMap, type DataNode, textAt, valueAt } from "./node.js";

/** Data files that are never searched: of package managers, compilers, editors, and texts for screens. */
export function isMachineFile(fileName: string): boolean {
  const path = `/${fileName.replaceAll("\\", "/")}`.toLowerCase();
  const name = baseName(path);
  if (
    /^(package(-lock)?|npm-shrinkwrap|composer|tsconfig(\..*)?|jsconfig|deno|bower|lerna|nx|turbo|manifest|angular|vercel|netlify|launch|tasks|settings|extensions|biome|renovate|components|project|angular|firebase|app|now)\.jsonc?$/.test(
      name,
    )
  )
    return true;
  if (/^(pnpm-lock|chart|mkdocs|pubspec|codecov|dependabot)\.ya?ml$/.test(name) || /(\.|-)lock(\.json|\.ya?ml)?$/.test(name)) return true;
  if (/\.(schema|nls(\.[\w-]+)?|map|arb|tfstate)(\.json)?$/.test(name) || /^\.(eslintrc|prettierrc|babelrc|swcrc)/.test(name)) return true;
  if (/^(openapi|swagger)\b/.test(name)) return true;
  return /\/(locales?|i18n|l10n|translations?|_locales|lang|intl)\//.test(path);
}

/** Formats that are known by their file's name: promptfoo's, Continue's, CrewAI's. */
export function readByFile(root: DataNode, fileName: string, into: DataCollector): void {
  if (root.kind !== "map") return;
  const path = fileName.replaceAll("\\", "/").toLowerCase();
  const name = baseName(path);
  const foo = /^promptfoo/.test(name) || (valueAt(root, "prompts") && (valueAt(root, "providers", "targets") || valueAt(root, "tests")));
  if (foo) readPromptfoo(root, into);
  if (/(^|\/)\.continue\//.test(path) || (/^config\.(ya?ml|json)$/.test(name) && valueAt(root, "models"))) readContinue(root, into);
  if (/agents?\.ya?ml$/.test(name)) for (const { value } of root.entries) crew(value, into, "crewai-agent", ["role", "goal", "backstory"]);
  if (/tasks?\.ya?ml$/.test(name)) for (const { value } of root.entries) crew(value, into, "crewai-task", ["description", "expected_output"]);
}

function crew(node: DataNode, into: DataCollector, shape: "crewai-agent" | "crewai-task", keys: readonly string[]): void {
  if (node.kind !== "map" || !keys.some((key) => key !== "role" && key !== "description" && textAt(node, key))) return;
  for (const key of keys) into.field(node, key, { shape, rank: "certain", role: shape === "crewai-agent" ? "system" : "user" });
}

/** A name of a file, not a prompt. */
const isReference = (text: string): boolean =>
  /^\s*(file:\/\/|https?:\/\/|package:|exec:|langfuse:\/\/|portkey:\/\/)/.test(text) ||
  /^[^\s]+\.(txt|json|jsonl|md|py|js|ts|mjs|cjs|ya?ml|csv|j2|jinja2?)(:\w+)?$/.test(text.trim());
const isSentence = (text: string): boolean => !isReference(text) && text.trim().split(/\s+/).length >= 4;

function readPromptfoo(root: DataMap, into: DataCollector): void {
  const want = { shape: "promptfoo", rank: "certain", role: "user" } as const;
  const prompts = valueAt(root, "prompts");
  const take = (node: DataNode): void => {
    if (node.kind === "text") into.value(node, { ...want, name: "prompts", only: (text) => !isReference(text) });
    else if (node.kind === "list") for (const item of node.items) take(item);
    else if (node.kind === "map") for (const key of ["raw", "content", "prompt"]) into.field(node, key, { ...want, only: (text) => !isReference(text) });
  };
  if (prompts) take(prompts);
  const redteam = valueAt(root, "redteam");
  if (redteam?.kind === "map") into.field(redteam, "purpose", { ...want, role: "system" });
  const tests = valueAt(root, "tests");
  const defaults = valueAt(root, "defaultTest");
  for (const test of [...(tests?.kind === "list" ? tests.items : []), ...(defaults ? [defaults] : [])]) {
    const vars = test.kind === "map" ? valueAt(test, "vars") : undefined;
    if (vars?.kind === "map") for (const { key, value, start } of vars.entries) into.value(value, { ...want, name: key, anchor: start, only: isSentence });
  }
}

function readContinue(root: DataMap, into: DataCollector): void {
  const want = { shape: "continue-config", rank: "certain", role: "user" } as const;
  into.field(root, "systemMessage", { ...want, role: "system" });
  for (const list of ["prompts", "customCommands", "slashCommands"]) {
    const value = valueAt(root, list);
    if (value?.kind === "list") for (const item of value.items) if (item.kind === "map") into.field(item, "prompt", want);
  }
  const rules = valueAt(root, "rules");
  if (rules?.kind === "list")
    for (const rule of rules.items) {
      if (rule.kind === "text") into.value(rule, { ...want, role: "system", name: "rules", only: isSentence });
      else if (rule.kind === "map") into.field(rule, "rule", { ...want, role: "system" });
    }
  const models = valueAt(root, "models");
  if (models?.kind === "list")
    for (const model of models.items) {
      const options = model.kind === "map" ? valueAt(model, "chatOptions") : undefined;
      if (options?.kind === "map") into.field(options, "baseSystemMessage", { ...want, role: "system" });
      if (model.kind === "map") into.field(model, "systemMessage", { ...want, role: "system" });
    }
}
