import { exportModel, LAYOUTS } from "../engine/serving/export.js";
import { choice, count, onlyFile, parse, usageProblem } from "./options.js";
import { plain } from "./terminal.js";

export async function exportForServer(args: readonly string[], signal: AbortSignal): Promise<number> {
  const { values, positionals } = parse(args, {
    taps: { type: "string", multiple: true },
    layout: { type: "string" },
    out: { type: "string" },
    name: { type: "string" },
    tower: { type: "string" },
    link: { type: "boolean" },
    force: { type: "boolean" },
    instances: { type: "string" },
    "max-batch": { type: "string" },
    "storage-uri": { type: "string" },
    format: { type: "string" },
  });
  const format = choice("format", values.format ?? "text", ["text", "json"]);
  const model = onlyFile(positionals, "model (a folder or an .onnx file)");
  if (!values.out) throw usageProblem("--out is missing: the folder that becomes, or is, the model repository.");
  if (!values.layout) throw usageProblem("--layout is missing: triton or kserve.");
  const layout = choice("layout", values.layout, LAYOUTS);
  const taps = (values.taps ?? ["residual"]).flatMap((list) => list.split(",").map((tap) => tap.trim())).filter(Boolean);
  const instances = count("instances", values.instances, 1);
  const maxBatch = count("max-batch", values["max-batch"], 64);
  if (instances < 1 || maxBatch < 1) throw usageProblem("--instances and --max-batch are at least 1.");
  const done = await exportModel(
    {
      model,
      taps,
      layout,
      out: values.out,
      instances,
      maxBatch,
      ...(values.name ? { name: values.name } : {}),
      ...(values.tower ? { tower: values.tower } : {}),
      ...(values.link ? { link: true } : {}),
      ...(values.force ? { force: true } : {}),
      ...(values["storage-uri"] ? { storageUri: values["storage-uri"] } : {}),
    },
    signal,
  );
  if (format === "json") {
    process.stdout.write(`${JSON.stringify(done, null, 1)}\n`);
    return 0;
  }
  const shape = (sizes: readonly number[]) => `[${sizes.map((size) => (size < 0 ? "?" : size)).join(", ")}]`;
  const lines = [
    `${done.folder}: ${done.checked ? "the exported graph computes what the model does" : "written, not tried: the export takes only the shape it was traced with"}.`,
    ...done.files.map(({ path, bytes }) => `  ${String(bytes).padStart(14)}  ${path}`),
    ...done.inputs.map((one) => `  takes  ${one.name}  ${one.datatype}  ${shape(one.shape)}`),
    ...done.outputs.map((one) => `  gives  ${one.name}  ${one.datatype}  ${shape(one.shape)}`),
    `Served, it is asked with --engine http://HOST:PORT/v2/models/${done.name}`,
  ];
  process.stdout.write(`${lines.map(plain).join("\n")}\n`);
  for (const notice of done.notices) process.stderr.write(`note: ${plain(notice.message)}\n`);
  return 0;
}
