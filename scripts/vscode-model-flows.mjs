// What users do with models, in the packaged extension: cards, the picker, a download from a Hub on loopback, accelerators.
// LAYERSCOPE_SHOTS=FOLDER keeps a picture of each.
import { cpSync, existsSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import {
  audited,
  auditFromMenu,
  choose,
  chooseEntry,
  explorerRow,
  panelFrame,
  panelFrames,
  quickInput,
  ready,
  runCommand,
  showRuns,
  until,
} from "./vscode-page.mjs";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const SHOTS = process.env.LAYERSCOPE_SHOTS;

/** A model of the user's own, and a page that calls itself one. */
export function makeModels(workspace) {
  const own = join(workspace, "own-model");
  cpSync(join(ROOT, "media", "model"), own, { recursive: true, filter: (file) => !file.endsWith(".md") && !file.endsWith(".txt") });
  cpSync(join(own, "onnx", "model.onnx"), join(own, "model.onnx"));
  writeFileSync(join(own, "page.onnx"), "<html></html>");
}

/** The tests' own Hub, offering the embedded model; the engine is told of it by the environment. */
export async function startHub(cache) {
  const outfile = join(ROOT, "out", "fake-hub.mjs");
  await build({ entryPoints: [join(ROOT, "test", "engine", "hub", "fake-hub.ts")], bundle: true, platform: "node", format: "esm", outfile, logLevel: "error" });
  const { FakeHub } = await import(`file://${outfile}`);
  const model = join(ROOT, "media", "model");
  const files = ["config.json", "tokenizer.json", "tokenizer_config.json", "onnx/model.onnx"].map((path) => [path, readFileSync(join(model, path))]);
  const hub = await FakeHub.start(new Map(files));
  Object.assign(process.env, { HF_ENDPOINT: hub.url, HF_HUB_CACHE: cache, NO_PROXY: "*" });
  return hub;
}

export const modelFlows = {
  async "a model's card opens from the Explorer's menu and is used from there"(page, workspace) {
    await explorerRow(page, "own-model").click();
    await explorerRow(page, "model.onnx").click({ button: "right" });
    await chooseEntry(page.getByText("Show Model Card", { exact: true }).first());
    const frame = await panelFrame(page);
    await until(() => frame.evaluate(() => /blocks of width/.test(document.body.textContent)), "the card is read");
    if (SHOTS) await page.screenshot({ path: join(SHOTS, "flow-card.png") });
    await frame.getByRole("button", { name: "Use This Model" }).click();
    await until(async () => (await page.locator(".statusbar-item", { hasText: "own-model" }).count()) > 0, "the status bar names it");
    await until(() => frame.evaluate(() => /This workspace’s model/.test(document.body.textContent)), "the card says so");
    // What the file is now is told without being asked.
    writeFileSync(join(workspace, "own-model", "model.onnx"), "version https://git-lfs.github.com/spec/v1\n");
    await until(() => frame.evaluate(() => /Git LFS pointer/.test(document.body.textContent)), "the card is read again");
    cpSync(join(ROOT, "media", "model", "onnx", "model.onnx"), join(workspace, "own-model", "model.onnx"));
    return true;
  },

  async "the picker has its sections, facts of the graphs, and the way to the Hub"(page) {
    await ready(page);
    await runCommand(page, "Layerscope: Choose Model");
    const list = quickInput(page);
    await until(async () => /blocks/.test(await list.textContent()), "a glance at the graph");
    const text = await list.textContent();
    if (SHOTS) await page.screenshot({ path: join(SHOTS, "flow-picker.png") });
    await list.locator("input[type=text]").fill("Hub");
    await choose(page, "Download from the Hub");
    await page.waitForTimeout(500);
    const input = quickInput(page).locator("input[type=text]");
    await input.fill("not a name!");
    await page.getByText("Names look like").first().waitFor();
    if (SHOTS) await page.screenshot({ path: join(SHOTS, "flow-hub.png") });
    await page.keyboard.press("Escape");
    return ["Embedded model", "own-model", "Browse for a model folder", "not offered"].every((part) => text.includes(part));
  },

  async "accelerators are checked, with what to do for each"(page) {
    await ready(page);
    await runCommand(page, "Layerscope: Check Accelerators");
    await until(async () => /computes/.test((await quickInput(page).textContent()) ?? ""), "the check's list", 40_000);
    if (SHOTS) await page.screenshot({ path: join(SHOTS, "flow-accelerators.png") });
    const text = await quickInput(page).textContent();
    await page.keyboard.press("Escape");
    return text.includes("CPU") && text.includes("Copy as text");
  },

  async "two selected runs are compared, and the comparison comes back with a reloaded window"(page) {
    await ready(page);
    for (const model of ["Embedded model, early checkpoint", "own-model"]) {
      await runCommand(page, "Layerscope: Choose Model");
      await quickInput(page).locator("input[type=text]").fill(model);
      await choose(page, model);
      await auditFromMenu(page, "prompts.jsonl");
      await audited(page);
    }
    await showRuns(page);
    const runs = page.locator(".pane-body .monaco-list-row", { hasText: "prompts.jsonl" });
    await until(async () => (await runs.count()) >= 2, "both runs in the list");
    await runs.nth(0).click();
    await runs.nth(1).click({ modifiers: ["Control"] });
    await runs.nth(1).click({ button: "right" });
    await chooseEntry(page.getByText("Compare Runs", { exact: true }).first());
    const compared = async () => {
      for (const frame of await panelFrames(page))
        if (await frame.evaluate(() => document.querySelector(".runs-table") !== null && /less/.test(document.body.textContent))) return frame;
      return undefined;
    };
    await until(async () => (await compared()) !== undefined, "the comparison");
    await page.waitForTimeout(800);
    if (SHOTS) await page.screenshot({ path: join(SHOTS, "flow-compare.png") });
    const sentence = async () => (await compared())?.evaluate(() => document.querySelector(".sentence").textContent).catch(() => undefined);
    let verdict;
    await until(async () => {
      verdict = await sentence();
      return verdict !== undefined;
    }, "the verdict");
    // A click on a moved row selects it in the file; the comparison stays visible.
    await until(async () => {
      const frame = await compared();
      await frame.locator(".ranking-list .list-row").first().click({ timeout: 3000 });
      await page.waitForSelector(".monaco-editor .view-line .mtk1, .monaco-editor .view-line", { timeout: 3000 });
      return (await page.locator(".tab.active", { hasText: "prompts.jsonl" }).count()) > 0;
    }, "the file of a moved row");
    const beside = await (await compared())?.evaluate(() => document.querySelector(".runs-table")?.getBoundingClientRect().width);
    const covered = await page.locator(".tab.active", { hasText: "Compare:" }).count();
    if (SHOTS) await page.screenshot({ path: join(SHOTS, "flow-compare-row.png") });
    if (!beside || covered === 0) throw new Error("the file of a moved row covers the comparison");
    await until(async () => (await page.locator(".monaco-editor .selected-text").count()) > 0, "the row is selected in its file");
    // A workbench in a browser writes its state every five seconds.
    await page.waitForTimeout(7000);
    await page.reload();
    await until(async () => (await compared()) !== undefined, "the comparison after a reload", 60_000);
    await until(async () => (await sentence()) === verdict, "the same verdict");
    await runCommand(page, "View: Show Explorer");
    return verdict.length > 20;
  },

  async "a model is downloaded once the user has said yes, and not before"(page, workspace) {
    const cache = join(workspace, ".cache", "models--acme--tiny");
    await ready(page);
    await runCommand(page, "Layerscope: Download Model from the Hub");
    const input = quickInput(page).locator("input[type=text]");
    await input.waitFor();
    await input.fill("acme/tiny");
    await page.keyboard.press("Enter");
    const dialog = page.locator(".monaco-dialog-box");
    await dialog.waitFor({ timeout: 20_000 });
    const told = await dialog.textContent();
    if (SHOTS) await page.screenshot({ path: join(SHOTS, "flow-download.png") });
    const before = existsSync(cache);
    await dialog.getByText("Download", { exact: true }).last().click();
    await until(async () => (await page.locator(".statusbar-item", { hasText: "acme/tiny" }).count()) > 0, "the model is the workspace's", 30_000);
    const file = realpathSync(join(cache, "snapshots", "0123456789abcdef0123456789abcdef01234567", "onnx", "model.onnx"));
    return (
      !before &&
      /apache-2\.0/.test(told) &&
      /tokenizer\.json/.test(told) &&
      readFileSync(file).equals(readFileSync(join(ROOT, "media", "model", "onnx", "model.onnx")))
    );
  },
};
