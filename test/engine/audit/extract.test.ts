import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { extractStates } from "../../../src/engine/audit/extract.js";
import { type Former, Keeper, type Keeping } from "../../../src/engine/audit/keeper.js";
import type { Batch, TappedModel } from "../../../src/engine/model/tapped.js";
import { createActivations } from "../../../src/engine/store/activations.js";
import { DISK } from "../../../src/engine/store/disk.js";
import { Journal, readLog } from "../../../src/engine/store/journal.js";
import { StateStore } from "../../../src/engine/store/states.js";

const root = mkdtempSync(join(tmpdir(), "layerscope-test-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const [LAYERS, WIDTH, ROWS] = [3, 4, 60];
const idsOf = (row: number) => Array.from({ length: 3 + ((row * 7) % 11) }, (_, t) => (row * 5 + t * 3) % 97);

/** States that tell row and layer apart; batches end in any order. */
function fakeModel(parallel: number, wait: (n: number) => Promise<void>): TappedModel & { readonly most: () => number } {
  let [started, open, most] = [0, 0, 0];
  const model = {
    card: { hiddenSize: WIDTH, layers: new Array(LAYERS).fill({}), oneRowAtATime: false },
    parallel,
    tokensPerBatch: async () => 32,
    most: () => most,
    async run({ ids, weights }: Batch) {
      most = Math.max(most, ++open);
      await wait(started++);
      open--;
      const out = new Float32Array(LAYERS * ids.length * WIDTH);
      for (let layer = 0; layer < LAYERS; layer++)
        ids.forEach((row, b) => {
          for (let j = 0; j < WIDTH; j++)
            out[(layer * ids.length + b) * WIDTH + j] = row.reduce((sum, id, t) => sum + weights[b]![0]![t]! * Math.sin(id * (j + 1) + layer), 0);
        });
      return out;
    },
  };
  return model as unknown as TappedModel & { readonly most: () => number };
}

/** All states as bytes, and how many batches went through the model. */
async function extract(parallel: number, wait: (n: number) => Promise<void>, keeper?: Keeper) {
  const model = fakeModel(parallel, wait);
  const store = await createActivations(LAYERS, ROWS, WIDTH);
  const batches: number[] = [];
  await extractStates({
    model,
    count: ROWS,
    poolings: ["mean"],
    required: "mean",
    seed: 3,
    // Several chunks of several batches.
    chunkRows: 25,
    ...(keeper ? { keeper } : {}),
    foreignId: () => new Error("unexpected"),
    encode: async (rows) => rows.map((row) => ({ ids: idsOf(row), truncated: false })),
    sink: (_, layer, rows, values) => store.put(layer, rows, values),
    onBatch: (rows) => void batches.push(rows.length),
  });
  const bytes = Array.from({ length: LAYERS }, (_, layer) => Buffer.from(store.get(layer).buffer).toString("base64")).join(" ");
  store.close();
  return { bytes, rows: batches.reduce((sum, n) => sum + n, 0), most: model.most() };
}

/** Some end at once, some after those that began later. */
const anyOrder = (seed: number) => (n: number) => new Promise<void>((done) => setTimeout(done, ((n * 7 + seed * 3) % 5) * 3));
const atOnce = async () => {};

/** A run's log and store in a folder of their own. */
function keeping(folder: string) {
  const log = readLog(folder, DISK);
  const former = new Map<number, Former>();
  for (const entry of log.entries as readonly { kind: string; chunk: number; batch?: number; sum?: string; rows?: readonly number[] }[]) {
    const one = former.get(entry.chunk) ?? { batches: new Map<number, string>() };
    former.set(entry.chunk, one);
    if (entry.kind === "stored") one.stored = { rows: entry.rows!, sum: entry.sum! };
    else if (entry.kind === "batch") one.batches.set(entry.batch!, entry.sum!);
    else if (entry.kind === "chunk") one.sum = entry.sum!;
  }
  const store = new StateStore(join(folder, "states"));
  const space = store.space({ shape: { layers: LAYERS, width: WIDTH }, of: {}, label: { model: "fake", reading: "mean" } });
  const journal = new Journal(DISK, folder, log.bytes);
  let restored = 0;
  const parts: Keeping = {
    spaces: [space],
    former,
    keyOf: (row, _, occurrence) => store.key(String(row), String(occurrence)),
    append: (keys, [values], tokens, truncated) => space.append(keys, values!, tokens, truncated).sums,
    note: (entry) => journal.add(entry),
    restored: (rows) => {
      restored += rows;
    },
    lost: () => {
      throw new Error("nothing was lost");
    },
  };
  return {
    keeper: new Keeper(parts, "plain", ROWS, true, 32, () => {}),
    restored: () => restored,
    close: () => {
      journal.close();
      store.close();
    },
  };
}

describe("batches under way at once", () => {
  it("give the same bytes in whatever order they end", async () => {
    const inOrder = await extract(1, atOnce);
    expect(inOrder.most).toBe(1);
    for (const seed of [0, 1, 2]) {
      const mixed = await extract(4, anyOrder(seed));
      expect(mixed.most).toBe(4);
      expect(mixed.rows).toBe(ROWS);
      expect(mixed.bytes).toBe(inOrder.bytes);
    }
  });

  it("are gone on with after an interruption in the middle, to the same bytes", async () => {
    const inOrder = await extract(1, atOnce);
    const folder = mkdtempSync(join(root, "run-"));
    const first = keeping(folder);
    const died = extract(
      4,
      async (n) => {
        await anyOrder(1)(n);
        if (n === 9) throw new Error("the power went");
      },
      first.keeper,
    );
    await expect(died).rejects.toThrow("the power went");
    first.close();
    expect(readFileSync(join(folder, "log.jsonl"), "utf8").split('"batch"').length - 1).toBeGreaterThan(3);
    const second = keeping(folder);
    const resumed = await extract(4, anyOrder(2), second.keeper);
    second.close();
    expect(second.restored()).toBeGreaterThan(0);
    expect(second.restored()).toBeLessThan(ROWS);
    expect(resumed.bytes).toBe(inOrder.bytes);
  });
});
