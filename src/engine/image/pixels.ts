import type { Processing } from "./processor.js";
import { type Picture8, resize } from "./resample.js";

/** How a graph takes an image. */
export interface PixelShape {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** [height, width, channels] in place of [channels, height, width]. */
  readonly last: boolean;
}

/** Height and width that every image has after processing; undefined when they depend on the image. */
export function sizeAfter({ resize: step, crop }: Processing): { height: number; width: number } | undefined {
  if (crop) return crop;
  return step && "height" in step.to ? step.to : undefined;
}

/**
 * One picture as the graph takes it: resized, cropped about its middle (padded with zeros where it is smaller), rescaled and normalised
 * as transformers' image processors on PIL do it, to within float32 rounding.
 * @returns [channels * height * width] float32
 */
export function toPixels(picture: Picture8, processing: Processing, shape: PixelShape): Float32Array {
  const { resize: step, crop } = processing;
  let now = picture;
  if (step) {
    const to = "height" in step.to ? step.to : shorterSide(picture, step.to.shortest);
    now = resize(picture, to.width, to.height, step.resample);
  }
  if (crop) now = centre(now, crop.height, crop.width);
  if (now.width !== shape.width || now.height !== shape.height)
    throw new RangeError(`an image of ${now.width} x ${now.height} for a graph of ${shape.width} x ${shape.height}`);
  return tensor(now, processing, shape);
}

function shorterSide({ width, height }: Picture8, shortest: number): { width: number; height: number } {
  return width <= height
    ? { width: shortest, height: Math.trunc((shortest * height) / width) }
    : { width: Math.trunc((shortest * width) / height), height: shortest };
}

function centre({ width, height, data }: Picture8, toHeight: number, toWidth: number): Picture8 {
  // What is smaller than the box lies in the middle of zeros, the odd one of them before it.
  const [top, left] = [start(height, toHeight), start(width, toWidth)];
  const out = new Uint8Array(toWidth * toHeight * 3);
  for (let y = 0; y < toHeight; y++) {
    const from = y + top;
    if (from < 0 || from >= height) continue;
    const [first, last] = [Math.max(0, left), Math.min(width, left + toWidth)];
    out.set(data.subarray((from * width + first) * 3, (from * width + last) * 3), (y * toWidth + first - left) * 3);
  }
  return { width: toWidth, height: toHeight, data: out };
}

const start = (size: number, to: number): number => (size >= to ? Math.floor((size - to) / 2) : -Math.ceil((to - size) / 2));

/** ITU-R 601-2 luma, as PIL's conversion to grey. */
const grey = (r: number, g: number, b: number): number => (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;

function tensor({ data }: Picture8, { rescale, normalize, flipped }: Processing, { channels, height, width, last }: PixelShape): Float32Array {
  const pixels = height * width;
  const out = new Float32Array(channels * pixels);
  const table = Array.from({ length: channels }, (_, c) => {
    const mean = normalize?.mean[c] ?? 0;
    const std = normalize?.std[c] ?? 1;
    return Float32Array.from({ length: 256 }, (_, v) => (Math.fround(v * (rescale ?? 1)) - mean) / std);
  });
  for (let i = 0; i < pixels; i++) {
    for (let c = 0; c < channels; c++) {
      const value = channels === 1 ? grey(data[i * 3]!, data[i * 3 + 1]!, data[i * 3 + 2]!) : data[i * 3 + (flipped ? 2 - c : c)]!;
      out[last ? i * channels + c : c * pixels + i] = table[c]![value]!;
    }
  }
  return out;
}
