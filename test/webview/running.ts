import { describe, expect, it } from "vitest";
import { errorsOf, type Lab, settle } from "./browser.js";
import { asked, chosenLayer } from "./looks.js";

export function runningTests(lab: () => Lab): void {
  describe("while it runs and after", () => {
    it("moves nothing from the preview to the end", async () => {
      for (const width of [1200, 400]) {
        const wish = { rows: 120, layers: 13 };
        const page = await lab().open(
          {
            phase: "running",
            wish: { ...wish, final: false, scored: 0.5 },
            more: { progress: { phase: "running", done: 60, of: 120, unit: "rows", perSecond: 30, secondsLeft: 2 } },
          },
          { width },
        );
        const places = () =>
          page.evaluate(() =>
            Object.fromEntries(
              [...document.querySelectorAll(".section")].map((s) => [
                s.querySelector("h2")!.textContent,
                Math.round(s.querySelector(".frame")!.getBoundingClientRect().top + scrollY),
              ]),
            ),
          );
        const before = await places();
        expect(await page.locator(".badge").textContent()).toBe("preview");
        expect(await page.locator(".progress-text").textContent()).toBe("Running · 60 of 120 rows · 30 rows a second · 2 s left");
        await page.evaluate((w) => window.mock.state(w, "done"), wish);
        await settle(page);
        const after = await places();
        expect(Object.keys(after)).toEqual(Object.keys(before));
        for (const [title, top] of Object.entries(after))
          expect(Math.abs(top - before[title]), `${title} at ${width} px`).toBeLessThanOrEqual(width === 1200 ? 2 : 16);
        expect(await page.locator(".badge").count()).toBe(0);
        await page.close();
      }
    });

    it("keeps layer, row, order, filter and scroll over a reload, and no row's text", async () => {
      const page = await lab().open();
      await page.locator(".frame.curve").focus();
      await page.keyboard.press("Home");
      await page.keyboard.press("ArrowRight");
      await page.locator(".list-row[data-place='1']").click();
      await settle(page);
      await page.locator(".rows-scroller").evaluate((e) => e.scrollTo(0, 520));
      await page.waitForTimeout(350);
      const [saved, text] = await page.evaluate(() => [window.mock.saved, document.querySelector(".row-whole")?.textContent ?? ""]);
      expect(text.length).toBeGreaterThan(10);
      expect(JSON.stringify(saved)).not.toContain(text.slice(0, 20));
      await page.close();
      const again = await lab().open({ saved });
      expect(await chosenLayer(again)).toBe("1");
      expect(await again.locator(".rows-scroller").evaluate((e) => e.scrollTop)).toBe(520);
      expect(await again.locator(".detail h2").textContent()).toMatch(/^Row \d+$/);
      await again.close();
      const broken = await lab().open({ saved: { v: 1, layer: "x", sort: "__proto__", lasso: [{}], tables: 4 } });
      expect(errorsOf(broken)).toEqual([]);
      await broken.close();
    });

    it("says which columns were read as what, and lets that be changed", async () => {
      const page = await lab().open({ wish: { rows: 40, layers: 5 } });
      expect(await page.locator(".reading").textContent()).toMatch(/^read as: text\b.* · label\b.* · change$/);
      await page.getByRole("button", { name: "change columns" }).click();
      expect(await asked(page, "columns.change")).toHaveLength(1);
    });

    it("says what is wrong and has the button that does the next thing", async () => {
      const problem = { code: "model/not-onnx", message: "model.onnx is a Git LFS pointer.", hint: "Run git lfs pull." };
      const page = await lab().open({ noView: true, phase: "failed", more: { problem } });
      expect(await page.locator(".problem").textContent()).toContain("Git LFS pointer");
      expect(await page.locator(".problem").textContent()).toContain("Run git lfs pull.");
      await page.getByText("Change model").click();
      expect(await asked(page, "model.pick")).toHaveLength(1);
      await page.evaluate(() => window.mock.state(undefined, "empty"));
      await settle(page);
      expect(await page.locator(".sentence").textContent()).toContain("Audit Alignment");
      await page.evaluate(() => window.mock.state(undefined, "running"));
      await settle(page);
      await page.getByText("Cancel").click();
      expect(await asked(page, "run.cancel")).toHaveLength(1);
      await page.evaluate(() => window.mock.state({ final: false }, "cancelled"));
      await settle(page);
      expect(await page.locator(".badge").textContent()).toBe("cancelled");
      await page.getByText("Run again").click();
      expect(await asked(page, "run.again")).toHaveLength(1);
      await page.close();
    });

    it("says at which row a run was interrupted, and goes on with it", async () => {
      const more = { interrupted: { row: 412, of: 1_000 }, problem: { code: "engine/crashed", message: "The engine ended." } };
      const page = await lab().open({ noView: true, phase: "interrupted", more });
      expect(await page.locator(".sentence").textContent()).toContain("Interrupted at row 412 of 1,000.");
      expect(await page.locator(".sentence").textContent()).toContain("The engine ended.");
      await page.getByText("Resume", { exact: true }).click();
      expect(await asked(page, "run.resume")).toEqual([{}]);
      await page.evaluate((m) => window.mock.state({ final: false }, "interrupted", m), more);
      await settle(page);
      expect(await page.locator(".badge").textContent()).toBe("interrupted");
      expect(await page.locator(".reason").textContent()).toContain("Interrupted at row 412 of 1,000.");
      await page.evaluate(() => window.mock.state({}, "done"));
      await settle(page);
      expect(await page.locator(".reason").textContent()).toBe("");
      expect(await page.getByText("Resume", { exact: true }).count()).toBe(0);
      await page.close();
    });

    it("leads with the probe where there is no index, and says why", async () => {
      const page = await lab().open({ wish: { kind: "concept" } });
      expect(await page.locator(".number-unit").textContent()).toBe("AUROC");
      expect(await page.locator(".reason").textContent()).toBe("No alignment index: the classes are true and false, not safe and unsafe.");
      const cell = page.locator(".frame.matrix g.row").first().locator("rect").first();
      expect(await cell.getAttribute("fill")).toMatch(/^url\(#hatch/);
      expect(await cell.getAttribute("aria-label")).toContain("the classes are not safe and unsafe");
      await page.close();
    });

    it("says where an interval goes on beyond the scale of the number", async () => {
      const page = await lab().open({ wish: { index: { signed: -1.2, ci95: [-6.4, 3.5] } } });
      expect(await page.locator(".number").textContent()).toBe("0");
      expect(await page.locator(".number-interval").textContent()).toBe("−6.4 to 3.5");
      expect(await page.locator(".stats").first().textContent()).toContain("unclipped−1.2");
      expect(await page.locator(".rule > svg").getAttribute("aria-label")).toContain("95% interval −6.4 to 3.5, which reaches below 0");
      expect(await page.locator(".rule g.beyond path").count()).toBe(1);
      expect(await page.locator(".rule g.beyond title").textContent()).toBe("goes on below 0");
      const inside = await lab().open();
      expect(await inside.locator(".rule g.beyond path").count()).toBe(0);
      await page.close();
      await inside.close();
    });

    it("hatches what is withheld and never draws it as 0", async () => {
      const page = await lab().open();
      const dunn = page.locator(".frame.matrix").first().locator("g.row").nth(6).locator("rect").nth(2);
      expect(await dunn.getAttribute("fill")).toMatch(/^url\(#hatch/);
      expect(await dunn.getAttribute("aria-label")).toBe("Dunn, layer 2: two rows are the same");
      await page.close();
      const preview = await lab().open({ phase: "running", wish: { final: false, scored: 0 } });
      const alpha = await preview
        .locator(".row-strip")
        .first()
        .evaluate((c: HTMLCanvasElement) => Math.max(...c.getContext("2d")!.getImageData(0, 0, c.width, 1).data));
      expect(alpha).toBe(0);
      await preview.close();
    });

    it("exports the pictures as SVG that stands alone, texts only when asked for", async () => {
      const page = await lab().open({ wish: { rows: 60, layers: 9 } });
      await page.locator(".menu summary").click();
      await page.getByText("SVG pictures").click();
      await settle(page);
      const [{ format, withText, svgs }] = (await asked(page, "run.export")) as { format: string; withText: boolean; svgs: Record<string, string> }[];
      expect([format, withText]).toEqual(["svg", false]);
      expect(Object.keys(svgs)).toHaveLength(5);
      for (const svg of Object.values(svgs)) {
        expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/);
        expect(svg).not.toMatch(/var\(--|class="row-text|href=/);
      }
      const text = await page.locator(".row-text").first().textContent();
      expect(JSON.stringify(svgs)).not.toContain((text ?? "").slice(0, 25));
      await page.locator(".menu summary").click();
      await page.getByText("Include row texts").click();
      await page.getByText("CSV rows").click();
      expect((await asked(page, "run.export"))[1]).toEqual({ format: "csv", withText: true });
      expect(await page.evaluate(() => window.mock.refused)).toEqual([]);
      await page.close();
    });

    it("survives being hidden, resized, zoomed and given another theme while results stream", async () => {
      const wish = { rows: 300, layers: 17 };
      const page = await lab().open({ phase: "running", wish: { ...wish, final: false, scored: 0.2 } });
      for (const [n, theme] of [
        "vscode-light",
        "vscode-high-contrast",
        "vscode-dark vscode-reduce-motion",
        "vscode-high-contrast vscode-high-contrast-light",
        "vscode-dark",
      ].entries()) {
        await page.evaluate(
          ([w, share, name, step]) => {
            window.mock.view({ ...(w as object), final: false, scored: Number(share) });
            document.body.className = String(name);
            document.getElementById("app")!.style.display = Number(step) === 1 ? "none" : "";
            document.body.style.zoom = Number(step) === 3 ? "1.6" : "1";
          },
          [wish, (n + 1) / 6, theme, n] as const,
        );
        await page.setViewportSize({ width: [1200, 0, 400, 901, 1600][n] || 300, height: [900, 200, 500, 800, 900][n] });
        await settle(page);
      }
      await page.evaluate((w) => window.mock.state(w, "done"), wish);
      await settle(page);
      expect(errorsOf(page)).toEqual([]);
      expect(await page.locator(".list-row").count()).toBeGreaterThan(10);
      const size = await page
        .locator(".frame.curve > svg")
        .evaluate((e) => [e.getBoundingClientRect().width, e.closest(".lane")!.getBoundingClientRect().width]);
      expect(size[0]).toBeCloseTo(size[1], 0);
      // The accent of the last theme, not of a former one.
      expect(await page.locator(".frame.matrix text.name").first().getAttribute("fill")).toBe("#cccccc");
      await page.close();
    });

    it("keeps a press on a row and a selection of text while results stream", async () => {
      const wish = { rows: 200, layers: 9 };
      const page = await lab().open({ phase: "running", wish: { ...wish, final: false, scored: 0.3 } });
      await page.locator(".list-row[data-place='3']").scrollIntoViewIfNeeded();
      const box = (await page.locator(".list-row[data-place='3']").boundingBox())!;
      await page.mouse.move(box.x + 60, box.y + 10);
      await page.mouse.down();
      await page.evaluate((w) => window.mock.view({ ...w, final: false, scored: 0.6 }), wish);
      await settle(page);
      await page.mouse.up();
      await settle(page);
      expect(await asked(page, "row.open")).toHaveLength(1);
      await page.evaluate((w) => window.mock.state(w, "done"), wish);
      await settle(page);
      await page.evaluate(() => getSelection()?.selectAllChildren(document.querySelector(".number")!));
      await page.locator(".frame.curve").scrollIntoViewIfNeeded();
      const curve = (await page.locator(".frame.curve").boundingBox())!;
      await page.mouse.move(curve.x + curve.width * 0.6, curve.y + 80, { steps: 4 });
      await settle(page);
      expect(await page.locator(".tip").isVisible()).toBe(true);
      expect(await page.evaluate(() => getSelection()?.toString())).toBe("62.4");
      await page.close();
    });
  });
}
