import type { ChatMessage } from "./dataset.js";

export interface Transcript {
  readonly messages: ChatMessage[];
  /** UTF-16 range of the last turn's words in the trimmed text. */
  readonly last: readonly [number, number];
}

/** HH-RLHF parts turns by an empty line, so that "Human:" inside an answer is no turn. */
const PARTED = /(?:^|\n\n)(Human|Assistant|System): ?/g;
const LINED = /(?:^|\n)[ \t]*(Human|User|Assistant|AI|Bot|System):[ \t]?/g;
const ROLES: Readonly<Record<string, string>> = { human: "user", user: "user", assistant: "assistant", ai: "assistant", bot: "assistant", system: "system" };

/**
 * A dialogue written as one text, `\n\nHuman: …\n\nAssistant: …` or the like. It begins with a turn and has turns of both
 * sides; undefined when it does not.
 */
export function readTranscript(text: string): Transcript | undefined {
  const trimmed = text.trim();
  if (!/^(Human|User|Assistant|AI|Bot|System):/.test(trimmed)) return undefined;
  return split(trimmed, PARTED) ?? split(trimmed, LINED);
}

function split(text: string, marker: RegExp): Transcript | undefined {
  const marks = [...text.matchAll(marker)];
  if (marks.length < 2 || marks[0]?.index !== 0) return undefined;
  const turns = marks.map((mark, i) => {
    const from = mark.index + mark[0].length;
    const to = marks[i + 1]?.index ?? text.length;
    const raw = text.slice(from, to);
    const start = from + (raw.length - raw.trimStart().length);
    return { role: ROLES[(mark[1] as string).toLowerCase()] as string, start, end: Math.max(start, from + raw.trimEnd().length) };
  });
  const has = (role: string) => turns.some((turn) => turn.role === role);
  const last = turns.at(-1);
  if (!has("user") || !has("assistant") || !last) return undefined;
  return { messages: turns.map(({ role, start, end }) => ({ role, content: text.slice(start, end) })), last: [last.start, last.end] };
}
