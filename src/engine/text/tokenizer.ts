import { readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import vm from "node:vm";
import { Tokenizer as HfTokenizer } from "@huggingface/tokenizers";
import { rawText, throwIfAborted } from "../errors.js";
import type { ImageFault } from "../image/errors.js";
import { badTokenizer } from "./errors.js";
import { CHARACTERS_PER_TOKEN, MAX_TOKENIZER_BYTES, TOKENIZE_BUDGET_MS, TOKENIZE_CHUNK } from "./limits.js";
import { type Encode, encodePart, specialPrefix } from "./part.js";
import { FEW, Recent } from "./recent.js";
import type { Shown } from "./shown.js";
import { tokenBytes } from "./token-bytes.js";

export interface Encoded {
  /** Token ids with the model's special tokens; empty when the row could not be tokenised. */
  readonly ids: readonly number[];
  readonly truncated: boolean;
  /** The tokens [from, to) that are pooled; absent: all. */
  readonly span?: readonly [number, number];
  /** Why a row has no tokens. */
  readonly problem?: "too-slow" | "no-tokens" | "refused" | ImageFault;
  /** Pixels as the graph takes them; `ids` then only count its tokens, of which `prefix` lead the patches. */
  readonly image?: Float32Array;
  readonly prefix?: number;
}

export interface Tokenizer {
  /**
   * Ids as transformers gives them by default (special tokens added), cut to `maxTokens` as its truncation does: the text's
   * end goes, the special tokens stay. A row that takes longer than the budget is given up, the others go on.
   */
  encode(texts: readonly string[], maxTokens: number, signal?: AbortSignal): Promise<Encoded[]>;
  /** The same for rows of which only a part is pooled, or whose text has its special tokens already. */
  encodeShown(rows: readonly Shown[], maxTokens: number, signal?: AbortSignal): Promise<Encoded[]>;
  /** What a token says of the text, in UTF-8: none for the unknown token, undefined for special ones. Absent: there are no words. */
  bytesOf?(id: number): Uint8Array | undefined;
}

type Json = Record<string, unknown>;

export async function openTokenizer(path: string): Promise<Tokenizer> {
  const json = await readJson(path, true);
  const config = (await readJson(join(dirname(path), "tokenizer_config.json"), false)) ?? {};
  const unknown = unknownId(json as Json);
  let tokenizer: HfTokenizer;
  try {
    tokenizer = new HfTokenizer(json as object, config);
    encodeGuarded(() => tokenizer.encode("a"));
  } catch (error) {
    throw badTokenizer(path, "its parts are missing or of an unknown kind", rawText(error));
  }
  // The library leaves a hole where a word-level vocabulary does not know a word; transformers gives the unknown token.
  const encode: Encode = (text, special) =>
    tokenizer.encode(text, { add_special_tokens: special }).ids.flatMap((id) => (Number.isInteger(id) ? [id] : unknown));
  const special = specialIds(json as Json);
  const recent = new Recent();
  const chunks = async <T>(rows: readonly T[], one: (row: T) => Encoded, plain: (row: T) => string | undefined, most: number, signal?: AbortSignal) => {
    const all: Encoded[] = [];
    for (let start = 0; start < rows.length; start += TOKENIZE_CHUNK) {
      throwIfAborted(signal);
      const chunk = rows.slice(start, start + TOKENIZE_CHUNK);
      const known = rows.length > FEW ? undefined : recent.all(chunk.map(plain), most);
      const together = known ?? encodeGuarded(() => chunk.map(one));
      if (rows.length <= FEW && together) recent.keep(chunk.map(plain), together);
      all.push(...(together ?? chunk.map((row) => encodeGuarded(() => one(row)) ?? TOO_SLOW)));
      await new Promise((resolve) => setImmediate(resolve));
    }
    return all;
  };
  return {
    bytesOf: tokenBytes(json as Json, (id) => tokenizer.id_to_token(id)),
    encode: (texts, maxTokens, signal) =>
      chunks(
        texts,
        (text) => encodeOne(encode, text, maxTokens),
        (text) => text,
        maxTokens,
        signal,
      ),
    encodeShown: (rows, maxTokens, signal) =>
      chunks(
        rows,
        (row) => (isPlain(row) ? encodeOne(encode, row.text, maxTokens) : encodePart(encode, special, row, maxTokens)),
        (row) => (isPlain(row) ? row.text : undefined),
        maxTokens,
        signal,
      ),
  };
}

/** With the special tokens that the tokenizer adds, and pooled as a whole. */
const isPlain = ({ special, pooled }: Shown): boolean => special && !pooled;

const TOO_SLOW: Encoded = { ids: [], truncated: false, problem: "too-slow" };

function specialIds(json: Json): ReadonlySet<number> {
  const added = Array.isArray(json.added_tokens) ? (json.added_tokens as unknown[]) : [];
  return new Set(
    added.flatMap((token) => {
      const { id, special } = (typeof token === "object" && token !== null ? token : {}) as Json;
      return typeof id === "number" && special === true ? [id] : [];
    }),
  );
}

function unknownId(json: Json): number[] {
  const model = json.model as { unk_token?: unknown; vocab?: Record<string, unknown> } | undefined;
  const id = typeof model?.unk_token === "string" && model.vocab && Object.hasOwn(model.vocab, model.unk_token) ? model.vocab[model.unk_token] : undefined;
  return typeof id === "number" ? [id] : [];
}

function encodeOne(encode: Encode, text: string, maxTokens: number): Encoded {
  const limit = maxTokens * CHARACTERS_PER_TOKEN;
  // Lone surrogates have no UTF-8 form; they become U+FFFD, as in every other tokenizer.
  const seen = (text.length > limit ? text.slice(0, limit) : text).toWellFormed();
  const ids = encode(seen, true);
  if (ids.length === 0) return { ids, truncated: false, problem: "no-tokens" };
  if (ids.length <= maxTokens) return { ids, truncated: seen.length < text.length };
  const inner = encode(seen, false);
  const before = specialPrefix(ids, inner);
  const after = ids.length - inner.length - before;
  if (after < 0) return { ids: ids.slice(0, maxTokens), truncated: true };
  const kept = Math.max(0, maxTokens - before - after);
  return { ids: [...ids.slice(0, before), ...inner.slice(0, kept), ...ids.slice(ids.length - after)], truncated: true };
}

const RUN = new vm.Script("globalThis.__layerscopeEncode()");

/** Runs under V8's watchdog, the only way to stop a regular expression. undefined = the budget is used up. */
function encodeGuarded<T>(work: () => T): T | undefined {
  const globals = globalThis as typeof globalThis & { __layerscopeEncode?: () => T };
  globals.__layerscopeEncode = work;
  try {
    return RUN.runInThisContext({ timeout: TOKENIZE_BUDGET_MS }) as T;
  } catch (error) {
    if ((error as { code?: string }).code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return undefined;
    throw error;
  } finally {
    globals.__layerscopeEncode = undefined;
  }
}

async function readJson(path: string, required: boolean): Promise<Json | undefined> {
  const stats = await stat(path).catch(() => undefined);
  if (!stats) {
    if (!required) return undefined;
    throw badTokenizer(path, "it is not there");
  }
  // Reading a pipe would wait for ever.
  if (!stats.isFile()) throw badTokenizer(path, "it is no regular file");
  const bytes = stats.size;
  if (bytes > MAX_TOKENIZER_BYTES) throw badTokenizer(path, `it has ${bytes} bytes, more than the ${MAX_TOKENIZER_BYTES} that are allowed`);
  try {
    const json: unknown = JSON.parse(await readFile(path, "utf8"));
    if (typeof json === "object" && json !== null && !Array.isArray(json)) return json as Json;
  } catch (error) {
    throw badTokenizer(path, "it is not valid JSON", rawText(error));
  }
  throw badTokenizer(path, "it is not a JSON object");
}
