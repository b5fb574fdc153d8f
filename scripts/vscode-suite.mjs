// Runs test/extension/suite inside the extension host of the VS Code from npm, on the packaged extension.
// `--no-package` takes the .vsix that is there; `--grep WORD` a part of the suite; `--verbose` shows the server's output.
import { cpSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { vsixAtHand } from "./package.mjs";
import { launchBrowser, startCodeServer, startTestServer, tempFolder } from "./vscode-server.mjs";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const has = (flag) => process.argv.includes(flag);
const after = (flag) => (has(flag) ? process.argv[process.argv.indexOf(flag) + 1] : undefined);
/** The whole suite; one test has its own time in Mocha. */
const MOST_MS = 600_000;

/** Compiles the suite; the same files run in the desktop's VS Code (vscode-electron.mjs). */
export async function buildSuite() {
  const folder = join(ROOT, "test", "extension", "suite");
  const outdir = join(ROOT, "dist", "test");
  const entryPoints = readdirSync(folder)
    .filter((f) => f.endsWith(".ts"))
    .map((f) => join(folder, f));
  await build({
    entryPoints,
    outdir,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    external: ["vscode", "mocha"],
    sourcemap: "inline",
    logLevel: "warning",
  });
  return join(outdir, "index.js");
}

/** A workspace of the suite's own: the sample, and settings that a workspace must not be able to set. */
export function makeWorkspace(at) {
  cpSync(join(ROOT, "media", "sample"), at, { recursive: true });
  mkdirSync(join(at, ".vscode"), { recursive: true });
  writeFileSync(
    join(at, ".vscode", "settings.json"),
    JSON.stringify({ "layerscope.nodePath": "/nowhere/node", "layerscope.provider": "cuda", "layerscope.seed": 7 }),
  );
  return at;
}

/** Puts the package into a folder the way VS Code does. */
async function unpack(vsix) {
  const server = await startCodeServer({ vsix, verbose: has("--verbose") });
  const extensions = join(server.home, "extensions");
  const name = readdirSync(extensions).find((f) => f.startsWith("layerscope.layerscope"));
  if (!name) throw new Error("the installed extension was not found");
  const home = tempFolder("extension");
  cpSync(join(extensions, name), home.path, { recursive: true });
  server.stop();
  return home;
}

async function main() {
  const vsix = await vsixAtHand(has("--no-package"));
  const suite = await buildSuite();
  const extension = await unpack(vsix);
  const workspace = tempFolder("workspace");
  makeWorkspace(workspace.path);
  const env = { ...(after("--grep") && { LAYERSCOPE_TEST_GREP: after("--grep") }) };
  const server = await startTestServer({ extension: extension.path, suite, env, verbose: has("--verbose") });
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    let summary = "";
    const code = new Promise((settle, reject) => {
      const timer = setTimeout(() => reject(new Error(`the suite did not end within ${MOST_MS / 1000} s`)), MOST_MS);
      void page.exposeFunction("codeAutomationExit", (exitCode) => {
        clearTimeout(timer);
        settle(exitCode);
      });
      page.on("crash", () => reject(new Error("the browser's page crashed")));
    });
    await page.exposeFunction("codeAutomationLog", (_kind, args) => {
      const line = (Array.isArray(args) ? args : [args]).map(String).join(" ");
      if (/^\[suite\] \d+ passed/.test(line)) summary = line.slice(8);
      if (line.startsWith("[suite]") || has("--verbose")) process.stdout.write(`${line.replace(/^\[suite\] /, "")}\n`);
    });
    await page.goto(server.url(workspace.path));
    const exitCode = await code;
    if (!summary) throw new Error(`the suite ended without a summary (exit code ${exitCode})`);
    process.stdout.write(`extension in VS Code: ${summary}\n`);
    return exitCode;
  } finally {
    await browser.close();
    server.stop();
    workspace.remove();
    extension.remove();
  }
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  main().then(
    (code) => process.exit(code),
    (error) => {
      process.stderr.write(`The suite could not be run: ${error.message}\n`);
      process.exit(1);
    },
  );
}
