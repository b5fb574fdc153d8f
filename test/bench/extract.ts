import { openModel } from "../../src/engine/model/index.js";
import { benchModels } from "./models.js";
import { madeBatch, openPlain } from "./plain.js";
import { alternate, type Measure, measure, option, report } from "./table.mjs";

/*
 * What inspecting costs: all layers pooled in the graph, then every further tap of the blocks, then early exits, each against a
 * plain run of the same file with its logits; runs alternate in one process, so a busy machine slows all alike. Ratios are the
 * medians of the pairs. Last, rows with a prefix in common, beside rows without.
 *   npm run bench -- extract [[NAME=]MODEL…] [--threads N] [--rounds N] [--parts all,inside,cuts,prefix] [--out F.json]
 */
const PLAIN = "plain run with its outputs";
const INSIDE = ["blocks.*.attn_out", "blocks.*.mlp_out", "blocks.*.mlp_act", "blocks.*.attn_head"];
const CUTS = [
  ["quarter", 0.25],
  ["half", 0.5],
  ["three-quarters", 0.75],
] as const;

/** 8 rows of 64 tokens that begin with the same 40 (a system prompt), beside rows that share nothing. */
async function sharedPrefix(id: string, path: string, threads: number, rounds: number): Promise<Measure[]> {
  const model = await openModel(path, { provider: "cpu", threads });
  const most = model.vocabularySize ?? 260;
  const [shared, apart] = [madeBatch(8, 64, most, 40), madeBatch(8, 64, most)];
  const times = await alternate(
    [
      ["shared", () => model.run(shared)],
      ["apart", () => model.run(apart)],
    ],
    rounds,
  );
  await model.close();
  return [measure(`extract/${id}/shared-prefix`, times.get("shared")!, "rows of 64 tokens that share nothing", times.get("apart")!)];
}

async function main(args: string[]): Promise<void> {
  const threads = option(args, "--threads", 2);
  const rounds = option(args, "--rounds", 9);
  const parts = option(args, "--parts", "all,inside,cuts,prefix").split(",");
  for (const { id, path } of await benchModels(args, ["embedded-int8", "minilm-int8", "smollm2-q4", "smollm2-fp32"])) {
    const plain = await openPlain(path, threads);
    console.log(`\n${id}: ${plain.nodes} nodes understood in ${plain.understood.toFixed(0)} ms, ${plain.layers} blocks, ${threads} threads, ${rounds} rounds`);
    const measures: Measure[] = [];
    const against = async (more: object, sizes: readonly (readonly [string, number, number])[], taps: boolean) => {
      const model = await openModel(path, { provider: "cpu", threads, ...more });
      for (const [name, rows, length] of sizes) {
        const batch = madeBatch(rows, length, model.vocabularySize ?? 260);
        const alone = plain.dynamic && rows > 1;
        const times = await alternate(
          [
            ["plain", () => plain.run(batch.ids)],
            ["tapped", () => (taps ? model.runTaps(batch) : model.run(batch))],
            ...(alone
              ? [["rows", () => batch.ids.reduce<Promise<unknown>>((last, row) => last.then(() => plain.run([row])), Promise.resolve())] as const]
              : []),
          ],
          rounds,
        );
        measures.push(measure(`extract/${id}/${name}`, times.get("tapped")!, PLAIN, times.get("plain")!));
        if (alone) measures.push(measure(`extract/${id}/${name}/row-by-row`, times.get("tapped")!, `${PLAIN}, rows one by one`, times.get("rows")!));
      }
      await model.close();
    };
    const large = ["8x64", 8, 64] as const;
    const small = ["1x32", 1, 32] as const;
    if (parts.includes("all")) await against({}, [large, small], false);
    if (parts.includes("inside")) {
      const taps = /moe|mamba/.test(path) ? INSIDE.slice(0, 2) : INSIDE;
      await against({ taps }, [["8x64/inside", 8, 64] as const, ["1x32/inside", 1, 32] as const], true);
    }
    if (parts.includes("cuts"))
      for (const [name, part] of CUTS) await against({ upTo: Math.round(plain.layers * part) }, [[`8x64/${name}`, 8, 64] as const], false);
    await plain.close();
    if (parts.includes("prefix")) measures.push(...(await sharedPrefix(id, path, threads, rounds)));
    report(measures);
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
