import { describe, expect, it } from "vitest";
import { plainBlas } from "../stats/plain.js";
import { coverage, DESIGNS, rejections } from "./calibration-runs.js";

/** `npm run bench -- calibration` runs every design 400 times; here one, with the band that 400 runs leave around 95%. */
describe("intervals and p-values of the index", () => {
  it("the 95% interval holds the planted value in 91% to 98% of 400 runs", async () => {
    const found = await coverage(DESIGNS[0]!, 400, plainBlas);
    expect(found.truth).toBeGreaterThanOrEqual(0.91);
    expect(found.truth).toBeLessThanOrEqual(0.98);
  });

  it("an interval of six tenths of its width is found out", async () => {
    expect((await coverage(DESIGNS[0]!, 150, plainBlas, 0.6)).truth).toBeLessThan(0.88);
  });

  it("groups of rows are resampled whole: as single rows their interval would be too narrow", async () => {
    expect((await coverage(DESIGNS[2]!, 100, plainBlas)).truth).toBeGreaterThanOrEqual(0.89);
  });

  it("300 sets without signal are rejected at 5% between 2% and 9% of the time", async () => {
    const share = await rejections(300, 39, plainBlas);
    expect(share).toBeGreaterThanOrEqual(0.02);
    expect(share).toBeLessThanOrEqual(0.09);
  });
});
