import type { PromptRole } from "../protocol/index.js";

const ROLES: Readonly<Record<string, PromptRole>> = {
  system: "system",
  developer: "developer",
  user: "user",
  assistant: "assistant",
  tool: "tool",
  function: "tool",
  human: "user",
  ai: "assistant",
  model: "assistant",
  bot: "assistant",
  gpt: "assistant",
  chatbot: "assistant",
};

/** Role that a message's own word for it means; undefined: no word for a role. `messagerole.system`, `chatmessageroles.user` count by their last part. */
export function roleOf(word: string | undefined): PromptRole | undefined {
  if (word === undefined) return undefined;
  const last = word.slice(word.lastIndexOf(".") + 1).toLowerCase();
  return Object.hasOwn(ROLES, last) ? ROLES[last] : undefined;
}

/** Roles as lists of messages have them; `human`, `ai` and `gpt` belong to fewer formats and are asked for by name. */
export const MESSAGE_ROLES: ReadonlySet<string> = new Set(["system", "developer", "user", "assistant", "tool"]);

/** Keys that messages on a screen have and messages to a model do not. */
const SCREEN_KEYS =
  /^(avatar|avatarurl|timestamp|time|date|created_?at|updated_?at|sent_?at|class|classname|style|icon|onclick|on[A-Z]\w+|href|url|permissions?|email|likes|reactions?|is_?read|read|unread|sender|sender_?id|user_?id|username|display_?name|status|color|colour|side|align|position|typing|href|level|selector|aria\w*|testid|label|title)$/i;

/** Whether these keys beside `role` and `content` say that the message is drawn for people. */
export const isForScreen = (keys: readonly string[]): boolean => keys.some((key) => SCREEN_KEYS.test(key) || /^(aria|data)-/.test(key));
