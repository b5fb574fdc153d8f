import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Peer, peerPython } from "./venv.mjs";

/** The benchmarks are bundled, and run in the project's folder. */
const OWN = import.meta.dirname ?? resolve("test", "peers");

/** A server that runs on loopback until `stop` or `kill`. */
export interface RunningPeer {
  readonly peer: Peer;
  readonly url: string;
  readonly child: ChildProcess;
  /** At once, as a crash would be. */
  kill(): void;
  stop(): Promise<void>;
}

/**
 * Starts KServe or MLServer over an exported model (a folder with 1/model.onnx), one thread.
 * KServe has it a second time, as `NAME-bytes`, which answers in bytes where they are asked for.
 */
export async function startPeer(peer: Peer, folder: string, { name = "tapped", installMs = 400_000, readyMs = 90_000 } = {}): Promise<RunningPeer> {
  const python = await peerPython(peer, installMs);
  const port = await freePort();
  const scratch = mkdtempSync(join(tmpdir(), "layerscope-peer-"));
  const settings = peer === "mlserver" ? await mlserverFolder(scratch, folder, name, port) : undefined;
  const args = settings ? ["-c", "from mlserver.cli import main; main()", "start", settings] : [join(OWN, "kserve_server.py"), folder, name, String(port)];
  // One thread for numbers: two such servers are two cores' worth.
  const env = { ...process.env, OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1", PYTHONDONTWRITEBYTECODE: "1", NO_PROXY: "127.0.0.1" };
  const child = spawn(python, args, { cwd: scratch, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (piece: Buffer) => {
      said = (said + piece.toString()).slice(-4_000);
    });
  // The whole group: MLServer has workers of its own.
  const kill = () => {
    try {
      process.kill(-child.pid!, "SIGKILL");
    } catch {
      // Gone already.
    }
  };
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const url = `http://127.0.0.1:${port}/v2/models/${name}`;
  const until = Date.now() + readyMs;
  while ((await status(`${url}/ready`)) !== 200) {
    if (child.exitCode !== null || Date.now() > until) {
      kill();
      throw new Error(`${peer} did not become ready: ${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  return {
    peer,
    url,
    child,
    kill,
    async stop() {
      kill();
      await gone;
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}

/** MLServer reads its settings from files, and imports the model class from beside them. */
async function mlserverFolder(scratch: string, folder: string, name: string, port: number): Promise<string> {
  const own = join(scratch, "model");
  mkdirSync(own);
  cpSync(join(OWN, "mlserver_model.py"), join(own, "mlserver_model.py"));
  const { inputs, outputs } = JSON.parse(readFileSync(join(folder, "layerscope.json"), "utf8")) as { inputs: unknown; outputs: unknown };
  const json = (file: string, value: unknown) => writeFileSync(join(own, file), JSON.stringify(value));
  const [grpc, metrics] = [await freePort(), await freePort()];
  json("settings.json", { host: "127.0.0.1", http_port: port, grpc_port: grpc, metrics_port: metrics, parallel_workers: 0, debug: false });
  json("model-settings.json", { name, implementation: "mlserver_model.Tapped", parameters: { uri: join(folder, "1", "model.onnx") }, inputs, outputs });
  return own;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => (address && typeof address === "object" ? resolve(address.port) : reject(new Error("no port"))));
    });
  });
}

const status = (url: string): Promise<number> =>
  new Promise((resolve) => {
    const request = get(url, { timeout: 2_000 }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.on("error", () => resolve(0));
    request.on("timeout", () => request.destroy());
  });
