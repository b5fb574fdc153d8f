import type { PromptRole } from "../../protocol/index.js";
import { trimmed } from "../text/layout.js";
import { Speller } from "../text/spelled.js";
import type { Branch } from "../tree/mirror.js";
import { partOf, partsOf, textOf } from "./code.js";
import type { Collector } from "./collector.js";
import { spell } from "./spell.js";

const TAGS: Readonly<Record<string, PromptRole>> = { SystemMessage: "system", UserMessage: "user", AssistantMessage: "assistant" };
const ENTITIES: Readonly<Record<string, string>> = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&nbsp;": "\u00a0" };

/** `<SystemMessage>…</SystemMessage>` of prompt-tsx: its words, with a hole for every expression. */
export function readJsx(collector: Collector, branch: Branch): void {
  if (branch.type !== "jsx_element") return;
  const tag = partOf(branch, "open_tag");
  const name = tag && partOf(tag, "name");
  const word = name ? textOf(collector.code, name) : "";
  if (!Object.hasOwn(TAGS, word)) return;
  const speller = new Speller();
  const close = partOf(branch, "close_tag");
  words(collector, branch, speller);
  const start = tag?.end ?? branch.start;
  const end = close?.start ?? branch.end;
  const inner = collector.code.source.slice(start, end);
  const spelled = trimmed(speller.done(start + (inner.length - inner.trimStart().length), end - (inner.length - inner.trimEnd().length)));
  collector.add(spelled, { shape: "prompt-tsx", rank: "certain", role: TAGS[word], name: word, anchor: branch.start });
}

function words(collector: Collector, branch: Branch, speller: Speller): void {
  const { code } = collector;
  for (const kid of partsOf(branch)) {
    if (kid.field === "open_tag" || kid.field === "close_tag") continue;
    const text = textOf(code, kid);
    if (kid.type === "jsx_text") lines(text, kid.start, speller);
    else if (kid.type === "html_character_reference") {
      const code_ = /^&#(x?)([\da-f]+);$/i.exec(text);
      speller.odd(ENTITIES[text] ?? (code_ ? String.fromCodePoint(Number.parseInt(code_[2], code_[1] ? 16 : 10)) : text), kid.start, kid.end);
    } else if (kid.type === "jsx_expression") {
      const inner = partsOf(kid)[0];
      const spelled = inner && spell(code, inner);
      if (spelled) speller.add(spelled);
      else if (inner) speller.hole(kid.start, kid.end);
    } else if (kid.type === "jsx_self_closing_element") {
      if (/^<br\b/.test(text)) speller.between("\n", kid.start, kid.end);
      else speller.hole(kid.start, kid.end);
    } else if (kid.type === "jsx_element" || kid.type === "jsx_fragment") words(collector, kid, speller);
  }
}

/** Text between tags: a line break and the margin around it are one space. */
function lines(text: string, from: number, speller: Speller): void {
  let at = 0;
  for (const m of text.matchAll(/[ \t]*\r?\n\s*/g)) {
    speller.plain(text.slice(at, m.index), from + at);
    const end = m.index + m[0].length;
    if (m.index > 0 && end < text.length) speller.between(" ", from + m.index, from + end);
    at = end;
  }
  speller.plain(text.slice(at), from + at);
}
