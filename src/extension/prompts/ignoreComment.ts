const HASH = new Set(["python", "yaml", "dockercompose", "github-actions-workflow"]);
const HTML = new Set(["markdown", "prompt", "instructions", "chatagent", "skill", "html", "handlebars"]);
const NONE = new Set(["json", "plaintext"]);

/**
 * The comment that has the next prompt left alone, as a line of its own, in a document's language.
 * undefined where the language has none: the baseline file is the way there.
 */
export function ignoreComment(languageId: string, fileName = "", shape = ""): string | undefined {
  // Between tags a slash comment is text.
  if (/react$/.test(languageId) && /tsx|jsx|element/.test(shape)) return "{/* layerscope-ignore */}";
  if (HTML.has(languageId) || /\.(md|mdc|markdown)$/i.test(fileName)) return "<!-- layerscope-ignore -->";
  if (/\.(ya?ml|prompty|prompt)$/i.test(fileName) || HASH.has(languageId) || /\.(j2|jinja)$/i.test(fileName))
    return /\.(j2|jinja)$/i.test(fileName) ? "{# layerscope-ignore #}" : "# layerscope-ignore";
  if (NONE.has(languageId) || /\.(json|jsonl|ndjson|txt)$/i.test(fileName)) return undefined;
  return "// layerscope-ignore";
}
