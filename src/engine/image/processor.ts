import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Notice } from "../../protocol/index.js";
import { badProcessor } from "./errors.js";
import { MAX_PROCESSOR_BYTES, MAX_SIDE } from "./limits.js";
import { BICUBIC, BILINEAR, isResample } from "./resample.js";

/** Height and width, or the shorter side to be reached. */
export type Size = { readonly height: number; readonly width: number } | { readonly shortest: number };

/** What a model's image processor does, in this order; absent steps are left out. */
export interface Processing {
  /** The file that says so; absent = assumed. */
  readonly file?: string;
  readonly resize?: { readonly to: Size; readonly resample: number };
  readonly crop?: { readonly height: number; readonly width: number };
  readonly rescale?: number;
  readonly normalize?: { readonly mean: readonly number[]; readonly std: readonly number[] };
  /** Blue before red. */
  readonly flipped: boolean;
  readonly notices: readonly Notice[];
}

type Json = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);

/** Processors whose single `size` means a square; that of the others is the shorter side. */
const SQUARE = /^(ViT|DeiT|Beit|Siglip|Flava|Dpt|Levit|Bridge)/i;

/**
 * Reads preprocessor_config.json, or the image part of processor_config.json.
 * @param side the graph's image size, for a model without either
 * @throws Problem `image/processor`
 */
export function readProcessing(folder: string, side: { readonly height: number; readonly width: number } | undefined): Processing {
  for (const name of ["preprocessor_config.json", "processor_config.json"]) {
    const file = join(folder, name);
    const json = readJson(file);
    const own = json && (isObject(json["image_processor"]) ? json["image_processor"] : json);
    if (own && ["size", "do_resize", "image_mean", "do_normalize", "crop_size"].some((key) => key in own)) return fromJson(file, own);
  }
  const to = side ?? { height: 224, width: 224 };
  const message = `There is no preprocessor_config.json: images are resized to ${to.width} x ${to.height} (bilinear) and scaled to -1 to 1 (mean 0.5, deviation 0.5), ViT's own values. Put the model's file into its folder if it wants others.`;
  return {
    resize: { to, resample: BILINEAR },
    rescale: 1 / 255,
    normalize: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
    flipped: false,
    notices: [{ code: "image/no-processor", message }],
  };
}

function fromJson(file: string, json: Json): Processing {
  const type = String(json["image_processor_type"] ?? json["feature_extractor_type"] ?? "");
  const does = (key: string, otherwise: boolean) => (typeof json[key] === "boolean" ? (json[key] as boolean) : otherwise);
  if (does("do_image_splitting", false) || "patch_size" in json || "max_num_patches" in json || "min_pixels" in json)
    throw badProcessor(file, "it cuts images into patches or tiles of its own", "Choose a vision encoder that takes whole images.");
  const resample = json["resample"] ?? (/^ViT/.test(type) ? BILINEAR : BICUBIC);
  if (typeof resample !== "number" || !isResample(resample)) throw badProcessor(file, "its resample is none of 0 to 5");
  const size = does("do_resize", true) ? sizeOf(file, json["size"] ?? 224, SQUARE.test(type) || !does("do_center_crop", false)) : undefined;
  const pct = typeof json["crop_pct"] === "number" && json["crop_pct"] > 0 ? json["crop_pct"] : undefined;
  const convnext = pct !== undefined && size && "shortest" in size ? withCropShare(size.shortest, pct) : undefined;
  const cropped = does("do_center_crop", false) ? boxOf(file, json["crop_size"] ?? json["size"] ?? 224) : undefined;
  return {
    file,
    ...(size ? { resize: { to: convnext?.to ?? size, resample } } : {}),
    ...(cropped || convnext?.crop ? { crop: cropped ?? convnext?.crop } : {}),
    ...(does("do_rescale", true) ? { rescale: factor(file, json["rescale_factor"] ?? 1 / 255) } : {}),
    ...(does("do_normalize", true) ? { normalize: { mean: three(file, json, "image_mean"), std: three(file, json, "image_std") } } : {}),
    flipped: does("do_flip_channel_order", false),
    notices: [],
  };
}

/** ConvNeXT's: below 384 the shorter side is made larger by the share and the middle is cut out, else the square is reached by warping. */
function withCropShare(shortest: number, share: number): { to: Size; crop?: { height: number; width: number } } {
  const square = { height: shortest, width: shortest };
  return shortest < 384 ? { to: { shortest: Math.trunc(shortest / share) }, crop: square } : { to: square };
}

function sizeOf(file: string, value: unknown, square: boolean): Size {
  if (typeof value === "number") return square ? boxOf(file, value) : { shortest: side(file, value) };
  if (isObject(value) && typeof value["shortest_edge"] === "number") {
    if (typeof value["longest_edge"] === "number") throw badProcessor(file, "its size has a longest edge", "Choose a vision encoder of one image size.");
    return { shortest: side(file, value["shortest_edge"]) };
  }
  return boxOf(file, value);
}

function boxOf(file: string, value: unknown): { height: number; width: number } {
  if (typeof value === "number") return { height: side(file, value), width: side(file, value) };
  if (Array.isArray(value) && value.length === 2) return { height: side(file, value[0]), width: side(file, value[1]) };
  if (isObject(value) && "shortest_edge" in value) return boxOf(file, value["shortest_edge"]);
  if (!isObject(value)) throw badProcessor(file, "its size is neither a number nor height and width");
  return { height: side(file, value["height"]), width: side(file, value["width"]) };
}

function side(file: string, value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 1 || (value as number) > MAX_SIDE)
    throw badProcessor(file, `a size in it is no number from 1 to ${MAX_SIDE}`);
  return value as number;
}

function factor(file: string, value: unknown): number {
  if (typeof value !== "number" || !Number.isFinite(value) || value <= 0) throw badProcessor(file, "its rescale_factor is no positive number");
  return value;
}

/** One number a channel; one for all is repeated. */
function three(file: string, json: Json, key: string): number[] {
  const value = json[key] ?? 0.5;
  const list = Array.isArray(value) ? value : [value, value, value];
  const wrong = list.length !== 3 && list.length !== 1;
  if (wrong || list.some((v) => typeof v !== "number" || !Number.isFinite(v) || (key === "image_std" && v === 0)))
    throw badProcessor(file, `its ${key} is not one number for each of red, green and blue`);
  return list.length === 1 ? [list[0], list[0], list[0]] : list;
}

function readJson(file: string): Json | undefined {
  let content: string;
  try {
    if (statSync(file).size > MAX_PROCESSOR_BYTES) throw badProcessor(file, `it is larger than ${MAX_PROCESSOR_BYTES} bytes`);
    content = readFileSync(file, "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(String((error as { code?: unknown }).code))) return undefined;
    throw error;
  }
  try {
    const json: unknown = JSON.parse(content);
    if (isObject(json)) return json;
  } catch {
    // Said below, without the parser's quotation of the file.
  }
  throw badProcessor(file, "it is no JSON object");
}
