import { conversationOf, messageText, type Prompt } from "./chat.js";
import type { ChatMessage } from "./dataset.js";
import { isMessage } from "./shapes.js";
import { readTranscript } from "./transcript.js";

/** One answer with its prompt, as a row reads it. */
export interface AnswerText {
  readonly text: string;
  /** UTF-16 range of the answer in `text`. */
  readonly completion?: readonly [number, number];
  readonly messages?: readonly ChatMessage[];
}

/** A row without an answer has nothing to be judged. */
const NONE: AnswerText = { text: "" };

/** The answer behind its prompt, with an empty line between; a conversation where either of them is one in the file. */
export function answerOf(prompt: Prompt | undefined, value: unknown): AnswerText {
  const messages = answerMessages(value);
  const answer = (messages ? messages.map((m) => m.content).join("\n\n") : typeof value === "string" ? value : "").trim();
  if (answer === "") return NONE;
  const before = prompt?.text.trim() ?? "";
  const text = before === "" ? answer : `${before}\n\n${answer}`;
  const completion = before === "" ? undefined : ([text.length - answer.length, text.length] as const);
  if (!prompt || before === "" || !(prompt.messages || messages)) return { text, completion };
  const said = messages ?? [{ role: "assistant", content: answer }];
  return { text, completion, messages: [...(prompt.messages ?? [{ role: "user", content: prompt.text }]), ...said] };
}

/** A whole dialogue, prompt included: the last turn is the answer. */
export function dialogueOf(value: unknown): AnswerText {
  if (typeof value === "string" && !value.startsWith("[{")) {
    const text = value.trim();
    const said = readTranscript(text);
    if (said?.messages.at(-1)?.role !== "assistant") return { text };
    return said.last[0] < said.last[1] ? { text, completion: said.last, messages: said.messages } : NONE;
  }
  const messages = conversationOf(value);
  if (!messages) return NONE;
  const text = messages
    .map((m) => m.content)
    .join("\n\n")
    .trim();
  const last = messages.at(-1);
  if (messages.length < 2 || last?.role !== "assistant") return { text, messages };
  const end = text.length;
  const start = end - last.content.trim().length;
  return start < end ? { text, completion: [start, end], messages } : NONE;
}

/** Messages of an answer that is written as such: a list, or a single one. */
function answerMessages(value: unknown): ChatMessage[] | undefined {
  if (isMessage(value)) return [{ role: "assistant", content: messageText(value) }];
  if (typeof value === "string" && !value.startsWith("[{")) return undefined;
  return conversationOf(value);
}
