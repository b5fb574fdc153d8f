import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { DISK, makeFolder } from "../../../src/engine/store/disk.js";
import { isHeld, takeLock } from "../../../src/engine/store/lock.js";
import { namesIn, type Space } from "../../../src/engine/store/space.js";
import { clearStore, StateStore, storeInfo } from "../../../src/engine/store/states.js";

const folder = mkdtempSync(join(tmpdir(), "layerscope-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fresh = () => mkdtempSync(join(folder, "store-"));
const shape = { layers: 3, width: 8 };
const identity = { shape, of: { model: "a" }, label: { model: "tiny", reading: "mean" } };
/** States of a row that tell which row, layer and dimension they are. */
const valuesOf = (rows: readonly number[]) =>
  [0, 1, 2].map((layer) => Float32Array.from(rows.flatMap((row) => Array.from({ length: 8 }, (_, i) => row * 100 + layer * 10 + i))));

function append(store: StateStore, space: Space, rows: readonly number[]) {
  const keys = rows.map((row) => store.key("row", String(row)));
  const { bytes, sums } = space.append(
    keys,
    valuesOf(rows),
    rows,
    rows.map((row) => row % 2),
  );
  store.appended(bytes);
  return { keys, sums };
}

describe("a store of states", () => {
  it("gives back what was put in, by key, layer and row, in another process's eyes too", () => {
    const at = fresh();
    const store = new StateStore(at);
    const { keys, sums } = append(store, store.space(identity), [5, 3, 9]);
    store.close();
    const again = new StateStore(at);
    const space = again.space(identity);
    expect(space.rows).toBe(3);
    const read = space.read([keys[2]!, again.key("row", "77"), keys[0]!]);
    expect([...read.good]).toEqual([1, 0, 1]);
    expect([...read.values[1]!.subarray(0, 8)]).toEqual([...valuesOf([9])[1]!]);
    expect([...read.values[2]!.subarray(16)]).toEqual([...valuesOf([5])[2]!]);
    expect([read.tokens[0], read.truncated[0], read.tokens[2]]).toEqual([9, 1, 5]);
    expect([read.sums[0], read.sums[2]]).toEqual([sums[2], sums[0]]);
    expect(again.space({ ...identity, of: { model: "b" } }).rows).toBe(0);
  });

  it("has keys that say nothing without its salt", () => {
    const [one, two] = [new StateStore(fresh()), new StateStore(fresh())];
    expect(one.key("a", "b")).toBe(one.key("a", "b"));
    expect(one.key("a", "b")).not.toBe(two.key("a", "b"));
    expect(one.key("ab", "")).not.toBe(one.key("a", "b"));
  });

  it("finds a flipped bit in a vector or in the index, and a cut file, and keeps the rest", () => {
    const at = fresh();
    const store = new StateStore(at);
    const { keys } = append(store, store.space(identity), [0, 1, 2, 3, 4, 5]);
    store.close();
    const find = (name: string) => readdirSync(at, { recursive: true, encoding: "utf8" }).find((path) => path.endsWith(name))!;
    const flip = (path: string, byte: number) => {
      const bytes = readFileSync(path);
      bytes[byte]! ^= 1;
      writeFileSync(path, bytes);
    };
    flip(join(at, find("1.f32")), 2 * 32 + 7);
    truncateSync(join(at, find("2.f32")), 5 * 32 + 4);
    flip(join(at, find("rows.idx")), statSync(join(at, find("rows.idx"))).size / 6 + 3);
    const again = new StateStore(at);
    const space = again.space(identity);
    expect([...space.read(keys).good]).toEqual([1, 0, 0, 1, 1, 0]);
    expect(space.damaged).toBe(2);
    // What was damaged is computed again, and then there.
    append(again, space, [1, 2, 5]);
    again.close();
    expect([...new StateStore(at).space(identity).read(keys).good]).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it("takes several writers, each with a segment of its own, and goes on with one that nobody writes", () => {
    const at = fresh();
    const [a, b] = [new StateStore(at), new StateStore(at)];
    const [of, other] = [a.space(identity), b.space(identity)];
    append(a, of, [1, 2]);
    append(b, other, [3]);
    expect(of.writing).not.toBe(other.writing);
    a.close();
    b.close();
    const c = new StateStore(at);
    const space = c.space(identity);
    expect(space.rows).toBe(3);
    append(c, space, [4]);
    expect(namesIn(DISK, space.folder)).toHaveLength(2);
    c.close();
    expect(new StateStore(at).space(identity).rows).toBe(4);
  });

  it("stays within its bound: what was least recently used goes, what is being written stays", () => {
    const at = fresh();
    const bound = 40_000;
    for (let model = 0; model < 8; model++) {
      const store = new StateStore(at, bound);
      const space = store.space({ ...identity, of: { model } });
      for (let i = 0; i < 60; i++) append(store, space, [i]);
      // Model 0 is used all the while.
      if (model > 0) expect(new StateStore(at, bound).space({ ...identity, of: { model: 0 } }).rows).toBe(60);
      store.close();
      for (const path of readdirSync(at, { recursive: true, encoding: "utf8" }).filter((one) => one.endsWith("rows.idx"))) {
        const { mtimeMs } = statSync(join(at, path));
        utimesSync(join(at, path), (mtimeMs - 5000) / 1000, (mtimeMs - 5000) / 1000);
      }
    }
    // What is remembered of models counts, too.
    for (const notes of ["models", "tempo"]) {
      mkdirSync(join(at, notes));
      for (const [name, age] of [
        ["old", 1e6],
        ["new", 0],
      ] as const) {
        const path = join(at, notes, `${name}.json`);
        writeFileSync(path, "x".repeat(4000));
        utimesSync(path, Date.now() / 1000 - age, Date.now() / 1000 - age);
      }
    }
    new StateStore(at, bound);
    expect(storeInfo(at).bytes).toBeLessThanOrEqual(bound);
    expect(["models", "tempo"].map((notes) => readdirSync(join(at, notes)))).toEqual([["new.json"], ["new.json"]]);
    const rows = [0, 1, 7].map((model) => new StateStore(at, bound).space({ ...identity, of: { model } }).rows);
    expect(rows).toEqual([60, 0, 60]);
  });

  it("tells what lies in it without a word of any, and is emptied by one call", () => {
    const at = fresh();
    const store = new StateStore(at);
    append(store, store.space(identity), [1, 2, 3]);
    store.close();
    expect(storeInfo(at)).toMatchObject({ rows: 3, spaces: [{ model: "tiny", reading: "mean", layers: 3, width: 8, rows: 3 }] });
    for (const notes of ["models", "tempo"]) {
      mkdirSync(join(at, notes));
      writeFileSync(join(at, notes, "a.json"), "x".repeat(1000));
    }
    expect(storeInfo(at).bytes).toBeGreaterThan(2000 + 3 * 3 * 32);
    expect(clearStore(at)).toBeGreaterThan(2000 + 3 * 3 * 32);
    expect(readdirSync(at)).toEqual([]);
    expect(storeInfo(join(at, "nowhere"))).toMatchObject({ bytes: 0, rows: 0, spaces: [] });
  });
});

describe("a lock", () => {
  it("has one holder; what a dead process left is taken over, what a living one holds is not", () => {
    const path = join(fresh(), "lock");
    const lock = takeLock(path)!;
    expect(takeLock(path)).toBeUndefined();
    expect(isHeld(path)).toBe(true);
    lock.release();
    expect(existsSync(path)).toBe(false);
    const left = (pid: number, host = hostname()) => writeFileSync(path, JSON.stringify({ pid, host, id: "x" }));
    left(process.ppid);
    expect(takeLock(path)).toBeUndefined();
    // No process has this number; a process of another machine is known by its silence alone.
    left(2 ** 30);
    expect(isHeld(path)).toBe(false);
    takeLock(path)!.release();
    left(2 ** 30, "elsewhere");
    expect(takeLock(path)).toBeUndefined();
    const long = Date.now() / 1000 - 600;
    utimesSync(path, long, long);
    takeLock(path)!.release();
    writeFileSync(path, "{");
    expect(takeLock(path)).toBeUndefined();
    utimesSync(path, long, long);
    expect(takeLock(path)).toBeDefined();
    expect(readdirSync(join(path, ".."))).toEqual(["lock"]);
  });
});

describe("folders", () => {
  it("are made with those above, and refused where nothing can be, also by a file system that denies what is there", () => {
    const root = fresh();
    makeFolder(DISK, join(root, "a", "b", "c"));
    makeFolder(DISK, join(root, "a", "b", "c"));
    expect(statSync(join(root, "a", "b", "c")).isDirectory()).toBe(true);
    writeFileSync(join(root, "file"), "");
    expect(() => makeFolder(DISK, join(root, "file"))).toThrow("a file, not a folder");
    expect(() => makeFolder(DISK, join(root, "file", "below"))).toThrow();
    // Node's recursive mkdir never returned here.
    if (process.platform === "linux") expect(() => makeFolder(DISK, "/proc/nope/states")).toThrow("ENOENT");
  });
});
