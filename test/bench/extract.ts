import { readFileSync } from "node:fs";
import { analyse } from "../../src/engine/model/analysis.js";
import { locateWeights } from "../../src/engine/model/external.js";
import { openModel } from "../../src/engine/model/index.js";
import { planInputs } from "../../src/engine/model/inputs.js";
import { tappedGraph } from "../../src/engine/model/rewrite.js";
import { createSession, type RuntimeTensor } from "../../src/engine/model/runtime.js";

/*
 * What inspecting costs: all layers pooled in the graph against a plain run of the same file with its logits, in
 * alternating order in one process, best and median of 7; then the graph cut after half its layers.
 *   npm run bench -- extract MODEL [THREADS]
 */
const ROUNDS = 7;

async function main(path: string, threads: number): Promise<void> {
  const started = performance.now();
  const analysis = analyse(path);
  console.log(`analysis of ${analysis.links.nodes.length} nodes: ${(performance.now() - started).toFixed(0)} ms`);
  const weights = locateWeights(analysis.model);
  const graph = tappedGraph(analysis.model, analysis.links, analysis.taps, weights, analysis.source);
  console.log(`tapped graph: ${graph.bytes.length} bytes for ${analysis.taps.layers.length} layers`);
  const plainFeeds = planInputs(path, analysis.links.graph.inputs, analysis.config);
  const output = analysis.model.graph.outputs[0]!.name;
  analysis.source.close();
  const opening = performance.now();
  const tapped = await openModel(path, { provider: "cpu", threads });
  console.log(`opened and tried out: ${(performance.now() - opening).toFixed(0)} ms, resident ${resident()}`);
  const half = await openModel(path, { provider: "cpu", threads, upTo: Math.floor(analysis.taps.layers.length / 2) });
  const plain = await createSession(readFileSync(analysis.place.path), { provider: "cpu", threads, folder: weights.folder });
  for (const [rows, length] of [
    [8, 64],
    [1, 32],
  ] as const) {
    const most = (tapped.vocabularySize ?? 260) - 1;
    const ids = Array.from({ length: rows }, (_, b) => Array.from({ length }, (_, t) => (5 + b * length + t) % most));
    const batch = {
      ids,
      weights: ids.map(() => [new Float32Array(length).fill(1 / length), new Float32Array(length).fill(0, 0, length - 1).fill(1, length - 1)]),
    };
    const runs: [string, () => Promise<unknown>][] = [
      ["plain", () => plain.run(new Map<string, RuntimeTensor>([...plainFeeds.feeds].map(([name, feed]) => [name, feed({ ids, length })])), [output])],
      ["tapped", () => tapped.run(batch)],
      ["half", () => half.run(batch)],
    ];
    const times = new Map<string, number[]>(runs.map(([name]) => [name, []]));
    for (let round = -1; round < ROUNDS; round++)
      for (const [name, run] of runs) {
        const from = performance.now();
        await run();
        // The first round warms up.
        if (round >= 0) times.get(name)!.push(performance.now() - from);
      }
    const sorted = new Map([...times].map(([name, list]) => [name, list.sort((a, b) => a - b)]));
    const best = (name: string) => sorted.get(name)![0]!;
    for (const [name, list] of sorted)
      console.log(
        `${rows} x ${length} ${name.padEnd(7)} best ${list[0]!.toFixed(1)} ms, median ${list[ROUNDS >> 1]!.toFixed(1)} ms, ${(best(name) / best("plain")).toFixed(2)} of plain`,
      );
  }
  console.log(`resident at the end (three sessions): ${resident()}`);
}

const resident = () => `${(process.memoryUsage.rss() / 1e6).toFixed(0)} MB`;

main(process.argv[2] ?? "media/model", Number(process.argv[3] ?? 2)).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
