// What users do besides looking, in the packaged extension: two files against each other, questions, cancel, export with and
// without row text, the cursor in the editor, hiding the panel, Restricted Mode. `--no-package` takes the .vsix that is there.
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { vsixAtHand } from "./package.mjs";
import { makeModels, modelFlows, startHub } from "./vscode-model-flows.mjs";
import {
  audited,
  auditFromMenu,
  Checks,
  choose,
  chooseEntry,
  explorerRow,
  finished,
  openMenu,
  openWorkbench,
  panelFrame,
  panelFrames,
  quickInput,
  ready,
  runCommand,
  showRuns,
  until,
} from "./vscode-page.mjs";
import { makePrompts, promptFlows, restrictedPrompts } from "./vscode-prompt-flows.mjs";
import { runFlows } from "./vscode-run-flows.mjs";
import { launchBrowser, startCodeServer, tempFolder } from "./vscode-server.mjs";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const checks = new Checks();
const verbose = process.argv.includes("--verbose");

const rows = (frame) => frame.locator('#app [id^="row-"]');

/** Each flow starts from a workbench without open editors. */
async function closeAll(page) {
  await runCommand(page, "View: Close All Editors");
  await until(async () => (await panelFrames(page)).length === 0, "all editors closed");
}

const flows = {
  async "two selected files are set against each other"(page) {
    await openMenu(page, "harmful.txt");
    await page.keyboard.press("Escape");
    // The editor that a click opens may take the focus, and the selection with it, while the second click is on its way.
    await until(async () => {
      await explorerRow(page, "harmful.txt").click();
      await page.waitForTimeout(500);
      await explorerRow(page, "harmless.txt").click({ modifiers: ["Control"] });
      return (await page.locator(".explorer-folders-view .monaco-list-row.selected").count()) === 2;
    }, "both files selected");
    await auditFromMenu(page, "harmless.txt");
    const frame = await audited(page);
    const text = await frame.evaluate(() => document.body.textContent);
    return /harmful\.txt/.test(text) && /harmless\.txt/.test(text) && (await page.locator(".tab", { hasText: "↔" }).count()) === 1;
  },

  async "a file of one class is asked about; no answer closes the panel again"(page) {
    await explorerRow(page, "README.md").click();
    await auditFromMenu(page, "harmless.txt");
    await quickInput(page).waitFor({ timeout: 30_000 });
    const asked = await quickInput(page).textContent();
    await page.keyboard.press("Escape");
    await until(async () => (await panelFrames(page)).length === 0, "the panel closes");
    return /harmful\.txt/.test(asked);
  },

  async "the sibling proposed in the question is taken"(page) {
    await auditFromMenu(page, "harmless.txt");
    await quickInput(page).waitFor({ timeout: 30_000 });
    await choose(page, "harmful.txt");
    await audited(page);
    return (await page.locator(".tab", { hasText: "↔" }).count()) === 1;
  },

  async "cancel ends the run and the panel says so"(page) {
    await auditFromMenu(page, "long.jsonl");
    const frame = await panelFrame(page);
    await frame.getByRole("button", { name: "Cancel", exact: true }).first().click({ timeout: 20_000, force: true });
    await until(() => frame.evaluate(() => /cancelled/i.test(document.body.textContent)), "the panel says cancelled");
    return true;
  },

  async "export writes a report, with row text only when asked"(page, workspace) {
    await auditFromMenu(page, "prompts.jsonl");
    const frame = await audited(page);
    const canary = JSON.parse(readFileSync(join(workspace, "prompts.jsonl"), "utf8").split("\n")[3]).text;
    await page.keyboard.press("Escape");
    await runCommand(page, "Layerscope: Export Run");
    await choose(page, "HTML report");
    await choose(page, "Without row text");
    await saveAs(page, join(workspace, "plain.html"));
    await runCommand(page, "Layerscope: Export Run");
    await choose(page, "CSV");
    await choose(page, "With row text");
    await saveAs(page, join(workspace, "texts.csv"));
    const plain = readFileSync(join(workspace, "plain.html"), "utf8");
    return plain.length > 10_000 && !plain.includes(canary) && readFileSync(join(workspace, "texts.csv"), "utf8").includes(canary) && (await finished(frame));
  },

  async "the row under the cursor is marked in the panel, and a hidden panel comes back"(page) {
    await auditFromMenu(page, "prompts.jsonl");
    const frame = await audited(page);
    await rows(frame).first().click();
    await page.waitForSelector(".monaco-editor .view-line");
    const marked = () =>
      frame.evaluate(
        () =>
          document.querySelector('#app [id^="row-"][aria-selected="true"]')?.id ??
          document.querySelector("#app [aria-activedescendant]")?.getAttribute("aria-activedescendant"),
      );
    const before = await marked();
    const lines = await page.locator(".monaco-editor .view-line").all();
    const boxes = (await Promise.all(lines.map((line) => line.boundingBox()))).filter((box) => box && box.y > 120 && box.y < 700).sort((a, b) => a.y - b.y);
    await page.mouse.click(boxes[1].x + 40, boxes[1].y + 8);
    await until(async () => (await marked()) !== before, "another row is marked");
    await explorerRow(page, "README.md").dblclick();
    await page.locator(".tab", { hasText: "Audit: prompts.jsonl" }).first().click();
    await until(async () => (await panelFrames(page)).length > 0 && (await finished((await panelFrames(page)).at(-1))), "the panel after hiding");
    return true;
  },

  ...modelFlows,
  ...promptFlows,
  ...runFlows,

  async "the list of runs has them all, and deletes them all"(page) {
    await showRuns(page);
    const list = page.locator(".pane-body .monaco-list-row", { hasText: /prompts\.jsonl|harm/ });
    await until(async () => (await list.count()) >= 3, "runs in the list");
    await runCommand(page, "Layerscope: Delete All Runs");
    await page.locator(".monaco-dialog-box").getByText("Delete All Runs", { exact: true }).last().click();
    await until(async () => (await list.count()) === 0, "an empty list");
    await runCommand(page, "View: Show Explorer");
    return true;
  },
};

/** VS Code's own file dialog in the browser is a quick input. */
async function saveAs(page, path) {
  const input = quickInput(page).locator("input[type=text]");
  await input.waitFor();
  await until(async () => (await input.inputValue()).includes("-audit."), "the save dialog");
  await input.fill(path);
  await page.waitForTimeout(400);
  await page.keyboard.press("Enter");
  await until(() => existsSync(path) && readFileSync(path).length > 0, `${path} is written`);
}

async function restricted(browser, vsix) {
  const workspace = tempFolder("restricted");
  cpSync(join(ROOT, "media", "sample"), workspace.path, { recursive: true });
  cpSync(join(ROOT, "media", "model", "onnx", "model.onnx"), join(workspace.path, "model.onnx"));
  const server = await startCodeServer({ vsix, trust: false, verbose });
  try {
    const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    await openWorkbench(page, server.url(workspace.path));
    await until(async () => (await page.locator(".statusbar-item, .banner", { hasText: "Restricted Mode" }).count()) > 0, "Restricted Mode");
    await page.waitForTimeout(4000);
    await explorerRow(page, "prompts.jsonl").click({ button: "right" });
    await page.waitForTimeout(1000);
    const inMenu = await page.getByText("Audit Alignment", { exact: true }).count();
    await page.keyboard.press("Escape");
    await explorerRow(page, "model.onnx").click({ button: "right" });
    await chooseEntry(page.getByText("Show Model Card", { exact: true }).first());
    const frame = await panelFrame(page);
    await until(() => frame.evaluate(() => /In Restricted Mode no model file is read/.test(document.body.textContent)), "the card says that it reads nothing");
    checks.check("Restricted Mode: a model card reads nothing", true);
    await page
      .locator(".activitybar .action-item")
      .filter({ has: page.locator("[aria-label^='Layerscope']") })
      .first()
      .click();
    await page.getByText("In Restricted Mode no model and no dataset is opened").waitFor({ timeout: 10_000 });
    checks.check("Restricted Mode: no entry in the menu, and the view says why", inMenu === 0);
    checks.check("Restricted Mode: prompts are found, and none is scored", await restrictedPrompts(page, server.home));
  } finally {
    server.stop();
    workspace.remove();
  }
}

/** Long enough to be cancelled; there before the workbench opens, whose file watcher is missing here. */
function makeLong(workspace) {
  const lines = readFileSync(join(workspace, "prompts.jsonl"), "utf8").trim().split("\n");
  const copies = (count) =>
    Array.from({ length: count }, (_, i) =>
      lines.map((line) => line.replace(/"(id|pair)": ?"/g, `$&${i}-`).replace(/"text": ?"/, `$&Case ${i}. `)).join("\n"),
    ).join("\n");
  writeFileSync(join(workspace, "long.jsonl"), copies(30));
  // Long enough to be broken off twice, short enough to be waited for.
  writeFileSync(join(workspace, "broken-off.jsonl"), copies(5));
}

async function main() {
  const vsix = await vsixAtHand(process.argv.includes("--no-package"));
  const workspace = tempFolder("flows");
  cpSync(join(ROOT, "media", "sample"), workspace.path, { recursive: true });
  makeLong(workspace.path);
  makeModels(workspace.path);
  makePrompts(workspace.path);
  const hub = await startHub(join(workspace.path, ".cache"));
  const server = await startCodeServer({ vsix, verbose });
  const browser = await launchBrowser();
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  const wanted = process.argv.includes("--grep") ? process.argv[process.argv.indexOf("--grep") + 1] : "";
  try {
    await openWorkbench(page, server.url(workspace.path));
    // The workspace has a model of its own, so the first audit would ask which one.
    await ready(page);
    await until(async () => {
      await page.keyboard.press("Escape");
      await runCommand(page, "Layerscope: Choose Model");
      await quickInput(page).locator(".monaco-list-row", { hasText: "own-model" }).first().waitFor();
      await choose(page, "Embedded model");
      await page.waitForTimeout(1500);
      return (await page.locator(".statusbar-item", { hasText: "Embedded model" }).count()) > 0;
    }, "the embedded model is chosen");
    for (const [name, flow] of Object.entries(flows)) {
      if (!name.includes(wanted)) continue;
      try {
        checks.check(name, await flow(page, workspace.path, server));
      } catch (error) {
        await page.screenshot({ path: join(ROOT, ".vscode-test", "failed.png") });
        checks.check(name, false, error.message.split("\n")[0]);
        await page.keyboard.press("Escape");
      }
      await closeAll(page);
    }
    if ("Restricted Mode".includes(wanted)) await restricted(browser, vsix);
  } catch (error) {
    checks.check(error.message.split("\n")[0], false);
  } finally {
    await browser.close();
    server.stop();
    await hub.stop();
    workspace.remove();
  }
  return checks.summary("flows in VS Code");
}

main().then(
  (code) => process.exit(code),
  (error) => {
    process.stderr.write(`The flows could not be run: ${error.message}\n`);
    process.exit(1);
  },
);
