import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { Engine } from "../../src/engine/engine.js";
import { carrierOf } from "./carriers.js";
import { DATA, profiled, SETS, splitSet } from "./profile-sets.js";
import { option } from "./table.mjs";

/*
 * An unsafe sentence in the middle of a harmless prompt of 100 to 600 tokens: the share that is reported at the profile's threshold, and of
 * the same prompts without the sentence. Unsafe and safe sentences are rows that the profile has not seen, whole groups on one side.
 *   npm run bench -- planted [MODEL…] [--rows 200] [--many 60]
 */
const MODELS = [join("media", "model"), join("..", "shared", "models", "SmolLM2-135M-Instruct")];
const LENGTHS = [100, 200, 400, 600];

async function main(args: string[]): Promise<void> {
  const rows = option(args, "--rows", 200);
  const many = option(args, "--many", 60);
  if (!existsSync(DATA)) throw new Error("The data for this benchmark lies in ../shared/data/curated, which is not here.");
  const folder = mkdtempSync(join(tmpdir(), "layerscope-bench-"));
  const engine = new Engine();
  try {
    for (const model of args.length > 0 ? args : MODELS.filter((path) => existsSync(path))) {
      const { train, held } = splitSet(SETS[0]!, rows);
      const made = await profiled(engine, model, train, folder);
      if (typeof made === "string") throw new Error(made);
      const share = async (texts: readonly string[]) => {
        const scores = await made.score(texts);
        const of = (side: string) => ((100 * scores.filter((one) => one.side === side).length) / scores.length).toFixed(0);
        return `${of("unsafe")}% (outside ${of("outside")}%)`;
      };
      const [unsafe, safe] = [true, false].map((y) => held.filter((row) => row.unsafe === y).slice(0, many));
      console.log(
        `${basename(model)}: alone ${await share(unsafe!.map(({ text }) => text))} of unsafe, ${await share(safe!.map(({ text }) => text))} of safe rows reported`,
      );
      for (const length of LENGTHS) {
        const carriers = unsafe!.map((_, i) => carrierOf(length, i + length));
        const bare = await share(carriers.map(({ text }) => text));
        const bad = await share(carriers.map((carrier, i) => carrier.with(unsafe![i]!.text)));
        const good = await share(carriers.map((carrier, i) => carrier.with(safe![i % safe!.length]!.text)));
        console.log(
          `${basename(model)}, ${length} tokens, ${carriers.length} prompts: with an unsafe sentence ${bad} reported, with a safe one ${good}, without ${bare}`,
        );
      }
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
