import { readSheet } from "../engine/model/index.js";
import { type ModelSheet, type SheetValue, sizeOf, type TapEntry, tapGroups } from "../protocol/index.js";
import { choice, onlyFile, parse, provider } from "./options.js";
import { plain } from "./terminal.js";

/** `card MODEL`: what a model file is, read without running it. A refused file prints its sheet, too, and exits with 2. */
export async function card(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(args, { format: { type: "string" }, provider: { type: "string" } });
  const format = choice("format", values.format ?? "text", ["text", "json"]);
  const sheet = await readSheet(onlyFile(positionals, "model (a folder or an .onnx file)"), provider(values.provider));
  const text = format === "json" ? JSON.stringify(sheet, null, 1) : linesOf(sheet).map(plain).join("\n");
  process.stdout.write(`${text}\n`);
  return sheet.refusal ? 2 : 0;
}

const row = (name: string, value: string) => `${name.padEnd(14)}${value}`;
const shapeOf = ({ name, type, shape }: SheetValue) => `${name} ${type}${shape ? `[${shape.join(", ")}]` : ""}`;

function linesOf(sheet: ModelSheet): string[] {
  const { graph, stream, refusal } = sheet;
  const lines = [sheet.name];
  if (refusal) lines.push("", refusal.message, ...(refusal.hint ? [refusal.hint] : []), "");
  if (stream) {
    lines.push(
      row(
        "architecture",
        `${stream.architecture ?? "not named"}, ${stream.causal === undefined ? "direction of attention not known before a run" : stream.causal ? "causal" : "bidirectional"}`,
      ),
    );
    lines.push(
      row("layers", `${stream.layers.length - 1} blocks, hidden size ${stream.hiddenSize}${stream.maxTokens ? `, up to ${stream.maxTokens} tokens` : ""}`),
    );
  }
  if (graph) {
    lines.push(row("parameters", `${graph.parameters.toLocaleString("en")}, ${graph.precision}`));
    lines.push(
      row(
        "export",
        `${graph.producer || "unknown exporter"}, ${graph.opsets.map(({ domain, version }) => `${domain} ${version}`).join(", ")}, IR ${graph.irVersion}, ${graph.nodes} nodes`,
      ),
    );
    if (!stream)
      lines.push(
        row(
          "made of",
          graph.operators
            .slice(0, 8)
            .map(({ name, count }) => `${name} ${count}`)
            .join(", "),
        ),
      );
    lines.push(row("inputs", graph.inputs.map(shapeOf).join(", ") || "none"), row("outputs", graph.outputs.map(shapeOf).join(", ") || "none"));
  }
  lines.push(row("tokenizer", sheet.tokenizer ? "tokenizer.json" : "none beside the model"), row("chat template", sheet.chatTemplate ?? "none"));
  for (const { path, bytes, role } of sheet.files) lines.push(row(role === "graph" ? "file" : "weights", `${path}, ${sizeOf(bytes)}`));
  if (sheet.memory) lines.push(row("memory", `about ${sizeOf(sheet.memory.bytes)} (${sheet.memory.note})`));
  lines.push(row("provider", `tried in this order: ${sheet.providers.join(", ")}`));
  for (const { path, bytes, precision } of sheet.variants) lines.push(row("other file", `${path}, ${sizeOf(bytes)}${precision ? `, ${precision}` : ""}`));
  for (const { message } of sheet.notices) lines.push(row("note", message));
  if (stream) lines.push("", ...tapLines(stream.taps));
  return lines;
}

/** One line a kind of tap; `layerscope taps` has every one of them. */
function tapLines(taps: readonly TapEntry[]): string[] {
  return tapGroups(taps).map(({ name, first: { op, tensor, missing } }) => `  ${name.padEnd(26)} ${missing ?? `${(op ?? "").padEnd(28)} ${tensor ?? ""}`}`);
}
