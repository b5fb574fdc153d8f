import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import type { LensCard } from "../../src/protocol/index.js";
import { errorsOf, type Lab, settle } from "./browser.js";
import { asked, overflow } from "./looks.js";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
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
        await page.evaluate(
          (lenses) => window.mock.state({ rows: 60, extra: true, lenses }, "done"),
          [LENSES[0]!, card("pooling-choice", { state: "ran", says: "The mean leads." })],
        );
        await settle(page);
        expect(await chosen()).toBe(before);
        expect(await page.locator(".more-lenses li").allTextContents()).toEqual([expect.stringContaining("The mean leads.")]);
        expect(await page.locator(".more-lenses vscode-button").count()).toBe(1);
        expect(await page.locator(".extras .section").count()).toBe(2);
        expect(await overflow(page)).toBeLessThanOrEqual(0);
        expect(errorsOf(page)).toEqual([]);
        await page.close();
      }
    });

    it("lists the rows behind a cell, a bar and a mark, by pointer and by keys, and lets them go", async () => {
      for (const theme of ["dark", "contrast-light"] as const) {
        const page = await lab().open({ wish: { rows: 60, layers: 9, linked: true, lenses: LENSES } }, { theme });
        const counts = () => page.locator(".counts").textContent();
        const whole = await counts();
        // The second row of the matrix at layer 3: rows 1, 5 and 9 of the table.
        const cell = page.locator(".extras .frame.matrix g.row").nth(1).locator("rect").nth(3);
        await cell.scrollIntoViewIfNeeded();
        await cell.click();
        await settle(page);
        expect(await counts()).toContain("3 of 60 rows (Second, layer 3: rows behind it)");
        expect(await page.locator(".list-row").count()).toBe(3);
        expect(await page.locator("[role=status].live").textContent()).toContain("3 rows listed");
        await page.locator("vscode-button", { hasText: "Show all rows" }).click();
        await settle(page);
        expect(await counts()).toBe(whole);
        const bar = page.locator(".extras .frame.bars g.bar").first();
        await bar.focus();
        await page.keyboard.press("ArrowDown");
        await page.keyboard.press("Enter");
        await settle(page);
        expect(await counts()).toContain("2 of 60 rows (second bar: rows behind it)");
        await page.keyboard.press("Escape");
        await settle(page);
        expect(await counts()).toBe(whole);
        await page.locator(".curve-slot g.mark.linked text").click();
        await settle(page);
        expect(await counts()).toContain("4 of 60 rows (Largest rise");
        // The table behind the bars has their numbers, their rows and their ties.
        await page.locator(".extras .bars-section vscode-button", { hasText: "Table" }).click();
        await settle(page);
        expect(await page.locator(".extras .bars-section tbody tr").allTextContents()).toEqual([
          "first bar0.80.70.9second bar",
          "second bar0.750.60.852first bar",
          "third bar–––no rows",
        ]);
        const cdp = await page.context().newCDPSession(page);
        await cdp.send("Runtime.evaluate", { expression: axe });
        const found = await page.evaluate(
          async () =>
            (await (window as unknown as { axe: { run(): Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }> } }).axe.run())
              .violations,
        );
        expect(found.filter((v) => v.impact === "serious" || v.impact === "critical").map((v) => `${v.id} ${v.nodes[0]?.html.slice(0, 160)}`)).toEqual([]);
        // Every shape leaves as a picture too.
        await page.locator(".menu summary").click();
        await page.getByText("SVG pictures").click();
        await settle(page);
        const [wish] = (await asked(page, "run.export")) as { svgs: Record<string, string> }[];
        for (const id of ["new-lens/matrix", "new-lens/bars"]) expect(wish!.svgs[id]).toMatch(/^<svg(?![\s\S]*(NaN|undefined|var\())/);
        expect(errorsOf(page)).toEqual([]);
        await page.close();
      }
    });
  });
}
