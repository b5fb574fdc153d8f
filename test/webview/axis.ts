import { describe, expect, it } from "vitest";
import { errorsOf, type Lab, settle } from "./browser.js";
import { chosenLayer } from "./looks.js";

export function axisTests(lab: () => Lab): void {
  describe("one axis", () => {
    it("aligns the columns of curve, heatmaps and row strips to the pixel", async () => {
      for (const [layers, width] of [
        [13, 1200],
        [33, 400],
        [257, 1200],
        [2, 700],
      ]) {
        const page = await lab().open({ wish: { layers } }, { width });
        const edges = await page.evaluate(() => {
          const box = (selector: string) => document.querySelector(selector)!.getBoundingClientRect();
          const cells = [...document.querySelectorAll(".frame.matrix")].map((m) => {
            const rects = m.querySelectorAll("g.row:first-of-type rect");
            return [rects[0].getBoundingClientRect().left, rects[rects.length - 1].getBoundingClientRect().right];
          });
          const strip = box(".row-strip");
          const chance = box(".frame.curve g.chance line");
          return [...cells, [strip.left, strip.right], [chance.left, chance.right]];
        });
        for (const [left, right] of edges) {
          expect(Math.abs(left - edges[0][0])).toBeLessThan(1.01);
          expect(Math.abs(right - edges[0][1])).toBeLessThan(1.01);
        }
        await page.close();
      }
    });

    it("moves the layer by click, drag, keys and slider, everywhere at once", async () => {
      const page = await lab().open();
      const box = (await page.locator(".frame.curve").boundingBox())!;
      const cell = async (layer: number) =>
        page.evaluate((l) => document.querySelectorAll(".frame.matrix g.row:first-of-type rect")[l].getBoundingClientRect().left + 4, layer);
      await page.mouse.move(await cell(2), box.y + 80);
      await page.mouse.down();
      await settle(page);
      expect(await chosenLayer(page)).toBe("2");
      await page.mouse.move(await cell(5), box.y + 90, { steps: 4 });
      await page.mouse.up();
      await settle(page);
      expect(await chosenLayer(page)).toBe("5");
      await page.locator(".frame.curve").focus();
      await page.keyboard.press("ArrowRight");
      await settle(page);
      expect(await chosenLayer(page)).toBe("6");
      await page.keyboard.press("End");
      await settle(page);
      expect(await chosenLayer(page)).toBe("12");
      expect(await page.locator('input[type="range"]').inputValue()).toBe("12");
      await page.locator('input[type="range"]').fill("3");
      await settle(page);
      expect(await chosenLayer(page)).toBe("3");
      const lines = await page.evaluate(() =>
        [...document.querySelectorAll(".cross.chosen")].map((e) => e.getBoundingClientRect()).map((b) => b.left + b.width / 2),
      );
      expect(lines.length).toBeGreaterThanOrEqual(4);
      for (const x of lines) expect(Math.abs(x - lines[0])).toBeLessThan(1.5);
      await page.close();
    });

    it("roves through a heatmap and says each cell", async () => {
      const page = await lab().open();
      const grid = page.locator(".frame.matrix").first();
      await grid.locator('rect[tabindex="0"]').focus();
      for (const key of ["Home", "ArrowDown", "ArrowRight", "ArrowRight"]) {
        await page.keyboard.press(key);
        await settle(page);
      }
      expect(await page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toMatch(/^AUROC, layer 2: 0\.\d+$/);
      expect(await grid.locator('rect[tabindex="0"]').count()).toBe(1);
      expect(await chosenLayer(page)).toBe("2");
      await page.close();
    });

    it("draws a new lens' pictures in sections of their own, on the same axis", async () => {
      const page = await lab().open({ wish: { extra: true } });
      const extras = page.locator(".extras .section");
      expect(await extras.count()).toBe(2);
      expect(await extras.first().locator("h2").textContent()).toBe("Attention entropy");
      const left = (selector: string) =>
        page
          .locator(selector)
          .first()
          .evaluate((e) => e.getBoundingClientRect().left);
      expect(Math.abs((await left(".extras g.chance line")) - (await left(".curve-slot g.chance line")))).toBeLessThan(1.01);
      expect(errorsOf(page)).toEqual([]);
      await page.close();
    });

    it("loses no key, however fast they come", async () => {
      const page = await lab().open();
      await page.locator(".frame.curve").focus();
      await page.evaluate(() => {
        for (const key of ["Home", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft"])
          document.activeElement!.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
      });
      await settle(page);
      expect(await chosenLayer(page)).toBe("2");
      await page.locator(".rows-scroller").focus();
      await page.evaluate(() => {
        for (let i = 0; i < 5; i++) document.activeElement!.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true }));
      });
      await settle(page);
      expect(await page.locator('.list-row[aria-selected="true"]').getAttribute("data-place")).toBe("4");
      await page.close();
    });
  });
}
