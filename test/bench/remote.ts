import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Batch, openModel, type TappedModel } from "../../src/engine/model/index.js";
import { openRemote } from "../../src/engine/remote/model.js";
import { exportModel } from "../../src/engine/serving/export.js";
import { type RunningPeer, startPeer } from "../peers/peers.js";
import { whyNoPeers } from "../peers/venv.mjs";
import { benchModels } from "./models.js";
import { alternate, type Measure, measure, option, report } from "./table.mjs";

/*
 * The same batches through two KServe servers of one thread each, through one of them, and on this machine with one thread.
 *   npm run bench -- remote [[NAME=]MODEL…] [--rounds N] [--batches N] [--out F.json]
 */
async function main(): Promise<void> {
  const args = process.argv.slice(2);
  const rounds = option(args, "--rounds", 3);
  const count = option(args, "--batches", 24);
  const missing = whyNoPeers();
  const work = mkdtempSync(join(tmpdir(), "layerscope-bench-"));
  const measures: Measure[] = [];
  try {
    for (const { id, path } of await benchModels(args, ["embedded-int8"])) {
      // Rows of 16 to 64 tokens, eight in a batch, pooled two ways.
      const batches = Array.from({ length: count }, (_, i): Batch => {
        const ids = Array.from({ length: 8 }, (__, b) => Array.from({ length: 16 + ((i * 7 + b) % 49) }, (___, t) => 3 + ((i + 5 * b + t) % 200)));
        return { ids, weights: ids.map((row) => [new Float32Array(row.length).fill(1 / row.length), Float32Array.from(row, (_w, t) => (t === 0 ? 1 : 0))]) };
      });
      const peers: RunningPeer[] = [];
      const models: TappedModel[] = [];
      try {
        const local = await openModel(path, { provider: "cpu", threads: 1 });
        models.push(local);
        const here = async () => {
          for (const batch of batches) await local.run(batch);
        };
        if (missing) {
          console.log(`No servers: ${missing}.`);
          measures.push(measure(`remote/${id}/local-1-thread`, (await alternate([["here", here]], rounds)).get("here") ?? []));
          continue;
        }
        const { folder } = await exportModel({ model: path, taps: ["residual"], layout: "triton", out: join(work, id) });
        for (let i = 0; i < 2; i++) peers.push(await startPeer("kserve", folder));
        const open = async (servers: readonly RunningPeer[]) => {
          const remote = await openRemote(path, { endpoints: servers.map(({ url }) => `${url}-bytes`) });
          models.push(remote);
          return remote;
        };
        const [one, two] = [await open(peers.slice(0, 1)), await open(peers)];
        const through = (remote: TappedModel) => () => Promise.all(batches.map((batch) => remote.run(batch)));
        const times = await alternate(
          [
            ["two", through(two)],
            ["one", through(one)],
            ["here", here],
          ],
          rounds,
        );
        const of = (name: string) => times.get(name) ?? [];
        measures.push(
          measure(`remote/${id}/two-servers`, of("two"), "one server of one thread", of("one")),
          measure(`remote/${id}/one-server`, of("one"), "this machine, one thread", of("here")),
        );
      } finally {
        for (const model of models) await model.close();
        for (const peer of peers) await peer.stop();
      }
    }
    report(measures, `${count} batches of 8 rows, 16 to 64 tokens; KServe 0.21.0, one thread a server, tensors as bytes.`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

void main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
