import { describe, expect, it } from "vitest";
import { alignmentQuality } from "../../../src/engine/lenses/alignment-quality/index.js";
import type { PixelSurface } from "../../../src/engine/lenses/lens.js";
import { Pace } from "../../../src/engine/lenses/pace.js";
import { planOf } from "../../../src/engine/lenses/plan.js";
import { subStudy } from "../../../src/engine/lenses/substudy.js";
import { surfaceByLayer } from "../../../src/engine/lenses/surface-by-layer/index.js";
import { surfaceBaselines } from "../../../src/engine/lenses/surface-versus-meaning/baselines.js";
import { surfaceFeatures } from "../../../src/engine/lenses/surface-versus-meaning/features.js";
import { surfaceVersusMeaning } from "../../../src/engine/lenses/surface-versus-meaning/index.js";
import { Random } from "../../../src/engine/stats/random.js";
import { makeStudy, tools } from "./plant.js";

const COUNT = 120;
const label = Uint8Array.from({ length: COUNT }, (_, i) => i % 2);

/** Thumbnails of noise; one cell of them, or one column of the summary, may tell the class. */
function surface(told: "thumbnail" | "summary" | "nothing"): PixelSurface {
  const random = new Random(5);
  const thumbnail = Float32Array.from({ length: COUNT * 192 }, () => random.uniform());
  const summary = Float64Array.from({ length: COUNT * 8 }, () => random.normal());
  for (let i = 0; i < COUNT; i++) {
    if (told === "thumbnail") thumbnail[i * 192 + 30] = label[i]! * 60 + 0.1 * random.normal();
    if (told === "summary") summary[i * 8 + 2] = label[i]! * 6 + 0.1 * random.normal();
  }
  return { summary, summaryNames: Array.from({ length: 8 }, (_, j) => `s${j}`), thumbnail, thumbnailNumbers: 192 };
}

function study(told: Parameters<typeof surface>[0]) {
  const random = new Random(9);
  const pixels = surface(told);
  // The state holds the class, and with it what the summary's third column holds.
  const layer = Float32Array.from({ length: COUNT * 6 }, (_, at) => random.normal() + (at % 6 === 0 ? 4 * label[Math.floor(at / 6)]! : 0));
  // A text that tells everything, as the names of files may: nobody is to read it.
  const text = () => {
    throw new Error("images have no text");
  };
  return makeStudy([layer, layer], 6, label, { pixels, text });
}

const baselines = async (told: Parameters<typeof surface>[0]) => {
  const one = study(told);
  const plan = planOf(one);
  if (typeof plan === "string") throw new Error(plan);
  return surfaceBaselines(one, plan, new Pace(tools, 1));
};

describe("the baseline of images", () => {
  it("finds what thumbnails or the summary tell, and nothing where there is nothing", async () => {
    expect((await baselines("thumbnail")).pixels).toBeGreaterThan(0.85);
    expect((await baselines("summary")).pixels).toBeGreaterThan(0.99);
    const nothing = await baselines("nothing");
    expect(Math.abs(nothing.pixels! - 0.5)).toBeLessThan(0.15);
    expect(nothing.pixelsCi95![0]).toBeLessThan(0.5);
    expect(nothing).toMatchObject({ words: null, wordsCi95: null, length: null, why: { words: "images have no words" } });
  });

  it("no lens of the core reads a word of an image", async () => {
    const one = study("nothing");
    const earlier = new Map();
    const { values } = await surfaceVersusMeaning.run(one, tools, earlier);
    expect(values.residualised).toBeGreaterThan(0.9);
    expect((await alignmentQuality.run(one, tools, earlier)).values.aqi.score).not.toBeNull();
    expect((await surfaceByLayer.run(one, tools, earlier)).withheld).toBe("images have no text whose surface could be read");
  });

  it("some of the rows keep their own pixels", () => {
    const one = study("nothing");
    const some = subStudy(one, [7, 3]);
    expect(some.pixels!.thumbnail).toEqual(
      Float32Array.from([...one.pixels!.thumbnail.subarray(7 * 192, 8 * 192), ...one.pixels!.thumbnail.subarray(3 * 192, 4 * 192)]),
    );
    expect(Array.from(some.pixels!.summary.subarray(8, 16))).toEqual(Array.from(one.pixels!.summary.subarray(24, 32)));
  });

  it("the summary is what is taken out of the states; columns that are left over are zero", async () => {
    const one = study("summary");
    const features = surfaceFeatures(one);
    expect(features.length / COUNT).toBe(15);
    expect(Array.from(features.subarray(8, 15))).toEqual(new Array(7).fill(0));
    expect(features[2]).toBe(one.pixels!.summary[2]);
    // What the class and the summary share is gone, so that the class can be told no more.
    const { values } = await surfaceVersusMeaning.run(one, tools, new Map());
    expect(values.residualised).toBeLessThan(0.7);
  });
});
