import { type ChildProcess, spawn } from "node:child_process";
import { join, resolve } from "node:path";
import { build } from "esbuild";

const ROOT = resolve(import.meta.dirname, "../..");

/**
 * The command line as one file, made anew from the sources.
 * @param name its file lies in out/cli-NAME, as deep as src/cli, so that it finds the build as the sources do; the report's sources lie one folder deeper
 */
export async function buildCli(name: string): Promise<string> {
  const outfile = join(ROOT, "out", `cli-${name}`, "cli.cjs");
  await build({
    entryPoints: [join(ROOT, "src/cli/main.ts")],
    bundle: true,
    platform: "node",
    format: "cjs",
    external: ["onnxruntime-node", "sharp"],
    outfile,
    define: { LAYERSCOPE_VERSION: '"0.0.0-test"' },
    logLevel: "error",
  });
  return outfile;
}

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs it to its end. */
export function runCli(
  cli: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
  onStart?: (child: ChildProcess) => void,
): Promise<Ended> {
  const child = spawn(process.execPath, [cli, ...args], { cwd, env: { ...process.env, NO_COLOR: "1", ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    err += chunk;
  });
  onStart?.(child);
  return new Promise((done) => child.on("close", (code) => done({ code, out, err })));
}
