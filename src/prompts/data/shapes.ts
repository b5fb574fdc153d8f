import type { PromptRank, PromptRole } from "../../protocol/index.js";
import { isForScreen, MESSAGE_ROLES, roleOf } from "../roles.js";
import type { DataCollector } from "./collector.js";
import { type DataMap, type DataNode, textAt, valueAt } from "./node.js";

/** A message to a model, and not one on a screen. */
export function isMessage(node: DataNode): node is DataMap {
  if (node.kind !== "map") return false;
  const role = textAt(node, "role")?.value.toLowerCase();
  return (
    role !== undefined &&
    MESSAGE_ROLES.has(role) &&
    valueAt(node, "content") !== undefined &&
    !isForScreen(node.entries.map(({ key }) => key).filter((key) => key !== "role" && key !== "content"))
  );
}

/** Messages, requests, rows and the formats that have a mark of their own: LangChain's, CrewAI's, Semantic Kernel's. */
export function readShapes(map: DataMap, into: DataCollector): void {
  readMessages(map, into);
  const system = valueAt(map, "system");
  if (system && valueAt(map, "model")) into.value(system, { shape: "http-body", rank: "certain", role: "system", name: "system" });
  if (valueAt(map, "model"))
    for (const [key, role] of [
      ["prompt", "user"],
      ["instructions", "system"],
      ["input", "user"],
    ] as const) {
      const value = valueAt(map, key);
      if (value && (key !== "input" || valueAt(map, "instructions"))) into.value(value, { shape: "http-body", rank: "certain", role, name: key });
    }
  const contents = valueAt(map, "contents");
  if (contents?.kind === "list" && contents.items.some((item) => item.kind === "map" && valueAt(item, "parts")))
    into.value(contents, { shape: "google-contents", rank: "certain", role: "user", name: "contents" });
  for (const key of ["systemInstruction", "system_instruction"]) {
    const value = valueAt(map, key);
    if (value) into.value(value, { shape: "google-system", rank: "certain", role: "system", name: key });
  }
  const step = valueAt(map, "uses") && valueAt(map, "with");
  if (step?.kind === "map")
    for (const [key, role] of [
      ["prompt", "user"],
      ["direct_prompt", "user"],
      ["system-prompt", "system"],
      ["system_prompt", "system"],
      ["custom_instructions", "system"],
    ] as const)
      into.field(step, key, { shape: "workflow-step", rank: "certain", role, name: key, only: (text) => text.trim().includes(" ") });
  readFormats(map, into);
}

function readMessages(map: DataMap, into: DataCollector): void {
  for (const { key, value } of map.entries) {
    if (value.kind !== "list") continue;
    const named = key === "messages" || key === "prompt" || key === "chosen" || key === "rejected";
    if (value.items.some(isMessage))
      for (const item of value.items) if (isMessage(item)) into.message(item, named ? "http-body" : "message-list", named ? "certain" : "likely");
    if (/^conversations?$/.test(key))
      for (const item of value.items) {
        const role = item.kind === "map" ? roleOf(textAt(item, "from")?.value) : undefined;
        if (item.kind === "map" && role) into.field(item, "value", { shape: "chat-rows", rank: "certain", role });
      }
  }
}

function fields(map: DataMap, into: DataCollector, shape: string, role: PromptRole, keys: readonly string[], rank: PromptRank = "certain"): void {
  for (const key of keys) into.field(map, key, { shape, rank, role, name: key });
}

function readFormats(map: DataMap, into: DataCollector): void {
  const type = textAt(map, "_type")?.value;
  if (type && /prompt|few_shot/.test(type)) fields(map, into, "langchain-file", "user", ["template", "prefix", "suffix", "system"]);
  const kwargs = valueAt(map, "kwargs");
  if (valueAt(map, "lc") && kwargs?.kind === "map") fields(kwargs, into, "langchain-file", "user", ["template", "content"]);
  if (["role", "goal", "backstory"].filter((key) => textAt(map, key)).length >= 2) fields(map, into, "crewai-agent", "system", ["role", "goal", "backstory"]);
  if (textAt(map, "description") && textAt(map, "expected_output")) fields(map, into, "crewai-task", "user", ["description", "expected_output"]);
  if (textAt(map, "template") && (valueAt(map, "template_format") || valueAt(map, "input_variables") || valueAt(map, "execution_settings")))
    fields(map, into, "semantic-kernel", "user", ["template"]);
  const schema = valueAt(map, "parameters", "input_schema", "inputSchema");
  if (textAt(map, "name") && schema?.kind === "map" && (textAt(schema, "type")?.value === "object" || valueAt(schema, "properties")))
    into.field(map, "description", {
      shape: "tool-description",
      rank: "certain",
      role: "other",
      name: "description",
      only: (text) => text.trim().includes(" "),
    });
  // Rows to train or to rank with.
  const row = (a: string, b: string) => valueAt(map, a) !== undefined && valueAt(map, b) !== undefined;
  if (row("prompt", "completion") || row("prompt", "response") || row("chosen", "rejected")) {
    fields(map, into, "chat-rows", "user", ["prompt"]);
    fields(map, into, "chat-rows", "assistant", ["completion", "response", "chosen", "rejected"]);
  } else if (row("instruction", "output")) {
    fields(map, into, "chat-rows", "user", ["instruction", "input"]);
    fields(map, into, "chat-rows", "assistant", ["output"]);
  } else if (into.isRows && (textAt(map, "prompt") || textAt(map, "text"))) fields(map, into, "chat-rows", "user", ["prompt"]);
}
