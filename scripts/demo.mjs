// npm run demo [-- --headless]: installs, builds, audits the sample workspace with the embedded model, then opens it.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { build, install, ROOT, run } from "./setup.mjs";

const headless = process.argv.includes("--headless");
install();
build();

console.log("\nAuditing the sample workspace with the embedded model:\n");
run(process.execPath, [join("dist", "cli.js"), "audit", join("media", "sample", "prompts.jsonl"), "--model", join("media", "model")]);

if (!headless) {
  const sample = join(ROOT, "media", "sample");
  const code = process.platform === "win32" ? "code.cmd" : "code";
  const hasDesktop = spawnSync(code, ["--version"], { stdio: "ignore", shell: process.platform === "win32" }).status === 0;
  if (hasDesktop) {
    console.log("\nOpening VS Code: right-click prompts.jsonl and choose Audit Alignment.");
    run(code, ["--extensionDevelopmentPath", ROOT, sample], { shell: process.platform === "win32" });
  } else {
    // No desktop VS Code: the real one from npm, at a loopback address that it prints.
    run(process.execPath, [join("scripts", "vscode-open.mjs"), sample]);
  }
}
