import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Engine } from "../../src/engine/engine.js";
import { openModel, type TappedModel } from "../../src/engine/model/index.js";
import { openRemote } from "../../src/engine/remote/model.js";
import { exportModel } from "../../src/engine/serving/export.js";
import type { AuditPlan, AuditResult } from "../../src/protocol/index.js";
import { writeTinyDecoder } from "../fixtures/models.js";
import { type RunningPeer, startPeer } from "./peers.js";
import { peerPython, whyNoPeers } from "./venv.mjs";

/** A clean checkout downloads some 200 MB; `npm test` begins with that while it builds. */
const INSTALL_MS = 400_000;
const missing = whyNoPeers();
if (missing) console.warn(`Real serving peers are skipped: ${missing}.`);

/** Every number of a result that states decide, by its path. */
function numbers(value: unknown, path = ""): Map<string, number> {
  const found = new Map<string, number>();
  const walk = (one: unknown, at: string) => {
    if (typeof one === "number") found.set(at, one);
    else if (one && typeof one === "object") for (const [key, inner] of Object.entries(one)) walk(inner, `${at}/${key}`);
  };
  walk(value, path);
  return found;
}

describe.skipIf(missing)("real servers", () => {
  const root = mkdtempSync(join(tmpdir(), "layerscope-peers-"));
  const model = join(root, "model");
  const dataset = join(root, "rows.jsonl");
  const peers: RunningPeer[] = [];
  let folder: string;
  let without: string | undefined;
  let here: AuditResult;

  const audit = async (endpoints?: readonly string[]): Promise<AuditResult> => {
    const engine = new Engine();
    const plan: AuditPlan = {
      data: { path: dataset, options: {} },
      model,
      maxTokens: 64,
      seed: 0,
      provider: "cpu",
      threads: 1,
      ...(endpoints && { endpoints }),
    };
    try {
      return (await engine.audit(plan)).result;
    } finally {
      await engine.close();
    }
  };

  beforeAll(async () => {
    writeTinyDecoder(model, { width: 32, blocks: 4 });
    // Words in an order that tells the classes apart only in part, so that no number is at its limit.
    const words = ["red", "blue", "door", "tree", "stone", "river", "cloud", "lamp"];
    const rows = Array.from({ length: 80 }, (_, i) => {
      const label = i % 2;
      const text = Array.from({ length: 3 + (i % 6) }, (__, t) => words[(i * 7 + t * (3 + label) + (i % 5)) % words.length]).join(label && i % 3 ? "_" : " ");
      return { text, label: label ? "unsafe" : "safe" };
    });
    writeFileSync(dataset, rows.map((row) => JSON.stringify(row)).join("\n"));
    folder = (await exportModel({ model, taps: ["residual"], layout: "triton", out: join(root, "repository"), name: "tapped" })).folder;
    // Without a network there is nothing to install from: counted as skipped, with the reason.
    await Promise.all([peerPython("kserve", INSTALL_MS), peerPython("mlserver", INSTALL_MS)]).catch((error: Error) => {
      without = `the peers cannot be installed: ${error.message}`;
    });
    if (without) {
      console.warn(`Real serving peers are skipped: ${without}`);
      return;
    }
    // Settled, so that none is left running when another fails.
    const started = await Promise.allSettled((["kserve", "mlserver"] as const).map(async (peer) => peers.push(await startPeer(peer, folder))));
    for (const one of started) if (one.status === "rejected") throw one.reason;
    here = await audit();
  }, INSTALL_MS + 180_000);
  beforeEach((context) => {
    if (without) context.skip(without);
  });
  afterAll(async () => {
    for (const peer of peers) await peer.stop();
    rmSync(root, { recursive: true, force: true });
  });

  it.each(["kserve", "mlserver"] as const)("an audit through %s equals the one of this machine to 1e-5", async (name) => {
    const { url } = peers.find(({ peer }) => peer === name)!;
    const there = await audit([url]);
    expect(there.model).toMatchObject({ provider: "remote", sha256: here.model.sha256 });
    expect(there.model.hosts).toEqual([new URL(url).host]);
    const [a, b] = [here, there].map(({ layers, aqi, probe }) => numbers({ layers, aqi, probe }));
    expect(b!.size).toBe(a!.size);
    expect(a!.size).toBeGreaterThan(20);
    for (const [path, value] of a!) expect(Math.abs(b!.get(path)! - value) / Math.max(1, Math.abs(value)), path).toBeLessThan(1e-5);
  });

  it("the states of both, and of bytes from KServe, are those of this machine to 1e-5", async () => {
    const local = await openModel(model, { provider: "cpu", threads: 1 });
    const batch = {
      ids: [
        [72, 101, 108],
        [5, 6, 7, 8, 9, 10],
      ],
      weights: [[Float32Array.of(1 / 3, 1 / 3, 1 / 3)], [Float32Array.of(0, 0, 0, 0, 0, 1)]],
    };
    const wanted = await local.run(batch);
    const urls = peers.flatMap(({ peer, url }) => (peer === "kserve" ? [url, `${url}-bytes`] : [url]));
    for (const url of urls) {
      const remote: TappedModel = await openRemote(model, { endpoints: [url] });
      const found = await remote.run(batch);
      found.forEach((value, i) => {
        expect(Math.abs(value - wanted[i]!)).toBeLessThan(1e-5 * Math.max(1, Math.abs(wanted[i]!)));
      });
      expect(remote.card.notices.filter(({ code }) => code.startsWith("remote/"))).toEqual([]);
      await remote.close();
    }
    await local.close();
  });

  it("a server killed in the middle of an audit: the other finishes it, with the same numbers", async () => {
    const dying = peers.find(({ peer }) => peer === "kserve")!;
    const steady = peers.find(({ peer }) => peer === "mlserver")!;
    const remote = await openRemote(model, { endpoints: [dying.url, steady.url] });
    const local = await openModel(model, { provider: "cpu", threads: 1 });
    const batches = Array.from({ length: 60 }, (_, i) => ({ ids: [[1 + (i % 250), 2, 3, 4]], weights: [[Float32Array.of(0.25, 0.25, 0.25, 0.25)]] }));
    let done = 0;
    const found = await Promise.all(
      batches.map(async (batch) => {
        const states = await remote.run(batch);
        if (++done === 15) dying.kill();
        return states;
      }),
    );
    expect(dying.child.exitCode ?? dying.child.signalCode).not.toBeNull();
    for (const [i, batch] of batches.entries()) {
      const wanted = await local.run(batch);
      found[i]!.forEach((value, j) => {
        expect(Math.abs(value - wanted[j]!)).toBeLessThan(1e-5 * Math.max(1, Math.abs(wanted[j]!)));
      });
    }
    expect(remote.card.notices.some(({ code, message }) => code === "remote/server" && message.startsWith(new URL(dying.url).host))).toBe(true);
    await remote.close();
    await local.close();
  });
});
