// A real VS Code, a Node that runs it and a Chromium, all from npm packages: no root, no compiler, no other download.
// `node scripts/vscode-fetch.mjs` installs them once into .vscode-test/; `places()` says where they are.
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const CODE_SERVER = "4.139.1";
export const NODE = "24.21.0";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
export const FOLDER = join(ROOT, ".vscode-test");
const HOME = join(FOLDER, "code-server");
const PACKAGE = join(HOME, "node_modules", "code-server");
const NODE_FILE = join(FOLDER, process.platform === "win32" ? "node.exe" : "node");
const STAMP = join(FOLDER, "ready.json");

/** Paths of what was installed. */
export function places() {
  return { node: NODE_FILE, codeServer: join(PACKAGE, "out", "node", "entry.js"), serverMain: join(PACKAGE, "lib", "vscode", "out", "server-main.js") };
}

function isReady() {
  if (!existsSync(STAMP) || !Object.values(places()).every((p) => existsSync(p))) return false;
  const stamp = JSON.parse(readFileSync(STAMP, "utf8"));
  return stamp.codeServer === CODE_SERVER && stamp.node === NODE;
}

/** npm's own switches: quiet, no scripts (native helpers would want a compiler), no lockfile changes anywhere else. */
const QUIET = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"];

function npm(args, cwd, node) {
  const env = { ...process.env, ...(node ? { PATH: `${dirname(node)}${delimiter}${process.env.PATH}` } : {}) };
  // A parent npm run passes its own settings down; the nested installs must not inherit the project's.
  for (const key of Object.keys(env)) if (/^npm_(config_local_prefix|package_|lifecycle_)/i.test(key)) delete env[key];
  execFileSync(process.platform === "win32" ? "npm.cmd" : "npm", args, {
    cwd,
    env,
    stdio: ["ignore", "ignore", "inherit"],
    shell: process.platform === "win32",
  });
}

/** Installs what is missing; returns at once when all is there. */
export function fetchVsCode(say = (line) => process.stdout.write(`${line}\n`)) {
  if (isReady()) return places();
  say(`Installing a VS Code for tests (code-server ${CODE_SERVER}, Node ${NODE}) into .vscode-test, about 600 MB, once.`);
  mkdirSync(HOME, { recursive: true });
  writeFileSync(join(HOME, "package.json"), JSON.stringify({ name: "vscode-test", private: true }));
  const nodeHome = join(FOLDER, "node-home");
  mkdirSync(nodeHome, { recursive: true });
  writeFileSync(join(nodeHome, "package.json"), JSON.stringify({ name: "node-home", private: true }));
  // The npm package `node` fetches its binary in an install script; the platform's own package holds the binary itself.
  const platform = process.platform === "win32" ? "win" : process.platform;
  const binaryPackage = `node-${platform}-${process.arch}`;
  npm(["install", `${binaryPackage}@${NODE}`, ...QUIET], nodeHome);
  const inside = process.platform === "win32" ? "node.exe" : "node";
  copyFileSync(join(nodeHome, "node_modules", binaryPackage, "bin", inside), NODE_FILE);
  chmodSync(NODE_FILE, 0o755);
  npm(["install", `code-server@${CODE_SERVER}`, ...QUIET], HOME, NODE_FILE);
  const vscode = join(PACKAGE, "lib", "vscode");
  npm(["install", "--omit=dev", ...QUIET], vscode, NODE_FILE);
  npm(["install", "--omit=dev", ...QUIET], join(vscode, "extensions"), NODE_FILE);
  writeFileSync(STAMP, JSON.stringify({ codeServer: CODE_SERVER, node: NODE }));
  say("VS Code for tests is ready.");
  return places();
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    fetchVsCode();
  } catch (error) {
    process.stderr.write(`The VS Code for tests could not be installed: ${error.message}\n`);
    process.exit(1);
  }
}
