import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { beforeAll, describe, expect, it } from "vitest";
import { compareRuns } from "../../src/engine/compare/index.js";
import { encodeCompare } from "../../src/protocol/index.js";
import { plantRun } from "../engine/compare/plant.js";
import { errorsOf, type Lab, settle } from "./browser.js";
import { overflow } from "./looks.js";
import type { ThemeName } from "./themes.js";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const STRENGTH = [0.3, 0.8, 1.2, 1.2, 1.2];
const run = (own: number, more: readonly number[] = STRENGTH, signed = 40) =>
  plantRun({
    strength: more,
    own,
    rows: 300,
    signed,
    categories: ["privacy", "violence"],
    replicates: Array.from({ length: 200 }, (_, b) => signed + 4 * Math.sin(7 * b) + Math.sin(own * b)),
  });

interface Mocked {
  mock: {
    asked: { method: string; params: Record<string, unknown> }[];
    refused: string[];
    violations: string[];
    saved: Record<string, unknown>;
    state(more: object): void;
  };
}
const mockOf = <T>(page: { evaluate<R>(f: () => R): Promise<R> }, read: () => T) => page.evaluate(read);

export function compareTests(lab: () => Lab): void {
  describe("two runs side by side", () => {
    let pair: object;
    let series: object;
    beforeAll(async () => {
      const better = STRENGTH.map((s, l) => (l > 2 ? s + 1 : s));
      pair = { carried: encodeCompare(await compareRuns([run(2), run(3, better, 48)])) };
      series = { carried: encodeCompare(await compareRuns([run(2), run(3, better, 44), run(4, better, 52)])) };
    });

    it("says the verdict, names both runs, and draws every picture of the pair", async () => {
      const page = await lab().compare(pair);
      expect(await page.locator(".sentence").textContent()).toMatch(
        /^B holds safe and unsafe further apart than A: AQI \+8 \(\d+ to \d+\)\. Its probe is better at layers 3 to 4/,
      );
      expect(await page.locator(".number").textContent()).toBe("+8");
      expect(await page.locator(".runs-table tbody tr").allTextContents()).toEqual([expect.stringContaining("m2"), expect.stringContaining("m3")]);
      expect(await page.locator(".section h2").allTextContents()).toEqual([
        "Probe: B less A",
        "Probe of both",
        "Metrics: B less A",
        "Categories: AUROC, B less A",
        "Rows that moved most",
      ]);
      // A dot in the cells whose band leaves 0 out, in no other.
      const auroc = page.locator(".metrics-slot g.row").first();
      expect(await auroc.locator("circle").count()).toBe(2);
      expect(await auroc.locator("rect").nth(4).getAttribute("aria-label")).toMatch(/^AUROC, layer 4: 0\.\d+ \(0\.\d+ to 0\.\d+\)$/);
      expect(errorsOf(page)).toEqual([]);
      await page.close();
    });

    it("a row is marked, its text asked for, its line opened; Enter goes there", async () => {
      const page = await lab().compare(pair);
      await page.locator(".ranking-list .list-row").first().click();
      await settle(page);
      const asked = await mockOf(page, () => (window as unknown as Mocked).mock.asked);
      const opened = asked.find(({ method }) => method === "row.open");
      expect(opened?.params["keepFocus"]).toBe(true);
      expect(asked.some(({ method, params }) => method === "rows.text" && (params["rows"] as number[]).length <= 50)).toBe(true);
      expect(await page.locator(".beside h2").last().textContent()).toBe(`Row ${(opened?.params["row"] as number) + 1}`);
      await page.locator(".ranking-list").focus();
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Enter");
      const after = await mockOf(page, () => (window as unknown as Mocked).mock.asked.at(-1));
      expect(after).toMatchObject({ method: "row.open", params: { keepFocus: false } });
      expect(await page.locator('.list-row[aria-selected="true"]').getAttribute("aria-posinset")).toBe("2");
      await page.close();
    });

    it("the chosen layer is one for all pictures, the list and the counts beside them", async () => {
      const page = await lab().compare(pair);
      const first = await page.locator(".ranking-list .row-value").first().textContent();
      await page.locator(".frame.curve").first().focus();
      await page.keyboard.press("Home");
      await settle(page);
      expect(await page.locator(".beside h2").first().textContent()).toBe("At layer 0");
      expect(await page.locator(".ranking-list .row-value").first().textContent()).not.toBe(first);
      const cells = (await page.locator(".cross-table td").allTextContents()).filter(Boolean).map(Number);
      expect(cells.reduce((a, b) => a + b, 0)).toBe(300);
      await page.close();
    });

    it("a series is drawn over its runs; a click sets another run against the base", async () => {
      const page = await lab().compare(series);
      expect(await page.locator(".series .section h2").allTextContents()).toEqual(["AQI by run", "Probe by run"]);
      expect(await page.locator(".series .tick text").allTextContents()).toEqual(expect.arrayContaining(["A", "B", "C"]));
      await page.locator(".runs-table").getByText("Show", { exact: true }).click();
      expect(await mockOf(page, () => (window as unknown as Mocked).mock.asked.at(-1))).toEqual({ method: "pair.show", params: { pair: 0 } });
      await page.close();
    });

    it("says why runs cannot be compared and what to do, without a picture", async () => {
      const problem = { code: "compare/not-comparable", message: "Runs A and B measure different things: seed (0 against 1).", hint: "Run one of them again." };
      const page = await lab().compare({ more: { phase: "failed", problem } });
      expect((await page.locator(".problem").innerText()).split(/\n+/)).toEqual([problem.message, problem.hint]);
      expect(await page.locator(".section").count()).toBe(0);
      await page.getByText("Compare again").click();
      expect(await mockOf(page, () => (window as unknown as Mocked).mock.asked.at(-1)?.method)).toBe("compare.again");
      await page.close();
    });

    it("keeps the names of the runs for the next window, and no text", async () => {
      const page = await lab().compare(pair);
      await page.locator(".ranking-list .list-row").first().click();
      await settle(page);
      const saved = await mockOf(page, () => (window as unknown as Mocked).mock.saved);
      expect(saved["runs"]).toEqual(["20260101-000000-aaaaaa", "20260101-000001-bbbbbb"]);
      expect(Object.keys(saved).sort()).toEqual(["layer", "pair", "row", "runs", "tables", "v"]);
      await page.close();
    });

    it("has a table behind every picture, intervals included", async () => {
      const page = await lab().compare(pair);
      for (const button of await page.getByText("Table", { exact: true }).all()) await button.click();
      await settle(page);
      expect(await page.locator(".section .table table").count()).toBe(5);
      expect(await page.locator(".metrics-slot tbody tr").first().textContent()).toMatch(/AUROC.*\(−?0\.\d+ to 0\.\d+\)/);
      await page.close();
    });

    it("saves pictures and reports as the user asks; texts only when they are asked for", async () => {
      const page = await lab().compare(pair);
      for (const text of ["SVG pictures", "HTML report"]) {
        await page.locator(".menu summary").click();
        await page.getByText(text).click();
      }
      const wishes = (await mockOf(page, () => (window as unknown as Mocked).mock.asked))
        .filter(({ method }) => method === "compare.export")
        .map(({ params }) => params);
      expect(wishes.map(({ format, withText }) => [format, withText])).toEqual([
        ["svg", false],
        ["html", false],
      ]);
      const svgs = wishes[0]["svgs"] as Record<string, string>;
      expect(Object.keys(svgs)).toEqual(["compare/delta", "compare/both", "compare/metrics", "compare/categories", "compare/rows"]);
      for (const svg of Object.values(svgs)) expect(svg).not.toMatch(/var\(|NaN|undefined/);
      expect(await mockOf(page, () => (window as unknown as Mocked).mock.refused)).toEqual([]);
      await page.close();
    });

    for (const theme of ["light", "dark", "contrast", "contrast-light"] as ThemeName[])
      it(`axe finds nothing serious in ${theme}, and nothing overflows at 400 px`, async () => {
        for (const width of [1200, 400]) {
          const page = await lab().compare(series, { theme, width });
          await page.locator(".ranking-list .list-row").first().click();
          await settle(page);
          const cdp = await page.context().newCDPSession(page);
          await cdp.send("Runtime.evaluate", { expression: axe });
          const found = await page.evaluate(async () => {
            const { violations, passes } = await (
              window as unknown as { axe: { run(): Promise<{ passes: unknown[]; violations: { id: string; impact: string; nodes: { html: string }[] }[] }> } }
            ).axe.run();
            if (passes.length < 15) return ["axe looked at too little"];
            return violations.filter((v) => v.impact === "serious" || v.impact === "critical").map((v) => `${v.id}: ${v.nodes[0].html}`);
          });
          expect(found).toEqual([]);
          expect(await overflow(page)).toBe(0);
          const violations = await mockOf(page, () => (window as unknown as Mocked).mock.violations);
          // The toolkit's one inline style is refused, and only that.
          expect(violations.filter((v) => !/^style-src-elem inline/.test(v))).toEqual([]);
          await page.close();
        }
      });
  });
}
