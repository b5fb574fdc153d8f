import { describe, expect, it } from "vitest";
import type { PromptPoint } from "../../src/protocol/index.js";
import { errorsOf, type Lab, settle } from "./browser.js";
import { asked } from "./looks.js";

const point = (more: Partial<PromptPoint>): PromptPoint => ({
  key: "chat.py/0",
  label: "SYSTEM, chat.py:12",
  side: "unsafe",
  probability: 0.93,
  layer: 6,
  decision: 0.4,
  near: [],
  ...more,
});

export function promptTests(lab: () => Lab): void {
  describe("prompts in code", () => {
    it("stand among the rows at their layer, lead to the code and to the rows' neighbours", async () => {
      const page = await lab().open({ saved: { v: 1, layer: 6 } });
      await page.evaluate(
        (prompts) => window.mock.send("prompts.shown", { prompts }),
        [point({}), point({ key: "b", label: "greeting, bot.ts:3", layer: 4, side: "outside", probability: null })],
      );
      await settle(page);
      const key = page.locator(".prompt-key");
      expect(await key.textContent()).toContain("2 prompts in code");
      await key.getByText("greeting, bot.ts:3").click();
      expect(await asked(page, "prompt.open")).toEqual([{ key: "b" }]);
      expect(await key.getByText("greeting, bot.ts:3").getAttribute("aria-label")).toContain("nothing is claimed");
      // Nothing says how high it lies, so it stands at the lower edge, across by its score.
      const canvas = page.locator(".frame.points canvas");
      await canvas.scrollIntoViewIfNeeded();
      const box = (await canvas.boundingBox())!;
      let found = -1;
      for (let x = 40; x < box.width - 12 && found < 0; x += 8) {
        await page.mouse.move(box.x + x, box.y + box.height - 34 - 8);
        const title = await page.evaluate(() => document.querySelector(".tip:not([hidden]) .tip-title")?.textContent);
        if (title === "SYSTEM, chat.py:12") found = x;
      }
      expect(found).toBeGreaterThan(0);
      expect(await page.locator(".tip").textContent()).toContain("probability of unsafe 0.93");
      await page.mouse.down();
      await page.mouse.up();
      await settle(page);
      expect(await asked(page, "prompt.open")).toEqual([{ key: "b" }, { key: "chat.py/0" }]);
      expect(await asked(page, "row.open")).toEqual([]);
      await page.locator(".list-row[data-place='0']").click();
      await page.getByText("Nearest prompts in code").click();
      const [{ row }] = (await asked(page, "row.open")) as { row: number }[];
      expect(await asked(page, "row.prompts")).toEqual([{ row }]);
      expect(await page.locator(".list-row[data-place='0']").getAttribute("data-vscode-context")).toContain(`"row":${row}`);
      await key.getByText("shown at layer 4").click();
      await settle(page);
      expect(await page.locator(".layer-number").textContent()).toBe("layer 4");
      await page.evaluate(() => window.mock.send("prompts.shown", { prompts: [] }));
      await settle(page);
      expect(await key.isVisible()).toBe(false);
      expect(errorsOf(page)).toEqual([]);
      await page.close();
    });
  });
}
