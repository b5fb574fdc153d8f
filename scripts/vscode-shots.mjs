// The packaged extension as a user meets it: right-click in the Explorer, panel, keyboard, themes, 400 px, reload. Asserts,
// runs axe inside the webview, and writes the gallery to docs/gallery. `--no-package` takes the .vsix that is there.
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { makeVsix } from "./package.mjs";
import { launchBrowser, startCodeServer, tempFolder } from "./vscode-server.mjs";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const GALLERY = join(ROOT, "docs", "gallery");
const has = (flag) => process.argv.includes(flag);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const THEMES = { light: "Default Light Modern", dark: "Default Dark Modern", "high-contrast": "Default High Contrast" };
/** 3 s is the promise; the guard is three times looser. */
const FIRST_PICTURE_MS = 9000;

const results = [];
const check = (name, ok, more = "") => {
  results.push({ name, ok });
  process.stdout.write(`  ${ok ? "✓" : "✗"} ${name}${more ? ` (${more})` : ""}\n`);
};

/** The innermost frame of a webview: the one with our page in it. */
async function panelFrame(page, ms = 30_000) {
  for (const end = Date.now() + ms; Date.now() < end; await page.waitForTimeout(50)) {
    for (const frame of page.frames()) if (await frame.evaluate(() => document.querySelector("#app > main") !== null).catch(() => false)) return frame;
  }
  throw new Error("the panel did not open");
}

const drawn = (frame) => frame.evaluate(() => document.querySelectorAll("#app svg path, #app svg rect, #app canvas").length > 3);
const finished = (frame) =>
  frame.evaluate(
    () =>
      /AQI|No evidence|beyond/i.test(document.body.textContent) &&
      !/Cancel/.test(
        [...document.querySelectorAll("#app button, #app vscode-button")]
          .filter((b) => b.checkVisibility())
          .map((b) => b.textContent)
          .join(" "),
      ),
  );

async function until(what, why, ms) {
  for (const end = Date.now() + ms; Date.now() < end; await new Promise((r) => setTimeout(r, 50))) if (await what().catch(() => false)) return;
  throw new Error(`waited in vain: ${why}`);
}

async function openWorkbench(page, url) {
  await page.goto(url);
  await page.waitForSelector(".monaco-workbench .explorer-folders-view .monaco-list-row", { timeout: 60_000 });
}

const explorerRow = (page, name) => page.locator(".explorer-folders-view .monaco-list-row").filter({ hasText: name }).first();

/** Right-click in the Explorer; the extension's own entry comes some seconds after the workbench. */
async function openMenu(page, name) {
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

async function overflow(frame) {
  return frame.evaluate(() => {
    const wide = document.documentElement.scrollWidth - window.innerWidth;
    const out = [...document.querySelectorAll("#app *")]
      .filter((e) => e.checkVisibility() && e.getBoundingClientRect().right > window.innerWidth + 1 && !e.closest("[data-scrolls], .table"))
      .slice(0, 3);
    return { wide, out: out.map((e) => `${e.tagName.toLowerCase()}.${e.getAttribute("class") ?? ""}`) };
  });
}

async function axeIn(frame, name) {
  await frame.evaluate(axe);
  const { violations } = await frame.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const bad = violations.filter((v) => v.impact === "serious" || v.impact === "critical");
  check(`axe finds nothing serious: ${name}`, bad.length === 0, bad.map((v) => `${v.id} ×${v.nodes.length}: ${v.nodes[0]?.target}`).join("; "));
}

async function main() {
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const known = join(ROOT, `layerscope-${process.platform}-${process.arch}-${version}.vsix`);
  const vsix = has("--no-package") && existsSync(known) ? known : await makeVsix({ say: () => {} });
  const workspace = tempFolder("sample");
  cpSync(join(ROOT, "media", "sample"), workspace.path, { recursive: true });
  const theme = (name) => ({ "workbench.colorTheme": name, "window.commandCenter": false, "workbench.activityBar.location": "default" });
  const server = await startCodeServer({ vsix, settings: theme(THEMES.dark), verbose: has("--verbose") });
  const browser = await launchBrowser();
  mkdirSync(GALLERY, { recursive: true });
  try {
    const page = await browser.newPage({ viewport: { width: 1600, height: 1000 } });
    const refusals = [];
    page.on("console", (message) => {
      if (/Content Security Policy|Refused to/.test(message.text()) && /webview\.(js|css)|dist\//.test(message.location().url + message.text()))
        refusals.push(message.text());
    });
    await openWorkbench(page, server.url(workspace.path));

    const entry = await openMenu(page, "prompts.jsonl");
    await page.screenshot({ path: join(GALLERY, "menu.png") });
    const from = Date.now();
    await entry.click();
    const frame = await panelFrame(page);
    await until(() => drawn(frame), "the first picture", 60_000);
    const first = Date.now() - from;
    check("the first picture comes in time", first < FIRST_PICTURE_MS, `${first} ms after the choice`);
    await page.screenshot({ path: join(GALLERY, "running.png") });
    await until(() => finished(frame), "the end of the audit", 180_000);
    check("the audit ends", true, `${Date.now() - from} ms`);
    await page.waitForTimeout(600);

    await until(async () => (await page.locator(".statusbar-item", { hasText: "cpu" }).count()) > 0, "model and provider in the status bar", 10_000);
    check("the status bar names model and provider", true);
    await axeIn(frame, "dark");
    check("no overflow at full width", (await overflow(frame)).wide <= 0);
    await page.screenshot({ path: join(GALLERY, "dark.png") });

    // A click on the first listed row opens the file at the row.
    const row = frame.locator("#app [role=option], #app [role=row][data-row], #app .row").first();
    await row.click();
    await page.waitForSelector(".tab.active[aria-label*='prompts.jsonl'], .tab[aria-label*='prompts.jsonl']", { timeout: 10_000 });
    await until(async () => (await page.locator(".monaco-editor .selected-text").count()) > 0, "a selection in the editor", 10_000);
    check("a click on a row selects it in the file", true);
    await until(async () => (await page.locator(".monaco-editor .squiggly-info, .monaco-editor .squiggly-warning").count()) >= 0, "marks", 1000);
    await page.screenshot({ path: join(GALLERY, "row.png") });

    // Another theme and a reloaded window: the panel comes back by itself.
    for (const name of ["light", "high-contrast"]) {
      writeFileSync(
        join(server.home, "user", "User", "settings.json"),
        JSON.stringify({ ...JSON.parse(readFileSync(join(server.home, "user", "User", "settings.json"), "utf8")), ...theme(THEMES[name]) }),
      );
      await page.reload();
      const restored = await panelFrame(page, 60_000);
      await until(() => finished(restored), `the panel after a reload (${name})`, 60_000);
      await page.waitForTimeout(800);
      check(`the panel is restored after a reload: ${name}`, true);
      await axeIn(restored, name);
      await page.screenshot({ path: join(GALLERY, `${name}.png`) });
    }

    await narrow(page, "narrow");
    check(
      "the panel's page breaks no rule of its own security policy",
      refusals.filter((r) => !/inline style/.test(r)).length === 0,
      refusals[0]?.slice(0, 200) ?? "",
    );
  } catch (error) {
    const shot = join(ROOT, ".vscode-test", "failed.png");
    await browser
      .contexts()[0]
      ?.pages()[0]
      ?.screenshot({ path: shot })
      .catch(() => {});
    check(error.message.split("\n")[0], false, "see .vscode-test/failed.png");
  } finally {
    await browser.close();
    server.stop();
    workspace.remove();
  }
  const failed = results.filter((r) => !r.ok).length;
  process.stdout.write(`panel in VS Code: ${results.length - failed} passed, ${failed} failed\n`);
  return failed > 0 ? 1 : 0;
}

/** The panel at 400 px of its own width: side bar hidden, the panel's group alone and the window narrow. */
async function narrow(page, name) {
  await page.keyboard.press("Control+b");
  const frame = await panelFrame(page);
  for (let width = 1000, i = 0; i < 8; i++) {
    await page.setViewportSize({ width, height: 1000 });
    await page.waitForTimeout(500);
    const inner = await frame.evaluate(() => window.innerWidth);
    if (Math.abs(inner - 400) <= 2) break;
    width = Math.max(320, width + (400 - inner) * (i === 0 ? 1 : 1));
  }
  await page.waitForTimeout(500);
  const inner = await frame.evaluate(() => window.innerWidth);
  const { wide, out } = await overflow(frame);
  check("no overflow at 400 px", wide <= 0 && out.length === 0, `${inner} px wide${out.length ? `; ${out.join(", ")}` : ""}`);
  await axeIn(frame, "400 px");
  await page.screenshot({ path: join(GALLERY, `${name}.png`) });
}

main().then(
  (code) => process.exit(code),
  (error) => {
    process.stderr.write(`The panel could not be looked at: ${error.message}\n`);
    process.exit(1);
  },
);
