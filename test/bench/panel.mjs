// npm run bench -- panel: the panel over 100,000 rows and 33 layers in a real Chromium without a graphics card (canvas is painted by the processor).
// Frames are counted by requestAnimationFrame: the peer of a frame is a frame of the same page at rest; of script time, the same panel with 2,000 rows.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { ROOT } from "../../scripts/setup.mjs";
import { measure, median, option, report } from "./table.mjs";

const args = process.argv.slice(2);
const ROWS = option(args, "--rows", 100_000);
const LAYERS = option(args, "--layers", 33);
const ROUNDS = option(args, "--rounds", 3);
const FRAMES = 120;
const FRAME = 1000 / 60;
const SMALL = 2_000;

/** What a user does, as functions of the page, and when it is seen to be done. */
const LIST = `[...document.querySelectorAll(".list-row")].map((row) => row.id + row.lastElementChild.textContent).sort().join("")`;
const STEPS = {
  click: {
    act: `() => { const rows = [...document.querySelectorAll(".list-row")]; window.wanted = rows.find((row) => row.getAttribute("aria-selected") !== "true" && row.getBoundingClientRect().top > 0); window.wanted.click(); }`,
    reached: `() => window.wanted.getAttribute("aria-selected") === "true"`,
  },
  sort: {
    act: `() => { const choice = document.querySelector(".list-tools vscode-dropdown"); window.before = ${LIST}; choice.value = choice.value === "risk" ? "file" : "risk"; choice.dispatchEvent(new Event("change", { bubbles: true })); }`,
    reached: `() => ${LIST} !== window.before`,
  },
  filter: {
    act: `() => { const field = document.querySelector(".list-tools vscode-text-field"); window.before = document.querySelector(".counts").textContent; field.value = field.value === "wrong" ? "" : "wrong"; field.dispatchEvent(new Event("input", { bubbles: true })); }`,
    reached: `() => document.querySelector(".counts").textContent !== window.before`,
  },
  layer: {
    act: `() => { const slider = document.querySelector(".map-tools input"); window.before = document.querySelector(".layer-number").textContent; slider.value = String((Number(slider.value) + 1) % 30); slider.dispatchEvent(new Event("input", { bubbles: true })); }`,
    reached: `() => document.querySelector(".layer-number").textContent !== window.before`,
  },
};

/** The tests' own page and driver. */
async function load() {
  const outfile = join(ROOT, "out", "bench", "panel-lab.mjs");
  const contents = 'export * from "./test/webview/browser.ts"; export * from "./test/webview/frames.ts";';
  await build({
    stdin: { contents, resolveDir: ROOT, loader: "ts" },
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    outfile,
    logLevel: "error",
  });
  return import(pathToFileURL(outfile).href);
}

const p95 = (values) => [...values].sort((a, b) => a - b)[Math.floor(0.95 * (values.length - 1))];
const text = (ms) => ms.toFixed(1);

async function main() {
  const { startLab, WATCH, mapFrames, untilDrawn, longestTask, pageNow, settle } = await load();
  const lab = await startLab();
  const open = async (rows) => {
    const page = await lab.open({ wish: { rows, layers: LAYERS } }, { before: WATCH, width: 1200, height: 900 });
    await page.waitForFunction(() => document.querySelectorAll(".list-row").length > 5 && document.querySelector(".map-canvas")?.dataset.shows, undefined, {
      timeout: 60_000,
    });
    // All layers are there.
    await page.waitForFunction((many) => window.mock.layers.length === 0 || window.mock.layers.length >= many, LAYERS, { timeout: 60_000 });
    await settle(page);
    await page.locator(".map-canvas").scrollIntoViewIfNeeded();
    return page;
  };
  const measures = [];
  const notes = [];
  try {
    const [page, small] = [await open(ROWS), await open(SMALL)];
    const id = (what) => `panel/${ROWS}/${what}`;
    for (const move of ["pan", "zoom", "hover"]) {
      const [times, rest, work, less] = [[], [], [], []];
      for (let round = 0; round < ROUNDS; round++) {
        await page.bringToFront();
        if (move === "pan") await page.evaluate(() => document.querySelector(".map-canvas").dispatchEvent(new KeyboardEvent("keydown", { key: "+" })));
        const at = await mapFrames(page, move, FRAMES);
        const still = await mapFrames(page, "still", FRAMES);
        await page.keyboard.press("Escape");
        await small.bringToFront();
        const other = await mapFrames(small, move, FRAMES);
        times.push(...at.interval);
        rest.push(...still.interval);
        work.push(...at.work);
        less.push(...other.work);
      }
      measures.push(measure(id(move), times, "a frame at rest in the same page", rest));
      measures.push(measure(id(`${move}/script`), work, `${SMALL} rows`, less));
      const late = times.filter((ms) => ms > 1.5 * FRAME).length;
      notes.push(
        `${move}: frames p95 ${text(p95(times))} ms, ${late} of ${times.length} late; script median ${text(median(work))}, p95 ${text(p95(work))} ms a frame`,
      );
    }
    await page.bringToFront();
    for (const [name, { act, reached }] of Object.entries(STEPS)) {
      const [times, less, tasks] = [[], [], []];
      for (let round = 0; round < Math.max(6, ROUNDS); round++) {
        for (const one of [page, small]) {
          await one.bringToFront();
          const from = await pageNow(one);
          (one === page ? times : less).push(await untilDrawn(one, act, reached));
          await settle(one);
          if (one === page) tasks.push(await longestTask(one, from));
        }
      }
      measures.push(measure(id(name), times, `${SMALL} rows`, less));
      const longest = Math.max(...tasks);
      notes.push(`${name}: p95 ${text(p95(times))} ms; longest task ${longest === 0 ? "below 50 ms" : `${text(longest)} ms`}`);
    }
    await page.bringToFront();
    const first = [];
    const whole = [];
    for (let round = 0; round < ROUNDS; round++) {
      // As a hidden panel that is shown again: the same view, told anew, under another stamp.
      await page.evaluate(() => {
        window.mock.layers.length = 0;
        window.mock.largest = 0;
      });
      const wish = JSON.stringify({ rows: ROWS, layers: LAYERS });
      first.push(
        await untilDrawn(
          page,
          `() => { document.querySelector(".map-canvas").dataset.shows = ""; window.mock.state(${wish}, "done"); }`,
          `() => document.querySelector(".map-canvas").dataset.shows === "density"`,
        ),
      );
      const began = performance.now();
      await page.waitForFunction((many) => window.mock.layers.length >= many, LAYERS, { timeout: 60_000 });
      whole.push(first.at(-1) + performance.now() - began);
    }
    measures.push(measure(id("first-map"), first), measure(id("all-layers"), whole));
    const largest = await page.evaluate(() => window.mock.largest);
    notes.push(
      `largest message ${(largest / 1e6).toFixed(2)} MB; first-map: from the message with the view to the map of the chosen layer; all-layers: until every layer has come`,
    );
    report(measures, notes.join("\n"));
  } finally {
    await lab.close();
  }
}

await main();
