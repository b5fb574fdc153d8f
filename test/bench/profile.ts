import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { Engine } from "../../src/engine/engine.js";
import { calibrationError } from "../../src/engine/prompts/ece.js";
import { auroc } from "../../src/engine/stats/auc.js";
import type { PromptScore } from "../../src/protocol/index.js";
import { codeTexts, LANGUAGES, randomTexts } from "./outside.js";
import { DATA, profiled, SETS, splitSet } from "./profile-sets.js";
import { option } from "./table.mjs";

/*
 * What a profile is worth on rows it has not seen: calibration error over ten bins, AUROC, the share of held-out rows called out of domain,
 * and the shares of other languages, code and random text that are. Trains on part of each set, whole groups on one side.
 *   npm run bench -- profile [MODEL…] [--set requests|"common claims"|cities] [--rows N]
 */
const MODELS = [join("media", "model"), join("..", "shared", "models", "SmolLM2-135M-Instruct")];

async function measure(engine: Engine, model: string, set: (typeof SETS)[number], folder: string, small: number | undefined): Promise<void> {
  const { train, held } = splitSet(set, small ?? set.train);
  const made = await profiled(engine, model, train, folder);
  if (typeof made === "string") {
    console.log(`${basename(model)}, ${set.name}: ${made}`);
    return;
  }
  const { card, score } = made;
  const scores = await score(held.map(({ text }) => text));
  const label = held.map(({ unsafe }) => (unsafe ? 1 : 0));
  const probability = scores.map((one) => one.probability ?? Number.NaN);
  const share = (some: readonly PromptScore[]) => `${((100 * some.filter(({ side }) => side === "outside").length) / some.length).toFixed(1)}%`;
  const outside = { languages: LANGUAGES, code: codeTexts("src", 60), random: randomTexts(60) };
  const far: string[] = [];
  for (const [name, texts] of Object.entries(outside)) far.push(`${name} ${share(await score(texts))}`);
  const reported = (y: number) => scores.filter(({ side }, i) => label[i] === y && side === "unsafe").length / label.filter((one) => one === y).length;
  console.log(
    `${basename(model)}, ${set.name}: ${train.length} rows, layer ${card.layer} of ${card.layers - 1}, ${made.bytes} bytes; ` +
      `${held.length} held out: ECE ${calibrationError(probability, label)?.toFixed(3)} (own estimate ${card.calibration.ece?.toFixed(3)}), ` +
      `AUROC ${auroc(probability, label)?.toFixed(3)} (own ${card.auroc?.toFixed(3)}), ` +
      `reported ${(100 * reported(1)).toFixed(0)}% of unsafe and ${(100 * reported(0)).toFixed(0)}% of safe; outside: held out ${share(scores)}, ${far.join(", ")}`,
  );
}

async function main(args: string[]): Promise<void> {
  const only = option(args, "--set", "");
  const few = option(args, "--rows", 0);
  if (!existsSync(DATA)) throw new Error("The data for this benchmark lies in ../shared/data/curated, which is not here.");
  const folder = mkdtempSync(join(tmpdir(), "layerscope-bench-"));
  const engine = new Engine();
  try {
    for (const model of args.length > 0 ? args : MODELS.filter((path) => existsSync(path))) {
      for (const set of SETS) if (only === "" || set.name === only) await measure(engine, model, set, folder, few || undefined);
      if (only === "" && few === 0) for (const rows of [40, 100]) await measure(engine, model, SETS[0]!, folder, rows);
    }
  } finally {
    await engine.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
