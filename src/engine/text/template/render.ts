import { Environment, Interpreter, parse, tokenize } from "@huggingface/jinja";
import type { RenderAnswer, RenderBatch, Rendered, Turn, Wanted } from "./messages.js";

/** A rendered conversation may be this much longer than its messages; beyond, the template does not render but produce. */
const MOST_EXTRA_CHARS = 100_000;

/** Stands for the last message's words to find their place; private-use characters, which no template looks for. */
const MARK = "\ue000layerscope\ue001";

/** The date that templates which ask for one are given: a result must not depend on the day it was made. */
const DAY: Readonly<Record<string, string>> = {
  d: "26",
  e: "26",
  b: "Jul",
  h: "Jul",
  B: "July",
  m: "07",
  Y: "2024",
  y: "24",
  A: "Friday",
  a: "Fri",
  H: "00",
  M: "00",
  S: "00",
  j: "208",
  p: "AM",
  I: "12",
  "%": "%",
};
const strftime = (format: string): string => String(format).replace(/%-?([a-zA-Z%])/g, (whole, letter: string) => DAY[letter] ?? whole);

class Overflow extends Error {}

/** Items of one range; no conversation has as many turns. */
const MOST_RANGE = 100_000;

/** What a template may use: its messages, transformers' globals, nothing of this program. */
function environment(names: Readonly<Record<string, unknown>>, template: string): Environment {
  const env = new Environment();
  const globals: Record<string, unknown> = {
    true: true,
    True: true,
    false: false,
    False: false,
    none: null,
    None: null,
    range,
    raise_exception: (message: unknown) => {
      throw new Error(String(message));
    },
    // A template with a day of its own keeps it.
    ...(/strftime_now\s+is\s+defined/.test(template) ? {} : { strftime_now: strftime }),
  };
  for (const [name, value] of Object.entries({ ...globals, ...names })) env.set(name, value);
  return env;
}

/** Python's, bounded. */
function range(start: number, stop?: number, step = 1): number[] {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  const count = Math.max(0, Math.ceil((to - from) / step));
  if (!(count <= MOST_RANGE)) throw new Overflow();
  return Array.from({ length: count }, (_, i) => from + i * step);
}

/** Renders conversations. Runs in a process of its own: a template is a program, and may loop or fill the memory. */
export function renderBatch({ template, tokens, rows }: RenderBatch): RenderAnswer {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(tokenize(template, { lstrip_blocks: true, trim_blocks: true }));
  } catch (error) {
    return { failed: "it is not a valid Jinja template", details: error instanceof Error ? error.message.slice(0, 300) : undefined };
  }
  const show = (messages: readonly Turn[], generation: boolean): string => {
    const names = {
      messages: messages.map(({ role, content }) => ({ role, content })),
      add_generation_prompt: generation,
      tools: null,
      documents: null,
      ...tokens,
    };
    const result = new Interpreter(environment(names, template)).run(parsed);
    const text = result.type === "StringValue" ? String(result.value) : "";
    if (text.length > messages.reduce((sum, m) => sum + m.content.length, 0) * 4 + MOST_EXTRA_CHARS) throw new Overflow();
    return text;
  };
  try {
    return { rows: rows.map((row) => renderOne(row, show, template)) };
  } catch (error) {
    if (error instanceof Overflow) return { failed: `it makes more than ${MOST_EXTRA_CHARS.toLocaleString("en")} characters or turns of its own` };
    return { failed: "it recurses too deeply or makes too long a text" };
  }
}

function renderOne(row: Wanted, show: (messages: readonly Turn[], generation: boolean) => string, template: string): Rendered {
  const { generation } = row;
  let { messages } = row;
  let text: string;
  try {
    text = show(messages, generation);
  } catch (error) {
    if (error instanceof RangeError || error instanceof Overflow) throw error;
    const merged = systemIntoUser(messages);
    if (!merged) return { refused: own(error, template, messages) };
    try {
      text = show(merged, generation);
    } catch (again) {
      if (again instanceof RangeError || again instanceof Overflow) throw again;
      return { refused: own(error, template, messages) };
    }
    messages = merged;
  }
  return { text, last: placeOfLast(text, messages, generation, show) };
}

/** The words of an error are told only where none of them may come from a row. */
function own(error: unknown, template: string, messages: readonly Turn[]): string {
  const said = error instanceof Error ? error.message : "";
  if (said.length >= 200) return "";
  const words = said.match(/[\p{L}\p{N}]+/gu) ?? [];
  const quotes = words.some((word) => !template.includes(word) && messages.some(({ content }) => content.includes(word)));
  return quotes ? "" : said;
}

/** Models without a system role (Gemma) get its words at the head of the first user message, as their makers advise. */
function systemIntoUser(messages: readonly Turn[]): Turn[] | undefined {
  const [first, second, ...rest] = messages;
  if (first?.role !== "system" || second?.role !== "user") return undefined;
  return [{ role: "user", content: `${first.content}\n\n${second.content}` }, ...rest];
}

/** Rendered once more with a mark in place of the last message's words: what stands before and behind is the template's. */
function placeOfLast(
  text: string,
  messages: readonly Turn[],
  generation: boolean,
  show: (messages: readonly Turn[], generation: boolean) => string,
): readonly [number, number] | undefined {
  const last = messages.at(-1);
  if (!last) return undefined;
  try {
    const marked = show([...messages.slice(0, -1), { ...last, content: MARK }], generation);
    const at = marked.indexOf(MARK);
    const behind = marked.length - at - MARK.length;
    if (
      at >= 0 &&
      marked.indexOf(MARK, at + 1) < 0 &&
      text.length - behind > at &&
      text.startsWith(marked.slice(0, at)) &&
      text.endsWith(marked.slice(at + MARK.length))
    )
      return [at, text.length - behind];
  } catch {
    // A template may look into the words; they are then searched for.
  }
  const words = last.content.trim();
  const found = words === "" ? -1 : text.lastIndexOf(words);
  return found < 0 ? undefined : [found, found + words.length];
}
