import { chooseTaps, listTaps } from "../engine/model/inspect.js";
import { openWeights, type WeightEntry } from "../engine/model/weights/index.js";
import type { TapEntry } from "../protocol/index.js";
import { choice, onlyFile, parse, usageProblem } from "./options.js";
import { plain } from "./terminal.js";

export async function taps(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(args, {
    format: { type: "string" },
    tap: { type: "string", multiple: true },
    tower: { type: "string" },
    weights: { type: "boolean" },
  });
  const format = choice("format", values.format ?? "text", ["text", "json"]);
  const model = onlyFile(positionals, "model (a folder or an .onnx file)");
  if (values.weights) {
    if (values.tap) throw usageProblem("Either --tap or --weights is listed, not both.");
    return listWeights(model, format, values.tower);
  }
  const list = await listTaps(model, values.tower);
  const chosen = values.tap ? chooseTaps(list, values.tap) : list.taps;
  if (format === "json") {
    process.stdout.write(`${JSON.stringify({ ...list, taps: chosen }, null, 1)}\n`);
    return 0;
  }
  const lines = [`hidden size ${list.hiddenSize}, ${list.layers.length - 1} blocks`];
  if (values.tap) lines.push(...chosen.map(lineOf));
  else {
    for (const { layer, name, tensor, op } of list.layers) lines.push(`${String(layer).padStart(4)}  ${name.padEnd(22)} ${op.padEnd(30)} ${tensor}`);
    lines.push("", "further taps (--tap PATTERN lists each)", ...summary(list.taps));
  }
  for (const notice of list.notices) lines.push(`note: ${notice.message}`);
  process.stdout.write(`${lines.map(plain).join("\n")}\n`);
  return 0;
}

function listWeights(model: string, format: string, tower?: string): number {
  const reader = openWeights(model, { tower });
  try {
    const { entries } = reader;
    if (format === "json") process.stdout.write(`${JSON.stringify({ model: reader.model, weights: entries }, null, 1)}\n`);
    else process.stdout.write(`${entries.map(weightLine).map(plain).join("\n")}\n`);
  } finally {
    reader.close();
  }
  return 0;
}

const weightLine = ({ name, shape, dtype, bytes, tensor, note, missing }: WeightEntry): string =>
  missing
    ? `  ${name.padEnd(24)} ${missing}`
    : `  ${name.padEnd(24)} ${`[${shape?.join(", ") ?? "?"}]`.padEnd(16)} ${(dtype ?? "").padEnd(20)} ${String(bytes).padStart(12)} bytes  ${tensor}${note ? `  (${note})` : ""}`;

const lineOf = ({ name, op, shape, heads, tensor, note, missing }: TapEntry): string =>
  missing
    ? `  ${name.padEnd(24)} ${missing}`
    : `  ${name.padEnd(24)} ${(op ?? "").padEnd(30)} [${(shape ?? []).join(", ")}]${heads ? ` ${heads} heads` : ""}  ${tensor}${note ? `  (${note})` : ""}`;

/** Blocks folded: how many have a tap, and why the others have not. */
function summary(all: readonly TapEntry[]): string[] {
  const kinds = new Map<string, TapEntry[]>();
  for (const tap of all) {
    const kind = tap.name.replace(/^blocks\.\d+\./, "blocks.N.");
    if (!/^(embed|blocks\.N\.resid_(pre|post))$/.test(kind)) kinds.set(kind, [...(kinds.get(kind) ?? []), tap]);
  }
  return [...kinds].map(([kind, list]) => {
    const found = list.filter((tap) => !tap.missing);
    const ops = [...new Set(found.map((tap) => tap.op))].join(", ");
    const [first] = found;
    const [none] = list.filter((tap) => tap.missing);
    const shape = first ? `${ops.padEnd(30)} [${(first.shape ?? []).join(", ")}]${first.heads ? ` ${first.heads} heads` : ""}` : "";
    const count = kind.includes("N") ? `${found.length} of ${list.length}`.padEnd(9) : (first ? "found" : "").padEnd(9);
    return `  ${kind.padEnd(22)} ${count} ${shape}${none ? `${first ? "; " : ""}${none.missing}` : ""}`.trimEnd();
  });
}
