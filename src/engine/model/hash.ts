import { createHash } from "node:crypto";
import { createReadStream, readFileSync, statSync } from "node:fs";
import { Worker } from "node:worker_threads";

/** Files above this are hashed on a thread of their own, so that opening a model does not wait for it. */
const SMALL = 4 << 20;

const known = new Map<string, Promise<string>>();

/** sha256 of a file, hex; remembered by path, size and time of change as long as the process lives. */
export function sha256Of(path: string): Promise<string> {
  const { size, mtimeMs } = statSync(path);
  const key = `${path}\0${size}\0${mtimeMs}`;
  let hash = known.get(key);
  if (!hash) {
    hash = size <= SMALL ? Promise.resolve(createHash("sha256").update(readFileSync(path)).digest("hex")) : onThread(path);
    known.set(key, hash);
    hash.catch(() => known.delete(key));
  }
  return hash;
}

/** The thread runs no native module and ends by itself. */
function onThread(path: string): Promise<string> {
  const program = `
    const { createHash } = require("node:crypto");
    const { openSync, readSync, closeSync } = require("node:fs");
    const { parentPort, workerData } = require("node:worker_threads");
    const hash = createHash("sha256");
    const file = openSync(workerData, "r");
    const piece = Buffer.alloc(1 << 20);
    for (let n; (n = readSync(file, piece, 0, piece.length, null)) > 0; ) hash.update(piece.subarray(0, n));
    closeSync(file);
    parentPort.postMessage(hash.digest("hex"));`;
  return new Promise((resolve, reject) => {
    const worker = new Worker(program, { eval: true, workerData: path });
    worker.once("message", resolve);
    worker.once("error", () => resolve(streamed(path)));
    worker.once("exit", (code) => code !== 0 && reject(new Error(`hashing ${path} ended with ${code}`)));
  });
}

function streamed(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const hash = createHash("sha256");
    createReadStream(path)
      .on("data", (piece) => hash.update(piece))
      .on("error", reject)
      .on("end", () => resolve(hash.digest("hex")));
  });
}
