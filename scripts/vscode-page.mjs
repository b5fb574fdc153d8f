// What the scripts that drive a VS Code in a browser share: finding the panel, the Explorer, waiting.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Collects what held and what did not; one line each, a summary at the end. */
export class Checks {
  results = [];

  check(name, ok, more = "") {
    this.results.push(ok);
    process.stdout.write(`  ${ok ? "✓" : "✗"} ${name}${more ? ` (${more})` : ""}\n`);
  }

  /** @returns the exit code */
  summary(title) {
    const failed = this.results.filter((ok) => !ok).length;
    process.stdout.write(`${title}: ${this.results.length - failed} passed, ${failed} failed\n`);
    return failed > 0 ? 1 : 0;
  }
}

export async function until(what, why, ms = 20_000) {
  for (const end = Date.now() + ms; Date.now() < end; await new Promise((r) => setTimeout(r, 50))) if (await Promise.resolve(what()).catch(() => false)) return;
  throw new Error(`waited in vain: ${why}`);
}

export async function openWorkbench(page, url) {
  await page.goto(url);
  await page.waitForSelector(".monaco-workbench .explorer-folders-view .monaco-list-row", { timeout: 60_000 });
}

export const explorerRow = (page, name) => page.locator(".explorer-folders-view .monaco-list-row").filter({ hasText: name }).first();

/** Right-click in the Explorer; the extension's own entry comes some seconds after the workbench. */
export async function openMenu(page, name) {
  const entry = page.getByText("Audit Alignment", { exact: true }).first();
  for (let i = 0; i < 20; i++) {
    await explorerRow(page, name).click({ button: "right" });
    const shown = await entry.waitFor({ timeout: 1500 }).then(
      () => true,
      () => false,
    );
    if (shown) return entry;
    await page.keyboard.press("Escape");
  }
  throw new Error("the context menu has no Audit Alignment");
}

/** Chooses the entry; a menu that has just opened may let a first click pass. */
export async function auditFromMenu(page, name) {
  const entry = await openMenu(page, name);
  await chooseEntry(entry);
}

export async function chooseEntry(entry) {
  for (let i = 0; i < 5; i++) {
    await entry.click({ timeout: 2000 }).catch(() => {});
    const gone = await entry.waitFor({ state: "hidden", timeout: 1500 }).then(
      () => true,
      () => false,
    );
    if (gone) return;
  }
  throw new Error("the menu entry could not be chosen");
}

/** Right-click on what `row` finds, and the entry; until the entry has been taken. */
export async function chooseFromMenu(page, row, text) {
  const entry = page.getByText(text, { exact: true }).first();
  for (let i = 0; i < 10; i++) {
    await row.click({ button: "right", timeout: 5000 }).catch(() => {});
    const shown = await entry.waitFor({ timeout: 1500 }).then(
      () => true,
      () => false,
    );
    if (
      shown &&
      (await chooseEntry(entry)
        .then(() => true)
        .catch(() => false))
    )
      return;
    await page.keyboard.press("Escape");
  }
  throw new Error(`the menu entry ${text} could not be chosen`);
}

export async function runCommand(page, title) {
  await page.keyboard.press("F1");
  const input = page.locator(".quick-input-widget input[type=text]");
  await input.waitFor();
  await input.fill(`>${title}`);
  await page.locator(".quick-input-list .monaco-list-row").filter({ hasText: title }).first().click();
}

/** The innermost frames of webviews: those with the panel's page in them. */
export async function panelFrames(page) {
  const found = [];
  for (const frame of page.frames()) if (await frame.evaluate(() => document.querySelector("#app > main") !== null).catch(() => false)) found.push(frame);
  return found;
}

export async function panelFrame(page, ms = 30_000) {
  const found = [];
  await until(async () => found.push(...(await panelFrames(page))) > 0, "the panel opens", ms);
  return found.at(-1);
}

/** Something stands in a picture. */
export const drawn = (frame) => frame.evaluate(() => document.querySelectorAll("#app svg path, #app svg rect, #app canvas").length > 3);

/** The audit has ended: a result stands and nothing is left to cancel. */
export const finished = (frame) =>
  frame.evaluate(() => {
    const buttons = [...document.querySelectorAll("#app button, #app vscode-button")].filter((b) => b.checkVisibility()).map((b) => b.textContent.trim());
    return buttons.includes("Run again") && !buttons.includes("Cancel");
  });

/** Waits for the audit that was begun. @returns the panel's frame */
export async function audited(page, ms = 60_000) {
  const frame = await panelFrame(page);
  await until(() => finished(frame), "the end of the audit", ms);
  return frame;
}

/** The view of runs in the side bar. */
export async function showRuns(page) {
  await page
    .locator(".activitybar .action-item")
    .filter({ has: page.locator("[aria-label^='Layerscope']") })
    .first()
    .click();
}

export async function overflow(frame) {
  return frame.evaluate(() => ({
    wide: document.documentElement.scrollWidth - window.innerWidth,
    out: [...document.querySelectorAll("#app *")]
      .filter((e) => e.checkVisibility() && e.getBoundingClientRect().right > window.innerWidth + 1 && !e.closest(".table"))
      .slice(0, 3)
      .map((e) => `${e.tagName.toLowerCase()}.${e.getAttribute("class") ?? ""}`),
  }));
}

/** Serious and critical findings of axe in the panel's frame, one sentence each. */
export async function axeFindings(frame) {
  await frame.evaluate(AXE);
  const { violations } = await frame.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return violations
    .filter((v) => v.impact === "serious" || v.impact === "critical")
    .map((v) => `${v.id} ×${v.nodes.length}: ${v.nodes[0]?.target}: ${v.nodes[0]?.any?.[0]?.message ?? ""}`);
}

export const quickInput = (page) => page.locator(".quick-input-widget:visible");
export const choose = (page, text) => quickInput(page).locator(".monaco-list-row").filter({ hasText: text }).first().click();

/** The extension's entries come some seconds after the workbench. */
export async function ready(page) {
  await openMenu(page, "prompts.jsonl");
  await page.keyboard.press("Escape");
}
