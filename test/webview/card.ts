import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readSheet } from "../../src/engine/model/index.js";
import type { CardState, ModelSheet } from "../../src/protocol/index.js";
import { writeTiny } from "../fixtures/models.js";
import { FLOAT, OnnxBuilder } from "../fixtures/onnx-builder.js";
import { errorsOf, type Lab, settle } from "./browser.js";
import type { CardMock } from "./cardHost.js";
import { overflow } from "./looks.js";
import type { ThemeName } from "./themes.js";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const mockOf = <K extends keyof CardMock>(page: Page, key: K): Promise<CardMock[K]> =>
  page.evaluate((name) => (window as unknown as { mock: CardMock }).mock[name] as never, key);

/** Cards of files made here, read by the engine itself. */
export function cardTests(lab: () => Lab): void {
  describe("the model card", () => {
    let root: string;
    let good: ModelSheet;
    let bad: ModelSheet;
    const done = (sheet: ModelSheet, more: Partial<CardState> = {}): CardState => ({ phase: "done", name: "model.onnx", sheet, chosen: false, ...more });
    beforeAll(async () => {
      root = mkdtempSync(join(tmpdir(), "layerscope-card-"));
      const tiny = writeTiny(join(root, "tiny"), { blocks: 6, external: "model.onnx_data" });
      writeFileSync(join(tiny.folder, "onnx", "model_q4.onnx"), readFileSync(tiny.path));
      writeFileSync(join(tiny.folder, "chat_template.jinja"), "{{ messages }}");
      good = await readSheet(tiny.folder, "cpu");
      const builder = new OnnxBuilder();
      builder.input("image", FLOAT, ["n", 3, 8, 8]);
      builder.weight("kernel", [4, 3, 3, 3], new Float32Array(108));
      builder.output(builder.node("Relu", [builder.node("Conv", ["image", "kernel"])]), FLOAT);
      mkdirSync(join(root, "cnn"));
      builder.write(join(root, "cnn", "<img src=x onerror=alert(1)>.onnx"));
      bad = await readSheet(join(root, "cnn"), "cpu");
    });
    afterAll(() => rmSync(root, { recursive: true, force: true }));

    it("says what the model is, which taps it has and which it lacks", async () => {
      const page = await lab().card(done(good));
      expect(await page.locator(".sentence").textContent()).toMatch(/^tiny, causal: 6 blocks of width 16, \d+(\.\d+)? k parameters, float32\.$/);
      const text = (await page.locator("main").textContent()) ?? "";
      for (const part of [
        "Parameters",
        "chat_template.jinja",
        "model.onnx_data",
        "estimate",
        "input_ids",
        "int64",
        "blocks.0–5.attn_out",
        "final_norm",
        "the CPU",
      ])
        expect(text).toContain(part);
      expect(await page.locator("#layers tbody tr").count()).toBe(7);
      await page.getByRole("button", { name: "model_q4.onnx" }).click();
      for (const name of ["Use This Model", "Audit a Dataset with It…", "Copy as JSON", "Open Folder"])
        await page.getByRole("button", { name, exact: true }).click();
      await settle(page);
      expect((await mockOf(page, "asked")).map(({ method, params }) => [method, params])).toEqual([
        ["card.ready", {}],
        ["card.variant", { index: 0 }],
        ["card.use", {}],
        ["card.audit", {}],
        ["card.copy", {}],
        ["card.reveal", {}],
      ]);
      expect(await mockOf(page, "refused")).toEqual([]);
      expect(await mockOf(page, "violations")).toEqual([]);
      expect(errorsOf(page)).toEqual([]);
      await page.close();
    });

    it("a file that is no transformer: the refusal, and what the graph is made of; names are text, never markup", async () => {
      const page = await lab().card(done(bad));
      expect(await page.locator(".problem-message").textContent()).toContain("No residual stream was found in ");
      const text = (await page.locator("main").textContent()) ?? "";
      expect(text).toContain("What the graph is made of");
      expect(text).toContain("Conv");
      expect(text).toContain("<img src=x onerror=alert(1)>");
      expect(await page.locator("main img").count()).toBe(0);
      expect(await page.getByRole("button", { name: "Use This Model" }).count()).toBe(0);
      await page.close();
    });

    it("Restricted Mode and failures say what to do", async () => {
      const page = await lab().card({ phase: "restricted", name: "model.onnx", chosen: false });
      expect(await page.locator("main").textContent()).toContain("In Restricted Mode no model file is read.");
      await page.getByRole("button", { name: "Manage Workspace Trust" }).click();
      await settle(page);
      expect((await mockOf(page, "asked")).at(-1)?.method).toBe("card.trust");
      await page.evaluate(() =>
        (window as unknown as { mock: CardMock }).mock.state({
          phase: "failed",
          name: "model.onnx",
          chosen: false,
          problem: { code: "engine/crashed", message: "The engine ended.", hint: "Try again." },
        }),
      );
      await settle(page);
      expect(await page.getByRole("alert").textContent()).toBe("The engine ended.Try again.");
      await page.close();
    });

    it("read again, it keeps what was open and where the keyboard was", async () => {
      const page = await lab().card(done(good));
      await page.locator("#layers summary").click();
      await page.getByRole("button", { name: "Copy as JSON" }).focus();
      await page.evaluate((state) => (window as unknown as { mock: CardMock }).mock.state(state), done(good, { chosen: true }));
      await settle(page);
      expect(await page.locator("#layers").getAttribute("open")).not.toBeNull();
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Copy as JSON");
      expect(await page.locator(".chosen").textContent()).toContain("This workspace’s model");
      await page.close();
    });

    it.each([
      ["dark", 1000],
      ["light", 1000],
      ["contrast", 1000],
      ["contrast-light", 400],
      ["dark", 400],
    ] as [ThemeName, number][])("axe finds nothing and nothing overflows: %s at %i px", async (theme, width) => {
      for (const sheet of [good, bad]) {
        const page = await lab().card(done(sheet), { theme, width, height: 1200 });
        expect(await overflow(page)).toBeLessThanOrEqual(0);
        await page.evaluate(axe);
        const findings = await page.evaluate(async () => {
          const { violations } = await (
            window as unknown as { axe: { run(d: Document): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }> } }
          ).axe.run(document);
          return violations.map((v) => `${v.id}: ${v.nodes[0]?.html} ${v.nodes[0]?.failureSummary}`);
        });
        expect(findings).toEqual([]);
        if (process.env["LAYERSCOPE_SHOTS"])
          await page.screenshot({
            path: join(process.env["LAYERSCOPE_SHOTS"], `card-${theme}-${width}-${sheet === good ? "good" : "bad"}.png`),
            fullPage: true,
          });
        await page.close();
      }
    });
  });
}
