import { openModel } from "../../src/engine/model/index.js";
import { benchModels } from "./models.js";
import { madeBatch, openPlain } from "./plain.js";
import { measureProfileLayer } from "./profile-layer.js";
import { alternate, type Measure, measure, option, report } from "./table.mjs";

/*
 * One prompt of 32 tokens, as it is scored while the user types: the graph cut behind a quarter, a half, three quarters and all
 * of its layers, against a plain run of the same file; and the whole way of a prompt to its score at a profile's layer (text to tokens,
 * windows, probe, nearest rows), which may cost at most that layer's share of a tapped run of all layers and 0.15 more.
 *   npm run bench -- prompt [[NAME=]MODEL…] [--threads N] [--rounds N] [--tokens N] [--out F.json]
 */
const DEPTHS = [
  ["quarter-depth", 0.25],
  ["half-depth", 0.5],
  ["three-quarters-depth", 0.75],
  ["full-depth", 1],
] as const;

async function main(args: string[]): Promise<void> {
  const threads = option(args, "--threads", 2);
  const rounds = option(args, "--rounds", 21);
  const tokens = option(args, "--tokens", 32);
  for (const { id, path } of await benchModels(args, ["embedded-int8", "smollm2-q4", "smollm2-fp32"])) {
    const plain = await openPlain(path, threads);
    const measures: Measure[] = [];
    for (const [name, part] of DEPTHS) {
      const model = await openModel(path, { provider: "cpu", threads, ...(part < 1 ? { upTo: Math.round(plain.layers * part) } : {}) });
      const { ids, weights } = madeBatch(1, tokens, model.vocabularySize ?? 260);
      // A prompt is scored with one pooling.
      const batch = { ids, weights: [weights[0]!.slice(0, 1)] };
      const times = await alternate(
        [
          ["plain", () => plain.run(ids)],
          ["tapped", () => model.run(batch)],
        ],
        rounds,
      );
      measures.push(measure(`prompt/${id}/${name}`, times.get("tapped")!, "plain run with its outputs", times.get("plain")!));
      await model.close();
    }
    await plain.close();
    const scored = await measureProfileLayer({ id, path }, threads, rounds, tokens);
    if (scored) measures.push(scored);
    report(measures, `${id}: 1 x ${tokens} tokens, ${plain.layers} blocks, ${threads} threads, ${rounds} rounds`);
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
