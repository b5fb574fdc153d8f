import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { problem } from "../errors.js";
import { LIMITS } from "./limits.js";

/** What config.json, tokenizer_config.json and genai_config.json tell; every field a label or a default, never a fact about the graph. */
export interface Config {
  /** Last part of `_name_or_path`; a fine-tune often names its base there, so a folder's own name goes first. */
  readonly title?: string;
  readonly architecture?: string;
  readonly blocks?: number;
  readonly hiddenSize?: number;
  readonly heads?: number;
  readonly headSize?: number;
  readonly maxTokens?: number;
  readonly isDecoder?: boolean;
  readonly isEncoderDecoder?: boolean;
  readonly classes: readonly string[];
  /** The token that a decoder beside an encoder begins with. */
  readonly decoderStart?: number;
  /** Of the images a vision encoder was made for. */
  readonly imageSize?: { readonly height: number; readonly width: number };
}

/** @throws Problem `model/bad-config` for a file that is no JSON object */
export function readConfig(folder: string): Config {
  const config = readJson(join(folder, "config.json")) ?? {};
  // Multimodal models keep the language model's part inside.
  const text = object(config["text_config"]) ?? {};
  const genai = object(object(readJson(join(folder, "genai_config.json"))?.["model"])?.["decoder"]) ?? {};
  const tokenizer = readJson(join(folder, "tokenizer_config.json")) ?? {};
  const number = (...names: string[]): number | undefined => {
    for (const source of [config, text, genai])
      for (const name of names) {
        const value = source[name];
        if (typeof value === "number" && Number.isSafeInteger(value) && value > 0) return value;
      }
    return undefined;
  };
  const hiddenSize = number("hidden_size", "n_embd", "d_model", "dim");
  const heads = number("num_attention_heads", "n_head", "n_heads", "num_heads");
  const limits = [number("max_position_embeddings", "n_positions", "max_sequence_length"), tokenizer["model_max_length"]];
  const architectures = Array.isArray(config["architectures"]) ? config["architectures"].filter((name) => typeof name === "string") : [];
  return {
    title: titleOf(config["_name_or_path"]),
    architecture: typeof config["model_type"] === "string" ? config["model_type"] : undefined,
    blocks: number("num_hidden_layers", "n_layer", "n_layers", "num_layers"),
    hiddenSize,
    heads,
    headSize: number("head_size", "head_dim") ?? (hiddenSize && heads ? Math.floor(hiddenSize / heads) : undefined),
    // Tokenizers without a limit write 1e30.
    maxTokens: limits.reduce<number | undefined>(
      (least, value) => (typeof value === "number" && value > 0 && value < 1e7 ? Math.min(value, least ?? value) : least),
      undefined,
    ),
    isDecoder: typeof config["is_decoder"] === "boolean" ? config["is_decoder"] : undefined,
    isEncoderDecoder: config["is_encoder_decoder"] === true,
    classes: architectures,
    decoderStart: Number.isSafeInteger(config["decoder_start_token_id"]) ? (config["decoder_start_token_id"] as number) : undefined,
    imageSize: boxOf(config["image_size"] ?? object(config["vision_config"])?.["image_size"]),
  };
}

function boxOf(value: unknown): { height: number; width: number } | undefined {
  const [height, width] = Array.isArray(value) ? value : [value, value];
  const fits = (side: unknown): side is number => Number.isSafeInteger(side) && (side as number) > 0 && (side as number) <= 4096;
  return fits(height) && fits(width) ? { height, width } : undefined;
}

const titleOf = (value: unknown): string | undefined => (typeof value === "string" ? value.split(/[\\/]/).filter(Boolean).pop()?.slice(0, 100) : undefined);

const object = (value: unknown): Record<string, unknown> | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;

function readJson(path: string): Record<string, unknown> | undefined {
  let content: string;
  try {
    const stats = statSync(path);
    // Reading a pipe would wait for ever.
    if (!stats.isFile())
      throw problem("model/bad-config", `${path} is no regular file.`, { hint: "Download the model's folder again, or remove it.", where: { file: path } });
    if (stats.size > LIMITS.configBytes) throw problem("model/bad-config", `${path} is larger than ${LIMITS.configBytes} bytes.`, { where: { file: path } });
    content = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as { code?: unknown }).code === "ENOENT" || (error as { code?: unknown }).code === "ENOTDIR") return undefined;
    throw error;
  }
  try {
    const value = object(JSON.parse(content));
    if (value) return value;
  } catch {
    // Said below, without the parser's quotation of the file.
  }
  throw problem("model/bad-config", `${path} is not a JSON object.`, { hint: "Download the model's folder again, or remove the file.", where: { file: path } });
}
