// Pictures of what lies beyond the first audit: a lens on demand, two runs compared, a model's card.
import { cpSync } from "node:fs";
import { join } from "node:path";
import { auditFromMenu, choose, chooseFromMenu, explorerRow, finished, panelFrame, panelFrames, quickInput, ready, runCommand, until } from "./vscode-page.mjs";

const LENS = "Choice of pooling";

/** The frame of the panel whose page holds this. */
async function frameWith(page, selector, why, ms = 60_000) {
  let found;
  await until(
    async () => {
      for (const frame of await panelFrames(page)) if (await frame.locator(selector).count()) found = frame;
      return found !== undefined;
    },
    why,
    ms,
  );
  return found;
}

export const gallery = {
  async lenses(page) {
    const frame = await panelFrame(page, 60_000);
    await until(() => finished(frame), "the audit to stand", 60_000);
    await frame.locator(`vscode-button[aria-label="Run ${LENS}"]`).click();
    await until(async () => (await frame.locator(".lens-group", { hasText: LENS }).count()) > 0 && (await finished(frame)), "the lens", 90_000);
    await frame.locator(".lens-group", { hasText: LENS }).evaluate((group) => group.scrollIntoView({ block: "start" }));
    await page.waitForTimeout(800);
  },

  async compare(page) {
    await runCommand(page, "View: Show Explorer");
    await ready(page);
    await runCommand(page, "Layerscope: Choose Model");
    await quickInput(page).locator("input[type=text]").fill("early checkpoint");
    await choose(page, "early checkpoint");
    await auditFromMenu(page, "prompts.jsonl");
    const frame = await panelFrame(page);
    await page.waitForTimeout(2000);
    await until(() => finished(frame), "the second audit", 60_000);
    await runCommand(page, "Layerscope: Compare Runs");
    await page.waitForTimeout(500);
    for (const place of ["first", "last"]) await quickInput(page).locator(".monaco-list-row")[place]().click();
    await page.keyboard.press("Enter");
    await frameWith(page, ".runs-table", "the comparison");
    await page.waitForTimeout(1200);
  },

  async card(page, workspace, root) {
    const own = join(workspace, "own-model");
    cpSync(join(root, "media", "model"), own, { recursive: true, filter: (file) => !file.endsWith(".md") && !file.endsWith(".txt") });
    await runCommand(page, "View: Show Explorer");
    await until(async () => (await explorerRow(page, "own-model").count()) > 0, "the model in the Explorer");
    // A click on an open folder closes it.
    for (const [folder, child] of [
      ["own-model", "onnx"],
      ["onnx", "model.onnx"],
    ])
      await until(
        async () => {
          if (await explorerRow(page, child).count()) return true;
          await explorerRow(page, folder).click({ timeout: 3000 });
          await page.waitForTimeout(700);
          return false;
        },
        `${folder} opens`,
        20_000,
      );
    await chooseFromMenu(page, explorerRow(page, "model.onnx"), "Show Model Card");
    await frameWith(page, "main.card", "the card");
    await page.waitForTimeout(1500);
  },
};
