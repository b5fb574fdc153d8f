import type { Config } from "./config.js";
import type { Value } from "./graph.js";
import { TYPES } from "./onnx.js";
import type { RuntimeTensor } from "./runtime.js";
import { typed } from "./typed.js";

/** Rows of one run, right-padded to `length` tokens. */
export interface Rows {
  readonly ids: readonly (readonly number[])[];
  readonly length: number;
  /** Pixels of each row, for a graph that reads images. */
  readonly images?: readonly Float32Array[];
}

export type Feed = (rows: Rows) => RuntimeTensor;

/** Keys and values of an encoder's states (`past_key_values.0.encoder.key`): without them a decoder's cross-attention would see nothing. */
export const CROSS_CACHE = /^(past|cache).*[._](encoder|cross)([._]|$)|^cross_.*(past|cache)/;

/** What attention masks of three and four axes hide tokens with. */
const HIDDEN = -1e9;

/** [B, S] of integers from one value a token. */
export function tokens(input: Value): Feed {
  return byToken(input, (row, t) => row[t] ?? 0);
}

function byToken(input: Value, value: (row: readonly number[], t: number) => number, real: (row: readonly number[]) => number = (row) => row.length): Feed {
  return ({ ids, length }) => {
    const all = new Float64Array(ids.length * length);
    ids.forEach((row, b) => {
      const end = Math.min(length, Math.max(real(row), 0));
      for (let t = 0; t < end; t++) all[b * length + t] = value(row, t);
    });
    return typed(input, [ids.length, length], all);
  };
}

/** What an input of a text graph is fed, by its name; undefined = not known. */
export function feedOf(input: Value, config: Config): Feed | undefined {
  const { name, type, dims } = input;
  if (!TYPES.has(type)) return undefined;
  const rank = dims?.length;
  const constant =
    (value: number): Feed =>
    ({ ids }) =>
      typed(
        input,
        (dims ?? []).map((dim) => (typeof dim === "number" ? dim : ids.length)),
        undefined,
        value,
      );
  // No token sees all others unless it is asked for (Longformer's own default).
  if (/global_attention_mask$/.test(name)) return byToken(input, () => 0);
  if (/(attention|input)_mask$/.test(name) || name === "mask") return maskOf(input, config);
  // torch's own name, with true on padding; as numbers its meaning differs from model to model.
  if (/(^|_)key_padding_mask$/.test(name) && TYPES.get(type)?.name === "bool")
    return ({ ids, length }) =>
      typed(
        input,
        [ids.length, length],
        Float64Array.from({ length: ids.length * length }, (_, i) => Number(i % length >= ids[Math.floor(i / length)]!.length)),
      );
  if (/position_ids$/.test(name)) {
    // Three or more axes of positions (multimodal rotary embeddings): the same for text.
    if (rank === 3 && typeof dims![0] === "number") return repeated(input, dims![0], (t) => t);
    return byToken(
      input,
      (row, t) => Math.min(t, row.length - 1),
      () => Number.POSITIVE_INFINITY,
    );
  }
  if (/(token_type_ids|segment_ids)$/.test(name)) return byToken(input, () => 0);
  if (name === "decoder_input_ids") return shifted(input, config);
  // Boxes of words on a page: without a page all zeros, as transformers has it.
  if (name === "bbox" && rank === 3) return ({ ids, length }) => typed(input, [ids.length, length, typeof dims![2] === "number" ? dims![2] : 4]);
  if (/head_mask$/.test(name) && dims?.every((dim) => typeof dim === "number")) return constant(1);
  if (/^cache_position$/.test(name))
    return ({ length }) =>
      typed(
        input,
        [length],
        Float64Array.from({ length }, (_, t) => t),
      );
  if (/^use_cache_branch$/.test(name)) return () => typed(input, [1], undefined, 0);
  if (/logits_to_keep$/.test(name)) return constant(1);
  if (/^seqlens_k$/.test(name)) return ({ ids, length }) => typed(input, [ids.length], undefined, length - 1);
  if (/^(total_sequence_length|total_seq_len)$/.test(name)) return ({ length }) => typed(input, dims ?? [], undefined, length);
  if (/^(past_sequence_length|past_seq_len)$/.test(name)) return constant(0);
  if (CROSS_CACHE.test(name)) return undefined;
  if (/^(past|cache|(present_)?(conv|ssm|recurrent)_?(states?|cache))|past_(key|value)/.test(name) && rank !== undefined) return emptyPast(input, config);
  return undefined;
}

/**
 * [B, S]: 1 for tokens, 0 for padding. [B, 1, 1 or S, S] and [B, 1 or S, S]: what each token may see; as numbers to be added where the mask is
 * of floats, 0 and -1e9. Such a mask is the whole of it, so a decoder's hides what comes later, too.
 */
function maskOf(input: Value, config: Config): Feed | undefined {
  const { dims, type } = input;
  if (dims === undefined || dims.length === 2) return byToken(input, () => 1);
  if (dims.length !== 3 && dims.length !== 4) return undefined;
  const inner = dims.slice(1, -1);
  const queries = inner.at(-1);
  const heads = inner.length === 2 ? inner[0] : 1;
  const float = /^float/.test(TYPES.get(type)?.name ?? "");
  const causal = queries !== 1 && (config.isDecoder === true || config.classes.some((name) => /CausalLM|LMHead/.test(name)));
  return ({ ids, length }) => {
    const [h, q] = [typeof heads === "number" ? heads : 1, queries === 1 ? 1 : length];
    const all = new Float64Array(ids.length * h * q * length);
    let at = 0;
    for (const row of ids)
      for (let i = 0; i < h * q; i++)
        for (let t = 0; t < length; t++) {
          const seen = t < row.length && (!causal || t <= i % q);
          all[at++] = float ? (seen ? 0 : HIDDEN) : Number(seen);
        }
    return typed(input, [ids.length, ...(dims.length === 4 ? [h] : []), q, length], all);
  };
}

/** What a decoder beside an encoder reads: the row's own tokens, each moved one place on behind the start token (T5's and BART's training input). */
function shifted(input: Value, config: Config): Feed {
  return byToken(input, (row, t) => (t === 0 ? (config.decoderStart ?? row[0] ?? 0) : row[t - 1]!));
}

function repeated(input: Value, times: number, value: (t: number) => number): Feed {
  return ({ ids, length }) => {
    const all = Float64Array.from({ length: times * ids.length * length }, (_, i) => value(i % length));
    return typed(input, [times, ids.length, length], all);
  };
}

/**
 * Keys and values of no earlier tokens: [batch, heads, 0, head size]. The axis of the past is the symbolic one after the
 * batch; further symbolic axes are sizes that only the config knows (`kv_cache_dim`). States of fixed size are zeros.
 */
function emptyPast(input: Value, config: Config): Feed | undefined {
  const dims = input.dims!;
  const symbolic = dims.flatMap((dim, axis) => (typeof dim === "string" && axis > 0 ? [axis] : []));
  const past = symbolic.find((axis) => /past|seq|cache_len|length/.test(String(dims[axis]))) ?? symbolic[0];
  const batch = typeof dims[0] === "string" ? 0 : -1;
  const sizes = dims.map((dim, axis) => (typeof dim === "number" ? dim : axis === past ? 0 : axis === batch ? -1 : (config.headSize ?? 0)));
  // [2, batch, heads, past, size]: keys and values in one tensor.
  if (dims[0] === 2 && dims.length === 5 && typeof dims[1] === "string") {
    sizes[1] = -1;
    if (past === 1) sizes[symbolic.find((axis) => axis > 1) ?? 3] = 0;
  }
  // Beams and heads in one axis (`batch_size * num_heads`).
  const factor = /(\d+)/.exec(String(dims[0]))?.[1];
  return ({ ids }) => {
    const shape = sizes.map((size, axis) =>
      size >= 0 ? size : ids.length * (axis === 0 && /[*x]/.test(String(dims[0])) ? Number(factor ?? config.heads ?? 1) : 1),
    );
    return typed(input, shape, undefined, 0);
  };
}
