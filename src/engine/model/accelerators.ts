import { readFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { type AcceleratorReport, type AcceleratorRow, ProblemError, sizeOf } from "../../protocol/index.js";
import { problem, throwIfAborted } from "../errors.js";
import { VERSION } from "../version.js";
import { howToGet } from "./how-to-get.js";
import { openModel } from "./open.js";
import { describeMachine, type Machine, noRuntimeFor, thisMachine } from "./platform.js";
import { probeProvider } from "./probe.js";
import { AGREEMENT, PROVIDER_TABLE, providersToTry, type RealProvider } from "./providers.js";
import { listProviders, runtimeVersion } from "./runtime.js";
import { distance } from "./trial.js";

/** What is measured with; tests put in their own. */
export interface Bench {
  readonly machine: Machine;
  supported(): Promise<readonly string[]>;
  probe(provider: RealProvider): Promise<string | undefined>;
  /** Runs the batch for a while. @returns its states and tokens a second, or why another provider computed */
  measure(provider: RealProvider): Promise<Measured | string>;
}

export interface Measured {
  readonly states: Float32Array;
  readonly tokensPerSecond: number;
}

const UPDATE = ["Update the graphics driver and check again."];
/** Time for one provider: CPU and one accelerator, opened and warmed up, take about ten seconds. */
const MEASURE_MS = 3000;
const ROWS = 8;
const TOKENS = 64;

/**
 * Says which accelerators compute here, what is missing and how to get it; runs the same batch on each that works and compares
 * its states with the CPU's.
 * @param model a folder or an .onnx file; the embedded model
 * @throws Problem `engine/no-runtime`, `run/cancelled`
 */
export async function checkAccelerators(model: string, signal?: AbortSignal, bench: Bench = benchOf(model, signal)): Promise<AcceleratorReport> {
  const nothing = noRuntimeFor(bench.machine);
  if (nothing) throw new ProblemError(nothing);
  const supported = await bench.supported();
  const cpu = await bench.measure("cpu");
  if (typeof cpu === "string") throw problem("engine/self-test", `The self-test did not run on the CPU: ${cpu}`);
  const rows: AcceleratorRow[] = [
    { id: "cpu", name: "CPU", state: "computes", sentence: "Always there.", how: [], tokensPerSecond: cpu.tokensPerSecond, timesCpu: 1 },
  ];
  for (const { id, name } of PROVIDER_TABLE) {
    throwIfAborted(signal);
    if (id !== "cpu") rows.push(await look(id, name, supported, cpu, bench));
  }
  const { order } = providersToTry("auto", supported, bench.machine.platform as NodeJS.Platform);
  const auto = order.find((id) => rows.some((row) => row.id === id && row.state === "computes")) ?? "cpu";
  return { rows, auto, text: await textOf(rows, auto, bench.machine) };
}

async function look(id: RealProvider, name: string, supported: readonly string[], cpu: Measured, bench: Bench): Promise<AcceleratorRow> {
  const how = howToGet(id, bench.machine);
  if (!supported.includes(id)) return { id, name, state: "absent", sentence: how.absent, how: how.steps };
  const why = await bench.probe(id);
  if (why !== undefined) return { id, name, state: "fails", sentence: `${how.fails} (${short(why)})`, how: how.steps };
  const measured = await bench.measure(id);
  if (typeof measured === "string") return { id, name, state: /differs/.test(measured) ? "disagrees" : "fails", sentence: measured, how: UPDATE };
  const difference = distance(cpu.states, measured.states);
  const figures = { tokensPerSecond: measured.tokensPerSecond, timesCpu: measured.tokensPerSecond / cpu.tokensPerSecond, difference };
  if (difference <= AGREEMENT) return { id, name, state: "computes", sentence: "Its states agree with the CPU's.", how: [], ...figures };
  return { id, name, state: "disagrees", sentence: "Its states differ from the CPU's, so it is not used.", how: UPDATE, ...figures };
}

/** The runtime's words without places of this machine. */
const short = (why: string): string =>
  why
    .replace(/(?:[A-Za-z]:)?[\\/](?:[^\s:'"]*[\\/])+/g, "")
    .replace(/\S+::\S+(\(.*?\))?/g, "")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, 160);

function benchOf(path: string, signal?: AbortSignal): Bench {
  return {
    machine: thisMachine(),
    supported: listProviders,
    probe: probeProvider,
    async measure(provider) {
      const model = await openModel(path, { provider, threads: 0 }, signal);
      try {
        if (model.provider !== provider) return model.providerNotes[0] ?? "It starts, but cannot run the model of the self-test.";
        const most = model.vocabularySize ?? 256;
        const ids = Array.from({ length: ROWS }, (_, b) => Array.from({ length: TOKENS }, (_, t) => (b * 31 + t * 17 + 7) % most));
        const batch = { ids, weights: ids.map(() => [new Float32Array(TOKENS).fill(1 / TOKENS)]) };
        const states = (await model.run(batch)).slice();
        const from = performance.now();
        let runs = 0;
        for (; performance.now() - from < MEASURE_MS || runs === 0; runs++) {
          throwIfAborted(signal);
          await model.run(batch);
          // Messages are heard between batches.
          await new Promise((resolve) => setImmediate(resolve));
        }
        return { states, tokensPerSecond: (runs * ROWS * TOKENS * 1000) / (performance.now() - from) };
      } finally {
        await model.close();
      }
    },
  };
}

async function textOf(rows: readonly AcceleratorRow[], auto: RealProvider, machine: Machine): Promise<string> {
  const runtime = await runtimeVersion().catch(() => "onnxruntime-node not loaded");
  const [processor] = cpus();
  const lines = [
    "Layerscope accelerator check",
    `Layerscope ${VERSION}, ${runtime}, Node ${process.versions.node}${process.versions["electron"] ? ` (Electron ${process.versions["electron"]})` : ""}`,
    `${describeMachine(machine)}; ${cpus().length} x ${processor?.model.trim() ?? "unknown processor"}, ${sizeOf(totalmem())}`,
    ...nvidia(),
    ...rows.map(lineOf),
    `auto takes: ${auto}`,
    `self-test: embedded model, ${ROWS} x ${TOKENS} tokens, every layer pooled`,
  ];
  return `${lines.join("\n")}\n`;
}

function lineOf({ name, state, sentence, tokensPerSecond, timesCpu, difference }: AcceleratorRow): string {
  const figures = [
    tokensPerSecond === undefined ? "" : `${Math.round(tokensPerSecond).toLocaleString("en")} tokens/s`,
    timesCpu === undefined || name === "CPU" ? "" : `${timesCpu.toFixed(2)} x the CPU`,
    difference === undefined ? "" : `largest difference ${difference.toExponential(1)}`,
  ].filter(Boolean);
  return `${name.padEnd(9)} ${state}${figures.length > 0 ? `: ${figures.join(", ")}` : `: ${sentence}`}`;
}

/** The driver's own line and the cards' names, where Linux tells them. */
function nvidia(): string[] {
  try {
    return [readFileSync("/proc/driver/nvidia/version", "utf8").split("\n")[0]!.slice(0, 160)];
  } catch {
    return [];
  }
}
