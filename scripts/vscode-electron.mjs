// The same suite in a desktop VS Code, which @vscode/test-electron downloads: for machines with internet and a display.
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { runTests } from "@vscode/test-electron";
import { makeVsix, STAGE } from "./package.mjs";
import { buildSuite, makeWorkspace } from "./vscode-suite.mjs";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
try {
  await makeVsix({ say: () => {} });
  const suite = await buildSuite();
  const workspace = makeWorkspace(mkdtempSync(join(tmpdir(), "layerscope-workspace-")));
  const version = process.env["LAYERSCOPE_VSCODE"] ?? "stable";
  const code = await runTests({
    version,
    cachePath: join(ROOT, ".vscode-test"),
    extensionDevelopmentPath: STAGE,
    extensionTestsPath: suite,
    launchArgs: [workspace, "--disable-workspace-trust", "--skip-welcome"],
  });
  process.exit(code);
} catch (error) {
  process.stderr.write(`The suite could not be run in a desktop VS Code: ${error.message}\n`);
  process.exit(1);
}
