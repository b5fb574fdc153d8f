import { parseJson } from "./lenient.js";
import { isMessage, isRecord } from "./shapes.js";

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
}

const USER = new Set(["user", "human", "prompter", "instruction"]);

const roleOf = (message: Record<string, unknown>): string => String(message["role"] ?? message["from"] ?? "").toLowerCase();

/** Text of a message; of one with parts, its text parts. */
export function messageText(message: Record<string, unknown>): string {
  const content = message["content"] ?? message["value"];
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part) => (typeof part === "string" ? part : isRecord(part) && typeof part["text"] === "string" ? part["text"] : "")).join("");
}

/** The prompt in a cell: a text, a list of turns, a chat. Undefined when there is none. */
export function promptOf(value: unknown): Prompt | undefined {
  if (typeof value === "string") return value.startsWith("[{") ? (fromJsonText(value) ?? { text: value, taken: "text" }) : { text: value, taken: "text" };
  if (typeof value === "number") return { text: String(value), taken: "text" };
  if (Array.isArray(value)) return fromList(value);
  if (isRecord(value)) {
    const inner = value["content"] ?? value["text"] ?? value["value"] ?? value["prompt"] ?? value["messages"] ?? value["question"];
    return inner === undefined ? undefined : promptOf(inner);
  }
  return undefined;
}

function fromList(value: readonly unknown[]): Prompt | undefined {
  const [first] = value;
  if (typeof first === "string") return { text: first, taken: "first-turn" };
  const messages = value.filter(isMessage);
  if (messages.length === 0) return undefined;
  const users = messages.filter((message) => USER.has(roleOf(message)));
  const share = "from" in (messages[0] as object);
  const chosen = share ? (users[0] ?? messages[0]) : users.at(-1);
  return chosen && { text: messageText(chosen), taken: share ? "first-human" : "last-user" };
}

/** A chat that a CSV cell holds as JSON. */
function fromJsonText(value: string): Prompt | undefined {
  const parsed = parseJson(value)?.value;
  return Array.isArray(parsed) && parsed.some(isMessage) ? fromList(parsed) : undefined;
}

/** A whole dialogue as one text: strings as they are, messages one after another. */
export function dialogueText(value: unknown): string | undefined {
  if (typeof value === "string") return value.trim();
  if (isMessage(value)) return messageText(value).trim();
  if (Array.isArray(value) && value.some(isMessage)) return value.filter(isMessage).map(messageText).join("\n\n").trim();
  return undefined;
}
