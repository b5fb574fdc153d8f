import { join, resolve } from "node:path";
import { Engine } from "../engine/engine.js";
import { writeAtomically } from "../engine/store/files.js";
import { compareText } from "./compareText.js";
import { choice, parse, usageProblem } from "./options.js";
import { checkOutput } from "./output.js";

/** `compare RUN RUN [RUN…]`: the first is the base. */
export async function compare(args: readonly string[], signal: AbortSignal): Promise<number> {
  const { values, positionals } = parse(args, { format: { type: "string" }, out: { type: "string" }, "with-text": { type: "boolean" } });
  const format = choice("format", values.format ?? "text", ["text", "json", "html"]);
  if (values["with-text"] && format !== "html") throw usageProblem("--with-text goes with --format html.");
  if (positionals.length < 2)
    throw usageProblem(
      `Two runs or more are compared, not ${positionals.length}.`,
      "`layerscope audit FILE --model DIR --run FOLDER` leaves a run in a folder; name two such folders.",
    );
  const folders = positionals.map((folder) => resolve(folder));
  const inputs = folders.flatMap((folder) => ["view.json", "result.json", "plan.json"].map((name) => join(folder, name)));
  const out = values.out === undefined ? undefined : await checkOutput(values.out, inputs);
  const engine = new Engine();
  const view = await engine.compareRuns(folders, undefined, signal);
  const content =
    format === "json"
      ? `${JSON.stringify(view.result, null, 1)}\n`
      : format === "html"
        ? await engine.compareReport(view, values["with-text"] === true)
        : compareText(view.result, { colour: process.stdout.isTTY && !out && !process.env.NO_COLOR });
  if (out) await writeAtomically(out, content, 0o666);
  else process.stdout.write(content);
  return 0;
}
