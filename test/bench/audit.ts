import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { EngineProcess, plan, SAMPLE } from "./engine.mjs";
import { type BenchModel, benchModels, given } from "./models.js";
import { type Measure, measure, median, option, report } from "./table.mjs";

/*
 * A whole audit, from starting the engine to the finished result, intervals included; beside it the pipeline of transformers and
 * scikit-learn in audit.py, from starting Python to its last probe. Both run in turn; the first audit is not counted.
 *   npm run bench -- audit [[NAME=]MODEL…] [--data FILE] [--rounds N] [--batch N] [--out F.json]
 * Python: LAYERSCOPE_PYTHON, or python3 where it has torch, transformers and scikit-learn.
 */
const MOST_MS = 600_000;
const PEER = "transformers + scikit-learn";

interface Times {
  readonly whole: number;
  readonly afterStart: number;
}

/** @returns also the largest resident memory, in MB, where the system tells */
async function audit(model: string, data: string): Promise<Times & { readonly peak: number; readonly says: string }> {
  const started = performance.now();
  const engine = new EngineProcess();
  engine.on("audit.progress", () => {});
  engine.on("audit.view", () => {});
  await engine.hello();
  const ready = performance.now();
  const { result } = await engine.ask("audit.run", plan(data, model));
  const done = performance.now();
  const status = process.platform === "linux" ? readFileSync(`/proc/${engine.child.pid}/status`, "utf8") : "";
  await engine.kill();
  const peak = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN) / 1000;
  const { signed, ci95 } = result.aqi;
  const says = `${result.dataset.used} rows, ${result.layers.length - 1} blocks; index ${signed?.toFixed(2)} [${ci95?.map((end) => end.toFixed(2)).join(", ") ?? "no interval"}]`;
  return { whole: done - started, afterStart: done - ready, peak, says };
}

function python(): string | undefined {
  const command = process.env["LAYERSCOPE_PYTHON"] ?? "python3";
  return spawnSync(command, ["-c", "import torch, transformers, sklearn"], { timeout: 120_000 }).status === 0 ? command : undefined;
}

const SCRIPT = join(process.cwd(), "test", "bench", "audit.py");

/** The model as transformers reads it; undefined when it cannot be made (no config.json, an architecture that transformers does not have). */
function prepare(command: string, { path }: BenchModel, work: string): string | undefined {
  const folder = path.endsWith(".onnx") ? join(path, "..") : path;
  const ran = spawnSync(command, [SCRIPT, "prepare", existsSync(join(folder, "config.json")) ? folder : join(folder, ".."), work], {
    encoding: "utf8",
    timeout: MOST_MS,
  });
  const last = ran.stderr.trim().split("\n").at(-1) ?? "";
  if (ran.status === 0) return (ran.stderr.match(/^.*weights (?:from|drawn).*$/m) ?? [last])[0];
  console.log(`${PEER}: not measured (${last})`);
  return undefined;
}

function pipeline(command: string, work: string, data: string, batch: number): Times & { readonly says: string } {
  const started = performance.now();
  const ran = spawnSync(command, [SCRIPT, "run", work, data, String(batch)], { encoding: "utf8", timeout: MOST_MS });
  const whole = performance.now() - started;
  if (ran.status !== 0) throw new Error(ran.stderr.trim().split("\n").at(-1));
  const parts = JSON.parse(ran.stdout) as { imports: number; load: number; extract: number; probes: number; best: number };
  const says = `imports ${parts.imports.toFixed(0)}, load ${parts.load.toFixed(0)}, states ${parts.extract.toFixed(0)}, probes ${parts.probes.toFixed(0)} ms; best layer ${parts.best.toFixed(3)}`;
  return { whole, afterStart: parts.load + parts.extract + parts.probes, says };
}

async function main(args: string[]): Promise<void> {
  const rounds = option(args, "--rounds", 3);
  const batch = option(args, "--batch", 1);
  const chosen = option(args, "--data", undefined);
  const small = join(process.cwd(), "..", "shared", "data", "curated", "audit-small.jsonl");
  const data = chosen ? given(chosen) : existsSync(small) ? small : SAMPLE;
  const name = basename(data).replace(/\.\w+$/, "");
  const command = python();
  if (!command) console.log(`${PEER}: not measured, since LAYERSCOPE_PYTHON (or python3) has not all of torch, transformers and scikit-learn`);
  for (const model of await benchModels(args, existsSync(small) ? ["smollm2-fp32"] : ["embedded-int8"])) {
    const work = mkdtempSync(join(tmpdir(), "layerscope-bench-"));
    try {
      const made = command && prepare(command, model, work);
      const [ours, theirs]: [Times[], Times[]] = [[], []];
      const peaks: number[] = [];
      for (let round = -1; round < rounds; round++) {
        const { says, peak, ...times } = await audit(model.path, data);
        if (round < 0) {
          console.log(`\n${model.id}, ${name}: ${says}`);
          continue;
        }
        ours.push(times);
        peaks.push(peak);
        if (!command || made === undefined) continue;
        const peer = pipeline(command, work, data, batch);
        if (round === 0) console.log(`${PEER}, batches of ${batch}: ${peer.says} (${made})`);
        theirs.push(peer);
      }
      const line = (id: string, of: keyof Times): Measure =>
        theirs.length > 0
          ? measure(
              id,
              ours.map((t) => t[of]),
              PEER,
              theirs.map((t) => t[of]),
            )
          : measure(
              id,
              ours.map((t) => t[of]),
            );
      const id = `audit/${model.id}/${name}`;
      report(
        [line(id, "whole"), line(`${id}/after-start`, "afterStart")],
        `peak resident memory of the engine, mapped weights included: ${median(peaks).toFixed(0)} MB`,
      );
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
