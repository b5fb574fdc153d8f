import { describe, expect, it } from "vitest";
import { errorsOf, type Lab, settle } from "./browser.js";

export function strangersTests(lab: () => Lab): void {
  describe("against strangers", () => {
    it("shows hostile text as text and keeps within the policy", async () => {
      const evil = '<img src=x onerror="window.hacked=1"></script><script>window.hacked=1</script>';
      const texts = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [i, evil]));
      const page = await lab().open({ wish: { categoryNames: ["__proto__", "constructor", evil] }, texts });
      await page.locator(".list-row").first().click();
      await page.mouse.move(300, 500);
      await page.locator(".list-row").nth(2).hover();
      for (const button of await page.getByText("Table", { exact: true }).all()) await button.click();
      await settle(page);
      expect(await page.evaluate(() => (window as unknown as { hacked?: number }).hacked)).toBeUndefined();
      expect(await page.locator("#app img").count()).toBe(0);
      expect(await page.locator(".row-whole").textContent()).toBe(evil);
      expect(errorsOf(page)).toEqual([]);
      // The toolkit's base (FAST) tries one style element when it starts and goes on without it; nothing of ours breaks the policy.
      const violations = await page.evaluate(() => window.mock.violations);
      expect(violations.filter((v) => !v.startsWith("style-src-elem inline"))).toEqual([]);
      expect(violations.length).toBeLessThanOrEqual(1);
      await page.close();
    });

    it("refuses messages that are none", async () => {
      const page = await lab().open();
      await page.evaluate(() => {
        for (const message of [
          null,
          3,
          "x",
          {},
          { v: 1, kind: "event", name: "constructor", body: 1 },
          { v: 9, kind: "event", name: "panel.state", body: {} },
          { v: 1, kind: "answer", id: 99, result: 1 },
        ])
          window.postMessage(message, "*");
      });
      await settle(page);
      expect(errorsOf(page)).toEqual([]);
      expect(await page.locator(".section").count()).toBe(5);
      await page.close();
    });

    it("stays still when asked to", async () => {
      const moves = async (still: boolean) => {
        const page = await lab().open({}, { still });
        const picture = () => page.locator(".map-canvas").evaluate((c: HTMLCanvasElement) => c.toDataURL());
        await page.locator(".frame.curve").focus();
        await page.keyboard.press("Home");
        await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done)))));
        const soon = await picture();
        await page.waitForTimeout(600);
        const late = await picture();
        await page.close();
        return soon !== late;
      };
      expect(await moves(true)).toBe(false);
      // A busy machine may draw the whole glide before the first look.
      await expect.poll(() => moves(false), { timeout: 40_000 }).toBe(true);
    });
  });
}
