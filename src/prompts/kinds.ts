import type { GrammarName } from "./tree/grammars.js";

/** How a document is read. `text`: the whole file is the prompt, by its name or place. */
export type Kind = { readonly by: "grammar"; readonly grammar: GrammarName } | { readonly by: "yaml" | "json" | "jsonl" | "notebook" | "text" };

const GRAMMAR_OF_ENDING: Readonly<Record<string, GrammarName>> = {
  py: "python",
  pyi: "python",
  pyw: "python",
  ts: "typescript",
  mts: "typescript",
  cts: "typescript",
  tsx: "tsx",
  js: "javascript",
  mjs: "javascript",
  cjs: "javascript",
  jsx: "javascript",
};
const GRAMMAR_OF_LANGUAGE: Readonly<Record<string, GrammarName>> = {
  python: "python",
  typescript: "typescript",
  typescriptreact: "tsx",
  javascript: "javascript",
  javascriptreact: "javascript",
};
const DATA: Readonly<Record<string, "yaml" | "json" | "jsonl" | "notebook">> = {
  yaml: "yaml",
  yml: "yaml",
  json: "json",
  jsonc: "json",
  json5: "json",
  jsonl: "jsonl",
  ndjson: "jsonl",
  ipynb: "notebook",
};

export const baseName = (path: string): string => path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);

/** @returns undefined: no reader for such a file */
export function kindOf(fileName: string, languageId?: string): Kind | undefined {
  const name = baseName(fileName).toLowerCase();
  if (languageId !== undefined && Object.hasOwn(GRAMMAR_OF_LANGUAGE, languageId)) return { by: "grammar", grammar: GRAMMAR_OF_LANGUAGE[languageId] };
  const ending = name.slice(name.lastIndexOf(".") + 1);
  if (Object.hasOwn(GRAMMAR_OF_ENDING, ending)) return { by: "grammar", grammar: GRAMMAR_OF_ENDING[ending] };
  if (Object.hasOwn(DATA, ending)) return { by: DATA[ending] };
  if (isPromptFile(fileName)) return { by: "text" };
  return languageId !== undefined && Object.hasOwn(DATA, languageId) ? { by: DATA[languageId] } : undefined;
}

/** Data files in a folder of prompts: long texts there are prompts whatever their key is. */
export const isInPromptFolder = (fileName: string): boolean => /\/prompts?(_?templates)?\//i.test(`/${fileName.replaceAll("\\", "/")}`);

/** Modules whose texts are prompts: `prompts.py`, `writer.prompts.ts`, whatever lies in a folder of prompts. `templates`: of those only what opens as a prompt does. */
export function moduleOf(fileName: string): "prompts" | "templates" | undefined {
  const name = baseName(fileName).toLowerCase();
  if (isInPromptFolder(fileName) || /(^|[_.-])(prompts?|personas?|system[_-]?messages?)([_.-]?(templates?|texts?|constants|library))?\.[a-z]+$/.test(name))
    return "prompts";
  return /^templates?\.(py|ts|js|mjs)$/.test(name) ? "templates" : undefined;
}

/** Files that are prompts by their name or their folder. */
export function isPromptFile(fileName: string): boolean {
  const path = `/${fileName.replaceAll("\\", "/")}`.toLowerCase();
  const name = baseName(path);
  if (/\.(prompty|prompt|promptl)$/.test(name)) return true;
  if (/\.(prompt|instructions|agent|chatmode)\.md$/.test(name)) return true;
  if (
    /^(agents|claude|gemini|skill)(\.local)?\.md$/.test(name) ||
    /^\.(cursorrules|windsurfrules|clinerules|goosehints)$/.test(name) ||
    name === "skprompt.txt"
  )
    return true;
  if (/\/\.cursor\/rules\/.*\.mdc$/.test(path) || /\/\.github\/copilot-instructions\.md$/.test(path)) return true;
  if (
    /(^|[_.-])(system|user)[_-]?prompts?([_.-]|$)|^prompt([_.-].*)?\.(md|txt)$/.test(name) &&
    /\.(md|txt|j2|jinja2?|hbs|mustache|liquid|tmpl|tpl)$/.test(name)
  )
    return true;
  if (/^(readme|changelog|license|licence|contributing|code_of_conduct|index|notes?|todo)\b/.test(name)) return false;
  if (/\/docs?\//.test(path)) return false;
  if (/\/prompts?(_?templates)?\/(.*\/)?[^/]+\.(txt|md|mdx|j2|jinja2?|hbs|handlebars|mustache|liquid|tmpl|tpl|prompt)$/.test(path)) return true;
  return /[/_.-](prompts?|patterns|strategies)[/_-](.*[/_-])?(system|user)\.md$/.test(path);
}
