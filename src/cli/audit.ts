import { resolve } from "node:path";
import { readRunPlan } from "../engine/audit/run-folder.js";
import { Engine } from "../engine/engine.js";
import { writeAtomically } from "../engine/store/files.js";
import { type AuditPlan, type AuditResult, ProblemError } from "../protocol/index.js";
import { agreedEngines, ENGINE_OPTIONS } from "./engines.js";
import {
  chatMode,
  choice,
  count,
  DATA_OPTIONS,
  type DataValues,
  dataOptions,
  modelPath,
  number,
  onlyFile,
  parse,
  pooling,
  provider,
  RUN_OPTIONS,
  tokenSet,
  usageProblem,
} from "./options.js";
import { checkOutput } from "./output.js";
import { emptyRunFolder } from "./runFolder.js";
import { newStoreSaid, STORE_OPTIONS, type StoreWish, storePlan } from "./storePlace.js";
import { ProgressLine, plain } from "./terminal.js";
import { textReport } from "./text.js";

export async function audit(args: readonly string[], signal: AbortSignal): Promise<number> {
  const { values, positionals } = parse(args, {
    ...DATA_OPTIONS,
    ...RUN_OPTIONS,
    format: { type: "string" },
    "min-aqi": { type: "string" },
    "min-auroc": { type: "string" },
    "with-text": { type: "boolean" },
    run: { type: "string" },
    reference: { type: "string" },
    lens: { type: "string", multiple: true },
    "save-profile": { type: "string" },
    resume: { type: "string" },
    ...STORE_OPTIONS,
    ...ENGINE_OPTIONS,
  });
  const format = choice("format", values.format ?? "text", ["text", "json", "html"]);
  if (values["with-text"] && format !== "html") throw usageProblem("--with-text goes with --format html.");
  const floors = { aqi: floor("min-aqi", values["min-aqi"]), auroc: floor("min-auroc", values["min-auroc"]) };
  const plan = values.resume === undefined ? planOf(values, positionals) : resumedPlan(values, positionals);
  const inputs = [plan.data.path, plan.data.options.contrast, plan.model, plan.reference].filter((path) => path !== undefined);
  const out = values.out === undefined ? undefined : await checkOutput(values.out, inputs);
  const runFolder = values.run === undefined ? plan.runFolder : await emptyRunFolder(values.run);
  const agreed = await agreedEngines(values.engine ?? plan.endpoints, values.yes === true);
  if (agreed.refused) return 130;
  const saveProfile = values["save-profile"] === undefined ? undefined : await checkOutput(values["save-profile"], inputs);
  const said = values.resume === undefined ? newStoreSaid(values) : undefined;
  if (said) process.stderr.write(`layerscope: ${plain(said)}\n`);
  const engine = new Engine();
  const line = new ProgressLine();
  try {
    const view = await engine.audit(
      { ...plan, ...(runFolder && { runFolder }), ...(agreed.endpoints && { endpoints: agreed.endpoints }), ...(saveProfile && { saveProfile }) },
      { onProgress: (progress) => line.show(progress) },
      signal,
    );
    line.clear();
    const content =
      format === "json"
        ? `${JSON.stringify(view.result, null, 1)}\n`
        : format === "html"
          ? await engine.report(view, "html", values["with-text"] === true)
          : textReport(view.result, { colour: process.stdout.isTTY && !out && !process.env.NO_COLOR }, view.lenses);
    if (out) await writeAtomically(out, content, 0o666);
    else process.stdout.write(content);
    const unsaved =
      saveProfile && view.result.notices.find(({ code, where }) => code === "profile/none" || (code === "profile/not-saved" && where?.file === saveProfile));
    if (unsaved) throw new ProblemError({ code: unsaved.code, message: unsaved.message });
    return belowFloor(view.result, floors) ? 1 : 0;
  } finally {
    line.clear();
    await engine.close();
  }
}

type Values = DataValues &
  StoreWish & { readonly [K in keyof typeof RUN_OPTIONS]?: string } & {
    readonly lens?: string[];
    readonly reference?: string;
    readonly run?: string;
    readonly resume?: string;
  };

function planOf(values: Values, positionals: readonly string[]): AuditPlan {
  const options = dataOptions(values);
  return {
    data: { path: resolve(onlyFile(positionals, "dataset")), options: options.contrast ? { ...options, contrast: resolve(options.contrast) } : options },
    model: resolve(modelPath(values.model)),
    ...(values.tower ? { tower: values.tower } : {}),
    pooling: values.pool === undefined ? undefined : pooling(values.pool),
    maxTokens: count("max-tokens", values["max-tokens"], 512),
    seed: count("seed", values.seed, 0),
    provider: provider(values.provider),
    threads: count("threads", values.threads, 0),
    chatTemplate: chatMode(values["chat-template"]),
    tokens: tokenSet(values.tokens),
    ...(values.lens ? { lenses: values.lens } : {}),
    ...(values.reference ? { reference: resolve(values.reference) } : {}),
    ...storePlan(values),
  };
}

/** The run's own plan: what it measures is settled, so only how the result is shown may be said anew. */
function resumedPlan(values: Values, positionals: readonly string[]): AuditPlan {
  const settled = ["run", "lens", "reference", ...Object.keys(DATA_OPTIONS), ...Object.keys(RUN_OPTIONS).filter((name) => name !== "out")];
  const said = settled.find((name) => values[name as keyof Values] !== undefined);
  if (said || positionals.length > 0)
    throw usageProblem(`--resume goes on with a run as it was begun; ${said ? `--${said}` : "a dataset"} cannot be named again.`);
  const folder = resolve(values.resume!);
  const { fixed: _, storeFolder, storeGigabytes, ...plan } = readRunPlan(folder);
  const kept = { ...(storeFolder === undefined ? {} : { storeFolder }), ...(storeGigabytes === undefined ? {} : { storeGigabytes }) };
  const other = values.store !== undefined || values["no-store"] || values["store-gb"] !== undefined;
  return { ...plan, ...(other ? storePlan(values) : kept), runFolder: folder, resume: true };
}

function floor(name: string, value: string | undefined): number | undefined {
  return value === undefined ? undefined : number(name, value);
}

/** A number that is absent does not pass: nobody should read silence as success. */
function belowFloor(result: AuditResult, floors: { aqi?: number; auroc?: number }): boolean {
  const best = result.probe.nestedAuroc ?? (result.probe.bestLayer === null ? null : result.layers[result.probe.bestLayer].auroc);
  const checks = [
    ["AQI", result.aqi.score, floors.aqi],
    ["AUROC (layer chosen on other folds)", best, floors.auroc],
  ] as const;
  let failed = false;
  for (const [name, value, least] of checks) {
    if (least === undefined || (value !== null && value >= least)) continue;
    failed = true;
    process.stderr.write(
      plain(`layerscope: ${name} is ${value === null ? `absent (${result.aqi.reason ?? "too few rows"})` : value.toFixed(3)}, below the ${least} asked for.`) +
        "\n",
    );
  }
  return failed;
}
