import type { ChatMessage } from "./dataset.js";
import { parseJson } from "./lenient.js";
import { isMessage, isRecord } from "./shapes.js";
import { readTranscript } from "./transcript.js";

/** How the prompt was taken from a value that is no plain text. */
export type Taken = "text" | "last-user" | "first-human" | "first-turn";

export const SAID: Readonly<Record<Exclude<Taken, "text">, string>> = {
  "last-user": "the last user message of each conversation",
  "first-human": "the first human turn of each conversation",
  "first-turn": "the first turn of each list",
};

export interface Prompt {
  readonly text: string;
  readonly taken: Taken;
  /** The conversation up to and with the message that `text` is; absent where the file has plain text. */
  readonly messages?: readonly ChatMessage[];
}

const USER = new Set(["user", "human", "prompter", "instruction"]);
const ASSISTANT = new Set(["assistant", "gpt", "chatgpt", "bing", "bard", "claude", "model", "ai", "bot"]);

const roleOf = (message: Record<string, unknown>): string => String(message["role"] ?? message["from"] ?? "").toLowerCase();

/** Roles as chat templates know them; others stay as they are. */
export const normalRole = (role: string): string => {
  const word = role.trim().toLowerCase();
  return USER.has(word) ? "user" : ASSISTANT.has(word) ? "assistant" : word;
};

/** Text of a message; of one with parts, its text parts. */
export function messageText(message: Record<string, unknown>): string {
  const content = message["content"] ?? message["value"];
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part) => (typeof part === "string" ? part : isRecord(part) && typeof part["text"] === "string" ? part["text"] : "")).join("");
}

const asMessages = (messages: readonly Record<string, unknown>[]): ChatMessage[] =>
  messages.map((message) => ({ role: normalRole(roleOf(message)), content: messageText(message) }));

/** A list of messages, as such or as JSON in a cell; undefined when the value is none. */
function messagesIn(value: unknown): Record<string, unknown>[] | undefined {
  if (isMessage(value)) return [value];
  const list = typeof value === "string" && value.startsWith("[{") ? parseJson(value)?.value : value;
  const messages = Array.isArray(list) ? list.filter(isMessage) : [];
  return messages.length > 0 ? messages : undefined;
}

/** A whole conversation: messages, or a transcript of `Human:` and `Assistant:` turns. */
export function conversationOf(value: unknown): ChatMessage[] | undefined {
  const messages = messagesIn(value);
  if (messages) return asMessages(messages);
  return typeof value === "string" ? readTranscript(value)?.messages : undefined;
}

/** The prompt in a cell: a text, a list of turns, a chat. Undefined when there is none. */
export function promptOf(value: unknown): Prompt | undefined {
  if (typeof value === "string") return fromMessages(value.startsWith("[{") ? messagesIn(value) : undefined) ?? { text: value, taken: "text" };
  if (typeof value === "number") return { text: String(value), taken: "text" };
  if (Array.isArray(value)) return typeof value[0] === "string" ? { text: value[0], taken: "first-turn" } : fromMessages(messagesIn(value));
  if (isRecord(value)) {
    const inner = value["content"] ?? value["text"] ?? value["value"] ?? value["prompt"] ?? value["messages"] ?? value["question"];
    return inner === undefined ? undefined : promptOf(inner);
  }
  return undefined;
}

/** The last user message; of a ShareGPT conversation, which may run on for long, the first human turn. */
function fromMessages(messages: readonly Record<string, unknown>[] | undefined): Prompt | undefined {
  if (!messages) return undefined;
  const share = "from" in (messages[0] as object);
  const users = messages.flatMap((message, i) => (USER.has(roleOf(message)) ? [i] : []));
  const at = share ? (users[0] ?? 0) : users.at(-1);
  if (at === undefined) return undefined;
  return {
    text: messageText(messages[at] as Record<string, unknown>),
    taken: share ? "first-human" : "last-user",
    messages: asMessages(messages.slice(0, at + 1)),
  };
}
