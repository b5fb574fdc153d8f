import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cacheFolder, newStoreSaid, storeFolder, storePlan } from "../../src/cli/storePlace.js";
import { writeTinyDecoder } from "../fixtures/models.js";

const CLI = resolve("dist", "cli.js");
const folder = mkdtempSync(join(tmpdir(), "layerscope-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function layerscope(args: readonly string[], killWhen?: () => boolean): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [CLI, ...args], { cwd: folder, env: { ...process.env, NO_COLOR: "1" } });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk) => (out += chunk));
  child.stderr.on("data", (chunk) => (err += chunk));
  const timer = killWhen && setInterval(() => killWhen() && child.kill("SIGKILL"), 2);
  return new Promise((done) =>
    child.on("close", (code) => {
      clearInterval(timer);
      done({ code, out, err });
    }),
  );
}

const CANARY = "zebracanary";
beforeAll(() => {
  writeTinyDecoder(folder);
  const line = (i: number) => {
    const letters = i % 2 ? "qxzjv" : "aeiou";
    const words = Array.from({ length: 30 + (i % 20) }, (_, k) => letters[(i * 7 + k * 3) % 5]!.repeat(1 + ((i + k) % 3)));
    return JSON.stringify({ text: `${CANARY} ${words.join(" ")} ${i}`, label: i % 2 ? "unsafe" : "safe" });
  };
  writeFileSync(join(folder, "data.jsonl"), `${Array.from({ length: 160 }, (_, i) => line(i)).join("\n")}\n`);
});

interface Printed {
  readonly createdAt: string;
  readonly timing: { readonly stored?: number };
}
const lasting = (out: string) => {
  const { createdAt: _, timing: __, ...rest } = JSON.parse(out) as Printed;
  return rest;
};
const AUDIT = ["audit", "data.jsonl", "--model", ".", "--format", "json", "--max-tokens", "64", "--threads", "1"];

describe.skipIf(!existsSync(CLI))("states and runs on the command line", () => {
  it("keeps states in the folder that is named, tells of them and deletes them", async () => {
    const first = await layerscope([...AUDIT, "--store", "kept"]);
    expect(first.code, first.err).toBe(0);
    const second = await layerscope([...AUDIT, "--store", "kept"]);
    expect((JSON.parse(second.out) as Printed).timing.stored).toBe(160);
    expect(lasting(second.out)).toEqual(lasting(first.out));
    for (const path of readdirSync(join(folder, "kept"), { recursive: true, withFileTypes: true }))
      if (path.isFile()) expect(readFileSync(join(path.parentPath, path.name)).includes(CANARY)).toBe(false);
    const info = JSON.parse((await layerscope(["store", "--store", "kept", "--format", "json"])).out) as { rows: number; bytes: number };
    expect(info.rows).toBeGreaterThanOrEqual(160);
    expect((await layerscope(["store", "--clear", "--store", "kept"])).out).toMatch(/^Deleted all stored states, \d+(\.\d+)? [kM]B, from /);
    expect(readdirSync(join(folder, "kept"))).toEqual([]);
    expect((await layerscope([...AUDIT, "--store", "kept", "--no-store"])).code).toBe(2);
  });

  it("goes on with a run that was killed, to the result that it would have had", async () => {
    const run = join(folder, "run");
    const log = join(run, "log.jsonl");
    const batches = () => (existsSync(log) ? readFileSync(log, "utf8").split('"kind":"batch"').length - 1 : 0);
    const killed = await layerscope([...AUDIT, "--run", "run"], () => batches() >= 1 && !existsSync(join(run, "result.json")));
    expect(killed.code).toBeNull();
    expect(existsSync(join(run, "result.json"))).toBe(false);
    const resumed = await layerscope(["audit", "--resume", "run", "--format", "json"]);
    expect(resumed.code, resumed.err).toBe(0);
    const whole = await layerscope(["audit", "--resume", "run", "--format", "json"]);
    expect(whole.out).toBe(resumed.out);
    expect(readdirSync(run).sort()).toEqual(expect.arrayContaining(["log.jsonl", "plan.json", "result.json", "view.json"]));
    expect((await layerscope(["audit", "--resume", "run", "--model", "."])).err).toContain("--model cannot be named again");
    const other = await layerscope(["audit", "--resume", "nowhere"]);
    expect([other.code, other.err]).toEqual([2, expect.stringContaining("holds no run that could go on")]);
  });
});

describe("where states are kept", () => {
  it("is what is named, then the environment's, then the platform's cache folder", () => {
    expect(cacheFolder({ XDG_CACHE_HOME: "/c" }, "linux", "/own")).toBe(join("/c", "layerscope"));
    expect(cacheFolder({}, "linux", "/own")).toBe(join("/own", ".cache", "layerscope"));
    expect(cacheFolder({}, "darwin", "/Users/a")).toBe(join("/Users/a", "Library", "Caches", "layerscope"));
    expect(cacheFolder({ LOCALAPPDATA: "/l" }, "win32", "/u")).toBe(join("/l", "layerscope", "Cache"));
    expect(storeFolder({}, { LAYERSCOPE_STORE: "off" })).toBeUndefined();
    expect(storeFolder({}, { LAYERSCOPE_STORE: "here" })).toBe(resolve("here"));
    expect(storeFolder({ store: "there" }, { LAYERSCOPE_STORE: "off" })).toBe(resolve("there"));
    expect(storeFolder({ "no-store": true }, {})).toBeUndefined();
    expect(storePlan({ store: "a", "store-gb": "0.5" })).toEqual({ storeFolder: resolve("a"), storeGigabytes: 0.5 });
    expect(newStoreSaid({}, { XDG_CACHE_HOME: join(folder, "none"), LOCALAPPDATA: join(folder, "none"), HOME: folder })).toMatch(/--no-store keeps none/);
    expect(newStoreSaid({ store: "a" }, {})).toBeUndefined();
    expect(newStoreSaid({}, { LAYERSCOPE_STORE: "off" })).toBeUndefined();
    expect(() => storePlan({ store: "a", "store-gb": "0" })).toThrow(/above 0/);
  });
});
