// The peers' virtual environments. Run by itself (`node test/peers/venv.mjs`) it makes both, so that the tests find them ready.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const OWN = import.meta.dirname ?? resolve("test", "peers");
const CACHE = resolve(OWN, "..", "..", "node_modules", ".cache", "layerscope-peers");
/** Older than this, a lock is of a process that was killed. */
const STALE_MS = 15 * 60_000;

export function whyNoPeers() {
  if (process.env["LAYERSCOPE_NO_PEERS"]) return "LAYERSCOPE_NO_PEERS is set";
  if (process.platform === "win32") return "the peers' environment is laid out for Linux and macOS";
  const found = spawnSync("python3", ["-c", "import venv, ensurepip, sys; print(sys.version_info >= (3, 11))"], { encoding: "utf8" });
  if (found.error) return "python3 is missing";
  return found.stdout.trim() === "True" ? undefined : "python3 has no venv, no pip, or is older than 3.11";
}

export async function peerPython(peer, within) {
  const folder = join(CACHE, peer);
  const python = join(folder, "bin", "python");
  const done = join(folder, "done");
  const lock = `${folder}.lock`;
  // Exact versions of everything, so that nothing has to be resolved and every machine has the same.
  const pins = readFileSync(join(OWN, `${peer}.txt`), "utf8");
  const isDone = () => existsSync(done) && readFileSync(done, "utf8") === pins;
  mkdirSync(CACHE, { recursive: true });
  const until = Date.now() + within;
  for (;;) {
    if (isDone()) return python;
    try {
      mkdirSync(lock);
      break;
    } catch {
      if (Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()) > STALE_MS) rmSync(lock, { recursive: true, force: true });
      if (Date.now() > until) throw new Error(`another process has been installing ${peer} for too long`);
      await new Promise((go) => setTimeout(go, 500));
    }
  }
  try {
    if (isDone()) return python;
    rmSync(folder, { recursive: true, force: true });
    await ran("python3", ["-m", "venv", folder], until);
    await ran(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile", "--no-deps", "-r", join(OWN, `${peer}.txt`)], until);
    writeFileSync(`${done}.incomplete`, pins);
    renameSync(`${done}.incomplete`, done);
    return python;
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function ran(program, args, until) {
  return new Promise((finish, fail) => {
    const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"], timeout: Math.max(1, until - Date.now()) });
    let said = "";
    child.stderr.on("data", (piece) => {
      said = (said + piece).slice(-4_000);
    });
    child.on("error", fail);
    child.on("exit", (code) =>
      code === 0 ? finish() : fail(new Error(`${args.slice(0, 3).join(" ")} ended with ${code}: ${said.split("\n").slice(-4).join(" ")}`)),
    );
  });
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href && !whyNoPeers())
  void Promise.allSettled(["kserve", "mlserver"].map((peer) => peerPython(peer, 600_000)));
