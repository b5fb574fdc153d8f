import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import type { AuditView, Progress } from "../../src/protocol/index.js";
import { EMBEDDED, EngineProcess, plan } from "./engine.mjs";
import { type Measure, option, report } from "./table.mjs";

/*
 * Audits of more and more rows: time per row of each part, and the engine's memory. Rows are made here, of words of two kinds, no two
 * the same. Each audit has an engine of its own, and no store.
 *   npm run bench -- scale [MODEL] [--rows 200,2000,20000,100000] [--kills 20] [--out F.json]
 * `medianMs` is the time of 1,000 rows; the peer is the smallest audit of the same run, and the ratio that of their processor times
 * per row, which a busy machine does not change. With --kills one audit of 300 rows is killed so often at random, gone on with, and
 * its result compared byte for byte with that of an unbroken one.
 */
const args = process.argv.slice(2);
const kills = option(args, "--kills", 0);
const counts = option(args, "--rows", "200,2000,20000,100000")
  .split(",")
  .map(Number)
  .filter((n) => n > 0);
const [model = EMBEDDED] = args.map((path) => resolve(path));
const folder = mkdtempSync(join(tmpdir(), "layerscope-scale-"));

const SAFE = "bread garden teacher letter river music story holiday recipe painting bicycle picture soup friend lesson ticket".split(" ");
const UNSAFE = "weapon poison threat theft virus forgery bomb blackmail fraud assault ransom burglary sabotage stalking arson smuggling".split(" ");
const BOTH = "write explain list plan describe compare tell show make find give check answer sort name sketch".split(" ");

/** Deterministic, and no two alike: near-duplicates would share folds. */
function writeRows(rows: number): string {
  let state = 12345;
  const below = (n: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  const of = (words: readonly string[]) => words[below(words.length)]!;
  const path = join(folder, `rows-${rows}.jsonl`);
  const lines = Array.from({ length: rows }, (_, i) => {
    const unsafe = i % 2 === 1;
    // One word in four is of the other kind, so that the classes overlap.
    const words = Array.from({ length: 4 + below(14) }, () => (below(3) === 0 ? of(BOTH) : of((below(4) === 0) !== unsafe ? UNSAFE : SAFE)));
    return JSON.stringify({ text: `${of(BOTH)} ${words.join(" ")} ${i.toString(36)}`, label: unsafe ? "unsafe" : "safe" });
  });
  writeFileSync(path, `${lines.join("\n")}\n`);
  return path;
}

interface Part {
  readonly wall: number;
  readonly cpu: number;
}

interface Run {
  readonly rows: number;
  readonly whole: Part;
  readonly extract: Part;
  readonly statistics: Part;
  /** MB */
  readonly peak: number;
  readonly afterRows: number;
}

async function audit(rows: number): Promise<Run> {
  const data = writeRows(rows);
  const engine = new EngineProcess();
  const marks = new Map<string, Part>();
  let afterRows = Number.NaN;
  const now = (): Part => ({ wall: performance.now(), cpu: cpuOf(engine.child.pid!) });
  engine.on("audit.progress", (body) => {
    const { phase } = body as Progress;
    if (marks.has(phase)) return;
    marks.set(phase, now());
    if (phase === "scoring") afterRows = memoryOf(engine.child.pid!, "VmHWM");
  });
  engine.on("audit.view", () => {});
  await engine.hello();
  const begun = now();
  const view: AuditView = await engine.ask("audit.run", plan(data, model));
  const ended = now();
  const peak = memoryOf(engine.child.pid!, "VmHWM");
  await engine.kill();
  rmSync(data);
  if (view.result.dataset.used !== rows) throw new Error(`${view.result.dataset.used} of ${rows} rows were used`);
  const between = (from: Part, to: Part): Part => ({ wall: to.wall - from.wall, cpu: to.cpu - from.cpu });
  const [running, scoring] = [marks.get("running")!, marks.get("scoring")!];
  return { rows, whole: between(begun, ended), extract: between(running, scoring), statistics: between(scoring, ended), peak, afterRows };
}

/** Processor time of a process, in ms; where the system does not tell, wall time stands in. */
function cpuOf(pid: number): number {
  if (process.platform !== "linux") return performance.now();
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function memoryOf(pid: number, field: string): number {
  if (process.platform !== "linux") return Number.NaN;
  return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1]) / 1000;
}

/** What of a view lasts: all but the times. */
const lasting = (view: string) => JSON.stringify(JSON.parse(view), (key, value: unknown) => (key === "timing" || key === "createdAt" ? undefined : value));

const ROWS = 300;
/** Small batches, so that there are many moments to be killed at. */
const TOKENS = 64;

/** Rows that had arrived, as the log says. */
function rowsIn(runFolder: string): number {
  const log = join(runFolder, "log.jsonl");
  return existsSync(log) ? Number(/"done":(\d+)[^\n]*\n(?:[^\n]*"kind":"chunk"[^\n]*\n)?$/.exec(readFileSync(log, "utf8"))?.[1] ?? 0) : 0;
}

/** An audit of 300 rows, killed when a random number of rows have arrived, or at a random time behind them. */
async function interrupt(times: number): Promise<void> {
  const data = writeRows(ROWS);
  const run = async (runFolder: string, kill?: { rows: number; after: number }, resume = true) => {
    const engine = new EngineProcess();
    engine.on("audit.progress", () => {});
    engine.on("audit.view", () => {});
    await engine.hello();
    let timer: NodeJS.Timeout | undefined;
    const killed = new Promise<void>((done) => {
      if (!kill) return;
      timer = setInterval(() => {
        if (rowsIn(runFolder) < kill.rows) return;
        clearInterval(timer);
        setTimeout(done, kill.after);
      }, 2);
    });
    await Promise.race([engine.ask("audit.run", plan(data, model, { runFolder, ...(resume ? { resume } : {}) })).catch(() => {}), killed]);
    clearInterval(timer);
    await engine.kill();
  };
  const [first, unbroken, broken] = ["first", "unbroken", "broken"].map((name) => join(folder, name)) as [string, string, string];
  // Batches are settled in the plan before row 1: both runs get the same.
  await run(first, { rows: 1, after: 0 }, false);
  const settled = JSON.parse(readFileSync(join(first, "plan.json"), "utf8")) as { fixed: { batching: Record<string, number> } };
  settled.fixed.batching = { plain: TOKENS };
  for (const at of [unbroken, broken]) {
    mkdirSync(at);
    writeFileSync(join(at, "plan.json"), JSON.stringify(settled));
  }
  await run(unbroken);
  const at: number[] = [];
  for (let kill = 0; kill < times; kill++) {
    const before = rowsIn(broken);
    const target = before + 1 + Math.floor((Math.random() * 2 * (ROWS - before)) / (times - kill));
    await run(broken, { rows: Math.min(ROWS, target), after: Math.random() * 20 });
    // It came to its end before the kill: its result is taken away, and it goes on from its last moment.
    for (const name of ["result.json", "view.json"]) rmSync(join(broken, name), { force: true });
    at.push(rowsIn(broken));
  }
  await run(broken);
  const same = lasting(readFileSync(join(broken, "view.json"), "utf8")) === lasting(readFileSync(join(unbroken, "view.json"), "utf8"));
  console.log(`killed ${times} times, after ${at.join(", ")} of ${ROWS} rows: the result is ${same ? "the same, byte for byte" : "ANOTHER"}`);
  if (!same) process.exitCode = 1;
}

async function main(): Promise<void> {
  try {
    const runs: Run[] = [];
    const name = basename(model) === "model" ? "embedded" : basename(model);
    for (const rows of counts) {
      const one = await audit(rows);
      runs.push(one);
      const ms = (part: Part) => `${(part.wall / rows).toFixed(2)} (${(part.cpu / rows).toFixed(2)})`;
      console.log(
        `${String(rows).padStart(7)} rows: ms a row (of processor time) ${ms(one.whole)}, model ${ms(one.extract)}, statistics ${ms(one.statistics)}; peak ${one.peak.toFixed(0)} MB, after the model ${one.afterRows.toFixed(0)} MB`,
      );
    }
    const [least] = runs;
    const measures = runs.flatMap(({ rows, ...one }) =>
      (["whole", "extract", "statistics"] as const).map((part): Measure => {
        const perRow = (which: Part, n: number) => which.cpu / n;
        return {
          id: `scale/${name}/${part}/${rows}`,
          medianMs: (one[part].wall / rows) * 1000,
          peer: least && rows > least.rows ? `${least.rows} rows` : null,
          peerMedianMs: least && rows > least.rows ? (least[part].wall / least.rows) * 1000 : null,
          ratio: least && rows > least.rows ? perRow(one[part], rows) / perRow(least[part], least.rows) : null,
        };
      }),
    );
    if (measures.length > 0) report(measures, "medianMs: of 1,000 rows; ratio: of processor times per row");
    if (kills > 0) await interrupt(kills);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

void main();
