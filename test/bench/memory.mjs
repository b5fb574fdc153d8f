// npm run bench -- memory MODEL DATASET: the engine's peak resident memory over one audit, sampled from outside (Linux).
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { EMBEDDED, EngineProcess, plan, SAMPLE } from "./engine.mjs";

const [model = EMBEDDED, data = SAMPLE] = process.argv.slice(2).map((path) => resolve(path));
const engine = new EngineProcess();
engine.on("audit.progress", () => {});
engine.on("audit.view", () => {});
await engine.hello();
const started = performance.now();
const view = await engine.ask("audit.run", plan(data, model));
const status = readFileSync(`/proc/${engine.child.pid}/status`, "utf8");
const mb = (field) => Math.round(Number(status.match(new RegExp(`${field}:\\s+(\\d+)`))?.[1]) / 1024);
console.log(
  `${view.result.dataset.used} rows, ${view.result.layers.length - 1} blocks, width ${view.result.model.hiddenSize}: ${((performance.now() - started) / 1000).toFixed(1)} s`,
);
console.log(`peak resident ${mb("VmHWM")} MB, now ${mb("VmRSS")} MB (of it file-backed, the mapped weights included: ${mb("RssFile")} MB)`);
await engine.kill();
