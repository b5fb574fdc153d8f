import type { FoundPrompts, PromptRole } from "../protocol/index.js";
import type { Find } from "./code/collector.js";
import { marksOf, type Remark } from "./code/comments.js";
import { reported } from "./found.js";
import { baseName } from "./kinds.js";
import { roleOf } from "./roles.js";
import { withFields } from "./text/layout.js";
import { type Spelled, Speller } from "./text/spelled.js";

/** A file that is a prompt as a whole, or several under the names of their roles. */
export class TextDocument {
  constructor(private readonly fileName: string) {}

  read(source: string): FoundPrompts {
    const bom = source.startsWith("\ufeff") ? 1 : 0;
    const front = /^---[ \t]*\r?\n[\s\S]*?^---[ \t]*(?:\r?\n|$)/m.exec(source.slice(bom));
    const body = front?.index === 0 ? bom + front[0].length : bom;
    const finds: Find[] = [];
    for (const part of parts(source, body, this.fileName)) {
      const spelled = withFields(spellPlain(source, part.from, part.to));
      if (/\p{L}/u.test(spelled.text))
        finds.push({ shape: "prompt-file", rank: "certain", role: part.role, name: baseName(this.fileName), anchor: part.anchor, spelled });
    }
    return { prompts: reported(finds, marksOf(source, remarks(source))), notices: [] };
  }

  dispose(): void {}
}

interface Part {
  readonly from: number;
  readonly to: number;
  readonly role: PromptRole;
  /** Where the name of the role stands. */
  readonly anchor?: number;
}

/** Names of roles on lines of their own (Prompty), `{{role "system"}}` (Dotprompt), `<system>` (Continue). */
const ROLE_LINE =
  /^[ \t]*(?:#[ \t]*)?(system|user|assistant|developer)[ \t]*(?:\[[^\]\n]*\])?:[ \t]*\r?$|\{\{[-~]?\s*role\s+["'](\w+)["']\s*[-~]?\}\}|^<(system|user|assistant)>[ \t]*\r?$|^[ \t]*<message role=["'](system|user|assistant)["']>/gim;
const CLOSING = /^[ \t]*<\/(?:system|user|assistant|message)>[ \t]*\r?$/gim;
/** The comment that leaves a prompt alone is no part of it. */
const REMARK = /^[ \t]*(?:<!--[\s\S]{0,4000}?-->|\{#[\s\S]{0,4000}?#\}|\{\{!(?:--)?[\s\S]{0,4000}?\}\}|(?:#|\/\/)[ \t]*layerscope-ignore[^\n]*)/gm;

function parts(source: string, body: number, fileName: string): Part[] {
  const byName = roleOfFile(fileName);
  const split = /\.(prompty|prompt|prompt\.md|hbs|handlebars)$/i.test(fileName) || /^\s*(system|user|developer):\s*$/im.test(source.slice(body, body + 200));
  const marks = split ? [...source.slice(body).matchAll(ROLE_LINE)] : [];
  const found: Part[] = [];
  let from = body;
  let role: PromptRole = byName;
  let anchor: number | undefined;
  for (const mark of [...marks, undefined]) {
    const to = mark ? body + mark.index : source.length;
    found.push(...withoutClosing(source, { from, to, role, anchor }));
    if (!mark) break;
    from = to + mark[0].length;
    anchor = to;
    role = roleOf(mark[1] ?? mark[2] ?? mark[3] ?? mark[4]) ?? "other";
  }
  return found.flatMap((part) => trim(source, part));
}

function withoutClosing(source: string, part: Part): Part[] {
  const close = [...source.slice(part.from, part.to).matchAll(CLOSING)][0];
  if (!close) return [part];
  const at = part.from + close.index;
  return [
    { ...part, to: at },
    { from: at + close[0].length, to: part.to, role: "other" },
  ];
}

const IGNORING = String.raw`<!--(?=[^>]*layerscope-ignore)[\s\S]*?-->|\{#(?=[^#]*layerscope-ignore)[\s\S]*?#\}|(?:#|//)[ \t]*layerscope-ignore[^\n]*`;
const LEADING = new RegExp(`^(?:\\s|${IGNORING})+`);
const LAST = new RegExp(`^[ \\t]*(?:${IGNORING})[ \\t]*\\r?$`);

/** Without white space at the ends, and without the comments there that say what is to be left alone. */
function trim(source: string, part: Part): Part[] {
  const start = part.from + (LEADING.exec(source.slice(part.from, part.to))?.[0].length ?? 0);
  let text = source.slice(start, part.to).trimEnd();
  for (let line = text.slice(text.lastIndexOf("\n") + 1); line !== text && LAST.test(line); line = text.slice(text.lastIndexOf("\n") + 1))
    text = text.slice(0, text.length - line.length).trimEnd();
  return text === "" ? [] : [{ ...part, from: start, to: start + text.length }];
}

function roleOfFile(fileName: string): PromptRole {
  const name = baseName(fileName).toLowerCase();
  if (/^user\b|[_.-]user\b|human/.test(name)) return "user";
  if (/system|instructions|agents?\b|claude|gemini|skill|rules|chatmode|persona|\.mdc$/.test(name)) return "system";
  return "other";
}

/** The file's own text; a line break of two characters is one to the model. */
function spellPlain(source: string, from: number, to: number): Spelled {
  const speller = new Speller();
  let run = from;
  for (let at = source.indexOf("\r\n", from); at >= 0 && at < to; at = source.indexOf("\r\n", at + 2)) {
    speller.plain(source.slice(run, at), run);
    speller.odd("\n", at, at + 2);
    run = at + 2;
  }
  speller.plain(source.slice(run, to), run);
  return speller.done(from, to);
}

function remarks(source: string): Remark[] {
  if (!source.includes("layerscope-ignore")) return [];
  return [...source.matchAll(REMARK)].map((match) => {
    const start = match.index + match[0].length - match[0].trimStart().length;
    const front = /^---/.test(source) && match.index < source.indexOf("\n---", 3);
    // In the front matter the whole file is meant.
    return { start, end: match.index + match[0].length, text: front ? match[0].replace(/layerscope-ignore(?!-)/, "layerscope-ignore-file") : match[0].trim() };
  });
}
