import { readFileSync } from "node:fs";
import { analyse } from "../../src/engine/model/analysis.js";
import { locateWeights } from "../../src/engine/model/external.js";
import { openModel } from "../../src/engine/model/index.js";
import { planInputs } from "../../src/engine/model/inputs.js";
import { precisionOf } from "../../src/engine/model/precision.js";
import { createSession, type RuntimeTensor } from "../../src/engine/model/runtime.js";

/*
 * What inspecting costs: all layers pooled in the graph, with and without every further tap of the blocks, against a plain
 * run of the same file with its logits; runs alternate in one process, so a busy machine slows all alike. Ratios are the
 * medians of the pairs. Then early exit: the graph cut after a quarter, a half and three quarters of its layers.
 * Dynamically quantised files run row by row when tapped (rows of a batch influence each other there), so the plain run
 * of rows one by one stands beside the batch.
 *   npm run bench -- extract MODEL [MODEL…] [--threads N] [--rounds N]
 */
const SIZES = [
  [8, 64],
  [1, 32],
] as const;

interface Run {
  readonly name: string;
  go(): Promise<unknown>;
}

async function measure(path: string, threads: number, rounds: number): Promise<void> {
  const started = performance.now();
  const analysis = analyse(path);
  const nodes = analysis.links.nodes.length;
  const understood = performance.now() - started;
  const weights = locateWeights(analysis.model);
  const dynamic = precisionOf(analysis.links.nodes, analysis.links.graph.initializers.values()).dynamic;
  const plainFeeds = planInputs(path, analysis.links.graph.inputs, analysis.config);
  const output = analysis.model.graph.outputs[0]!.name;
  const layers = analysis.taps.layers.length - 1;
  analysis.source.close();
  console.log(`\n${path}: ${nodes} nodes understood in ${understood.toFixed(0)} ms, ${layers} blocks`);
  const open = (more: object = {}) => openModel(path, { provider: "cpu", threads, ...more });
  const tapped = await open();
  const inside = await open({
    taps: ["blocks.*.attn_out", "blocks.*.mlp_out", "blocks.*.mlp_act", "blocks.*.attn_head"].filter((_, i) => i < 2 || !/moe|mamba/.test(path)),
  });
  const cuts = await Promise.all(
    [0.25, 0.5, 0.75].map(async (part) => ({ upTo: Math.round(layers * part), model: await open({ upTo: Math.round(layers * part) }) })),
  );
  const plain = await createSession(readFileSync(analysis.place.path), { provider: "cpu", threads, folder: weights.folder });
  for (const [rows, length] of SIZES) {
    const most = (tapped.vocabularySize ?? 260) - 1;
    const ids = Array.from({ length: rows }, (_, b) => Array.from({ length }, (_, t) => (5 + b * length + t) % most));
    const mean = new Float32Array(length).fill(1 / length);
    const last = new Float32Array(length).fill(0, 0, length - 1).fill(1, length - 1);
    const batch = { ids, weights: ids.map(() => [mean, last]) };
    const feed = (some: number[][]) => new Map<string, RuntimeTensor>([...plainFeeds.feeds].map(([name, one]) => [name, one({ ids: some, length })]));
    const alone = async () => {
      for (const row of ids) await plain.run(feed([row]), [output]);
    };
    const runs: Run[] = [
      { name: "plain", go: () => plain.run(feed(ids), [output]) },
      ...(dynamic && rows > 1 ? [{ name: "plain, row by row", go: alone }] : []),
      { name: "all layers", go: () => tapped.run(batch) },
      { name: `and ${inside.taps.length} taps inside blocks`, go: () => inside.runTaps(batch) },
      ...cuts.map(({ upTo, model }) => ({ name: `up to layer ${upTo}`, go: () => model.run(batch) })),
    ];
    const times = new Map<string, number[]>(runs.map(({ name }) => [name, []]));
    // The first round warms up; each round runs all of them, in turned order.
    for (let round = -1; round < rounds; round++)
      for (let i = 0; i < runs.length; i++) {
        const run = runs[(i + round + 1) % runs.length]!;
        const from = performance.now();
        await run.go();
        if (round >= 0) times.get(run.name)!.push(performance.now() - from);
      }
    const against = dynamic && rows > 1 ? "plain, row by row" : "plain";
    for (const [name, list] of times) {
      const ratio = (base: string) => median(list.map((ms, i) => ms / times.get(base)![i]!)).toFixed(2);
      const both = against === "plain" ? "" : `, ${ratio(against)} of ${against}`;
      console.log(`  ${rows} x ${length}  ${name.padEnd(32)} ${median(list).toFixed(1).padStart(7)} ms  ${ratio("plain")} of plain${both}`);
    }
  }
  await Promise.all([tapped.close(), inside.close(), plain.release(), ...cuts.map(({ model }) => model.close())]);
}

const median = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[list.length >> 1]!;

async function main(args: string[]): Promise<void> {
  const option = (name: string, otherwise: number) => {
    const at = args.indexOf(name);
    return at < 0 ? otherwise : Number(args.splice(at, 2)[1]);
  };
  const [threads, rounds] = [option("--threads", 2), option("--rounds", 9)];
  for (const path of args.length > 0 ? args : ["media/model"]) await measure(path, threads, rounds);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
