import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { toPixels } from "../../../src/engine/image/pixels.js";
import { imageWeights } from "../../../src/engine/image/pooling.js";
import type { Picture8 } from "../../../src/engine/image/resample.js";
import { openModel } from "../../../src/engine/model/index.js";
import type { TappedModel } from "../../../src/engine/model/tapped.js";
import { problemOf } from "../../../src/protocol/index.js";
import { pattern } from "../../fixtures/images.js";
import { CLIP_PROCESSOR, VISION, VIT_PROCESSOR, type VisionOptions, writeVision } from "../../fixtures/vision.js";
import { relativeError, scratch } from "./scratch.js";

const folder = scratch();
const CPU = { provider: "cpu", threads: 1 } as const;
const { width, blocks } = VISION;

interface Hidden {
  image: [number, number, number];
  mean: number[][];
  patches: number[][];
  first: number[][];
}
/** transformers' ViTModel and CLIPVisionModel with the fixture's weights, through their processors. */
const golden = (JSON.parse(readFileSync(join(import.meta.dirname, "../image/golden.json"), "utf8")) as { hidden: Record<"vit" | "clip", Hidden[]> }).hidden;

let made = 0;
const open = (options: VisionOptions, more: { images?: boolean } = {}) => openModel(writeVision(join(folder, `model-${made++}`), options), { ...CPU, ...more });
const refusal = (options: VisionOptions) =>
  open(options).then(
    () => "opened",
    (error: unknown) => problemOf(error).message,
  );

/** [layer][pooling: mean, patches, first] of each picture. */
async function states(model: TappedModel, pictures: readonly Picture8[]): Promise<Float32Array[][][]> {
  const { shape, processing, tokens, prefix } = model.image!;
  const weights = (["mean", "mean-skip-first", "first"] as const).map((pooling) => imageWeights(pooling, tokens, prefix)!);
  const images = pictures.map((picture) => toPixels(picture, processing, shape));
  const got = await model.run({ ids: images.map(() => new Array<number>(tokens).fill(0)), weights: images.map(() => weights), images });
  return pictures.map((_, row) =>
    model.card.layers.map((__, layer) =>
      weights.map((___, k) => {
        const at = ((layer * pictures.length + row) * weights.length + k) * width;
        return got.slice(at, at + width);
      }),
    ),
  );
}

describe("vision encoders", () => {
  it.each(["vit", "clip"] as const)("%s: from the image to every layer's states, as transformers has them", async (kind) => {
    const model = await open({ kind, processor: kind === "vit" ? VIT_PROCESSOR : CLIP_PROCESSOR });
    expect(model.card).toMatchObject({ hiddenSize: width, causal: false, image: { height: 16, width: 16, tokens: 17, prefix: 1 } });
    expect(model.card.layers).toHaveLength(blocks + 1);
    const got = await states(
      model,
      golden[kind].map(({ image }) => pattern(...image)),
    );
    let worst = 0;
    golden[kind].forEach((wanted, row) => {
      for (let layer = 0; layer <= blocks; layer++)
        [wanted.mean, wanted.patches, wanted.first].forEach((pooled, k) => {
          worst = Math.max(worst, relativeError(got[row]![layer]![k]!, pooled[layer]!));
        });
    });
    expect(worst).toBeLessThan(1e-5);
    // The other processor's pixels are not these.
    const other = await open({ kind, processor: kind === "vit" ? CLIP_PROCESSOR : VIT_PROCESSOR });
    const wrong = await states(
      other,
      golden[kind].map(({ image }) => pattern(...image)),
    );
    expect(relativeError(wrong[0]![blocks]![0]!, golden[kind][0]!.mean[blocks]!)).toBeGreaterThan(1e-2);
    await Promise.all([model.close(), other.close()]);
  });

  it("channels last, a batch of one, sizes that the file leaves open: the same states", async () => {
    const pictures = [pattern(64, 48, 1), pattern(20, 31, 2)];
    const plain = await open({ processor: VIT_PROCESSOR });
    const wanted = await states(plain, pictures);
    for (const options of [{ last: true }, { batch: 1 }, { dynamicSize: true }, { input: "x" }] satisfies VisionOptions[]) {
      const model = await open({ ...options, processor: VIT_PROCESSOR });
      const got = await states(model, pictures);
      expect(model.card.oneRowAtATime).toBe("batch" in options);
      pictures.forEach((_, row) => {
        expect(relativeError(got[row]![blocks]![0]!, wanted[row]![blocks]![0]!)).toBeLessThan(1e-5);
      });
      await model.close();
    }
    await plain.close();
  });

  it("grey images; encoders without a class token have patches only", async () => {
    const grey = await open({ channels: 1, processor: VIT_PROCESSOR });
    expect(grey.image?.shape).toMatchObject({ channels: 1 });
    expect(await states(grey, [pattern(20, 31, 2)])).toHaveLength(1);
    const siglip = await open({ kind: "siglip", processor: VIT_PROCESSOR });
    expect(siglip.image).toMatchObject({ tokens: 16, prefix: 0 });
    const [one] = await states(siglip, [pattern(20, 31, 2)]);
    expect(one![blocks]![0]).toEqual(one![blocks]![1]);
    await Promise.all([grey.close(), siglip.close()]);
  });

  it("of a whole CLIP the tower that the dataset is for, the other's inputs left out", async () => {
    const path = writeVision(join(folder, "whole"), { kind: "clip", withText: true, processor: CLIP_PROCESSOR });
    const images = await openModel(path, { ...CPU, images: true });
    expect(images.card.layers).toHaveLength(blocks + 1);
    const [one] = await states(images, [pattern(...golden.clip[0]!.image)]);
    expect(relativeError(one![blocks]![0]!, golden.clip[0]!.mean[blocks]!)).toBeLessThan(1e-5);
    const texts = await openModel(path, CPU);
    expect(texts.image).toBeUndefined();
    expect(texts.card.layers).toHaveLength(blocks + 3);
    expect(await texts.run({ ids: [[5, 6]], weights: [[Float32Array.of(0.5, 0.5)]] })).toHaveLength((blocks + 3) * width);
    await Promise.all([images.close(), texts.close()]);
  });

  it("without a processor's file ViT's own values are taken and said", async () => {
    const model = await open({});
    expect(model.card.notices.map(({ code }) => code)).toContain("image/no-processor");
    await model.close();
  });

  it("a processor of another size, and one that leaves the shape to the image, are refused", async () => {
    expect(await refusal({ processor: { ...VIT_PROCESSOR, size: { height: 32, width: 16 } } })).toMatch(
      /makes images of 16 x 32 pixels; the graph takes 16 x 16\.$/,
    );
    expect(await refusal({ processor: { ...CLIP_PROCESSOR, do_center_crop: false } })).toMatch(/it keeps the shape of every image/);
    expect(await refusal({ processor: VIT_PROCESSOR })).toBe("opened");
  });
});
