import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { createActivations, sweepActivations } from "../../../src/engine/store/activations.js";
import { DISK, type Disk } from "../../../src/engine/store/disk.js";
import { writeAtomically } from "../../../src/engine/store/files.js";
import { writeSafetensors } from "../../../src/engine/store/safetensors.js";

const folder = mkdtempSync(join(tmpdir(), "layerscope-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("activations", () => {
  it("go on in memory when the disk is full, with what was on it", async () => {
    let writes = 0;
    const full = () => {
      if (++writes > 5) throw Object.assign(new Error("full"), { code: "ENOSPC" });
    };
    const disk: Disk = {
      ...DISK,
      writeSync: ((...args: Parameters<typeof DISK.writeSync>) => {
        full();
        return DISK.writeSync(...args);
      }) as typeof DISK.writeSync,
    };
    const store = await createActivations(2, 8, 3, 0, disk);
    for (let row = 0; row < 8; row++) for (let layer = 0; layer < 2; layer++) store.put(layer, [row], Float32Array.of(row, layer, 1));
    expect(store.trouble).toBe("the disk is full");
    for (let layer = 0; layer < 2; layer++) for (let row = 0; row < 8; row++) expect([...store.pick(layer, [row])]).toEqual([row, layer, 1]);
    store.close();
    const none: Disk = { ...DISK, openSync: full as unknown as typeof DISK.openSync };
    expect((await createActivations(1, 2, 3, 0, none)).trouble).toBe("the disk is full");
  });

  for (const [where, memory] of [
    ["in memory", 1 << 20],
    ["on disk", 0],
  ] as const) {
    it(`come back by row, whatever the order they arrived in (${where})`, async () => {
      const [layers, rows, width] = [3, 50, 4];
      const store = await createActivations(layers, rows, width, memory);
      const value = (layer: number, row: number, i: number) => layer * 1000 + row + i / 8;
      const order = Array.from({ length: rows }, (_, i) => (i * 17) % rows).filter((row) => row !== 13);
      for (let start = 0; start < order.length; start += 6) {
        const batch = order.slice(start, start + 6);
        for (let layer = 0; layer < layers; layer++)
          store.put(layer, batch, Float32Array.from(batch.flatMap((row) => [0, 1, 2, 3].map((i) => value(layer, row, i)))));
      }
      const second = store.get(2);
      expect([...second.subarray(7 * width, 8 * width)]).toEqual([0, 1, 2, 3].map((i) => value(2, 7, i)));
      expect([...second.subarray(13 * width, 14 * width)].every(Number.isNaN)).toBe(true);
      expect([...store.pick(1, [49, 0, 13])].slice(0, 8)).toEqual([...[0, 1, 2, 3].map((i) => value(1, 49, i)), ...[0, 1, 2, 3].map((i) => value(1, 0, i))]);
      second.fill(0);
      expect(store.get(2)[0]).toBe(value(2, 0, 0));
      store.close();
    });
  }

  it("leave no temporary file behind", async () => {
    const ours = () => readdirSync(tmpdir()).filter((name) => name.startsWith("layerscope-states-") && existsSync(join(tmpdir(), name, "0.f32")));
    const before = ours();
    const store = await createActivations(2, 10, 4, 0);
    expect(ours().length).toBe(before.length + 1);
    store.close();
    expect(ours()).toEqual(before);
  });

  it("of an engine that was killed are swept, those of a living one stay", async () => {
    // No process has this number: it is above the highest that any system gives out.
    const [dead, alive] = [join(tmpdir(), "layerscope-states-999999999-x"), join(tmpdir(), `layerscope-states-${process.pid}-x`)];
    for (const path of [dead, alive]) mkdirSync(path, { recursive: true });
    await sweepActivations();
    expect([existsSync(dead), existsSync(alive)]).toEqual([false, true]);
    rmSync(alive, { recursive: true });
  });
});

describe("safetensors", () => {
  it("has the format's header, and float32 in order", () => {
    const path = join(folder, "out.safetensors");
    writeSafetensors(
      path,
      [
        { name: "mean", shape: [2, 1, 2], parts: () => [new Float32Array([1, 2]), new Float32Array([3, Number.NaN])] },
        { name: "last", shape: [1, 1, 2], parts: () => [new Float32Array([5, 6])] },
      ],
      { rows: "[0]" },
    );
    const bytes = readFileSync(path);
    const length = Number(bytes.readBigUInt64LE(0));
    const header = JSON.parse(bytes.subarray(8, 8 + length).toString());
    expect(header.mean).toEqual({ dtype: "F32", shape: [2, 1, 2], data_offsets: [0, 16] });
    expect(header.last.data_offsets).toEqual([16, 24]);
    expect(header.__metadata__).toEqual({ rows: "[0]" });
    expect((8 + length) % 8).toBe(0);
    expect(bytes.length).toBe(8 + length + 24);
    expect(bytes.readFloatLE(8 + length + 8)).toBe(3);
    expect(bytes.readFloatLE(8 + length + 12)).toBeNaN();
    expect(readdirSync(folder)).toEqual(["out.safetensors"]);
  });
});

describe("writing a file", () => {
  it("replaces it whole, and leaves the old one when it cannot", async () => {
    const path = join(folder, "sub", "result.json");
    await writeAtomically(path, "one");
    await writeAtomically(path, "two");
    expect(readFileSync(path, "utf8")).toBe("two");
    await expect(writeAtomically(join(path, "below-a-file"), "three")).rejects.toThrow();
    expect(readFileSync(path, "utf8")).toBe("two");
    expect(readdirSync(join(folder, "sub"))).toEqual(["result.json"]);
  });
});
