import { resolve } from "node:path";
import { type ExtractionPlan, extractToFile } from "../engine/audit/extraction.js";
import type { DataOptions } from "../protocol/index.js";
import { agreedEngines, ENGINE_OPTIONS } from "./engines.js";
import { chatMode, count, DATA_OPTIONS, dataOptions, modelPath, onlyFile, parse, pooling, provider, RUN_OPTIONS, tokenSet, usageProblem } from "./options.js";
import { checkOutput } from "./output.js";
import { ProgressLine, plain } from "./terminal.js";

export async function extract(args: readonly string[], signal: AbortSignal): Promise<number> {
  const { values, positionals } = parse(args, {
    ...DATA_OPTIONS,
    ...RUN_OPTIONS,
    ids: { type: "string" },
    tap: { type: "string", multiple: true },
    ...ENGINE_OPTIONS,
  });
  if (values.ids && positionals.length > 0) throw usageProblem("Either a dataset or --ids is read, not both.");
  if (!values.out) throw usageProblem("--out is missing: the .safetensors file to write.");
  const poolings = (values.pool ?? "mean,last").split(",").map((name) => pooling(name.trim()));
  const source: ExtractionPlan["source"] = values.ids
    ? { ids: resolve(values.ids) }
    : { path: resolve(onlyFile(positionals, "dataset")), options: contrasted(dataOptions(values)) };
  const model = resolve(modelPath(values.model));
  const read = "ids" in source ? [source.ids] : [source.path, ...(source.options.contrast ? [source.options.contrast] : [])];
  const out = await checkOutput(values.out, [...read, model]);
  const agreed = await agreedEngines(values.engine, values.yes === true);
  if (agreed.refused) return 130;
  const line = new ProgressLine();
  const summary = await extractToFile(
    {
      source,
      model,
      ...(values.tower ? { tower: values.tower } : {}),
      poolings: [...new Set(poolings)],
      taps: values.tap,
      ...(agreed.endpoints && { endpoints: agreed.endpoints }),
      out,
      maxTokens: count("max-tokens", values["max-tokens"], 512),
      provider: provider(values.provider),
      threads: count("threads", values.threads, 0),
      chatTemplate: chatMode(values["chat-template"]),
      tokens: tokenSet(values.tokens),
      seed: count("seed", values.seed, 0),
    },
    (done, of) => line.show({ phase: "running", done, of, unit: "rows", perSecond: null, secondsLeft: null }),
    signal,
  ).finally(() => line.clear());
  const notes = [summary.truncated > 0 ? `${summary.truncated} truncated` : "", summary.empty > 0 ? `${summary.empty} without tokens (NaN)` : ""].filter(
    Boolean,
  );
  const each = summary.taps
    ? `${summary.taps.length} taps x ${summary.rows} rows, width ${widths(summary.taps)}`
    : `each ${summary.layers} layers x ${summary.rows} rows x ${summary.width}`;
  process.stderr.write(`${values.out}: ${poolings.join(", ")}, ${each}${notes.length ? ` (${notes.join(", ")})` : ""}\n`);
  for (const notice of summary.notices) process.stderr.write(`note: ${plain(notice.message)}\n`);
  return 0;
}

const contrasted = (options: DataOptions): DataOptions => (options.contrast ? { ...options, contrast: resolve(options.contrast) } : options);

const widths = (taps: readonly string[]): string => [...new Set(taps.map((tap) => tap.split(" ")[1]))].join(" or ");
