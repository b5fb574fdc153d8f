import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { embeddableJson, encodeView } from "../../src/protocol/index.js";
import { errorsOf, type Lab, settle } from "./browser.js";
import { makeText, makeView } from "./fixture.js";

let script: string;
const css = readFileSync(resolve(import.meta.dirname, "../../media/webview.css"), "utf8");

/** The page as a writer of reports would make it, under a policy that allows its own two inline parts and nothing else. */
function page(data: string): string {
  const code = script.replaceAll("</script", "<\\/script");
  const hash = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  const policy = `default-src 'none'; img-src data:; script-src ${hash(code)}; style-src ${hash(css)}`;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}"><title>Report</title><style>${css}</style></head><body class="vscode-light"><div id="app"></div><script type="application/json" id="view">${data}</script><script>${code}</script></body></html>`;
}

export function reportTests(lab: () => Lab): void {
  describe("report", () => {
    beforeAll(async () => {
      script = await lab().bundle("src/webview/report.ts");
    });

    it("draws the whole panel, read-only, from what the page carries, and asks nobody", async () => {
      const view = makeView({ rows: 80, layers: 9 });
      const texts = Array.from(view.rows.id, (id) => (id === view.rows.id[0] ? "</script><img src=x onerror=alert(1)>" : makeText(id).text));
      const opened = await lab().html(page(embeddableJson(encodeView(view, texts))), 1000);
      const wanted: string[] = [];
      opened.on("request", (request) => wanted.push(request.url()));
      expect(await opened.locator(".section").count()).toBe(5);
      expect(await opened.locator(".number").textContent()).toBe("62.4");
      expect(await opened.locator(".row-text").first().textContent()).not.toMatch(/^row|…$/);
      expect(await opened.getByText("Run again").count()).toBe(0);
      expect(await opened.getByText("Export").count()).toBe(0);
      await opened.locator("input[type=text]").fill("onerror");
      await settle(opened);
      expect(await opened.locator(".counts").textContent()).toMatch(/^1 of 80 rows/);
      await opened.locator(".list-row").first().click();
      await settle(opened);
      expect(await opened.locator(".row-whole").textContent()).toBe("</script><img src=x onerror=alert(1)>");
      expect(await opened.locator(".provenance").textContent()).toContain("1".repeat(64));
      expect([errorsOf(opened), wanted]).toEqual([[], []]);
      await opened.close();
    });

    it("names rows by number when it was made without texts", async () => {
      const opened = await lab().html(page(embeddableJson(encodeView(makeView({ rows: 30, layers: 5 })))), 400);
      await settle(opened);
      expect(await opened.locator(".row-text").first().textContent()).toMatch(/^row \d+/);
      expect(await opened.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBe(0);
      expect(errorsOf(opened)).toEqual([]);
      await opened.close();
    });
  });
}
