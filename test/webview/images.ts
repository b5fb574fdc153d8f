import { describe, expect, it } from "vitest";
import { errorsOf, type Lab, settle } from "./browser.js";
import { asked } from "./looks.js";

const NAMES = Object.fromEntries(Array.from({ length: 240 }, (_, i) => [i, `${i % 2 ? "unsafe" : "safe"}/photo-${i}.jpg`]));

export function imagesTests(lab: () => Lab): void {
  describe("rows that are images", () => {
    it("show their name and a small picture, asked for only when in sight, no address from outside", async () => {
      const page = await lab().open({ wish: { images: true }, texts: NAMES });
      await page.waitForFunction(() => document.querySelectorAll(".row-image:not([hidden])").length > 5);
      const wishes = (await asked(page, "rows.image")) as { rows: number[]; side: number }[];
      expect(wishes.every(({ rows, side }) => rows.length <= 32 && side === 64)).toBe(true);
      expect(new Set(wishes.flatMap(({ rows }) => rows)).size).toBeLessThan(60);
      const row = page.locator(".list-row").first();
      expect(await row.locator(".row-text").textContent()).toMatch(/photo-\d+\.jpg/);
      const [image, text] = [await row.locator(".row-image").boundingBox(), await row.locator(".row-text").boundingBox()];
      if (image && text) expect(image.x + image.width).toBeLessThanOrEqual(text.x);
      expect(await page.evaluate(() => [...document.images].every((i) => i.src === "" || i.src.startsWith("data:")))).toBe(true);
      expect((await page.evaluate(() => window.mock.violations)).filter((one) => one.startsWith("img"))).toEqual([]);
      expect(errorsOf(page)).toEqual([]);
      await page.close();
    });

    it("a chosen row shows it larger and opens the file", async () => {
      const page = await lab().open({ wish: { images: true }, texts: NAMES });
      await page.locator(".list-row[data-place='4']").click();
      await page.waitForSelector(".row-picture:not([hidden])");
      await page.getByText("Open the image").click();
      await settle(page);
      const [{ row }] = (await asked(page, "image.open")) as { row: number }[];
      expect(row).toBe(((await asked(page, "row.open")) as { row: number }[])[0]!.row);
      await page.close();
    });

    it("the words of the panel are those of images", async () => {
      for (const width of [400, 1200]) {
        const page = await lab().open({ wish: { images: true }, texts: NAMES }, { width });
        const verdict = await page.locator(".verdict").textContent();
        expect(verdict).toMatch(/beyond pixels/);
        expect(verdict).toMatch(/read as: image · label from folder/);
        expect(verdict).not.toMatch(/beyond words|words alone/);
        await page.close();
      }
    });

    it("of texts nothing of the kind is asked", async () => {
      const page = await lab().open();
      await page.locator(".list-row[data-place='4']").click();
      await settle(page);
      expect(await asked(page, "rows.image")).toEqual([]);
      expect(await page.getByText("Open the image").count()).toBe(0);
      await page.close();
    });
  });
}
