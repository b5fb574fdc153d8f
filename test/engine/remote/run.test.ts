import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Engine } from "../../../src/engine/engine.js";
import { holdToken } from "../../../src/engine/remote/token.js";
import { exportModel } from "../../../src/engine/serving/export.js";
import { type AuditPlan, type AuditResult, problemOf } from "../../../src/protocol/index.js";
import { writeTinyDecoder } from "../../fixtures/models.js";
import { scratch } from "../model/scratch.js";
import { type FakeOptions, FakeServer } from "./fake-server.js";

const root = scratch();
const model = join(root, "model");
const dataset = join(root, "rows.jsonl");
const CANARY = "zebra-canary";
let served: string;
let here: AuditResult;
const servers: FakeServer[] = [];
const start = async (more: Partial<FakeOptions> = {}) => {
  const server = await FakeServer.start({ folder: served, ...more });
  servers.push(server);
  return server;
};

async function audit(more: Partial<AuditPlan>): Promise<AuditResult> {
  const engine = new Engine();
  try {
    return (await engine.audit({ data: { path: dataset, options: {} }, model, maxTokens: 48, seed: 0, provider: "cpu", threads: 1, ...more })).result;
  } finally {
    await engine.close();
  }
}

/** Every number that states decide. */
const numbers = ({ layers, aqi, probe }: AuditResult): number[] => {
  const found: number[] = [];
  JSON.stringify({ layers, aqi, probe }, (_, value: unknown) => {
    if (typeof value === "number") found.push(value);
    return value;
  });
  return found;
};
const same = (found: AuditResult) => {
  const [a, b] = [numbers(here), numbers(found)];
  expect(b.length).toBe(a.length);
  expect(a.length).toBeGreaterThan(20);
  for (const [i, value] of a.entries()) expect(Math.abs(b[i]! - value)).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(value)));
};

beforeAll(async () => {
  process.env.LAYERSCOPE_ENGINE_PATIENCE = "0.5";
  writeTinyDecoder(model, { blocks: 2 });
  const words = ["red", "blue", "door", "tree", "stone", "river", "cloud", CANARY];
  const rows = Array.from({ length: 64 }, (_, i) => {
    const label = i % 2;
    const text = Array.from({ length: 2 + (i % 5) }, (__, t) => words[(i * 7 + t * (3 + label) + (i % 5)) % words.length]).join(label && i % 3 ? "_" : " ");
    return { text, label: label ? "unsafe" : "safe" };
  });
  writeFileSync(dataset, rows.map((row) => JSON.stringify(row)).join("\n"));
  served = (await exportModel({ model, taps: ["residual"], layout: "triton", out: join(root, "repository"), name: "tiny" })).folder;
  here = await audit({});
});
afterEach(async () => {
  holdToken(undefined);
  for (const server of servers.splice(0)) await server.stop();
});
afterAll(() => {
  delete process.env.LAYERSCOPE_ENGINE_PATIENCE;
});

describe("an audit on servers", () => {
  it("has the numbers of this machine, names its hosts, and keeps token and texts out of everything it writes", async () => {
    const two = [await start(), await start({ answersJson: true })];
    holdToken("canary-token-123");
    const folder = join(root, "run");
    const result = await audit({ endpoints: two.map(({ url }) => url), runFolder: folder });
    same(result);
    expect(result.model).toMatchObject({ provider: "remote", hosts: two.map(({ host }) => host) });
    for (const { inferences } of two) expect(inferences).toBeGreaterThan(1);
    const sent = two.flatMap(({ seen }) => seen.map(({ headers }) => JSON.stringify(headers))).join();
    expect(sent).toContain("Bearer canary-token-123");
    for (const name of readdirSync(folder, { recursive: true, withFileTypes: true }))
      if (name.isFile()) {
        const text = readFileSync(join(name.parentPath, name.name), "latin1");
        expect(text).not.toContain("canary-token");
        expect(text).not.toContain(CANARY);
      }
  });

  it("on a server that proves nothing leaves the store alone, and says so", async () => {
    const store = join(root, "store-unproven");
    const other = join(root, "other");
    writeTinyDecoder(other, { blocks: 2, seed: 2 });
    const { folder } = await exportModel({ model: other, taps: ["residual"], layout: "triton", out: join(root, "repository"), name: "else" });
    const unnamed = await start({
      folder,
      metadata: (own) => ({ ...own, outputs: (own.outputs as { name: string }[]).filter(({ name }) => name !== "layerscope_model") }),
    });
    const wrong = await audit({ endpoints: [unnamed.url], storeFolder: store });
    expect(wrong.notices.map(({ code }) => code)).toContain("store/unproven");
    expect(numbers(wrong)).not.toEqual(numbers(here));
    const named = await start();
    same(await audit({ endpoints: [named.url], storeFolder: store }));
    // Nor are stored ones taken for its own.
    const before = unnamed.inferences;
    await audit({ endpoints: [unnamed.url], storeFolder: store });
    expect(unnamed.inferences).toBeGreaterThan(before + 3);
  });

  it("computes again what was no number the last time", async () => {
    const store = join(root, "store-nan");
    // Not the trials, which are of two rows; of a batch the first row.
    const twist: NonNullable<FakeOptions["twist"]> = (_, [layers]) => {
      const [rows] = layers!.shape;
      if (layers!.name === "layers" && rows! > 2) layers!.data.fill(Number.NaN, 0, layers!.data.length / rows!);
    };
    const ill = await start({ twist });
    const withheld = await audit({ endpoints: [ill.url], storeFolder: store });
    expect(numbers(withheld)).not.toEqual(numbers(here));
    const well = await start();
    same(await audit({ endpoints: [well.url], storeFolder: store }));
  });

  it("whose only server dies ends resumable, and goes on on another with the same numbers", async () => {
    // So slow that the smallest batches are measured to be the best, whatever the machine does: there are more than seven.
    const dying: FakeServer = await start({
      fault: async (n) => {
        await new Promise((go) => setTimeout(go, 70));
        if (n >= 7) dying.kill();
        return n >= 7;
      },
    });
    const folder = join(root, "cut");
    const problem = await audit({ endpoints: [dying.url], runFolder: folder, maxTokens: 48 }).then(() => undefined, problemOf);
    expect(problem).toMatchObject({ code: "remote/lost" });
    expect(JSON.stringify(problem)).not.toContain(CANARY);
    const steady = await start();
    same(await audit({ endpoints: [steady.url], runFolder: folder, resume: true }));
  });
});
