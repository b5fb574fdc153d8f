import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { toPixels } from "../../../src/engine/image/pixels.js";
import { type Processing, readProcessing } from "../../../src/engine/image/processor.js";
import { resize } from "../../../src/engine/image/resample.js";
import { problemOf } from "../../../src/protocol/index.js";
import { pattern } from "../../fixtures/images.js";

const folder = mkdtempSync(join(tmpdir(), "layerscope-image-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Golden {
  processors: {
    name: string;
    config: Record<string, unknown>;
    image: [number, number, number];
    shape: [number, number, number];
    mean: number;
    rms: number;
    at: number[];
    values: number[];
  }[];
}
/** transformers 5.23 on Pillow 13; see `note` in the file. */
const golden = JSON.parse(readFileSync(join(import.meta.dirname, "golden.json"), "utf8")) as Golden;

let made = 0;
function processing(config: unknown, name = "preprocessor_config.json"): Processing {
  const own = join(folder, `model-${made++}`);
  mkdirSync(own);
  writeFileSync(join(own, name), typeof config === "string" ? config : JSON.stringify(config));
  return readProcessing(own, undefined);
}
const refusal = (config: unknown): string => {
  try {
    processing(config);
  } catch (error) {
    return problemOf(error).message.replace(/^.*?config\.json/, "config");
  }
  return "accepted";
};

const pixelsOf = ({ image, shape: [channels, height, width] }: Golden["processors"][0], how: Processing) =>
  toPixels(pattern(...image), how, { channels, height, width, last: false });

describe("processing, against transformers' image processors on PIL", () => {
  it.each(golden.processors.map((one) => [`${one.name}, ${one.image.slice(0, 2).join(" x ")}`, one] as const))("%s", (_, one) => {
    const got = pixelsOf(one, processing(one.config));
    expect(got).toHaveLength(one.shape.reduce((a, b) => a * b, 1));
    // One step of the 256 is at least 0.0039 of any scale here; what is left is float32 rounding.
    const worst = Math.max(...one.at.map((at, i) => Math.abs(got[at]! - one.values[i]!) / Math.max(1, Math.abs(one.values[i]!))));
    expect(worst).toBeLessThan(2e-6);
    expect(got.reduce((sum, v) => sum + v, 0) / got.length).toBeCloseTo(one.mean, 5);
    expect(Math.sqrt(got.reduce((sum, v) => sum + v * v, 0) / got.length)).toBeCloseTo(one.rms, 5);
  });

  it("another filter, or none, is told apart", () => {
    const one = golden.processors.find(({ name, image }) => name.startsWith("CLIP") && image[0] === 64)!;
    for (const resample of [0, 1, 2, 4, 5]) {
      const got = pixelsOf(one, processing({ ...one.config, resample }));
      expect(Math.max(...one.at.map((at, i) => Math.abs(got[at]! - one.values[i]!)))).toBeGreaterThan(0.02);
    }
  });
});

describe("what a processor's file says", () => {
  it("old and new spellings mean the same", () => {
    const clip = { image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5], do_center_crop: true, resample: 3 };
    const now = processing({ ...clip, image_processor_type: "CLIPImageProcessor", size: { shortest_edge: 224 }, crop_size: { height: 224, width: 224 } });
    const then = processing({ ...clip, feature_extractor_type: "CLIPFeatureExtractor", size: 224, crop_size: 224 });
    expect({ ...then, file: "" }).toEqual({ ...now, file: "" });
    expect(processing({ feature_extractor_type: "ViTFeatureExtractor", size: 224 }).resize).toEqual({ to: { height: 224, width: 224 }, resample: 2 });
    expect(processing({ feature_extractor_type: "DeiTFeatureExtractor", size: 256, crop_size: 224, do_center_crop: true }).resize?.to).toEqual({
      height: 256,
      width: 256,
    });
  });

  it("the image part of a processor's file; steps that are switched off", () => {
    const inner = processing(
      { image_processor: { size: { height: 8, width: 8 }, image_mean: 0.4, image_std: [0.2] }, processor_class: "X" },
      "processor_config.json",
    );
    expect(inner).toMatchObject({ resize: { to: { height: 8, width: 8 } }, normalize: { mean: [0.4, 0.4, 0.4], std: [0.2, 0.2, 0.2] } });
    const bare = processing({ size: 8, do_resize: false, do_rescale: false, do_normalize: false });
    expect([bare.resize, bare.crop, bare.rescale, bare.normalize]).toEqual([undefined, undefined, undefined, undefined]);
  });

  it("without a file: ViT's values at the graph's size, and said", () => {
    const own = join(folder, "none");
    mkdirSync(own);
    const assumed = readProcessing(own, { height: 48, width: 32 });
    expect(assumed).toMatchObject({ resize: { to: { height: 48, width: 32 }, resample: 2 }, normalize: { mean: [0.5, 0.5, 0.5] } });
    expect(assumed.notices[0]!.message).toMatch(/^There is no preprocessor_config\.json: images are resized to 32 x 48/);
    // A feature extractor of audio has that name, too, and says nothing of images.
    writeFileSync(join(own, "preprocessor_config.json"), '{"feature_extractor_type": "WhisperFeatureExtractor", "sampling_rate": 16000}');
    expect(readProcessing(own, undefined).file).toBeUndefined();
  });

  it("refuses what it cannot follow, in a sentence", () => {
    const fine = { size: { height: 8, width: 8 }, image_mean: [0, 0, 0], image_std: [1, 1, 1] };
    expect(refusal(fine)).toBe("accepted");
    expect(refusal({ ...fine, size: { height: 8 } })).toBe("config cannot be followed: a size in it is no number from 1 to 4096.");
    expect(refusal({ ...fine, size: 1e9 })).toBe("config cannot be followed: a size in it is no number from 1 to 4096.");
    expect(refusal({ ...fine, size: "large" })).toBe("config cannot be followed: its size is neither a number nor height and width.");
    expect(refusal({ ...fine, size: { shortest_edge: 8, longest_edge: 9 } })).toBe("config cannot be followed: its size has a longest edge.");
    expect(refusal({ ...fine, resample: 9 })).toBe("config cannot be followed: its resample is none of 0 to 5.");
    expect(refusal({ ...fine, image_std: [1, 0, 1] })).toBe("config cannot be followed: its image_std is not one number for each of red, green and blue.");
    expect(refusal({ ...fine, rescale_factor: -1 })).toBe("config cannot be followed: its rescale_factor is no positive number.");
    expect(refusal({ ...fine, patch_size: 14 })).toBe("config cannot be followed: it cuts images into patches or tiles of its own.");
    expect(refusal("[1]")).toBe("config cannot be followed: it is no JSON object.");
    expect(refusal("{")).toBe("config cannot be followed: it is no JSON object.");
  });
});

describe("pixels as the graph takes them", () => {
  const flat: Processing = { rescale: 1 / 255, flipped: false, notices: [] };
  const picture = { width: 2, height: 1, data: Uint8Array.from([255, 0, 0, 51, 102, 153]) };
  const shape = { channels: 3, height: 1, width: 2, last: false };
  const rounded = (values: Float32Array) => Array.from(values, (v) => Math.round(v * 1000) / 1000);

  it("channels first, last, reversed, or one of grey", () => {
    expect(rounded(toPixels(picture, flat, shape))).toEqual([1, 0.2, 0, 0.4, 0, 0.6]);
    expect(rounded(toPixels(picture, flat, { ...shape, last: true }))).toEqual([1, 0, 0, 0.2, 0.4, 0.6]);
    expect(rounded(toPixels(picture, { ...flat, flipped: true }, shape))).toEqual([0, 0.6, 0, 0.4, 1, 0.2]);
    expect(rounded(toPixels(picture, flat, { ...shape, channels: 1 }))).toEqual([0.298, 0.365]);
  });

  it("one pixel becomes any size, any size one pixel", () => {
    const one = { width: 1, height: 1, data: Uint8Array.from([7, 8, 9]) };
    for (const code of [0, 1, 2, 3, 4, 5]) {
      expect(resize(one, 3, 2, code).data).toEqual(Uint8Array.from([7, 8, 9, 7, 8, 9, 7, 8, 9, 7, 8, 9, 7, 8, 9, 7, 8, 9]));
      expect(resize(pattern(40, 30), 1, 1, code).data).toHaveLength(3);
    }
  });
});
