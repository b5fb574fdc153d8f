import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { rawText } from "../../errors.js";
import { badTemplate } from "./errors.js";

/** A model's chat template as its files have it. */
export interface ChatTemplate {
  readonly source: string;
  /** The file it was found in. */
  readonly file: string;
  /** Of `source`. */
  readonly sha256: string;
  /** `bos_token`, `eos_token` and the like: what transformers passes to the template. */
  readonly tokens: Readonly<Record<string, string>>;
}

/** The largest in use (tools, vision, reasoning) have 15 kB. CWE-770 */
const MAX_TEMPLATE_BYTES = 256 * 1024;
/** tokenizer_config.json with its added tokens; 10 MB is huggingface.js' limit for such files. */
const MAX_CONFIG_BYTES = 10 * 1024 * 1024;
const TOKENS = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"] as const;

type Json = Record<string, unknown>;

/**
 * The chat template of a model folder, in the order of transformers: chat_template.jinja, then tokenizer_config.json (a text, or
 * a list of named ones, of which `default` counts), then chat_template.json of processors. undefined when there is none.
 * @throws Problem `template/bad`
 */
export async function findTemplate(folder: string): Promise<ChatTemplate | undefined> {
  const config = (await readJson(join(folder, "tokenizer_config.json"))) ?? {};
  const found =
    (await fromFile(join(folder, "chat_template.jinja"))) ??
    fromConfig(config, join(folder, "tokenizer_config.json")) ??
    fromConfig((await readJson(join(folder, "chat_template.json"))) ?? {}, join(folder, "chat_template.json"));
  if (!found) return undefined;
  if (Buffer.byteLength(found.source) > MAX_TEMPLATE_BYTES) throw badTemplate(found.file, `it has more than ${MAX_TEMPLATE_BYTES / 1024} kB`);
  const map = (await readJson(join(folder, "special_tokens_map.json"))) ?? {};
  const tokens = TOKENS.flatMap((name) => {
    const content = contentOf(config[name]) ?? contentOf(map[name]);
    return content === undefined ? [] : [[name, content] as const];
  });
  return { ...found, sha256: createHash("sha256").update(found.source).digest("hex"), tokens: Object.fromEntries(tokens) };
}

interface Found {
  readonly source: string;
  readonly file: string;
}

async function fromFile(file: string): Promise<Found | undefined> {
  const source = await readText(file, MAX_TEMPLATE_BYTES);
  return source === undefined ? undefined : { source, file };
}

function fromConfig(config: Json, file: string): Found | undefined {
  const value = config["chat_template"];
  if (typeof value === "string") return value.trim() === "" ? undefined : { source: value, file };
  const entries: [string, string][] = Array.isArray(value)
    ? value.flatMap((one: unknown): [string, string][] => {
        const { name, template } = (typeof one === "object" && one !== null ? one : {}) as Json;
        return typeof name === "string" && typeof template === "string" ? [[name, template]] : [];
      })
    : typeof value === "object" && value !== null
      ? Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string")
      : [];
  const named = new Map(entries);
  // Templates for tools or for retrieval are not for a plain conversation.
  const source = named.get("default") ?? entries.find(([name]) => !/tool|rag/.test(name))?.[1];
  return source === undefined ? undefined : { source, file };
}

/** A token is written as text, or as an object with its content. */
function contentOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  const content = typeof value === "object" && value !== null ? (value as Json)["content"] : undefined;
  return typeof content === "string" ? content : undefined;
}

async function readJson(file: string): Promise<Json | undefined> {
  const text = await readText(file, MAX_CONFIG_BYTES);
  if (text === undefined) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw badTemplate(file, "the file is not valid JSON", rawText(error));
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw badTemplate(file, "the file is not a JSON object");
  return json as Json;
}

async function readText(file: string, most: number): Promise<string | undefined> {
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) return undefined;
  if (found.size > most) throw badTemplate(file, `${basename(file)} has ${found.size} bytes, more than the ${most} that are allowed`);
  return readFile(file, "utf8");
}
