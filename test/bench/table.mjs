// What every benchmark prints and writes: a line a measure, and with --out (run.mjs) a list of {id, medianMs, peer, peerMedianMs, ratio}.
import { writeFileSync } from "node:fs";
import { basename, dirname } from "node:path";

/** The middle value; of an even number the mean of the two middle ones. NaN of none. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/**
 * Runs several ways of doing the same in turn, so that a busy machine slows all alike; the first round only warms up.
 * Short runs get up to five times the rounds, as long as all together take less than two seconds.
 * @param runs [name, what to time][]
 * @returns milliseconds of each round, by name
 */
export async function alternate(runs, rounds) {
  const times = new Map(runs.map(([name]) => [name, []]));
  const started = performance.now();
  for (let round = -1; round < rounds || (round < 5 * rounds && performance.now() - started < 2000); round++)
    for (let i = 0; i < runs.length; i++) {
      const [name, go] = runs[(i + round + 1) % runs.length];
      // What the run before left behind (threads, garbage) is not this one's.
      await new Promise((resolve) => setTimeout(resolve, 5));
      const from = performance.now();
      await go();
      if (round >= 0) times.get(name).push(performance.now() - from);
    }
  return times;
}

/** A measure of paired times: medians, and the median of the pairs' ratios. Without a peer the last three are null. */
export function measure(id, times, peer, peerTimes) {
  if (!peerTimes) return { id, medianMs: median(times), peer: null, peerMedianMs: null, ratio: null };
  return { id, medianMs: median(times), peer, peerMedianMs: median(peerTimes), ratio: median(times.map((ms, i) => ms / peerTimes[i])) };
}

const written = [];

/** Prints measures as a table and adds them to the file of --out. `unit` other than milliseconds is said in `more`. */
export function report(measures, more = "") {
  const width = Math.max(24, ...measures.map(({ id }) => id.length));
  const number = (value, digits) => (value === null || value === undefined || Number.isNaN(value) ? "" : value.toFixed(digits));
  const line = (id, ms, peer, peerMs, ratio) => console.log(`${id.padEnd(width)}  ${ms.padStart(10)}  ${peerMs.padStart(10)}  ${ratio.padStart(6)}  ${peer}`);
  line("id", "median ms", "peer", "peer ms", "ratio");
  for (const { id, medianMs, peer, peerMedianMs, ratio } of measures)
    line(id, number(medianMs, medianMs < 10 ? 2 : 1), peer ?? "", number(peerMedianMs, 1), number(ratio, 3));
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
