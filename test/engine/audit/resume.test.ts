import fs, { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Workbench } from "../../../src/engine/audit/prepare.js";
import { runAudit } from "../../../src/engine/audit/run.js";
import { Random } from "../../../src/engine/stats/random.js";
import { DISK, type Disk } from "../../../src/engine/store/disk.js";
import { readLog } from "../../../src/engine/store/journal.js";
import type { AuditPlan, AuditView } from "../../../src/protocol/index.js";
import { writeTinyDecoder } from "../../fixtures/models.js";

const folder = mkdtempSync(join(tmpdir(), "layerscope-test-"));
const model = join(folder, "model");
const bench = new Workbench();
const CANARY = "zebracanary";
/** LAYERSCOPE_KILLS=20 interrupts so often. */
const KILLS = Number(process.env["LAYERSCOPE_KILLS"] ?? 3);

afterAll(async () => {
  await bench.close();
  rmSync(folder, { recursive: true, force: true });
});

function writeRows(name: string, rows: number, change: (i: number, text: string) => string = (_, text) => text): string {
  const path = join(folder, name);
  const line = (i: number) => {
    const letters = i % 2 ? "qxzjv" : "aeiou";
    const word = (k: number) => letters[(i * 7 + k * 3) % 5]!.repeat(1 + ((i + k) % 3)) + letters[(i + k) % 5]!;
    const text = `${CANARY} ${Array.from({ length: 4 + (i % 9) }, (_, k) => word(k)).join(" ")}${i % 10 === 0 ? "" : ` ${i}`}`;
    return JSON.stringify({ text: change(i, text), label: i % 2 ? "unsafe" : "safe" });
  };
  writeFileSync(path, `${Array.from({ length: rows }, (_, i) => line(i)).join("\n")}\n`);
  return path;
}

const plan = (path: string, more: Partial<AuditPlan> = {}): AuditPlan => ({
  data: { path, options: {} },
  model,
  maxTokens: 64,
  seed: 3,
  provider: "cpu",
  threads: 1,
  ...more,
});

/** What a result says but for the time it took. */
function lasting(view: AuditView | string): string {
  const all =
    typeof view === "string"
      ? (JSON.parse(readFileSync(join(view, "view.json"), "utf8")) as Record<string, unknown>)
      : (view as unknown as Record<string, unknown>);
  return JSON.stringify(all, (key, value) =>
    key === "timing" || key === "createdAt" ? undefined : ArrayBuffer.isView(value) ? [...(value as Float32Array)] : value,
  );
}

const notices = (view: AuditView) => view.result.notices.map(({ code }) => code);

/** A run folder in which nothing has been done yet, with the batches of another run. */
function begun(name: string, like: string): string {
  const at = join(folder, name);
  mkdirSync(at);
  const { runFolder: _, ...rest } = JSON.parse(readFileSync(join(like, "plan.json"), "utf8")) as Record<string, unknown>;
  writeFileSync(join(at, "plan.json"), JSON.stringify(rest));
  return at;
}

/** The real file system, with a look at every call that changes something. */
function watched(before: (call: number, name: string, args: unknown[]) => void): Disk {
  let calls = 0;
  const wrap =
    (name: keyof Disk) =>
    (...args: unknown[]) => {
      before(++calls, name, args);
      return (fs[name] as (...all: unknown[]) => unknown)(...args);
    };
  const changing = ["writeSync", "renameSync", "openSync", "fsyncSync", "mkdirSync", "ftruncateSync"] as const;
  return { ...DISK, ...Object.fromEntries(changing.map((name) => [name, wrap(name)])) };
}

let whole: string;
let data: string;
let unbroken: string;

beforeAll(async () => {
  mkdirSync(model, { recursive: true });
  writeTinyDecoder(model, { blocks: 1 });
  data = writeRows("data.jsonl", 120);
  whole = join(folder, "whole");
  // The batches are made small by the plan, so that there are many of them.
  mkdirSync(whole);
  const first = join(folder, "first");
  await runAudit(bench, plan(data, { runFolder: first }), {});
  const json = JSON.parse(readFileSync(join(first, "plan.json"), "utf8")) as { fixed: { batching: Record<string, number> } };
  expect(json.fixed.batching).toEqual({ plain: expect.any(Number) });
  json.fixed.batching = { plain: 96 };
  writeFileSync(join(whole, "plan.json"), JSON.stringify(json));
  await runAudit(bench, plan(data, { runFolder: whole, resume: true }), {});
  unbroken = lasting(whole);
});

describe("a run that was interrupted", () => {
  it("goes on to the bytes of an unbroken one, wherever it was killed", async () => {
    // A copy of the folder at a moment is what a kill at that moment leaves; a write is cut in its middle.
    const count = await countCalls();
    const random = new Random(11, 0);
    const when = new Set(Array.from({ length: KILLS }, () => 3 + random.below(count - 3)));
    const at = begun("killed", whole);
    const copies: string[] = [];
    const disk = watched((call, name, args) => {
      if (!when.has(call)) return;
      const [file, bytes, from, length, position] = args as [number, Uint8Array, number, number, number | null];
      if (name === "writeSync" && length > 1) fs.writeSync(file, bytes, from, length >> 1, position);
      const copy = join(folder, `killed-at-${call}`);
      cpSync(at, copy, { recursive: true });
      copies.push(copy);
      if (name === "writeSync" && length > 1 && position === null) fs.ftruncateSync(file, fs.fstatSync(file).size - (length >> 1));
    });
    await runAudit(bench, plan(data, { runFolder: at, resume: true }), { disk });
    expect(lasting(at)).toBe(unbroken);
    expect(copies.length).toBe(when.size);
    for (const copy of copies) {
      const view = await runAudit(bench, plan(data, { runFolder: copy, resume: true }), {});
      expect(lasting(copy)).toBe(unbroken);
      expect(sums(copy)).toEqual(sums(whole));
      expect(notices(view).filter((code) => /^(run|store)/.test(code))).toEqual([]);
      expect(readdirSync(copy).filter((name) => /incomplete|stale|lock|states/.test(name))).toEqual([]);
    }
  });

  it("goes on after a cancel, again and again, and computes no batch twice", async () => {
    const at = begun("cancelled", whole);
    let cancels = 0;
    for (; cancels < 50; cancels++) {
      const stop = new AbortController();
      let writes = 0;
      const disk = watched((_, name, args) => {
        if (name === "writeSync" && String(args[1]).includes('"kind":"batch"') && ++writes === 9) stop.abort();
      });
      const end = await runAudit(bench, plan(data, { runFolder: at, resume: true }), { disk }, stop.signal).catch((error: unknown) => error);
      if (!(end instanceof Error)) break;
      expect(end).toMatchObject({ problem: { code: "run/cancelled" } });
      const last = readLog(at, DISK)
        .entries.filter((entry) => entry.kind === "batch")
        .at(-1);
      expect(last).toMatchObject({ of: 120 });
    }
    expect(cancels).toBeGreaterThan(2);
    expect(lasting(at)).toBe(unbroken);
    const batches = readLog(at, DISK).entries.flatMap((entry) => (entry.kind === "batch" ? [entry.batch] : []));
    expect(new Set(batches).size).toBe(batches.length);
    expect(sums(at)).toEqual(sums(whole));
  });

  it("keeps threads and tokens per batch, though what was remembered of the tempo is gone and another plan asks for others", async () => {
    const at = begun("settled", whole);
    const json = readPlan(at) as { fixed: Record<string, unknown> };
    json.fixed = { ...json.fixed, threads: 0 };
    writeFileSync(join(at, "plan.json"), JSON.stringify(json));
    const storeFolder = join(folder, "settled-store");
    const stop = new AbortController();
    const disk = watched((_, name, args) => {
      if (name === "writeSync" && String(args[1]).includes('"kind":"batch"')) stop.abort();
    });
    await runAudit(new Workbench(), plan(data, { runFolder: at, resume: true, storeFolder, threads: 2 }), { disk }, stop.signal).catch(() => {});
    for (const notes of ["tempo", "models"]) rmSync(join(storeFolder, notes), { recursive: true, force: true });
    await runAudit(new Workbench(), plan(data, { runFolder: at, resume: true, storeFolder, threads: 2 }), {});
    expect(readPlan(at).fixed).toMatchObject({ threads: 0, batching: { plain: 96 } });
    expect(sums(at)).toEqual(sums(whole));
  });

  it("runs a dynamically quantised graph row by row, and goes on so", async () => {
    const quantised = join(folder, "quantised");
    mkdirSync(quantised);
    writeTinyDecoder(quantised, { blocks: 1, dynamicQuantization: true });
    const few = writeRows("few.jsonl", 24);
    const [one, two] = [join(folder, "row-by-row"), join(folder, "row-by-row-broken")];
    await runAudit(new Workbench(), plan(few, { model: quantised, runFolder: one }), {});
    const stop = new AbortController();
    let batches = 0;
    const disk = watched((_, name, args) => {
      if (name === "writeSync" && String(args[1]).includes('"kind":"batch"') && ++batches === 7) stop.abort();
    });
    const end = await runAudit(new Workbench(), plan(few, { model: quantised, runFolder: two }), { disk }, stop.signal).catch((error: unknown) => error);
    expect(end).toMatchObject({ problem: { code: "run/cancelled" } });
    expect(Object.keys(sums(two)).length).toBeLessThan(24);
    await runAudit(new Workbench(), plan(few, { model: quantised, runFolder: two, resume: true }), {});
    expect(Object.keys(sums(two))).toHaveLength(24);
    expect(sums(two)).toEqual(sums(one));
    expect(lasting(two)).toBe(lasting(one));
  });

  it("is refused when dataset, model or tokenizer are others, and when another process holds it", async () => {
    const at = begun("moved", whole);
    const other = writeRows("other.jsonl", 120, (i, text) => (i === 7 ? `${text} more` : text));
    await expect(runAudit(bench, plan(other, { runFolder: at, resume: true }), {})).rejects.toMatchObject({
      problem: { code: "resume/changed", message: expect.stringContaining("The dataset") },
    });
    const model2 = join(folder, "model2");
    cpSync(model, model2, { recursive: true });
    const tokenizer = join(model2, "tokenizer.json");
    writeFileSync(tokenizer, `${readFileSync(tokenizer, "utf8")}\n`);
    await expect(runAudit(bench, plan(data, { runFolder: at, resume: true, model: model2 }), {})).rejects.toMatchObject({
      problem: { code: "resume/changed", message: expect.stringContaining("The tokenizer") },
    });
    writeFileSync(join(at, "lock"), JSON.stringify({ pid: process.ppid, host: (await import("node:os")).hostname(), id: "x" }));
    await expect(runAudit(bench, plan(data, { runFolder: at, resume: true }), {})).rejects.toMatchObject({ problem: { code: "resume/held" } });
    await expect(runAudit(bench, plan(data, { runFolder: join(folder, "nowhere"), resume: true }), {})).rejects.toMatchObject({
      problem: { code: "resume/none" },
    });
  });

  it("reads a log with a damaged line, and one of a newer version not at all", async () => {
    const at = join(folder, "damaged");
    cpSync(whole, at, { recursive: true });
    for (const name of ["result.json", "view.json"]) rmSync(join(at, name));
    const log = join(at, "log.jsonl");
    const lines = readFileSync(log, "utf8").split("\n");
    lines[3] = lines[3]!.replace(/"batch":(\d)/, '"batch":9$1');
    writeFileSync(log, lines.join("\n"));
    expect(readLog(at, DISK).bad).toBe(1);
    await runAudit(bench, plan(data, { runFolder: at, resume: true }), {});
    expect(lasting(at)).toBe(unbroken);
    const newer = begun("newer", whole);
    const json = JSON.parse(readFileSync(join(newer, "plan.json"), "utf8")) as { fixed: { version: number } };
    json.fixed.version = 2;
    writeFileSync(join(newer, "plan.json"), JSON.stringify(json));
    await expect(runAudit(bench, plan(data, { runFolder: newer, resume: true }), {})).rejects.toMatchObject({ problem: { code: "resume/newer" } });
  });
});

describe("a disk that fails", () => {
  it("never ends the run, whichever call it is, and leaves nothing half-written", async () => {
    const small = writeRows("small.jsonl", 24);
    const golden = lasting(await runAudit(bench, plan(small), {}));
    const count = await countCalls(plan(small));
    // The first calls one by one, then in growing steps.
    for (let n = 1; n <= count; n = n < 6 ? n + 1 : n * 2) {
      const at = join(folder, `failing-${n}`);
      const disk = watched((call) => {
        if (call === n) throw Object.assign(new Error("no space"), { code: "ENOSPC" });
      });
      const view = await runAudit(bench, plan(small, { runFolder: at }), { disk });
      expect(lasting({ ...view, result: { ...view.result, notices: view.result.notices.filter(({ code }) => !/^(run|store)\//.test(code)) } })).toBe(golden);
      if (!existsSync(join(at, "result.json"))) expect(notices(view)).toContain("run/not-saved");
      expect(existsSync(at) ? readdirSync(at).filter((name) => name.endsWith(".incomplete")) : []).toEqual([]);
    }
    const full = watched(() => {
      throw Object.assign(new Error("no space"), { code: "ENOSPC" });
    });
    const view = await runAudit(bench, plan(small, { runFolder: join(folder, "full"), storeFolder: join(folder, "full-store") }), { disk: full });
    expect(view.result.notices.find(({ code }) => code === "run/not-saved")?.message).toBe("This run is not saved: the disk is full.");
  });
});

describe("stored states", () => {
  const storeFolder = join(folder, "store");
  const again = (path: string, more: Partial<AuditPlan> = {}) => {
    const runFolder = mkdtempSync(join(folder, "again-"));
    return runAudit(new Workbench(), plan(path, { storeFolder, runFolder, ...more }), {}).then((view) => ({
      view,
      batching: readPlan(runFolder).fixed.batching,
      runFolder,
    }));
  };

  it("spare the model what it has read before: all rows of the same file, all but the changed ones of an edited file", async () => {
    const first = await again(data);
    expect(first.view.result.timing.stored).toBeUndefined();
    const second = await again(data);
    expect(second.view.result.timing.stored).toBe(120);
    // No batch was planned, so nothing was computed.
    expect(second.batching).toEqual({});
    expect(lasting(second.view)).toBe(lasting(first.view));
    const edited = writeRows("edited.jsonl", 120, (i, text) => (i % 50 === 7 ? `${text} more` : text));
    const third = await again(edited);
    expect(third.view.result.timing.stored).toBe(117);
    const lens = await again(edited, { lenses: ["relative-anchors"].slice(1) });
    expect(lens.batching).toEqual({});
  });

  it("are another model's, pooling's or limit's own", async () => {
    expect((await again(data, { pooling: "last" })).view.result.timing.stored).toBeUndefined();
    expect((await again(data, { maxTokens: 8 })).view.result.timing.stored).toBeUndefined();
    expect((await again(data, { pooling: "last" })).view.result.timing.stored).toBe(120);
  });

  it("that were damaged or cut off are found and computed again", async () => {
    const before = lasting((await again(data)).view);
    for (const path of filesIn(storeFolder).filter((one) => one.endsWith("1.f32"))) {
      const bytes = readFileSync(path);
      bytes[101]! ^= 4;
      writeFileSync(path, bytes.subarray(0, bytes.length - 40));
    }
    const { view } = await again(data);
    const notice = view.result.notices.find(({ code }) => code === "store/damaged");
    expect(notice?.message).toMatch(/^Stored states of \d+ rows? were damaged and have been computed again\.$/);
    expect(lasting({ ...view, result: { ...view.result, notices: view.result.notices.filter((one) => one !== notice) } }).length).toBe(before.length);
    expect((await again(data)).view.result.timing.stored).toBe(120);
  });

  it("hold no word of the rows, nor does a run or its log", async () => {
    const { runFolder } = await again(data);
    const files = [...filesIn(storeFolder), ...filesIn(runFolder)];
    expect(files.length).toBeGreaterThan(8);
    for (const path of files) expect(readFileSync(path).includes(CANARY), path).toBe(false);
  });
});

/** Of each batch, what its states were: rows may come to the same numbers in other batches, and need not. */
const sums = (at: string) => Object.fromEntries(readLog(at, DISK).entries.flatMap((entry) => (entry.kind === "batch" ? [[entry.batch, entry.sum]] : [])));
const readPlan = (at: string) => JSON.parse(readFileSync(join(at, "plan.json"), "utf8")) as { fixed: { batching: Record<string, number> } };

function filesIn(at: string): string[] {
  return readdirSync(at, { withFileTypes: true, recursive: true }).flatMap((entry) => (entry.isFile() ? [join(entry.parentPath, entry.name)] : []));
}

async function countCalls(of?: AuditPlan): Promise<number> {
  let count = 0;
  const at = of ? mkdtempSync(join(folder, "count-")) : begun(`counted-${Math.random()}`, whole);
  const disk = watched((call) => {
    count = call;
  });
  await runAudit(bench, of ? { ...of, runFolder: at } : plan(data, { runFolder: at, resume: true }), { disk });
  return count;
}
