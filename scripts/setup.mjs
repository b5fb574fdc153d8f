import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");

/** Runs a program in the project's folder with its output shown; ends this one with its code when it fails. */
export function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: "inherit", shell: process.platform === "win32" && command === "npm", ...options });
  if (error || status !== 0) {
    console.error(`\n${command} ${args.join(" ")} failed${error ? `: ${error.message}` : ` with code ${status}`}.`);
    process.exit(status || 1);
  }
}

/** Installs the dependencies of the lockfile when they are not there yet or the lockfile has changed. */
export function install() {
  const [major] = process.versions.node.split(".");
  if (Number(major) < 20) {
    console.error(`Node 20 or newer is needed, this is ${process.version}.`);
    process.exit(2);
  }
  const lock = createHash("sha256")
    .update(readFileSync(join(ROOT, "package-lock.json")))
    .digest("hex");
  const stamp = join(ROOT, "node_modules", ".layerscope-lock");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;
  console.log("Installing what the lockfile names …");
  // The GPU download of onnxruntime-node's own install script is skipped: the CPU runtime is inside the package.
  run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: "skip" } });
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, lock);
}

export function build() {
  run(process.execPath, ["esbuild.mjs"]);
}
