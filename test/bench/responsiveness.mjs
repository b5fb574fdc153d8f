// npm run bench -- responsiveness: engine start, first picture, cancel, usable after a kill, on the sample workspace and the embedded model.
import { EMBEDDED, EngineProcess, plan, quantile, SAMPLE } from "./engine.mjs";
import { measure, report } from "./table.mjs";

const ROUNDS = 20;

async function firstPicture() {
  const started = performance.now();
  const engine = new EngineProcess();
  await engine.hello();
  const ready = performance.now() - started;
  const first = new Promise((resolve) => engine.on("audit.view", () => resolve(performance.now() - started)));
  engine.on("audit.progress", () => {});
  const view = engine.ask("audit.run", plan(SAMPLE, EMBEDDED));
  const picture = await first;
  await view;
  const whole = performance.now() - started;
  await engine.kill();
  return { ready, picture, whole };
}

/** Cancels at a random moment of a run that would go on, and waits for the answer. */
async function cancels(engine, random) {
  const times = [];
  for (let i = 0; i < ROUNDS; i++) {
    const run = engine.ask("audit.run", plan(SAMPLE, EMBEDDED, { seed: i }));
    const settled = run.then(
      () => undefined,
      (error) => error.problem,
    );
    await new Promise((resolve) => setTimeout(resolve, 50 + random() * 900));
    const asked = performance.now();
    run.cancel();
    const problem = await settled;
    if (problem?.code === "run/cancelled") times.push(performance.now() - asked);
  }
  return times;
}

async function usableAfterKill() {
  const engine = new EngineProcess();
  await engine.hello();
  void engine.ask("audit.run", plan(SAMPLE, EMBEDDED)).catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 300));
  const started = performance.now();
  await engine.kill();
  const again = new EngineProcess();
  await again.hello();
  await again.ask("model.inspect", { path: EMBEDDED });
  const ms = performance.now() - started;
  await again.kill();
  return ms;
}

let state = 1;
const random = () => {
  state = (state * 16807) % 2147483647;
  return state / 2147483647;
};

const pictures = [];
for (let i = 0; i < 5; i++) pictures.push(await firstPicture());
const engine = new EngineProcess();
engine.on("audit.progress", () => {});
engine.on("audit.view", () => {});
await engine.hello();
await engine.ask("audit.run", plan(SAMPLE, EMBEDDED));
const cancelled = await cancels(engine, random);
await engine.kill();
const kills = [];
for (let i = 0; i < 5; i++) kills.push(await usableAfterKill());

const rows = [
  [
    "engine ready",
    quantile(
      pictures.map((p) => p.ready),
      0.5,
    ),
    "median of 5",
  ],
  [
    "first picture after the choice",
    quantile(
      pictures.map((p) => p.picture),
      0.5,
    ),
    "median of 5, engine start included",
  ],
  [
    "whole audit",
    quantile(
      pictures.map((p) => p.whole),
      0.5,
    ),
    "median of 5, engine start included",
  ],
  ["cancel answered, p95", quantile(cancelled, 0.95), `${cancelled.length} cancels`],
  ["usable again after a kill", quantile(kills, 0.5), "median of 5"],
];
for (const [name, ms, note] of rows) console.log(`${name.padEnd(34)} ${ms.toFixed(0).padStart(6)} ms   ${note}`);
report(rows.map(([name, ms]) => measure(`responsiveness/embedded-int8/${name.replace(/[^a-z0-9]+/g, "-")}`, [ms])));
