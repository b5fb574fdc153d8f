import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const CACHE = resolve(import.meta.dirname, "../../node_modules/.cache/layerscope-peers");
const PACKAGES = { kserve: ["kserve==0.21.0", "onnxruntime"], mlserver: ["mlserver==1.7.1", "onnxruntime"] } as const;
export type Peer = keyof typeof PACKAGES;

/** Why the peers cannot be had here; undefined = they can. */
export function whyNoPeers(): string | undefined {
  if (process.env.LAYERSCOPE_NO_PEERS) return "LAYERSCOPE_NO_PEERS is set";
  const found = spawnSync("python3", ["-c", "import venv, ensurepip, sys; print(sys.version_info >= (3, 10))"], { encoding: "utf8" });
  if (found.error) return "python3 is missing";
  return found.stdout.trim() === "True" ? undefined : "python3 has no venv, no pip, or is older than 3.10";
}

/**
 * A virtual environment with one peer, made once and kept beside the installed packages.
 * @returns the path of its python
 * @throws when pip fails, with what it said last
 */
export async function peerPython(peer: Peer, within: number): Promise<string> {
  const folder = join(CACHE, peer);
  const python = join(folder, "bin", "python");
  if (existsSync(join(folder, "done"))) return python;
  mkdirSync(CACHE, { recursive: true });
  rmSync(folder, { recursive: true, force: true });
  await ran("python3", ["-m", "venv", folder], within);
  await ran(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile", ...PACKAGES[peer]], within);
  writeFileSync(join(folder, "done.incomplete"), PACKAGES[peer].join("\n"));
  renameSync(join(folder, "done.incomplete"), join(folder, "done"));
  return python;
}

function ran(program: string, args: readonly string[], within: number): Promise<void> {
  return new Promise((done, fail) => {
    const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"], timeout: within });
    let said = "";
    child.stderr.on("data", (piece: Buffer) => {
      said = (said + piece.toString()).slice(-4_000);
    });
    child.on("error", fail);
    child.on("exit", (code) =>
      code === 0 ? done() : fail(new Error(`${program} ${args[1] ?? ""} ended with ${code}: ${said.split("\n").slice(-4).join(" ")}`)),
    );
  });
}
