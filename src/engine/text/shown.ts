import { type ChatMode, type Notice, ProblemError, type TokenSet } from "../../protocol/index.js";
import type { Row } from "../data/dataset.js";
import { noCompletions } from "./errors.js";
import { badTemplate, noTemplate } from "./template/errors.js";
import { type ChatTemplate, findTemplate } from "./template/find.js";
import type { Wanted } from "./template/messages.js";
import { renderAll } from "./template/renderer.js";
import type { Encoded, Tokenizer } from "./tokenizer.js";

/** What a model reads of one row. */
export interface Shown {
  readonly text: string;
  /** False for a rendered conversation: its template wrote the special tokens already. */
  readonly special: boolean;
  /** UTF-16 range whose tokens are pooled; absent: all of them. */
  readonly pooled?: readonly [number, number];
  /** UTF-16 range of the row's own words in a rendered text: its last message. */
  readonly words?: readonly [number, number];
}

export interface ShownRows {
  /** SHA-256 of the template, or `none` where rows are read as plain text. */
  readonly chatTemplate: string;
  readonly tokenSet: TokenSet;
  readonly notices: readonly Notice[];
  /** undefined: the template refuses this row's conversation. */
  of(row: number): Shown | undefined;
}

/** A share of refused conversations above which all rows are read as plain text: a rest that is chosen by the template is no sample. */
const MOST_REFUSED = 0.1;

type ShownRow = Pick<Row, "text" | "completion" | "messages">;

/**
 * What the model is shown of every row. All rows are rendered, or none (`auto`: all where one of them is a conversation). A template
 * that fails, or refuses more than a tenth of the conversations, is not used (`auto`, with a notice) or ends the run (`on`).
 * @param folder of the model, with its tokenizer's files
 * @throws Problem `template/bad`, `template/missing` when `chat` is `on`; `tokens/no-completion`; `run/cancelled`
 */
export async function showRows(
  rows: readonly ShownRow[],
  folder: string,
  wish: { readonly chat?: ChatMode; readonly tokens?: TokenSet },
  signal?: AbortSignal,
  render: typeof renderAll = renderAll,
): Promise<ShownRows> {
  const chat = wish.chat ?? "auto";
  const notices: Notice[] = [];
  const tokenSet = chooseTokens(rows, wish.tokens, notices);
  const plain = (row: ShownRow): Shown => ({ text: row.text, special: true, ...(tokenSet === "completion" ? { pooled: row.completion } : {}) });
  const asText: ShownRows = { chatTemplate: "none", tokenSet, notices, of: (row) => plain(rows[row]!) };
  if (chat === "off" || (chat === "auto" && !rows.some((row) => row.messages))) return asText;
  const template = await templateOf(folder, chat, notices);
  if (!template) return asText;

  // All rows, so that the format tells nothing about the class: of two files only one may hold conversations.
  const wanted = rows.map(conversationOf);
  try {
    const rendered = await render(template, wanted, signal);
    const refused = rendered.filter((one) => "refused" in one);
    const reason = refused.find((one) => one.refused !== "")?.refused;
    const said = `refuses ${refused.length} of ${rows.length} conversations${reason ? ` ("${reason}")` : ""}`;
    if (refused.length > rows.length * MOST_REFUSED) throw badTemplate(template.file, `it ${said}`);
    if (refused.length > 0) notices.push({ code: "template/refuses", message: `The model's chat template ${said}; they are left out.` });
    const lost = tokenSet === "completion" ? rendered.filter((one) => "text" in one && !one.last).length : 0;
    if (lost > 0) {
      const message = `The answers of ${lost} rows cannot be found in what the chat template makes of them; all their tokens are pooled.`;
      notices.push({ code: "template/no-completion", message });
    }
    notices.push({ code: "template/used", message: "Rows are shown to the model through its chat template." });
    const of = (row: number): Shown | undefined => {
      const one = rendered[row]!;
      if ("refused" in one || isBlank(rows[row]!)) return undefined;
      return {
        text: one.text,
        special: false,
        ...(one.last ? { words: one.last } : {}),
        ...(tokenSet === "completion" && one.last ? { pooled: one.last } : {}),
      };
    };
    return { chatTemplate: template.sha256, tokenSet, notices, of };
  } catch (error) {
    if (chat === "on" || !(error instanceof ProblemError) || error.problem.code !== "template/bad") throw error;
    notices.push({ code: "template/bad", message: `${error.problem.message} Conversations are read as plain text.` });
    return asText;
  }
}

/** The same row with other words: of an answer the answer's, else the prompt's; what a template writes around them stays. */
export function withWords(shown: Shown, change: (words: string) => string): Shown {
  const { text, pooled } = shown;
  const [from, to] = pooled ?? shown.words ?? [0, text.length];
  const words = change(text.slice(from, to));
  return { text: text.slice(0, from) + words + text.slice(to), special: shown.special, ...(pooled ? { pooled: [from, from + words.length] } : {}) };
}

/**
 * Ids of some rows as the model is shown them.
 * @param which positions in the dataset's rows
 * @param change what becomes of a row's words, for views of the same rows
 */
export async function encodeRows(
  tokenizer: Tokenizer,
  shown: ShownRows,
  which: readonly number[],
  maxTokens: number,
  signal?: AbortSignal,
  change?: (words: string, row: number) => string,
): Promise<Encoded[]> {
  const rows = which.map((row) => {
    const one = shown.of(row);
    return one && change ? withWords(one, (words) => change(words, row)) : one;
  });
  const encoded = await tokenizer.encodeShown(
    rows.filter((row) => row !== undefined),
    maxTokens,
    signal,
  );
  let next = 0;
  return rows.map((row) => (row ? encoded[next++]! : { ids: [], truncated: false, problem: "refused" }));
}

/** The tokens of the answers where every row that has words has one, unless all are asked for. */
function chooseTokens(rows: readonly ShownRow[], wish: TokenSet | undefined, notices: Notice[]): TokenSet {
  const worded = rows.filter((row) => !isBlank(row));
  const answered = worded.filter((row) => row.completion).length;
  if (wish === "all") return "all";
  if (answered === 0) {
    if (wish === "completion") throw noCompletions();
    return "all";
  }
  if (answered === worded.length) {
    notices.push({
      code: "tokens/completion",
      message: "The answers' tokens are pooled, read behind their prompts; --tokens all (setting layerscope.tokens) pools the prompts' too.",
    });
    return "completion";
  }
  if (wish === "completion") throw noCompletions(worded.length - answered);
  notices.push({
    code: "tokens/mixed",
    message: `Only ${answered} of ${worded.length} rows have an answer beside their prompt, so all tokens of every row are pooled.`,
  });
  return "all";
}

const isBlank = ({ text }: ShownRow): boolean => text.trim() === "";

async function templateOf(folder: string, chat: ChatMode, notices: Notice[]): Promise<ChatTemplate | undefined> {
  try {
    const template = await findTemplate(folder);
    if (template) return template;
    if (chat === "on") throw noTemplate(folder);
    notices.push({ code: "template/none", message: "The model has no chat template; conversations are read as plain text." });
  } catch (error) {
    if (chat === "on" || !(error instanceof ProblemError)) throw error;
    notices.push({ code: "template/bad", message: `${error.problem.message} Conversations are read as plain text.` });
  }
  return undefined;
}

/** The conversation of a row; a plain prompt is a user's turn, an answer behind it the assistant's. A model that is to speak next is told so. */
function conversationOf({ text, completion, messages }: ShownRow): Wanted {
  const turns = messages ?? plainTurns(text, completion);
  return { messages: turns, generation: turns.at(-1)?.role !== "assistant" };
}

function plainTurns(text: string, completion: ShownRow["completion"]): Wanted["messages"] {
  if (!completion || completion[0] === 0) return [{ role: completion ? "assistant" : "user", content: text }];
  return [
    { role: "user", content: text.slice(0, completion[0]).trimEnd() },
    { role: "assistant", content: text.slice(...completion) },
  ];
}
