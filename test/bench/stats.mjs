// npm run bench -- stats [ROWSxLAYERSxWIDTH...]: time of every core lens and the longest stretch without a turn of the event loop, on seeded planted
// states; beside it scikit-learn's plain per-layer probes on the same states, when a Python on PATH (or LAYERSCOPE_PYTHON) has it.
// What is measured is processor time, of all threads, on either side: a busy machine or more cores change neither much. The ratio is that over
// scikit-learn on one thread, where it spends least. LENS=id runs that lens alone, and compares nothing.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { ROOT } from "../../scripts/setup.mjs";
import { measure, report } from "./table.mjs";

const FACTORS = 48;
const WATCHED = 3;

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
  external: ["onnxruntime-node", "sharp"],
  define: { LAYERSCOPE_VERSION: '"0"' },
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
    states: async (layer) => known[layer].slice(),
    axes: [],
    poolings: ["mean"],
    statesBy: async (_, layer) => known[layer].slice(),
    embeddingMean: async () => known[0].slice(),
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
  const watched = new Map();
  let total = 0;
  let wall = 0;
  for (const lens of lenses.filter((l) => l.core && (!process.env.LENS || l.id === process.env.LENS))) {
    const from = process.cpuUsage();
    const begun = performance.now();
    const progress = () => new Promise((resolve) => setImmediate(resolve));
    outputs.set(lens.id, await lens.run(study, { blas, progress }, outputs));
    const spent = process.cpuUsage(from);
    const ms = (spent.user + spent.system) / 1000;
    if (process.env.SYS) console.log("user", spent.user / 1000, "sys", spent.system / 1000, "wall", performance.now() - begun);
    total += ms;
    wall += performance.now() - begun;
    // A watch on the event loop keeps a core busy while the runtime works: it has a run of its own, over a few layers.
    const stop = watchTurns();
    await lens.run({ ...study, layers: Math.min(layers, WATCHED) }, { blas, progress }, watched);
    const { longest, above } = stop();
    console.log(`n=${count} ${lens.id.padEnd(24)} ${ms.toFixed(0).padStart(7)} ms CPU, longest slice ${longest.toFixed(0)} ms, ${above} above 50 ms`);
  }
  if (process.env.LENS) continue;
  const { aqi } = outputs.get("alignment-quality").values;
  const { probe } = outputs.get("concept-depth").values;
  console.log(
    `n=${count} together ${total.toFixed(0)} ms CPU, ${wall.toFixed(0)} ms; AQI ${aqi.signed.toFixed(4)}, p ${aqi.p}, half ${aqi.halfSample?.toFixed(3)}, nested AUROC ${probe.nestedAuroc.toFixed(5)}, best ${probe.bestLayer}`,
  );
  await blas.close();
  await compare(study, total, wall);
}

/** The same states through scikit-learn, with one thread and with as many as it takes. */
async function compare(study, cpu, wall) {
  const python = process.env.LAYERSCOPE_PYTHON ?? "python3";
  const { count, layers, width } = study;
  const folder = mkdtempSync(join(tmpdir(), "layerscope-bench-"));
  const id = `stats/${count}x${layers}x${width}`;
  let peer;
  try {
    const all = new Float32Array(layers * count * width);
    for (let l = 0; l < layers; l++) all.set(await study.states(l), l * count * width);
    writeFileSync(join(folder, "states.f32"), new Uint8Array(all.buffer));
    for (const [name, env] of [
      ["one thread", { OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1", MKL_NUM_THREADS: "1" }],
      ["its default threads", {}],
    ]) {
      const script = join(ROOT, "test", "bench", "stats-sklearn.py");
      const ran = spawnSync(python, [script, join(folder, "states.f32"), count, layers, width].map(String), {
        env: { ...process.env, ...env },
        encoding: "utf8",
        timeout: 60_000,
      });
      if (ran.status !== 0) {
        console.log(`n=${count} scikit-learn, ${name}: not measured (${python} has no scikit-learn, or it took more than a minute)`);
        break;
      }
      const [skCpu, skWall] = ran.stdout.trim().split(" ").map(Number);
      peer ??= skCpu;
      console.log(
        `n=${count} scikit-learn's plain probes, ${name}: ${skCpu} ms CPU, ${skWall} ms; all of ours over it: ${(cpu / skCpu).toFixed(2)} CPU, ${(wall / skWall).toFixed(2)} wall`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  report(
    [peer === undefined ? measure(id, [cpu]) : measure(id, [cpu], "scikit-learn, plain probes, one thread", [peer])],
    "processor time of one run of all core lenses, bootstrap and permutations included",
  );
}
