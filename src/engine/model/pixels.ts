import { badProcessor, sizesDiffer } from "../image/errors.js";
import { type PixelShape, sizeAfter } from "../image/pixels.js";
import { type Processing, readProcessing } from "../image/processor.js";
import type { Config } from "./config.js";
import type { Value } from "./graph.js";
import type { Links } from "./links.js";

/** What a model with pixel inputs takes. */
export interface ImageInput {
  readonly shape: PixelShape;
  readonly processing: Processing;
  /** Tokens of one image, and how many of them lead the patches (class, distillation, registers). */
  readonly tokens: number;
  readonly prefix: number;
}

/** Types that pixels are fed as: float32, float16, float64. */
const FLOATS = new Set([1, 10, 11]);
const NAMED = /pixel_values|^images?$|^pixels$/;
const NEVER = /mask|past|cache|embed|hidden|feature|audio/;

/** The input of [batch, channels, height, width] (or channels last) pixels, by its name or as the only one of such a shape. */
export function pixelInput(inputs: readonly Value[]): Value | undefined {
  const able = inputs.filter(({ name, type, dims }) => FLOATS.has(type) && (dims === undefined ? NAMED.test(name) : dims.length === 4) && !NEVER.test(name));
  const named = able.filter(({ name }) => NAMED.test(name));
  const shaped = able.filter(({ dims }) => dims && [dims[1], dims[3]].some((dim) => dim === 3 || dim === 1));
  return named[0] ?? (shaped.length === 1 ? shaped[0] : able.length === 1 && inputs.length === 1 ? able[0] : undefined);
}

/**
 * Shape and processing of a model's images.
 * @throws Problem `image/processor`, `image/size`
 */
export function planPixels(input: Value, folder: string, config: Config, links: Links): Omit<ImageInput, "tokens" | "prefix"> {
  const dims = input.dims ?? [];
  const last = isChannels(dims[3]) && !isChannels(dims[1]);
  const [h, w] = last ? [dims[1], dims[2]] : [dims[2], dims[3]];
  const fixed = typeof h === "number" && typeof w === "number" && h > 0 && w > 0 ? { height: h, width: w } : undefined;
  const stated = last ? dims[3] : dims[1];
  const channels = typeof stated === "number" && stated > 0 ? stated : (patchConvolution(links, input.name)?.channels ?? 3);
  const processing = readProcessing(folder, fixed ?? config.imageSize);
  const file = processing.file ?? folder;
  if (channels !== 3 && channels !== 1)
    throw badProcessor(links.file, `the input ${input.name} has ${channels} channels`, "Images have three (colour) or one (grey).");
  const made = sizeAfter(processing);
  if (!made)
    throw badProcessor(file, "it keeps the shape of every image, so that they differ in size", "Give it a crop_size, or a size with height and width.");
  if (fixed && (fixed.height !== made.height || fixed.width !== made.width)) throw sizesDiffer(file, say(made), say(fixed));
  return { shape: { channels, ...made, last }, processing };
}

const say = ({ height, width }: { height: number; width: number }): string => `${width} x ${height}`;
const isChannels = (dim: number | string | undefined): boolean => dim === 3 || dim === 1;

/** Tokens in front of the patches: what the grid of the patch embedding does not account for. */
export function prefixOf(links: Links, input: string, { height, width }: PixelShape, tokens: number): number {
  const patch = patchConvolution(links, input);
  if (patch) {
    const along = (size: number, axis: number) =>
      Math.floor((size + patch.pads[axis]! + patch.pads[axis + 2]! - patch.kernel[axis]!) / patch.strides[axis]!) + 1;
    const rest = tokens - along(height, 0) * along(width, 1);
    if (rest >= 0) return rest;
  }
  // Without a convolution: class, class and distillation, class and registers before a square grid.
  return [0, 1, 2, 5].find((n) => Number.isInteger(Math.sqrt(tokens - n))) ?? 0;
}

interface Patches {
  readonly channels: number | undefined;
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly pads: readonly number[];
}

/** The first convolution over the pixels. */
function patchConvolution(links: Links, input: string): Patches | undefined {
  const start = links.known(input);
  const queue = start === undefined ? [] : [start];
  for (let i = 0; i < queue.length && i < 64; i++) {
    for (const n of links.readers(queue[i]!)) {
      const node = links.nodes[n]!;
      if (node.op !== "Conv") {
        for (const output of links.outputs[n]!) if (output >= 0 && !queue.includes(output)) queue.push(output);
        continue;
      }
      const weight = links.tensor(links.inputs[n]![1]!)?.dims;
      const kernel = node.attributes.get("kernel_shape")?.ints ?? weight?.slice(2) ?? [];
      if (kernel.length !== 2) return undefined;
      return {
        channels: weight?.[1],
        kernel,
        strides: node.attributes.get("strides")?.ints ?? [1, 1],
        pads: node.attributes.get("pads")?.ints ?? [0, 0, 0, 0],
      };
    }
  }
  return undefined;
}
