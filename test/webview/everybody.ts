import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { errorsOf, type Lab, settle } from "./browser.js";
import { overflow } from "./looks.js";
import type { ThemeName } from "./themes.js";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export function everybodyTests(lab: () => Lab): void {
  describe("for everybody", () => {
    for (const theme of ["light", "dark", "contrast", "contrast-light"] as ThemeName[]) {
      it(`axe finds nothing serious in ${theme}`, async () => {
        for (const setup of [
          {},
          {
            phase: "running",
            wish: { final: false, scored: 0.5 },
            more: { progress: { phase: "running", done: 10, of: 240, unit: "rows", perSecond: 20, secondsLeft: 11 } },
          },
        ] as const) {
          const page = await lab().open(setup, { theme });
          await page.locator(".list-row").first().click();
          if (!("phase" in setup)) for (const button of await page.getByText("Table", { exact: true }).all()) await button.click();
          await settle(page);
          // The panel's own policy forbids scripts without the nonce, so axe comes in past it.
          const cdp = await page.context().newCDPSession(page);
          await cdp.send("Runtime.evaluate", { expression: axe });
          const found = await page.evaluate(async () => {
            const { violations, passes } = await (
              window as unknown as {
                axe: { run(): Promise<{ passes: unknown[]; violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[] }> };
              }
            ).axe.run();
            if (passes.length < 15) return ["axe looked at too little"];
            return violations
              .filter((v) => v.impact === "serious" || v.impact === "critical")
              .map((v) => `${v.id}: ${v.nodes[0].html} ${v.nodes[0].failureSummary}`);
          });
          expect(found).toEqual([]);
          await page.close();
        }
      });
    }

    it("does not overflow at 400 px, whatever stands in it", async () => {
      const names = ["a category with a name that is much longer than any gutter could ever be", "ÆØÅ".repeat(40), "short"];
      for (const setup of [
        {},
        { wish: { layers: 257, categoryNames: names } },
        { wish: { layers: 2, rows: 2, kind: "concept" } },
        { noView: true, phase: "failed", more: { problem: { code: "data/bad", message: "x".repeat(300) } } },
      ] as const) {
        const page = await lab().open(setup, { width: 400 });
        expect(await overflow(page)).toBe(0);
        expect(errorsOf(page)).toEqual([]);
        await page.close();
      }
    });

    it("puts the map beside the list from 900 px, and below it in one column", async () => {
      const boxes = async (width: number) => {
        const page = await lab().open({}, { width });
        const [list, map] = [await page.locator(".frame.strips").boundingBox(), await page.locator(".frame.points").boundingBox()];
        await page.close();
        return { list: list!, map: map! };
      };
      const wide = await boxes(900);
      expect(wide.map.x).toBeGreaterThan(wide.list.x + wide.list.width);
      const narrow = await boxes(880);
      expect(narrow.map.y).toBeGreaterThan(narrow.list.y + narrow.list.height - 1);
    });

    it("has a table behind every picture", async () => {
      const page = await lab().open({ wish: { layers: 9, rows: 40 } });
      for (const button of await page.getByText("Table", { exact: true }).all()) await button.click();
      await settle(page);
      expect(await page.locator(".section .table table").count()).toBe(5);
      const curve = await page.locator(".curve-section table").textContent();
      expect(curve).toContain("words alone");
      expect(await page.locator(".curve-section tbody tr").count()).toBe(9);
      expect(await page.locator(".points-section tbody tr").count()).toBe(40);
      await page.close();
    });
  });
}
