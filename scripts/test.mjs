// npm test: installs what is missing, builds, then every test. Stops at the first stage that fails.
import { join } from "node:path";
import { build, install, run } from "./setup.mjs";

install();
const bin = (name) => join("node_modules", ...name.split("/"));
const stages = [
  ["build", () => build()],
  ["types", () => run(process.execPath, [bin("typescript/bin/tsc"), "--build", "--pretty", "false"])],
  ["lint and format", () => run(process.execPath, [bin("@biomejs/biome/bin/biome"), "ci", "--error-on-warnings", "."])],
  ["unit, golden, property, panel in Chromium", () => run(process.execPath, [bin("vitest/vitest.mjs"), "run"])],
  ["package", () => run(process.execPath, [join("scripts", "package.mjs")])],
  ["a real VS Code, from npm", () => run(process.execPath, [join("scripts", "vscode-fetch.mjs")])],
  ["the extension's suite in VS Code", () => run(process.execPath, [join("scripts", "vscode-suite.mjs")])],
  ["the packaged extension as a user sees it", () => run(process.execPath, [join("scripts", "vscode-shots.mjs"), "--check"])],
];
const started = performance.now();
for (const [name, stage] of stages) {
  console.log(`\n== ${name}`);
  stage();
}
console.log(`\nAll ${stages.length} stages passed in ${Math.round((performance.now() - started) / 1000)} s.`);
