// npm run bench -- stats [ROWSxLAYERSxWIDTH...]: CPU time of every lens and the longest stretch without a turn of the event loop, on seeded planted states.
import { createRequire } from "node:module";
import { join } from "node:path";
import { build } from "esbuild";
import { ROOT } from "../../scripts/setup.mjs";

const FACTORS = 48;

const outfile = join(ROOT, "dist", "bench-stats.cjs");
await build({
  stdin: {
    contents: `export { lenses } from "./src/engine/lenses/index.js";
export { createBlas } from "./src/engine/model/blas.js";
export { Random } from "./src/engine/stats/random.js";`,
    resolveDir: ROOT,
    loader: "ts",
  },
  bundle: true,
  platform: "node",
  format: "cjs",
  external: ["onnxruntime-node"],
  define: { layersCOPE_VERSION: '"0"' },
  outfile,
});
const { lenses, createBlas, Random } = createRequire(import.meta.url)(outfile);

/** A residual stream with a falling spectrum, each block adding a little; the classes move apart up to the middle layer. */
function plantedStudy(count, layers, width) {
  const label = Uint8Array.from({ length: count }, (_, i) => i % 2);
  const category = Int32Array.from({ length: count }, (_, i) => (i >> 1) % 4);
  const words = new Random(9);
  const texts = Array.from(
    { length: count },
    (_, i) => Array.from({ length: 12 }, () => `w${words.below(400)}`).join(" ") + (i % 2 && i % 3 === 0 ? " odd" : ""),
  );
  const known = [];
  const direction = Float64Array.from({ length: width }, () => words.normal() / Math.sqrt(width));
  for (let layer = 0; layer < layers; layer++) {
    const random = new Random(5, layer);
    const loading = Float64Array.from({ length: FACTORS * width }, (_, at) => (random.normal() * 3) / Math.sqrt(1 + Math.floor(at / width)));
    const rise = layer > 0 && layer <= 16 ? 0.35 : 0;
    const data = new Float32Array(count * width);
    const factor = new Float64Array(FACTORS);
    const row = new Float64Array(width);
    for (let i = 0; i < count; i++) {
      for (let f = 0; f < FACTORS; f++) factor[f] = random.normal() + (f === category[i] ? 2 : 0);
      for (let j = 0; j < width; j++) row[j] = random.normal() + (label[i] - 0.5) * rise * 12 * direction[j];
      for (let f = 0; f < FACTORS; f++) for (let j = 0; j < width; j++) row[j] += factor[f] * loading[f * width + j];
      for (let j = 0, at = i * width; j < width; j++, at++) data[at] = layer === 0 ? row[j] : known[layer - 1][at] * 0.97 + 0.25 * row[j];
    }
    known.push(data);
  }
  return {
    count,
    layers,
    width,
    pooling: "mean",
    kind: "safety",
    classNames: ["safe", "unsafe"],
    label,
    category,
    categories: ["a", "b", "c", "d"],
    group: Int32Array.from(label, (_, i) => i),
    paired: false,
    tokens: Int32Array.from(label, (_, i) => 5 + (i % 17)),
    seed: 1,
    text: (row) => texts[row],
    states: async (layer) => Float32Array.from(known[layer]),
    axes: [],
    poolings: ["mean"],
    statesBy: async (_, layer) => Float32Array.from(known[layer]),
    embeddingMean: async () => Float32Array.from(known[0]),
  };
}

/** The longest turn of the event loop: the smaller of wall and CPU time, so that neither a busy machine nor the runtime's threads count. */
function watchTurns() {
  let wall = performance.now();
  let cpu = process.cpuUsage();
  let on = true;
  const turns = [];
  const turn = () => {
    const spent = process.cpuUsage(cpu);
    turns.push(Math.min(performance.now() - wall, (spent.user + spent.system) / 1000));
    wall = performance.now();
    cpu = process.cpuUsage();
    if (on) setImmediate(turn);
  };
  setImmediate(turn);
  return () => {
    on = false;
    turns.sort((a, b) => b - a);
    return { longest: turns[0], above: turns.filter((t) => t > 50).length };
  };
}

const sizes = process.argv.slice(2);
for (const size of sizes.length ? sizes : ["200x31x576", "1000x31x576"]) {
  const [count, layers = 31, width = 576] = size.split("x").map(Number);
  const study = plantedStudy(count, layers, width);
  const blas = await createBlas();
  const outputs = new Map();
  let total = 0;
  for (const lens of lenses.filter((l) => l.core && (!process.env.LENS || l.id === process.env.LENS))) {
    const stop = watchTurns();
    const from = process.cpuUsage();
    const progress = () => new Promise((resolve) => setImmediate(resolve));
    outputs.set(lens.id, await lens.run(study, { blas, progress }, outputs));
    const spent = process.cpuUsage(from);
    const ms = (spent.user + spent.system) / 1000;
    total += ms;
    const { longest, above } = stop();
    console.log(`n=${count} ${lens.id.padEnd(24)} ${ms.toFixed(0).padStart(7)} ms CPU, longest slice ${longest.toFixed(0)} ms, ${above} above 50 ms`);
  }
  const { aqi } = outputs.get("alignment-quality").values;
  const { probe } = outputs.get("concept-depth").values;
  console.log(
    `n=${count} together ${total.toFixed(0)} ms CPU; AQI ${aqi.signed.toFixed(4)}, p ${aqi.p}, half ${aqi.halfSample?.toFixed(3)}, nested AUROC ${probe.nestedAuroc.toFixed(5)}, best ${probe.bestLayer}`,
  );
  await blas.close();
}
