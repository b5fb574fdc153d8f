import { resolve } from "node:path";
import { extractToFile } from "../engine/audit/extraction.js";
import { count, DATA_OPTIONS, dataOptions, modelPath, onlyFile, parse, pooling, provider, RUN_OPTIONS, usageProblem } from "./options.js";
import { ProgressLine } from "./terminal.js";

export async function extract(args: readonly string[], signal: AbortSignal): Promise<number> {
  const { values, positionals } = parse(args, { ...DATA_OPTIONS, ...RUN_OPTIONS, ids: { type: "string" } });
  if (values.ids && positionals.length > 0) throw usageProblem("Either a dataset or --ids is read, not both.");
  if (!values.out) throw usageProblem("--out is missing: the .safetensors file to write.");
  const poolings = (values.pool ?? "mean,last").split(",").map((name) => pooling(name.trim()));
  const line = new ProgressLine();
  const summary = await extractToFile(
    {
      source: values.ids ? { ids: resolve(values.ids) } : { path: resolve(onlyFile(positionals, "dataset")), options: dataOptions(values) },
      model: resolve(modelPath(values.model)),
      poolings: [...new Set(poolings)],
      out: resolve(values.out),
      maxTokens: count("max-tokens", values["max-tokens"], 512),
      provider: provider(values.provider),
      threads: count("threads", values.threads, 0),
      seed: count("seed", values.seed, 0),
    },
    (done, of) => line.show({ phase: "running", done, of, unit: "rows", perSecond: null, secondsLeft: null }),
    signal,
  ).finally(() => line.clear());
  const notes = [summary.truncated > 0 ? `${summary.truncated} truncated` : "", summary.empty > 0 ? `${summary.empty} without tokens (NaN)` : ""].filter(
    Boolean,
  );
  process.stderr.write(
    `${values.out}: ${poolings.join(", ")}, each ${summary.layers} layers x ${summary.rows} rows x ${summary.width}${notes.length ? ` (${notes.join(", ")})` : ""}\n`,
  );
  return 0;
}
