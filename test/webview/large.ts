import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { MOST_MESSAGE_BYTES } from "../../src/protocol/index.js";
import { errorsOf, type Lab, settle } from "./browser.js";
import { mapFrames, WATCH } from "./frames.js";
import { asked } from "./looks.js";

const ROWS = 100_000;
const LAYERS = 33;
const wish = { rows: ROWS, layers: LAYERS, categories: 3 };

const shows = (page: Page) => page.locator(".map-canvas").getAttribute("data-shows");
const allLayers = (page: Page) => page.waitForFunction((many) => window.mock.layers.length >= many, LAYERS, { timeout: 60_000 });
/** The shown rows, from top to bottom: place, and what a screen reader hears. */
const listed = (page: Page) =>
  page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>(".list-row")]
      .sort((a, b) => Number(a.dataset["place"]) - Number(b.dataset["place"]))
      .map((row) => ({
        place: Number(row.dataset["place"]),
        of: row.getAttribute("aria-setsize"),
        at: row.getAttribute("aria-posinset"),
        said: row.lastElementChild!.textContent ?? "",
      })),
  );
const probabilityOf = (said: string) => Number(/probability of unsafe [<>]?([\d.]+)/.exec(said)?.[1]);

export function largeTests(lab: () => Lab): void {
  describe("100,000 rows and 33 layers", () => {
    it("come in messages below 4 MB: verdict, curve and list before the values by layer, the layer looked at first", async () => {
      const page = await lab().open({ wish, saved: { v: 1, layer: 7 } }, { before: `${WATCH};addEventListener("load", () => { window.mock.columnMs = 60; })` });
      // Verdict, curve and list stand while most layers are on their way.
      await page.waitForFunction(() => document.querySelectorAll(".list-row").length > 5 && window.mock.layers.length > 2);
      expect(await page.locator(".number").textContent()).not.toBe("–");
      expect(await page.evaluate(() => window.mock.layers.length)).toBeLessThan(LAYERS);
      await page.waitForFunction(() => document.querySelector<HTMLElement>(".map-canvas")?.dataset["shows"] === "density");
      const order = await page.evaluate(() => window.mock.layers.slice(0, 3));
      expect(order).toContain(7);
      await page.evaluate(() => {
        window.mock.columnMs = 1;
      });
      await allLayers(page);
      expect(new Set(await page.evaluate(() => window.mock.layers)).size).toBe(LAYERS);
      expect(await page.evaluate(() => window.mock.largest)).toBeLessThan(MOST_MESSAGE_BYTES);
      expect(await page.evaluate(() => window.mock.largest)).toBeGreaterThan(100_000);

      // The list: few elements, right rows, whole counts for those who cannot see.
      await settle(page);
      const first = await listed(page);
      expect(first.length).toBeLessThan(60);
      expect(first.every(({ place, of, at }) => of === String(ROWS) && at === String(place + 1))).toBe(true);
      await page.locator(".list-tools vscode-dropdown").evaluate((e: HTMLSelectElement) => {
        e.value = "risk";
        e.dispatchEvent(new Event("change"));
      });
      // In the order before, rows of both ends stand side by side.
      const descends = async () => {
        const risks = (await listed(page)).map(({ said }) => probabilityOf(said));
        return risks[0]! > 0.9 && risks.every((risk, k) => k === 0 || risk <= risks[k - 1]!);
      };
      await expect.poll(descends, { timeout: 5_000 }).toBe(true);
      await page.locator(".rows-scroller").focus();
      await page.keyboard.press("End");
      await expect.poll(async () => (await listed(page)).at(-1)?.place).toBe(ROWS - 1);
      expect(probabilityOf((await listed(page)).at(-1)!.said)).toBeLessThan(0.1);

      // A filter picks from the order that is there; the counts say so.
      await page.keyboard.press("/");
      await page.keyboard.type("unsafe #77777");
      await page.keyboard.press("Backspace");
      await expect.poll(async () => page.locator(".counts").textContent()).toMatch(/^[\d,]+ of 100,000 rows/);
      await page.keyboard.press("Escape");
      expect(errorsOf(page)).toEqual([]);
      await page.close();
    });

    it("are zoomed and panned on the map, and the row under the pointer is the right one", async () => {
      const page = await lab().open({ wish }, { before: WATCH });
      await allLayers(page);
      await settle(page);
      await page.waitForFunction(() => document.querySelector<HTMLElement>(".map-canvas")?.dataset["shows"] === "density");
      await page.locator(".map-canvas").scrollIntoViewIfNeeded();
      const box = (await page.locator(".map-canvas").boundingBox())!;
      const at: [number, number] = [box.x + box.width * 0.55, box.y + box.height * 0.5];
      await page.mouse.move(...at);
      await page.keyboard.down("Control");
      for (let k = 0; k < 24; k++) await page.mouse.wheel(0, -200);
      await page.keyboard.up("Control");
      await expect.poll(() => shows(page)).toBe("points");
      // Shift and a drag pans.
      await page.keyboard.down("Shift");
      await page.mouse.down();
      await page.mouse.move(at[0] + 60, at[1] + 20, { steps: 4 });
      await page.mouse.up();
      await page.keyboard.up("Shift");
      await settle(page);
      expect(await asked(page, "row.open")).toEqual([]);
      // A point that is drawn is the row that the click opens.
      const spot = await page.locator(".map-canvas").evaluate((canvas: HTMLCanvasElement) => {
        const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
        const ratio = canvas.width / canvas.clientWidth;
        let best: { x: number; y: number; score: number } | undefined;
        for (let y = 40; y < canvas.height - 60; y++)
          for (let x = 50; x < canvas.width - 40; x++) {
            const p = (y * canvas.width + x) * 4;
            if (data[p + 3]! < 200 || Math.abs(data[p]! - data[p + 2]!) < 60) continue;
            const score = Math.hypot(x - canvas.width / 2, y - canvas.height / 2);
            if (!best || score < best.score) best = { x: x / ratio, y: y / ratio, score };
          }
        return best;
      });
      expect(spot).toBeDefined();
      await page.mouse.click(box.x + spot!.x, box.y + spot!.y);
      await settle(page);
      const opened = (await asked(page, "row.open")) as { row: number }[];
      expect(opened).toHaveLength(1);
      expect(await page.locator(".detail h2").textContent()).toBe(`Row ${opened[0]!.row + 1}`);
      await expect.poll(() => page.locator('.list-row[aria-selected="true"]').count()).toBe(1);
      // A ring is drawn around it, at the pointer.
      const ringed = await page.locator(".map-canvas").evaluate(
        (canvas: HTMLCanvasElement, [x, y]) => {
          const ratio = canvas.width / canvas.clientWidth;
          const { data } = canvas.getContext("2d")!.getImageData((x! - 20) * ratio, (y! - 20) * ratio, 40 * ratio, 40 * ratio);
          let grey = 0;
          for (let i = 0; i < data.length; i += 4) if (data[i + 3]! > 180 && data[i]! > 170 && Math.abs(data[i]! - data[i + 2]!) < 20) grey++;
          return grey;
        },
        [spot!.x, spot!.y],
      );
      expect(ringed).toBeGreaterThan(30);

      // Loosely: a frame's own work is far from what a glitch would cost, even on a busy machine.
      await page.mouse.dblclick(...at);
      const { work } = await mapFrames(page, "zoom", 60);
      const { work: panned } = await mapFrames(page, "pan", 60);
      const middle = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;
      expect(middle(work)).toBeLessThan(50);
      expect(middle(panned)).toBeLessThan(50);

      // A lasso around everything filters the list without losing a row.
      await page.keyboard.press("Escape");
      await page.locator(".map-canvas").focus();
      await page.keyboard.press("0");
      await settle(page);
      await page.mouse.move(box.x + 35, box.y + 11);
      await page.mouse.down();
      for (const [x, y] of [
        [box.width - 11, 11],
        [box.width - 11, box.height - 35],
        [35, box.height - 35],
      ] as const)
        await page.mouse.move(box.x + x, box.y + y, { steps: 3 });
      await page.mouse.up();
      await expect.poll(() => page.getByText("Clear lasso", { exact: true }).isVisible()).toBe(true);
      const count = Number(/^([\d,]+)/.exec((await page.locator(".counts").textContent()) ?? "")?.[1]?.replaceAll(",", ""));
      expect(count).toBeGreaterThan(0.95 * ROWS);
      expect(errorsOf(page)).toEqual([]);
      await page.close();
    });
  });
}
