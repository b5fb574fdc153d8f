import { describe, expect, it } from "vitest";
import type { LensCard } from "../../src/protocol/index.js";
import { errorsOf, type Lab, settle } from "./browser.js";
import { asked, overflow } from "./looks.js";

const card = (id: string, more: Partial<LensCard> = {}): LensCard => ({
  id,
  title: `Title of ${id}`,
  question: `What does ${id} ask?`,
  cite: "somebody 2024",
  core: false,
  state: "open",
  ...more,
});
const LENSES = [
  card("concept-depth", { core: true, state: "ran" }),
  card("pooling-choice"),
  card("pairs-only", { state: "no", why: "the rows have no pairs" }),
];

export function lensTests(lab: () => Lab): void {
  describe("lenses on demand", () => {
    it("lists what was not run with its question; one press runs it, and what is chosen stays chosen", async () => {
      for (const width of [1200, 400]) {
        const page = await lab().open({ wish: { rows: 60, lenses: LENSES } }, { width });
        const lines = page.locator(".more-lenses li");
        expect(await lines.count()).toBe(2);
        expect(await lines.first().textContent()).toContain("What does pooling-choice ask?");
        expect(await lines.nth(1).textContent()).toContain("Not here: the rows have no pairs.");
        await page.locator(".list-row").nth(3).click();
        await settle(page);
        const chosen = () => page.evaluate(() => document.querySelector(".detail h2")?.textContent);
        const before = await chosen();
        await page.locator('vscode-button[aria-label="Run Title of pooling-choice"]').click();
        await page.locator('vscode-button[aria-label="Run Title of pairs-only"]').click({ force: true });
        await page.locator('vscode-button[aria-label="About Title of pooling-choice"]').click();
        await settle(page);
        expect(await asked(page, "lens.run")).toEqual([{ id: "pooling-choice" }]);
        expect(await asked(page, "about.open")).toEqual([{ page: "pooling-choice" }]);
        await page.evaluate((lenses) => window.mock.state({ rows: 60, extra: true, lenses }, "done"), [LENSES[0]!, card("pooling-choice", { state: "ran" })]);
        await settle(page);
        expect(await chosen()).toBe(before);
        expect(await page.locator(".more-lenses").isVisible()).toBe(false);
        expect(await page.locator(".extras .section").count()).toBe(2);
        expect(await overflow(page)).toBeLessThanOrEqual(0);
        expect(errorsOf(page)).toEqual([]);
        await page.close();
      }
    });
  });
}
