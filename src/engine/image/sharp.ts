import type SharpModule from "sharp";
import { rawText } from "../errors.js";
import { noDecoder } from "./errors.js";
import { MAX_PIXELS } from "./limits.js";
import type { Picture8 } from "./resample.js";

type Sharp = typeof SharpModule;

/** The only module that knows sharp. It is loaded at the first image, so that text audits need no second native library. */
let loaded: Promise<Sharp> | undefined;

/** Loaders that read pixels and nothing else; SVG, PDF and the like may name other files. */
const LOADERS = ["Jpeg", "Png", "Webp", "Nsgif", "Tiff", "Heif"].map((name) => `VipsForeignLoad${name}`);

function load(): Promise<Sharp> {
  loaded ??= import("sharp").then((module) => {
    const sharp = (module as { default?: Sharp }).default ?? (module as unknown as Sharp);
    sharp.cache(false);
    sharp.block({ operation: ["VipsForeignLoad"] });
    sharp.unblock({ operation: LOADERS });
    return sharp;
  });
  return loaded.catch((error: unknown) => {
    throw noDecoder(rawText(error));
  });
}

/**
 * The first frame of a JPEG, PNG, WebP, GIF, TIFF or AVIF file as 8-bit RGB: upright by its EXIF orientation (as transformers' `load_image`
 * does), its colour profile ignored and its alpha dropped (as PIL's `convert("RGB")` does).
 * @throws Problem `image/no-decoder`; the library's own error, which callers turn into a reason
 */
export async function decode(bytes: Uint8Array): Promise<Picture8> {
  const sharp = await load();
  const inks = (await sharp(bytes, SAFE).metadata()).space === "cmyk";
  const source = inks ? sharp(bytes, SAFE).autoOrient().pipelineColourspace("cmyk").toColourspace("cmyk") : open(sharp, bytes).removeAlpha();
  const { data, info } = await source.raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data: inks && info.channels === 4 ? fromInks(data) : rgb(data, info.channels) };
}

/** A small picture to look at, never an input: WebP in at most `side` x `side` pixels, as a data: address, with the size of the original. */
export async function thumbnail(bytes: Uint8Array, side: number): Promise<{ url: string; width: number; height: number }> {
  const sharp = await load();
  const { autoOrient } = await sharp(bytes, SAFE).metadata();
  const small = await open(sharp, bytes).resize(side, side, { fit: "inside", withoutEnlargement: true }).webp({ quality: 80 }).toBuffer();
  return { url: `data:image/webp;base64,${small.toString("base64")}`, width: autoOrient.width, height: autoOrient.height };
}

const SAFE = { limitInputPixels: MAX_PIXELS, failOn: "error", ignoreIcc: true, pages: 1 } as const;

const open = (sharp: Sharp, bytes: Uint8Array) => sharp(bytes, SAFE).autoOrient().toColourspace("srgb");

function rgb(data: Uint8Array, channels: number): Uint8Array {
  if (channels === 3) return new Uint8Array(data.buffer, data.byteOffset, data.length);
  const pixels = data.length / channels;
  const out = new Uint8Array(pixels * 3);
  for (let i = 0; i < pixels; i++) for (let c = 0; c < 3; c++) out[i * 3 + c] = data[i * channels + (channels < 3 ? 0 : c)]!;
  return out;
}

/** PIL's conversion, which knows no profile. */
function fromInks(data: Uint8Array): Uint8Array {
  const out = new Uint8Array((data.length / 4) * 3);
  for (let i = 0, to = 0; i < data.length; i += 4) {
    const light = 255 - data[i + 3]!;
    for (let c = 0; c < 3; c++) {
      const product = data[i + c]! * light + 128;
      out[to++] = light - (((product >> 8) + product) >> 8);
    }
  }
  return out;
}
