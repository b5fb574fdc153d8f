// Pictures of what lies beyond the first audit: a lens on demand, prompts in code, two runs compared, a model's card.
import { cpSync } from "node:fs";
import { join } from "node:path";
import {
  auditFromMenu,
  choose,
  chooseFromMenu,
  explorerRow,
  finished,
  panelFrame,
  panelFrames,
  quickInput,
  ready,
  runCommand,
  showRuns,
  until,
} from "./vscode-page.mjs";
import { lensTexts, openFile, squiggles } from "./vscode-prompt-flows.mjs";

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

/** By its name, as a user would; the reload that a settings file takes is spared. */
async function theme(page, name) {
  await runCommand(page, "Preferences: Color Theme");
  await quickInput(page).locator("input[type=text]").fill(name);
  await choose(page, name);
  await quickInput(page).waitFor({ state: "hidden" });
  await page.waitForTimeout(500);
}

async function closeSideBySide(page) {
  await runCommand(page, "View: Close All Editors");
  await until(async () => (await panelFrames(page)).length === 0, "all editors closed");
}

/** The sample's file of prompts, one of them on the unsafe side. */
async function openRisky(page) {
  await openFile(page, "agent.py");
  await until(async () => (await squiggles(page)) > 0 && /% unsafe/.test(await lensTexts(page)), "a marked prompt", 40_000);
}

async function cursorInRisky(page) {
  await page
    .locator(".monaco-editor .view-line", { hasText: "poison" })
    .first()
    .click({ position: { x: 200, y: 9 } });
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

  async prompts(page) {
    await closeSideBySide(page);
    await openRisky(page);
    await showRuns(page);
    const pane = page.locator(".pane", { has: page.locator(".pane-header", { hasText: "Prompts" }) }).last();
    if ((await pane.locator(".pane-header").getAttribute("aria-expanded")) === "false") await pane.locator(".pane-header").click();
    await runCommand(page, "Layerscope: Score Prompts in Workspace");
    await until(async () => (await pane.locator(".monaco-list-row", { hasText: "%" }).count()) > 1, "scored prompts in the view", 40_000);
    await page.waitForTimeout(2500);
    await cursorInRisky(page);
    await page.keyboard.press("Control+k");
    await page.keyboard.press("Control+i");
    await page.locator(".monaco-hover img[src^='data:image/svg+xml']").first().waitFor();
    await page.waitForTimeout(600);
  },

  async "prompt-in-panel"(page) {
    await page.keyboard.press("Escape");
    await closeSideBySide(page);
    await theme(page, "Light Modern");
    await openRisky(page);
    await cursorInRisky(page);
    await runCommand(page, "Layerscope: Show Prompt in Panel");
    const frame = await panelFrame(page, 60_000);
    await until(() => finished(frame), "the audit to stand", 60_000);
    // No tooltip in the picture.
    await page.mouse.move(400, 800);
    const point = frame.locator("#app .prompt-key:visible, #app [class*='prompt']:visible").first();
    await point.waitFor({ timeout: 20_000 });
    await page.keyboard.press("Control+b");
    await page.waitForTimeout(1500);
    await page.waitForTimeout(1200);
  },

  async compare(page) {
    await theme(page, "Dark Modern");
    await page.keyboard.press("Control+b");

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
