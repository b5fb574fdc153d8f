import { describe, expect, it } from "vitest";
import { errorsOf, type Lab, settle } from "./browser.js";
import { makeView } from "./fixture.js";
import { asked, firstRows } from "./looks.js";

export function rowsTests(lab: () => Lab): void {
  describe("rows", () => {
    it("chooses by keys, opens by Enter and click, and follows the editor", async () => {
      const page = await lab().open();
      await page.locator(".rows-scroller").focus();
      for (let i = 0; i < 3; i++) {
        await page.keyboard.press("ArrowDown");
        await settle(page);
      }
      expect(await page.locator('.list-row[aria-selected="true"]').getAttribute("data-place")).toBe("2");
      expect(await asked(page, "row.open")).toEqual([]);
      await page.keyboard.press("Enter");
      await page.locator(".list-row[data-place='5']").click();
      await settle(page);
      const opened = await asked(page, "row.open");
      expect(opened).toHaveLength(2);
      expect(opened[0]).toMatchObject({ keepFocus: false });
      expect(opened[1]).toMatchObject({ keepFocus: true });
      const id = makeView().rows.id[200];
      await page.evaluate((row) => window.mock.send("row.active", { row }), id);
      await settle(page);
      expect(await page.locator('.list-row[aria-selected="true"]').textContent()).toContain(`row ${id + 1} `);
      expect(await page.locator(".detail h2").textContent()).toBe(`Row ${id + 1}`);
      await page.evaluate(() => window.mock.send("row.active", { row: null }));
      await settle(page);
      expect(await page.locator('.list-row[aria-selected="true"]').count()).toBe(0);
      await page.close();
    });

    it("lists what disagrees first, filters by / and lets go by Esc", async () => {
      const page = await lab().open();
      const { rows } = makeView();
      const wrong = (i: number) => (rows.label[i] === 1 ? 1 - rows.probability[i] : rows.probability[i]);
      const worst = Array.from({ length: rows.count }, (_, i) => i).sort((a, b) => wrong(b) - wrong(a) || a - b);
      const labels = await firstRows(page);
      for (const [place, label] of labels.entries()) expect(label).toContain(`row ${rows.id[worst[place]] + 1} `);
      await page.locator(".frame.curve").focus();
      await page.keyboard.press("/");
      await page.keyboard.type("privacy unsafe");
      await settle(page);
      const matching = Array.from({ length: rows.count }, (_, i) => i).filter(
        (i) => rows.label[i] === 1 && rows.categories[rows.category[i]] === "privacy",
      ).length;
      expect(matching).toBeGreaterThan(0);
      // A text in sight may match as well, so at least these and not all.
      expect(await page.locator(".counts").textContent()).toMatch(new RegExp(`^${matching} of 240 rows`));
      await page.keyboard.press("Escape");
      expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("BODY");
      await page.close();
    });

    it("searches the texts of all rows, also of those that it has not read", async () => {
      const far = 4_321;
      const page = await lab().open({
        wish: { rows: 5_000, layers: 5, categories: 3 },
        texts: { [makeView({ rows: 5_000, layers: 5, categories: 3 }).rows.id[far]]: "A Needle in the hay" },
      });
      await page.locator(".frame.curve").focus();
      await page.keyboard.press("/");
      await page.keyboard.type("needle");
      await page.waitForFunction(() => /^1 of 5,000 rows/.test(document.querySelector(".counts")?.textContent ?? ""));
      expect(await page.locator(".counts").textContent()).not.toContain("search");
      expect(await asked(page, "rows.find")).toEqual([{ words: ["needle"] }]);
      await expect.poll(() => page.locator(".list-row .row-text").first().textContent()).toContain("A Needle in the hay");
      expect(errorsOf(page)).toEqual([]);
      await page.close();
    });

    it("asks for the texts of rows in sight only, at most 200 at once, and of 100,000 rows draws some dozens", async () => {
      const page = await lab().open({ wish: { rows: 100_000, layers: 5, categories: 3 } });
      await settle(page);
      expect(await page.locator(".list-row").count()).toBeLessThan(60);
      await page.locator(".rows-scroller").evaluate((e) => e.scrollTo(0, 1_300_000));
      await settle(page);
      await settle(page);
      const wants = (await asked(page, "rows.text")) as { rows: number[] }[];
      expect(wants.flatMap((w) => w.rows).length).toBeLessThan(200);
      expect(Math.max(...wants.map((w) => w.rows.length))).toBeLessThanOrEqual(200);
      expect(await page.locator(".list-row .row-text").first().textContent()).not.toBe("…");
      const painted = () =>
        page.locator(".map-canvas").evaluate((c: HTMLCanvasElement) => {
          const { data } = c.getContext("2d")!.getImageData(0, 0, c.width, c.height);
          let n = 0;
          for (let i = 3; i < data.length; i += 4) if (data[i] > 0) n++;
          return n / (c.width * c.height);
        });
      await expect.poll(painted).toBeGreaterThan(0.2);
      expect(errorsOf(page)).toEqual([]);
      await page.close();
    });

    it("filters by a lasso on the map, in whose place the rows are", async () => {
      const page = await lab().open();
      const map = (await page.locator(".map-canvas").boundingBox())!;
      await page.mouse.move(map.x + 40, map.y + 14);
      await page.mouse.down();
      for (const [x, y] of [
        [map.width * 0.4, 14],
        [map.width * 0.4, map.height - 40],
        [40, map.height - 40],
      ])
        await page.mouse.move(map.x + x, map.y + y, { steps: 5 });
      await page.mouse.up();
      await settle(page);
      const counts = await page.locator(".counts").textContent();
      const inside = Number(counts?.match(/^(\d+) of 240/)?.[1]);
      expect(inside).toBeGreaterThan(20);
      expect(inside).toBeLessThan(200);
      await page.locator(".rows-scroller").focus();
      await page.keyboard.press("Escape");
      await settle(page);
      expect(await page.locator(".counts").textContent()).toMatch(/^240 rows/);
      await page.close();
    });
  });
}
