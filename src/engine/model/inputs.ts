import type { PixelShape } from "../image/pixels.js";
import type { Config } from "./config.js";
import { unsupported } from "./errors.js";
import { CROSS_CACHE, type Feed, feedOf, tokens } from "./feeds.js";
import type { Value } from "./graph.js";
import { TYPES } from "./onnx.js";
import { pixelInput } from "./pixels.js";
import { typed } from "./typed.js";

export type { Rows } from "./feeds.js";

/** How to feed a graph. */
export interface Feeds {
  readonly feeds: ReadonlyMap<string, Feed>;
  /** Tokens that every row must have, when the export has a fixed shape. */
  readonly fixedLength?: number;
  /** Rows that every run must have. */
  readonly fixedRows?: number;
  /** The input that takes token ids, in a graph that reads texts. */
  readonly ids?: string;
  /** The input that takes pixels, in a graph that reads images. */
  readonly pixels?: Value;
}

/**
 * Decides for each input of the tapped graph what it is fed.
 * @param shapeOf of the images, asked for only when the graph reads some
 * @throws Problem `model/unsupported` that names every input that cannot be fed
 */
export function planInputs(file: string, inputs: readonly Value[], config: Config, shapeOf?: (input: Value) => PixelShape): Feeds {
  const ids = idsOf(inputs);
  const pixels = pixelInput(inputs);
  if (pixels && ids)
    throw unsupported(
      file,
      `${file} reads texts and images together (${ids.name}, ${pixels.name}) in one stream.`,
      "Export its text part or its vision encoder alone, or choose a model of one kind of input.",
    );
  if (pixels && shapeOf) return imageFeeds(file, inputs, pixels, shapeOf(pixels));
  const feeds = new Map<string, Feed>();
  const unknown: Value[] = [];
  for (const input of inputs) {
    const feed = input === ids ? tokens(input) : feedOf(input, config);
    if (feed) feeds.set(input.name, feed);
    else unknown.push(input);
  }
  const more = unknown.filter(mayBeIds);
  const texts = ids ? [ids, ...more.filter(({ name }) => /ids|tokens|text|sentence|query|passage|document/.test(name))] : more;
  if (texts.length > 1)
    throw unsupported(
      file,
      `${file} reads several texts together in one stream (${texts.map(({ name }) => name).join(", ")}); a row is one.`,
      "Export the encoder of one text alone, or both as streams of their own: --tower then chooses one.",
    );
  if (unknown.length > 0) throw refusal(file, unknown);
  if (!ids)
    throw unsupported(
      file,
      `${file} has no input for token ids (its inputs: ${declared(inputs) || "none"}).`,
      "Export the model with an input named input_ids, or a vision encoder with pixel_values.",
    );
  const [rows, length] = ids.dims ?? [];
  return { feeds, ids: ids.name, fixedRows: positive(rows), fixedLength: positive(length) };
}

/** Floats and texts. */
const NO_IDS = new Set([1, 8, 10, 11, 16]);

/** Integers, one a token, that are no mask, position or cache by their name. */
const mayBeIds = ({ name, type, dims }: Value): boolean =>
  (type === 7 || type === 6) && (dims?.length ?? 2) === 2 && !/mask|position|type|past|cache/.test(name);

/** Token ids by name, an encoder's before a decoder's; a free name (`input.1`) where exactly one input can be ids. */
function idsOf(inputs: readonly Value[]): Value | undefined {
  for (const name of ["input_ids", "encoder_input_ids", "tokens", "ids", "input", "decoder_input_ids"]) {
    const found = inputs.find((input) => input.name === name && !NO_IDS.has(input.type));
    if (found) return found;
  }
  const able = inputs.filter(mayBeIds);
  return able.length === 1 ? able[0] : undefined;
}

/** Pixels as they are; the few inputs that vision encoders have beside them in their neutral state. */
function imageFeeds(file: string, inputs: readonly Value[], pixels: Value, { channels, height, width, last }: PixelShape): Feeds {
  const feeds = new Map<string, Feed>();
  const unknown: Value[] = [];
  for (const input of inputs) {
    const { name } = input;
    if (input === pixels)
      feeds.set(name, ({ images }) => typed(input, [images!.length, ...(last ? [height, width, channels] : [channels, height, width])], stacked(images!)));
    else if (/pixel(_attention)?_mask$/.test(name)) feeds.set(name, ({ ids }) => typed(input, [ids.length, height, width], undefined, 1));
    else if (name === "interpolate_pos_encoding") feeds.set(name, () => typed(input, input.dims ?? [], undefined, 0));
    // No patch is masked; how many patches there are, the tokens tell only when the class token is counted off, so a stated size is needed.
    else if (name === "bool_masked_pos" && typeof input.dims?.[1] === "number")
      feeds.set(name, ({ ids }) => typed(input, [ids.length, input.dims![1] as number], undefined, 0));
    else unknown.push(input);
  }
  if (unknown.length > 0) throw refusal(file, unknown);
  return { feeds, pixels, fixedRows: positive(pixels.dims?.[0]) };
}

function stacked(images: readonly Float32Array[]): Float32Array {
  const size = images[0]?.length ?? 0;
  const all = new Float32Array(images.length * size);
  images.forEach((image, b) => {
    all.set(image, b * size);
  });
  return all;
}

/** Inputs of a known kind that is not fed: what the file then is, and what to do. */
const KINDS: readonly (readonly [RegExp, string, string])[] = [
  [
    /^(encoder_hidden_states|encoder_outputs|encoder_last_hidden_state)$/,
    "is a decoder that reads an encoder's states",
    "Choose the encoder's own file (encoder_model.onnx), or an export of both in one graph.",
  ],
  [
    CROSS_CACHE,
    "is a decoder that goes on from what an earlier run kept of an encoder's states",
    "Choose the encoder's own file (encoder_model.onnx), or an export of both in one graph.",
  ],
  [/inputs_embeds$/, "wants embeddings, not token ids", "Export the model with its embedding table inside, so that it reads input_ids."],
  [/input_features|input_values|audio|waveform|spectrogram/, "reads audio", "Layerscope feeds texts and images; its layers can be listed (taps)."],
  [/pixel|image/, "reads images in a shape that is not fed", "Export a vision encoder whose pixel_values are [batch, channels, height, width]."],
];

/** Names every input that cannot be fed, with what the graph declares it to be. */
function refusal(file: string, unknown: readonly Value[]) {
  const kind = KINDS.find(([pattern]) => unknown.some(({ name }) => pattern.test(name)));
  if (!kind)
    return unsupported(
      file,
      `${file} has inputs that Layerscope cannot feed: ${declared(unknown)}.`,
      "Export the model for feature extraction, with input_ids and attention_mask only.",
    );
  return unsupported(file, `${file} ${kind[1]}; Layerscope cannot feed: ${declared(unknown)}.`, kind[2]);
}

/** `bbox (int64 [batch, sequence, 4])`, for each. */
const declared = (inputs: readonly Value[]): string =>
  inputs
    .map(({ name, type, dims }) => `${name} (${TYPES.get(type)?.name ?? "no tensor"}${dims ? ` [${dims.map((d) => d || "?").join(", ")}]` : ""})`)
    .join(", ");

const positive = (dim: number | string | undefined): number | undefined => (typeof dim === "number" && dim > 0 ? dim : undefined);
