import type { Config } from "./config.js";
import { unsupported } from "./errors.js";
import type { Value } from "./graph.js";
import { TYPES } from "./onnx.js";
import type { RuntimeTensor } from "./runtime.js";

/** Rows of one run, right-padded to `length` tokens. */
export interface Rows {
  readonly ids: readonly (readonly number[])[];
  readonly length: number;
}

type Feed = (rows: Rows) => RuntimeTensor;

/** How to feed a graph. */
export interface Feeds {
  readonly feeds: ReadonlyMap<string, Feed>;
  /** Tokens that every row must have, when the export has a fixed shape. */
  readonly fixedLength?: number;
  /** Rows that every run must have. */
  readonly fixedRows?: number;
}

const IMAGES = /pixel_values|pixel_mask|^images?$/;

/**
 * Decides for each input of the tapped graph what it is fed.
 * @throws Problem `model/unsupported` that names every input that cannot be fed
 */
export function planInputs(file: string, inputs: readonly Value[], config: Config): Feeds {
  const feeds = new Map<string, Feed>();
  const unknown: string[] = [];
  const ids = inputs.find((input) => /^(input_ids|encoder_input_ids|decoder_input_ids|tokens|ids|input)$/.test(input.name)) ?? onlyTokens(inputs);
  for (const input of inputs) {
    const feed = input === ids ? tokens(input) : feedOf(input, config);
    if (feed) feeds.set(input.name, feed);
    else unknown.push(input.name);
  }
  if (unknown.some((name) => IMAGES.test(name)))
    throw unsupported(
      file,
      `${file} reads images (${unknown.join(", ")}); Layerscope feeds text so far.`,
      "Its layers can be listed (taps), but not run on a dataset of texts.",
    );
  if (unknown.includes("inputs_embeds"))
    throw unsupported(
      file,
      `${file} wants embeddings (inputs_embeds), not token ids.`,
      "Export the model with its embedding table inside, so that it reads input_ids.",
    );
  if (unknown.length > 0)
    throw unsupported(
      file,
      `${file} has inputs that Layerscope cannot feed: ${unknown.join(", ")}.`,
      "Export the model for feature extraction, with input_ids and attention_mask only.",
    );
  if (!ids)
    throw unsupported(
      file,
      `${file} has no input for token ids (its inputs: ${inputs.map((i) => i.name).join(", ") || "none"}).`,
      "Export the model with an input named input_ids.",
    );
  const [rows, length] = ids.dims ?? [];
  return {
    feeds,
    fixedRows: typeof rows === "number" && rows > 0 ? rows : undefined,
    fixedLength: typeof length === "number" && length > 0 ? length : undefined,
  };
}

/** An export that names its input freely (`input.1`) still has exactly one that can be token ids. */
function onlyTokens(inputs: readonly Value[]): Value | undefined {
  const able = inputs.filter(
    (input) => (input.type === 7 || input.type === 6) && (input.dims?.length ?? 2) === 2 && !/mask|position|type|past|cache/.test(input.name),
  );
  return able.length === 1 ? able[0] : undefined;
}

/** [B, S] of integers from one value a token. */
function tokens(input: Value): Feed {
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

function feedOf(input: Value, config: Config): Feed | undefined {
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
  if (/attention_mask$/.test(name) || name === "mask") return rank === undefined || rank === 2 ? byToken(input, () => 1) : undefined;
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
  if (/^(past|cache|(present_)?(conv|ssm|recurrent)_?(states?|cache))|past_(key|value)/.test(name) && rank !== undefined) return emptyPast(input, config);
  return undefined;
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

/** Numbers as a tensor of the input's type. */
function typed(input: Value, dims: readonly (number | string)[], values?: Float64Array, fill = 0): RuntimeTensor {
  const shape = dims.map((dim) => (typeof dim === "number" ? dim : 1));
  const size = shape.reduce((n, dim) => n * dim, 1);
  const at = (i: number) => values?.[i] ?? fill;
  const make = <T>(array: T & { [i: number]: number }) => {
    if (values || fill !== 0) for (let i = 0; i < size; i++) array[i] = at(i);
    return array;
  };
  switch (TYPES.get(input.type)?.name) {
    case "int64":
      return { type: "int64", dims: shape, data: values ? BigInt64Array.from(values, BigInt) : new BigInt64Array(size).fill(BigInt(fill)) };
    case "int32":
      return { type: "int32", dims: shape, data: make(new Int32Array(size)) };
    case "bool":
      return { type: "bool", dims: shape, data: make(new Uint8Array(size)) };
    case "uint8":
      return { type: "uint8", dims: shape, data: make(new Uint8Array(size)) };
    case "float64":
      return { type: "float64", dims: shape, data: make(new Float64Array(size)) };
    case "float16": {
      // Only zeros and ones are ever fed: 1.0 is 0x3c00.
      const half = new Uint16Array(size);
      for (let i = 0; i < size; i++) half[i] = at(i) === 0 ? 0 : 0x3c00;
      return { type: "float16", dims: shape, data: half };
    }
    default:
      return { type: "float32", dims: shape, data: make(new Float32Array(size)) };
  }
}
