// What every benchmark prints and writes: a line a measure, and with --out (run.mjs) a list of {id, medianMs, peer, peerMedianMs, ratio}.
import { writeFileSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { basename, dirname } from "node:path";

/** Processor milliseconds of the rounds of `alternate`, by their list of times. */
const processor = new WeakMap();

/** The middle value; of an even number the mean of the two middle ones. NaN of none. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/**
 * Runs several ways of doing the same in turn, so that a busy machine slows all alike; the first round only warms up.
 * Short runs get up to sixty rounds, or five times as many as asked for, as long as all together take less than two seconds.
 * @param runs [name, what to time][]
 * @returns milliseconds of each round, by name
 */
export async function alternate(runs, rounds) {
  const times = new Map(runs.map(([name]) => [name, []]));
  for (const list of times.values()) processor.set(list, []);
  const started = performance.now();
  for (let round = -1; round < rounds || (round < Math.max(60, 5 * rounds) && performance.now() - started < 2000); round++)
    for (let i = 0; i < runs.length; i++) {
      const [name, go] = runs[(i + round + 1) % runs.length];
      // What the run before left behind (threads, garbage) is not this one's.
      await new Promise((resolve) => setTimeout(resolve, 5));
      const cpu = process.cpuUsage();
      const from = performance.now();
      await go();
      if (round < 0) continue;
      const list = times.get(name);
      list.push(performance.now() - from);
      const { user, system } = process.cpuUsage(cpu);
      processor.get(list).push((user + system) / 1000);
    }
  return times;
}

const pairs = (ours, theirs) => median(ours.map((ms, i) => ms / theirs[i]));

/** A measure of paired times: medians, and the median of the pairs' ratios. Without a peer the last three are null. */
export function measure(id, times, peer, peerTimes) {
  if (!peerTimes) return { id, medianMs: median(times), peer: null, peerMedianMs: null, ratio: null };
  const made = { id, medianMs: median(times), peer, peerMedianMs: median(peerTimes), ratio: pairs(times, peerTimes) };
  const [ours, theirs] = [processor.get(times), processor.get(peerTimes)];
  // Printed only: a busy machine changes it little.
  if (ours && theirs) Object.defineProperty(made, "cpu", { value: pairs(ours, theirs) });
  return made;
}

const written = [];

/** Prints measures as a table and adds them to the file of --out. `unit` other than milliseconds is said in `more`. */
export function report(measures, more = "") {
  const width = Math.max(24, ...measures.map(({ id }) => id.length));
  const number = (value, digits) => (value === null || value === undefined || Number.isNaN(value) ? "" : value.toFixed(digits));
  const line = (id, ...cells) => console.log(`${id.padEnd(width)}  ${cells.map((cell, i) => (i < 4 ? cell.padStart(i < 2 ? 10 : 6) : cell)).join("  ")}`);
  line("id", "median ms", "peer ms", "ratio", "of cpu", "peer");
  for (const one of measures)
    line(one.id, number(one.medianMs, one.medianMs < 10 ? 2 : 1), number(one.peerMedianMs, 1), number(one.ratio, 3), number(one.cpu, 3), one.peer ?? "");
  const [load] = loadavg();
  if (load > 1.5 * availableParallelism())
    console.log(`Other programs kept this machine busy (load ${load.toFixed(0)} on ${availableParallelism()} cores): times are noise, ratios rough.`);
  if (more) console.log(more);
  written.push(...measures);
  const out = process.env.LAYERSCOPE_BENCH_OUT;
  if (out) writeFileSync(out, `${JSON.stringify(written, null, 2)}\n`);
}

/** Takes `--name value` out of arguments. */
export function option(args, name, otherwise) {
  const at = args.indexOf(name);
  if (at < 0) return otherwise;
  const [, value] = args.splice(at, 2);
  if (value === undefined) throw new Error(`${name} needs a value`);
  return typeof otherwise === "number" ? Number(value) : value;
}

/**
 * A model's part of an id: `NAME=PATH` names it itself; otherwise its title up to the size, and its precision:
 * SmolLM2-135M-Instruct in float32 is `smollm2-fp32`.
 */
export function modelName(title, precision) {
  const words = basename(title.endsWith(".onnx") ? dirname(title) : title)
    .toLowerCase()
    .split(/[^a-z0-9.]+/)
    .filter(Boolean);
  const size = words.findIndex((word, i) => i > 0 && /^\d+(\.\d+)?[mb]$/.test(word));
  const short = { float32: "fp32", float16: "fp16", bfloat16: "bf16", float64: "fp64" };
  const tail = short[precision] ?? precision.replace(/[^a-z0-9]+/gi, "-").toLowerCase();
  return [...(size > 0 ? words.slice(0, size) : words), tail].join("-");
}
