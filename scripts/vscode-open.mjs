// node scripts/vscode-open.mjs FOLDER: the real VS Code from npm with this extension installed, at a loopback address.
import { cpSync } from "node:fs";
import { join, resolve } from "node:path";
import { makeVsix } from "./package.mjs";
import { startCodeServer, tempFolder } from "./vscode-server.mjs";

const vsix = await makeVsix({ build: false, say: () => {} });
// A copy: what is tried out in it stays out of the repository.
const copy = tempFolder("workspace");
const folder = join(copy.path, "sample");
cpSync(resolve(process.argv[2]), folder, { recursive: true });
const server = await startCodeServer({ vsix, settings: { "workbench.colorTheme": "Default Dark Modern" } });
process.on("exit", () => {
  server.stop();
  copy.remove();
});
console.log(`\nVS Code is at ${server.url(folder)}\nRight-click prompts.jsonl and choose Audit Alignment. Ctrl+C ends it.`);
await new Promise(() => {
  // Until interrupted.
  setInterval(() => {}, 1 << 30);
});
