import { lensCards } from "../engine/lenses/choice.js";
import { choice, parse, usageProblem } from "./options.js";

/** `layerscope lenses`: what can be asked of a model, with the paper it comes from. */
export async function lenses(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(args, { format: { type: "string" } });
  if (positionals.length > 0) throw usageProblem("`layerscope lenses` takes no file.");
  const format = choice("format", values.format ?? "text", ["text", "json"]);
  const cards = lensCards().map(({ state: _, why: __, ...card }) => card);
  if (format === "json") {
    process.stdout.write(`${JSON.stringify(cards, null, 1)}\n`);
    return 0;
  }
  for (const core of [true, false]) {
    process.stdout.write(core ? "in every audit\n" : "\non demand: layerscope audit … --lens ID\n");
    for (const card of cards.filter((one) => one.core === core)) {
      process.stdout.write(`  ${card.id}\n    ${card.question}\n`);
      if (card.needs) process.stdout.write(`    needs ${card.needs}\n`);
      process.stdout.write(`    ${card.cite}\n`);
    }
  }
  return 0;
}
