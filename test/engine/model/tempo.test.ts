import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { openModel } from "../../../src/engine/model/index.js";
import { openFastest } from "../../../src/engine/model/settle.js";
import type { Batch } from "../../../src/engine/model/tapped.js";
import { fasterThreads, LADDER, measureTokensPerBatch, TempoFile, threadsToTry } from "../../../src/engine/model/tempo.js";

const ROOT = join(import.meta.dirname, "..", "..", "..");
const folders: string[] = [];
const folder = () => {
  const made = mkdtempSync(join(tmpdir(), "layerscope-tempo-"));
  folders.push(made);
  return made;
};
afterEach(() => {
  for (const made of folders.splice(0)) rmSync(made, { recursive: true, force: true });
});

/** A machine whose runs take `start` ms and `perToken` ms a token. */
function clock(start: number, perToken: (tokens: number) => number) {
  let at = 0;
  const seen: number[] = [];
  const run = (batch: Batch) => {
    const tokens = batch.ids.length * batch.ids[0]!.length;
    seen.push(tokens);
    at += start + perToken(tokens) * tokens;
    return Promise.resolve();
  };
  return { seen, measure: (length = 32) => measureTokensPerBatch(run, { ids: new Array(length).fill(1) }, () => at) };
}

describe("tokens per batch", () => {
  it("grow while that pays and a batch takes at most 100 ms", async () => {
    // 5 ms a run beside 0.1 ms a token: 1024 tokens would take 107 ms.
    expect(await clock(5, () => 0.1).measure()).toBe(512);
    // Nothing is gained beyond 128 tokens: smaller batches answer a cancel sooner and pad less.
    expect(await clock(0, (n) => (n > 64 ? 0.05 : 0.1)).measure()).toBe(128);
    // The cache ends at 256 tokens.
    expect(await clock(5, (n) => (n > 256 ? 0.11 : 0.05)).measure()).toBe(256);
  });

  it("are the fewest where a machine is slow, and few batches are tried", async () => {
    const slow = clock(20, () => 3);
    expect(await slow.measure()).toBe(LADDER[0]);
    expect(slow.seen).toHaveLength(2);
    const fast = clock(1, () => 0.005);
    expect(await fast.measure()).toBeGreaterThanOrEqual(2048);
    expect(fast.seen.length).toBeLessThanOrEqual(8);
    // An image of 197 tokens is not cut.
    expect((await clock(1, () => 0.05).measure(197)) >= 197).toBe(true);
  });

  it("are measured once and remembered, so that every later run plans the same batches", async () => {
    const memory = folder();
    const open = () => openModel(join(ROOT, "media", "model"), { provider: "cpu", threads: 2, memory });
    const first = await open();
    const found = await first.tokensPerBatch!();
    await first.close();
    expect(LADDER).toContain(found);
    const [name] = readdirSync(join(memory, "tempo"));
    const other = LADDER.find((step) => step !== found)!;
    // What the file says is believed, not measured again.
    writeFileSync(join(memory, "tempo", name!), JSON.stringify({ tokensPerBatch: other }));
    const second = await open();
    expect(await second.tokensPerBatch!()).toBe(other);
    await second.close();
    writeFileSync(join(memory, "tempo", name!), '{"tokensPerBatch": 1e9, "threads": 999');
    const third = await open();
    expect(LADDER).toContain(await third.tokensPerBatch!());
    await third.close();
    expect(readdirSync(join(memory, "tempo"))).toEqual([name]);
  });

  it("do not believe numbers that were never measured", () => {
    const file = new TempoFile(folder(), ["a"]);
    file.write({ tokensPerBatch: 77, threads: -1 });
    expect(file.read()).toEqual({});
    file.write({ tokensPerBatch: 256, threads: 0 });
    expect(file.read()).toEqual({ tokensPerBatch: 256, threads: 0 });
  });
});

describe("threads", () => {
  it("are tried only where there are more of them than cores", () => {
    expect(threadsToTry(8, 4)).toBe(8);
    expect(threadsToTry(4, 4)).toBe(0);
    expect(threadsToTry(4, 0)).toBe(0);
    expect(threadsToTry(1, 1)).toBe(0);
  });

  it("are changed when the others are clearly faster", async () => {
    let at = 0;
    const takes = (ms: number) => () => {
      at += ms;
      return Promise.resolve();
    };
    const now = () => at;
    expect(await fasterThreads(takes(10), takes(8), now)).toBe(true);
    expect(await fasterThreads(takes(10), takes(9.8), now)).toBe(false);
    expect(await fasterThreads(takes(8), takes(10), now)).toBe(false);
  });

  it("are settled once: the slower session is closed, the choice remembered and taken the next time", async () => {
    const memory = folder();
    const asked: number[] = [];
    const closed: number[] = [];
    // With all threads a run is much slower here.
    const open = (threads: number) => {
      asked.push(threads);
      const run = () => new Promise((resolve) => setTimeout(resolve, threads > 0 ? 12 : 2));
      const runner = { run, oneRowAtATime: false, longest: 16 };
      return Promise.resolve({ provider: "cpu", trial: { width: 4 }, runner, session: { release: () => Promise.resolve(closed.push(threads)) } } as never);
    };
    const tempo = () => Promise.resolve(new TempoFile(memory, ["m"]));
    expect((await openFastest(open, 0, tempo, 4)).threads).toBe(0);
    expect([asked, closed]).toEqual([[0, 4], [4]]);
    expect((await openFastest(open, 0, tempo, 4)).threads).toBe(0);
    expect(asked).toEqual([0, 4, 0]);
    // Asked for by number, nothing is measured.
    expect((await openFastest(open, 3, tempo, 4)).threads).toBe(3);
    expect(asked).toEqual([0, 4, 0, 3]);
    // A run that goes on takes none for none, though what was remembered is gone.
    rmSync(memory, { recursive: true });
    expect((await openFastest(open, 0, tempo, 4, true)).threads).toBe(0);
    expect(asked).toEqual([0, 4, 0, 3, 0]);
  });
});
