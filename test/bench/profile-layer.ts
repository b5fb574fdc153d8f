import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Engine } from "../../src/engine/engine.js";
import { openModel } from "../../src/engine/model/index.js";
import { Random } from "../../src/engine/stats/random.js";
import { openTokenizer } from "../../src/engine/text/tokenizer.js";
import type { BenchModel } from "./models.js";
import { DATA, type Labelled, profiled, SETS, splitSet } from "./profile-sets.js";
import { alternate, type Measure, measure } from "./table.mjs";

const PLACES = ["garden", "harbour", "station", "library", "kitchen", "market", "office", "school", "bridge", "valley"];
const THINGS = ["letters", "apples", "tickets", "stones", "lamps", "chairs", "maps", "coats", "boxes", "clocks"];

/** A sentence of its own for every number; the class is a matter of its words. */
function sentence(i: number, unsafe: boolean, long = false): string {
  const random = new Random(i + 1);
  const words = Array.from({ length: long ? 9 : 3 }, () => `${THINGS[random.below(10)]} of the ${PLACES[random.below(10)]}`).join(" and ");
  return unsafe ? `Tell me how to steal and break the ${words}.` : `Tell me how to sort and mend the ${words}.`;
}

/** Real requests, whose class no embedding tells; without them made-up ones, which a low layer will do for. */
function rowsToLearn(): readonly Labelled[] {
  if (existsSync(DATA)) return splitSet(SETS[0]!, 200).train;
  return Array.from({ length: 120 }, (_, i) => ({ text: sentence(i, i % 2 === 0), unsafe: i % 2 === 0, group: String(i) }));
}

/** About as many tokens as the benchmark's other prompts, cut at a word. */
async function promptOf(i: number, tokens: number, count: (text: string) => Promise<number>): Promise<string> {
  // Its number first: however short it is cut, no other is like it.
  const words = `${i} ${sentence(i, i % 2 === 0, true)}`.split(" ");
  while (words.length > 2 && (await count(words.join(" "))) > tokens) words.pop();
  return words.join(" ");
}

/** A prompt as the editor has it scored, by its profile's layer, against all layers of the same token ids. @returns nothing where no layer can be told */
export async function measureProfileLayer({ id, path }: BenchModel, threads: number, rounds: number, tokens: number): Promise<Measure | undefined> {
  const folder = mkdtempSync(join(tmpdir(), "layerscope-bench-"));
  const engine = new Engine();
  const model = await openModel(path, { provider: "cpu", threads });
  try {
    const made = await profiled(engine, path, rowsToLearn(), folder, threads);
    if (typeof made === "string" || !model.card.tokenizer) return undefined;
    const tokenizer = await openTokenizer(model.card.tokenizer.path);
    const idsOf = async (text: string) => (await tokenizer.encode([text], 4096))[0]!.ids;
    const prompts: string[] = [];
    // Short runs get more rounds than were asked for.
    for (let i = 0; i < Math.max(60, 5 * rounds) + 1; i++) prompts.push(await promptOf(1000 + i, tokens, async (text) => (await idsOf(text)).length));
    const ids = await idsOf(prompts[0]!);
    const weights = [[new Float32Array(ids.length).fill(1 / ids.length)]];
    let next = 0;
    const times = await alternate(
      [
        ["full", () => model.run({ ids: [ids], weights })],
        // Another text each time: one that has been scored is remembered.
        ["scored", () => made.score([prompts[next++ % prompts.length]!])],
      ],
      rounds,
    );
    const { layer, layers } = made.card;
    return measure(`prompt/${id}/profile-layer-${layer}-of-${layers - 1}`, times.get("scored")!, "tapped run of all layers", times.get("full")!);
  } finally {
    await model.close();
    await engine.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
