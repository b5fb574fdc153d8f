import { describe, expect, it } from "vitest";
import { errorsOf, type Lab, settle } from "./browser.js";
import { asked, overflow } from "./looks.js";

export function axiomTests(lab: () => Lab): void {
  describe("beside the number", () => {
    it("says in a line what is left without length and casing, and within pairs", async () => {
      const page = await lab().open({ wish: { rows: 60 } });
      expect(await page.locator(".beside-index").textContent()).toBe(
        "AQI with length, casing and the like taken out of layer 4: 31.2 (40.1 before) · within 72 pairs: 53.7 (41.6 to 63.7), 93% the right way round",
      );
      await page.close();
    });

    it("lists the axioms, weakest first, marks in words the one that points the other way, and lists its worst rows", async () => {
      for (const width of [1200, 400]) {
        const page = await lab().open({ wish: { rows: 60, categories: 4 } }, { width });
        const lines = page.locator(".axioms tbody tr");
        expect(await lines.count()).toBe(4);
        expect(await lines.first().textContent()).toContain("fraudpoints the other way20 + 18");
        expect(await lines.nth(1).textContent()).not.toContain("points");
        expect(await lines.last().textContent()).toContain("none");
        await lines.first().locator("button").click();
        await settle(page);
        expect(await page.locator(".counts").textContent()).toContain("3 of 60 rows (fraud: farthest on the wrong side)");
        expect(await overflow(page)).toBeLessThanOrEqual(0);
        expect(errorsOf(page)).toEqual([]);
        await page.close();
      }
    });

    it("folds the companions and the comparability card, which is copied whole", async () => {
      const page = await lab().open({ wish: { rows: 60 } });
      expect(await page.locator(".more-number dl").first().isVisible()).toBe(false);
      await page.locator(".more-number summary").click();
      expect(await page.locator(".more-number").textContent()).toContain("1.58 standard deviations");
      await page.evaluate(() => {
        Object.defineProperty(navigator, "clipboard", { value: { writeText: async (text: string) => void Object.assign(window, { copied: text }) } });
      });
      await page.locator('.more-number vscode-button[aria-label="Copy the comparability card"]').click();
      await settle(page);
      expect(JSON.parse(await page.evaluate(() => (window as unknown as { copied: string }).copied))).toMatchObject({ gamma: 0.5, rows: "3".repeat(64) });
      await page.locator('.more-number vscode-button[aria-label="About these numbers of the index"]').click();
      expect(await asked(page, "about.open")).toEqual([{ page: "alignment-quality" }]);
      await page.close();
    });

    it("says nothing of them on runs that have none: previews, concepts, older versions", async () => {
      for (const setup of [{ wish: { rows: 60, kind: "concept" } }, { wish: { rows: 60, final: false }, phase: "running" }] as const) {
        const page = await lab().open(setup);
        expect((await page.locator(".beside-index").textContent())?.trim()).toBe("");
        expect(await page.locator(".axioms tbody tr").count()).toBe(0);
        expect(await page.locator(".more-number dl").count()).toBe(0);
        expect(errorsOf(page)).toEqual([]);
        await page.close();
      }
    });

    it("folds the pictures of several lenses, and remembers which were opened", async () => {
      const page = await lab().open({ wish: { rows: 60, layers: 9, linked: true } });
      // One lens on demand: open.
      expect(await page.locator(".lens-group[open] .section").count()).toBe(2);
      await page.locator(".lens-group > summary").click();
      await settle(page);
      expect(await page.locator(".lens-group[open]").count()).toBe(0);
      expect(await page.evaluate(() => new Promise((done) => setTimeout(() => done((window.mock.saved as { folds: unknown }).folds), 300)))).toEqual({
        "new-lens": false,
      });
      await page.close();
    });
  });
}
