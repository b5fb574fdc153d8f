import type { Notice } from "../../protocol/index.js";
import { roleOf } from "../roles.js";
import type { Branch } from "../tree/mirror.js";
import { pointAt } from "../tree/window.js";
import { type Call, callOf, isCall, isText, pathOf, plainString, unwrapped } from "./code.js";
import { anchorOf, type Collector } from "./collector.js";
import { roleOfName, SHORTEST } from "./named.js";
import { nameSays, readsAsPrompt } from "./names.js";
import { CALL_SHAPES, type CallShape, CERTAIN_KEYS, TOOL_SHAPES } from "./shapes.js";

/** What a call hands to a model. */
export function readCall(collector: Collector, branch: Branch, kept: { readonly pulls: Pull[]; readonly pipes: Branch[]; readonly calls: Called[] }): void {
  const call = callOf(collector.code, branch);
  if (elsewhere(collector, call, kept.pulls)) return;
  for (const shape of CALL_SHAPES) if (shape.path.test(call.path) && (!shape.when || shape.when(call))) take(collector, call, shape);
  for (const shape of TOOL_SHAPES) if (shape.path.test(call.path) && (!shape.when || shape.when(call))) take(collector, call, shape);
  for (const { key, value, pair } of call.named) {
    const certain = Object.hasOwn(CERTAIN_KEYS, key) ? CERTAIN_KEYS[key] : undefined;
    if (certain) collector.value(value, { ...certain, rank: "certain", name: key, anchor: pair.start });
  }
  readChatMessage(collector, call);
  if (call.positional.length > 0 && /^[\w.]+$/.test(call.path)) kept.pipes.push(branch);
  else if (call.path.endsWith("pipeline()")) readPipeline(collector, branch);
  readModelCall(collector, call);
  readKept(collector, call);
  if (call.positional.length + call.named.length > 0) kept.calls.push({ branch, name: call.path.slice(call.path.lastIndexOf(".") + 1) });
}

/** A call by the last part of its name: what a file's own function is given, when its parameter turns out to be a prompt. */
export interface Called {
  readonly branch: Branch;
  readonly name: string;
}

/** `dict(role="system", content="…")`; `prompt_parts.append("…")`; `add_argument("--system-prompt", default="…")`. */
function readKept(collector: Collector, call: Call): void {
  if (call.path === "dict" && collector.isMessage(call.named)) collector.table(call.named, { shape: "message-list", rank: "likely", role: "other" }, 0);
  const [, list] = /(?:^|\.)(\w+)\.(?:append|extend|push|unshift)$/.exec(call.path) ?? [];
  const option = call.path.endsWith("add_argument") ? plainString(collector.code, call.positional[0])?.replace(/^-+/, "").replaceAll("-", "_") : undefined;
  const name = list ?? option;
  const says = name === undefined ? null : nameSays(name);
  if (name === undefined || !says) return;
  const want = {
    shape: "named-constant",
    rank: "likely",
    role: roleOfName(name),
    name,
    only: (text: string) => text.length >= SHORTEST && readsAsPrompt(text, says),
  } as const;
  const values: readonly (Branch | undefined)[] = list === undefined ? [call.named.find(({ key }) => key === "default")?.value] : call.positional;
  for (const value of values) if (value && !/^(identifier|attribute|member_expression)$/.test(value.type)) collector.value(value, want);
}

function take(collector: Collector, call: Call, { shape, fields }: CallShape): void {
  for (const { at, role } of fields) {
    const entry = typeof at === "string" ? call.named.find(({ key }) => key === at) : undefined;
    const value = typeof at === "number" ? call.positional[at] : entry?.value;
    if (!value) continue;
    // Of a call's first argument only what is a text or a list: its object's keys are named above.
    if (typeof at === "number" && unwrapped(value).type === "object") continue;
    const own = shape === "openai-messages" && entry ? shape : roleShape(shape, entry?.key);
    collector.value(value, { shape: own, rank: "certain", role, name: entry?.key, anchor: entry?.pair.start ?? anchorOf(value) });
  }
}

const roleShape = (shape: string, key: string | undefined): string => (shape === "anthropic-messages" && key === "system" ? "anthropic-system" : shape);

/** `ChatMessage(role="system", content="…")`, `new ChatMessage("…", "system")`. */
function readChatMessage(collector: Collector, call: Call): void {
  if (!/(^|\.)(ChatMessage|ChatMessageContent|PromptMessage|Message|ChatCompletion\w*MessageParam|MessageParam|ModelMessage)$/.test(call.path)) return;
  const word = call.named.find(({ key }) => key === "role");
  const content = call.named.find(({ key }) => key === "content" || key === "blocks");
  if (!word || !content) return;
  const role = roleOf(collector.roleWord(word.value));
  if (role) collector.value(content.value, { shape: "chat-message", rank: "certain", role, name: "content", anchor: content.pair.start });
}

/** `pipe(messages)` where `pipe = pipeline("text-generation", …)`. */
export function readPipeline(collector: Collector, branch: Branch): void {
  const { code, constants } = collector;
  const callee = branch.kids[0];
  const made = callee && (isCall(unwrapped(callee)) ? unwrapped(callee) : constants?.of(unwrapped(callee))[0]);
  const maker = made && unwrapped(made);
  if (!maker || !isCall(maker) || !/(^|\.)pipeline$/.test(pathOf(code, maker.kids[0]))) return;
  const task = plainString(code, callOf(code, maker).positional[0]) ?? plainString(code, callOf(code, maker).named.find(({ key }) => key === "task")?.value);
  if (task && !/generation|conversational|text2text|image-text-to-text/.test(task)) return;
  collector.value(callOf(code, branch).positional[0], { shape: "hf-pipeline", rank: "certain", role: "user" });
}

/** `llm.invoke("…")`, `agent.run_sync("…")`, `Runner.run(agent, "…")`: a model's or an agent's own method with a text. */
function readModelCall(collector: Collector, call: Call): void {
  const found =
    /(^|[._])(llm|model|chat_?model|gpt|claude|openai|agent|runner|chain|predictor)\.(a?invoke|a?predict|a?complete|a?stream|a?run|run_sync|run_stream|runSync|run_streamed|chat|a?generate|send_?message|ask|prompt)$/i.exec(
      call.path,
    ) ??
    /(^|[._])(a?sk|call|query|prompt|chat|complete|generate|invoke)(_?with)?_?(llm|gpt\d?|claude|gemini|open_?ai|chat_?gpt|ollama|groq|anthropic|bedrock|mistral|ai|model|text)$/i.exec(
      call.path,
    ) ??
    (/(^|\.)run$/.test(call.path) && call.positional[0] && /agent$/i.test(pathOf(collector.code, call.positional[0])) ? true : null);
  if (!found) return;
  const want = {
    shape: "model-call",
    rank: "likely",
    role: "user",
    only: (text: string) => text.length >= 15 && text.trim().split(/\s+/).length >= 3,
  } as const;
  for (const part of call.positional.slice(0, 2)) {
    const at = unwrapped(part);
    if (!isText(at) && at.type !== "binary_expression" && at.type !== "binary_operator") continue;
    collector.value(at, { ...want, only: (text) => want.only(text) && readsAsPrompt(`please ${text} now then`) });
    // A second text is the user's, beside the system's.
    if (!/_?(llm|gpt\d?|claude|gemini|ai|model)$/i.test(call.path)) return;
  }
}

/** A prompt that lies on a server is told of, never fetched. @returns whether it was one */
function elsewhere(collector: Collector, call: Call, pulls: Pull[]): boolean {
  if (!/(^|\.)hub\.pull$|^pull$|(^|\.)(pull_prompt|pullPrompt|_pull_prompt|pullPromptCommit)$/.test(call.path)) return false;
  const name = plainString(collector.code, call.positional[0]);
  if (name === undefined || (call.path === "pull" && !/^[\w-]+\/[\w-]+/.test(name))) return false;
  pulls.push({ branch: call.branch, name });
  return true;
}

/** A prompt that is fetched when the program runs. */
export interface Pull {
  readonly branch: Branch;
  readonly name: string;
}

export function pullNotice(source: string, { branch, name }: Pull): Notice {
  const { row, column } = pointAt(source, branch.start);
  const message = `The prompt ${name} is fetched by name when the program runs; it does not stand in this file, so it is not read.`;
  return { code: "prompts/elsewhere", message, where: { line: row, column } };
}
