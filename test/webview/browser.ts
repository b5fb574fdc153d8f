import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import chromium from "@sparticuz/chromium";
import { build } from "esbuild";
import { type Browser, chromium as driver, type Page } from "playwright-core";
import type { Setup } from "./host.js";
import { THEMES, type ThemeName, themeCss } from "./themes.js";

const ROOT = resolve(import.meta.dirname, "../..");
const NONCE = "4b1d0f5c0ffee";
const ARGS = [
  "--headless=shell",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export interface Lab {
  /** Opens the panel as the extension would, with the policy that it sends. */
  open(setup?: Setup, look?: { theme?: ThemeName; width?: number; height?: number; still?: boolean; before?: string }): Promise<Page>;
  /** Opens a comparison's panel; `setup` is what `compareHost.ts` shows. */
  compare(setup: object, look?: { theme?: ThemeName; width?: number; height?: number }): Promise<Page>;
  /** Opens a model card; `state` is what the extension tells it. */
  card(state: object, look?: { theme?: ThemeName; width?: number; height?: number }): Promise<Page>;
  /** Opens a page that is nothing but this text. */
  html(content: string, width?: number): Promise<Page>;
  bundle(entry: string): Promise<string>;
  close(): Promise<void>;
}

/** One Chromium and one loopback server for a suite; the bundles are made here, from the sources as they are. */
export async function startLab(): Promise<Lab> {
  const bundle = async (entry: string) => {
    const { outputFiles } = await build({
      entryPoints: [resolve(ROOT, entry)],
      bundle: true,
      write: false,
      format: "iife",
      platform: "browser",
      target: "es2022",
      legalComments: "none",
      logLevel: "silent",
      minify: true,
    });
    return outputFiles[0].text;
  };
  const [panel, host, comparison, compareHost, card, cardHost] = await Promise.all(
    [
      "src/webview/main.ts",
      "test/webview/host.ts",
      "src/webview/compare/main.ts",
      "test/webview/compareHost.ts",
      "src/webview/card.ts",
      "test/webview/cardHost.ts",
    ].map(bundle),
  );
  const css = readFileSync(resolve(ROOT, "media/webview.css"), "utf8");
  const cardCss = readFileSync(resolve(ROOT, "media/card.css"), "utf8");
  let loose = "";
  const server: Server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://127.0.0.1");
    const send = (type: string, body: string, headers = {}) => response.writeHead(200, { "content-type": `${type}; charset=utf-8`, ...headers }).end(body);
    if (path.pathname === "/webview.js") return send("text/javascript", panel);
    if (path.pathname === "/host.js") return send("text/javascript", host);
    if (path.pathname === "/compare/webview.js") return send("text/javascript", comparison);
    if (path.pathname === "/compare/host.js") return send("text/javascript", compareHost);
    if (path.pathname === "/card/webview.js") return send("text/javascript", card);
    if (path.pathname === "/card/host.js") return send("text/javascript", cardHost);
    if (path.pathname === "/card/card.css") return send("text/css", cardCss);
    if (path.pathname === "/webview.css") return send("text/css", css);
    if (path.pathname === "/theme.css") return send("text/css", themeCss(path.searchParams.get("theme") as ThemeName));
    if (path.pathname === "/loose") return send("text/html", loose);
    if (!["/", "/compare/", "/card/"].includes(path.pathname)) return response.writeHead(404).end();
    const theme = (path.searchParams.get("theme") ?? "dark") as ThemeName;
    const still = path.searchParams.has("still") ? " vscode-reduce-motion" : "";
    const policy = `default-src 'none'; script-src 'nonce-${NONCE}'; style-src 'self'; img-src 'self' data:; font-src 'self'`;
    return send(
      "text/html",
      `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Audit</title><link rel="stylesheet" href="/theme.css?theme=${theme}"><link rel="stylesheet" href="/webview.css">${path.pathname === "/card/" ? '<link rel="stylesheet" href="card.css">' : ""}</head><body class="${THEMES[theme].class}${still}"><div id="app"></div><script nonce="${NONCE}" src="host.js"></script><script nonce="${NONCE}" src="webview.js"></script></body></html>`,
      { "content-security-policy": policy },
    );
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const browser: Browser = await driver.launch({ executablePath: await chromium.executablePath(), args: ARGS, headless: true });
  const watch = (page: Page) => {
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(String(error.stack ?? error)));
    (page as Page & { errors: string[] }).errors = errors;
    return page;
  };
  return {
    bundle,
    async open(setup = {}, { theme = "dark", width = 1200, height = 900, still = false, before } = {}) {
      const page = watch(await browser.newPage({ viewport: { width, height } }));
      if (before) await page.addInitScript({ content: before });
      await page.goto(`${origin}/?theme=${theme}${still ? "&still" : ""}#${encodeURIComponent(JSON.stringify(setup))}`);
      await page.waitForFunction((wanted) => !wanted || document.querySelector(".frame") !== null, !setup.noView);
      await settle(page);
      return page;
    },
    async compare(carried, { theme = "dark", width = 1200, height = 900 } = {}) {
      const page = watch(await browser.newPage({ viewport: { width, height } }));
      await page.addInitScript({ content: `window.compareSetup = ${JSON.stringify(carried)};` });
      await page.goto(`${origin}/compare/?theme=${theme}`);
      await page.waitForFunction(() => document.querySelector(".frame, .problem:not([hidden]), .bar:not(:empty)") !== null);
      await settle(page);
      return page;
    },
    async card(state, { theme = "dark", width = 1000, height = 900 } = {}) {
      const page = watch(await browser.newPage({ viewport: { width, height } }));
      await page.addInitScript({ content: `window.cardState = ${JSON.stringify(state)};` });
      await page.goto(`${origin}/card/?theme=${theme}`);
      await page.waitForSelector("main.card");
      await settle(page);
      return page;
    },
    async html(content, width = 1000) {
      loose = content;
      const page = watch(await browser.newPage({ viewport: { width, height: 900 } }));
      await page.goto(`${origin}/loose`);
      await settle(page);
      return page;
    },
    async close() {
      await browser.close();
      await new Promise((done) => server.close(done));
    },
  };
}

/** Until two frames have passed and the texts asked for have come. */
export async function settle(page: Page): Promise<void> {
  await page.evaluate(() => new Promise((done) => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(() => done(null))), 120)));
}

/** What went wrong in a page, uncaught. */
export const errorsOf = (page: Page): string[] => (page as Page & { errors?: string[] }).errors ?? [];
