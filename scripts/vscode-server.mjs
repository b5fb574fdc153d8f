// Starts what vscode-fetch.mjs installed: a code-server (way A, as a user sees it) or the bare VS Code server (way B, for
// the suite inside the extension host), and a Chromium to look at them with.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fetchVsCode } from "./vscode-fetch.mjs";

export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** A temporary folder and what removes it. */
export function tempFolder(name) {
  const path = mkdtempSync(join(tmpdir(), `layerscope-${name}-`));
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }) };
}

async function untilAnswers(port, child, what) {
  for (const end = Date.now() + 60_000; Date.now() < end; await new Promise((r) => setTimeout(r, 200))) {
    if (child.exitCode !== null) throw new Error(`${what} ended with exit code ${child.exitCode}`);
    const answered = await fetch(`http://127.0.0.1:${port}/`, { redirect: "manual" }).then(
      (r) => r.status < 500,
      () => false,
    );
    if (answered) return;
  }
  throw new Error(`${what} did not answer within a minute`);
}

function start(args, env, what, verbose) {
  const { node } = fetchVsCode();
  const child = spawn(node, args, {
    env: { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}`, ...env },
    stdio: ["ignore", verbose ? "inherit" : "ignore", verbose ? "inherit" : "ignore"],
    // A group of its own, so that its extension hosts end with it.
    detached: process.platform !== "win32",
  });
  let ended = false;
  const stop = () => {
    if (ended) return;
    ended = true;
    try {
      if (process.platform === "win32") child.kill();
      else process.kill(-child.pid, "SIGKILL");
    } catch {
      // gone already
    }
  };
  process.once("exit", stop);
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));
  return { child, stop, what };
}

/** Settings that keep a fresh VS Code quiet: no welcome, no suggestions, no network. */
const QUIET = {
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
  "workbench.welcomePage.walkthroughs.openOnInstall": false,
  "extensions.ignoreRecommendations": true,
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  "chat.disableAIFeatures": true,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "security.workspace.trust.startupPrompt": "never",
  "editor.minimap.enabled": false,
};

/** Way A: code-server with a packaged extension installed. */
export async function startCodeServer({ vsix, settings = {}, trust = true, verbose = false }) {
  const { codeServer } = fetchVsCode();
  const home = tempFolder("code");
  const user = join(home.path, "user");
  const extensions = join(home.path, "extensions");
  mkdirSync(join(user, "User"), { recursive: true });
  writeFileSync(join(user, "User", "settings.json"), JSON.stringify({ ...QUIET, ...settings }));
  const common = ["--user-data-dir", user, "--extensions-dir", extensions];
  const env = { XDG_CONFIG_HOME: home.path, XDG_DATA_HOME: home.path, PASSWORD: "" };
  if (vsix) {
    const install = start([codeServer, ...common, "--install-extension", vsix], env, "the installation of the extension", verbose);
    const code = await new Promise((resolve) => install.child.on("exit", resolve));
    if (code !== 0) throw new Error(`the extension could not be installed (exit code ${code})`);
  }
  const port = await freePort();
  const args = [
    codeServer,
    "--auth",
    "none",
    "--bind-addr",
    `127.0.0.1:${port}`,
    "--disable-telemetry",
    "--disable-update-check",
    ...(trust ? ["--disable-workspace-trust"] : []),
    ...common,
  ];
  const server = start(args, env, "code-server", verbose);
  await untilAnswers(port, server.child, server.what);
  return {
    url: (folder) => `http://127.0.0.1:${port}/?folder=${encodeURIComponent(folder)}`,
    home: home.path,
    stop: () => {
      server.stop();
      home.remove();
    },
  };
}

/** Way B: the VS Code server that runs a test suite inside its extension host. */
export async function startTestServer({ extension, suite, settings = {}, env = {}, verbose = false }) {
  const { serverMain } = fetchVsCode();
  const home = tempFolder("suite");
  mkdirSync(join(home.path, "data", "Machine"), { recursive: true });
  writeFileSync(join(home.path, "data", "Machine", "settings.json"), JSON.stringify({ ...QUIET, ...settings }));
  const port = await freePort();
  const args = [
    serverMain,
    "--host",
    "127.0.0.1",
    "--port",
    String(port),
    "--without-connection-token",
    "--accept-server-license-terms",
    "--server-data-dir",
    home.path,
  ];
  const server = start([...args, "--disable-telemetry", "--disable-workspace-trust", "--enable-smoke-test-driver"], env, "the VS Code server", verbose);
  await untilAnswers(port, server.child, server.what);
  const remote = (path) => `vscode-remote://127.0.0.1:${port}${path.split("\\").join("/")}`;
  const payload = JSON.stringify([
    ["extensionDevelopmentPath", remote(extension)],
    ["extensionTestsPath", remote(suite)],
    ["skipWelcome", "true"],
  ]);
  return {
    url: (folder) => `http://127.0.0.1:${port}/?folder=${encodeURIComponent(folder)}&payload=${encodeURIComponent(payload)}`,
    stop: () => {
      server.stop();
      home.remove();
    },
  };
}

/** Chromium out of an npm package; another one by LAYERSCOPE_CHROMIUM. */
export async function launchBrowser() {
  const { chromium } = await import("playwright-core");
  const given = process.env["LAYERSCOPE_CHROMIUM"];
  const executablePath = given ?? (await (await import("@sparticuz/chromium")).default.executablePath());
  const quiet = ["--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
  return chromium.launch({ executablePath, headless: true, args: ["--headless=shell", "--no-sandbox", "--disable-gpu", ...quiet] });
}
