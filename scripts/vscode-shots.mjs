// The packaged extension as a user meets it: right-click in the Explorer, panel, a row, themes, 400 px, reload. Asserts,
// runs axe inside the webview, and writes the gallery to docs/gallery. `--no-package` takes the .vsix that is there;
// `--check` leaves the gallery as it is.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { vsixAtHand } from "./package.mjs";
import { gallery } from "./vscode-gallery.mjs";
import { axeFindings, Checks, chooseEntry, drawn, finished, openMenu, openWorkbench, overflow, panelFrame, until } from "./vscode-page.mjs";
import { launchBrowser, startCodeServer, tempFolder } from "./vscode-server.mjs";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const GALLERY = process.argv.includes("--check") ? join(ROOT, ".vscode-test", "gallery") : join(ROOT, "docs", "gallery");
const THEMES = { light: "Default Light Modern", dark: "Default Dark Modern", "high-contrast": "Default High Contrast" };
/** 3 s is the promise; the guard is three times looser. */
const FIRST_PICTURE_MS = 9000;
const SIZE = { width: 1600, height: 1000 };
/** High enough for the whole panel. */
const TALL = { width: 1600, height: 1440 };

const checks = new Checks();
const shoot = (page, name) => page.screenshot({ path: join(GALLERY, `${name}.png`) });

async function main() {
  const vsix = await vsixAtHand(process.argv.includes("--no-package"));
  const workspace = tempFolder("sample");
  const sample = join(workspace.path, "sample");
  cpSync(join(ROOT, "media", "sample"), sample, { recursive: true });
  const server = await startCodeServer({ vsix, settings: { "workbench.colorTheme": THEMES.dark }, verbose: process.argv.includes("--verbose") });
  const browser = await launchBrowser();
  mkdirSync(GALLERY, { recursive: true });
  try {
    const page = await browser.newPage({ viewport: SIZE });
    const refusals = [];
    page.on("console", (message) => {
      const text = message.text();
      // The toolkit has one inline style, which the policy refuses and nobody misses.
      if (/Content Security Policy/.test(text) && /\/(dist|media)\/|webview\.(js|css)/.test(message.location().url + text) && !/inline style/.test(text))
        refusals.push(text);
    });
    await openWorkbench(page, server.url(sample));

    const entry = await openMenu(page, "prompts.jsonl");
    await shoot(page, "menu");
    const from = Date.now();
    await chooseEntry(entry);
    await page.waitForSelector(".tab[aria-label^='Audit:'], .tab[data-resource-name^='Audit:']");
    const tab = Date.now() - from;
    const frame = await panelFrame(page);
    const opened = Date.now() - from;
    await until(() => drawn(frame), "the first picture", 60_000);
    const first = Date.now() - from;
    checks.check("the first picture comes in time", first < FIRST_PICTURE_MS, `tab ${tab} ms, page ${opened} ms, picture ${first} ms after the choice`);
    await shoot(page, "running");
    await until(() => finished(frame), "the end of the audit", 60_000);
    checks.check("the audit ends", true, `${Date.now() - from} ms`);
    await until(async () => (await page.locator(".statusbar-item", { hasText: "cpu" }).count()) > 0, "model and provider in the status bar");
    checks.check("the status bar names model and provider", true);
    await page.setViewportSize(TALL);
    await page.waitForTimeout(800);
    await look(page, frame, "dark");

    await page.setViewportSize(SIZE);
    await frame.locator('#app [id^="row-"]').first().click();
    await until(async () => (await page.locator(".monaco-editor .selected-text").count()) > 0, "a selection in the editor");
    checks.check("a click on a row selects it in the file", true);
    await page.waitForTimeout(800);
    await shoot(page, "row");
    await page.keyboard.press("Control+Shift+m");
    await page.waitForTimeout(800);
    await shoot(page, "problems");
    await page.locator('.part.panel [aria-label^="Hide Panel"]').first().click({ timeout: 5000 });

    // Another theme and a reloaded window: the panel comes back by itself.
    await page.setViewportSize(TALL);
    for (const name of ["light", "high-contrast"]) {
      const file = join(server.home, "user", "User", "settings.json");
      writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), "workbench.colorTheme": THEMES[name] }));
      await page.reload();
      const restored = await panelFrame(page, 60_000);
      await until(() => finished(restored), `the panel after a reload (${name})`, 60_000);
      await hideProblems(page);
      await page.waitForTimeout(1000);
      checks.check(`the panel is restored after a reload: ${name}`, true);
      await look(page, restored, name);
    }
    await narrow(page);
    await further(page, server, sample);
    checks.check("the panel breaks no rule of its own security policy", refusals.length === 0, refusals[0]?.slice(0, 200) ?? "");
  } catch (error) {
    await browser
      .contexts()[0]
      ?.pages()[0]
      ?.screenshot({ path: join(ROOT, ".vscode-test", "failed.png") })
      .catch(() => {});
    checks.check(error.message.split("\n")[0], false, "see .vscode-test/failed.png");
  } finally {
    await browser.close();
    server.stop();
    workspace.remove();
  }
  return checks.summary("panel in VS Code");
}

async function look(page, frame, name) {
  const findings = await axeFindings(frame);
  checks.check(`axe finds nothing serious: ${name}`, findings.length === 0, findings.join("; "));
  const { wide, out } = await overflow(frame);
  checks.check(
    `nothing overflows: ${name}`,
    wide <= 0 && out.length === 0,
    `${await frame.evaluate(() => window.innerWidth)} px wide${out.length ? `; ${out.join(", ")}` : ""}`,
  );
  await shoot(page, name);
}

/** VS Code opens its lower panel again after a reload. */
async function hideProblems(page) {
  const hide = page.locator('.part.panel [aria-label^="Hide Panel"]:visible').first();
  await hide.click({ timeout: 3000 }).catch(() => {});
}

/** In the dark theme: what a user meets after the first audit. */
async function further(page, server, sample) {
  const file = join(server.home, "user", "User", "settings.json");
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), "workbench.colorTheme": THEMES.dark }));
  await page.setViewportSize(SIZE);
  await page.keyboard.press("Control+b");
  await page.reload();
  await panelFrame(page, 60_000);
  await hideProblems(page);
  for (const [name, go] of Object.entries(gallery)) {
    try {
      await go(page, sample, ROOT);
      await shoot(page, name);
      checks.check(`a picture of ${name}`, true);
    } catch (error) {
      await page.screenshot({ path: join(ROOT, ".vscode-test", `failed-${name}.png`) });
      checks.check(`a picture of ${name}`, false, error.message.split("\n")[0]);
    }
  }
}

/** The panel at 400 px of its own width: side bar hidden, the window as narrow as that takes. */
async function narrow(page) {
  await page.keyboard.press("Control+b");
  const frame = await panelFrame(page);
  let { width } = SIZE;
  for (let i = 0; i < 8; i++) {
    const inner = await frame.evaluate(() => window.innerWidth);
    if (Math.abs(inner - 400) <= 1) break;
    width += 400 - inner;
    await page.setViewportSize({ width, height: TALL.height });
    await page.waitForTimeout(600);
  }
  await look(page, frame, "narrow");
}

main().then(
  (code) => process.exit(code),
  (error) => {
    process.stderr.write(`The panel could not be looked at: ${error.message}\n`);
    process.exit(1);
  },
);
