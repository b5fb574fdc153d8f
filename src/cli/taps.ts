import { listTaps } from "../engine/model/index.js";
import { choice, onlyFile, parse } from "./options.js";
import { plain } from "./terminal.js";

export async function taps(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(args, { format: { type: "string" } });
  const format = choice("format", values.format ?? "text", ["text", "json"]);
  const list = await listTaps(onlyFile(positionals, "model (a folder or an .onnx file)"));
  if (format === "json") {
    process.stdout.write(`${JSON.stringify(list, null, 1)}\n`);
    return 0;
  }
  const lines = [`hidden size ${list.hiddenSize}, ${list.layers.length - 1} blocks`];
  for (const { layer, name, tensor, op } of list.layers) lines.push(`${String(layer).padStart(4)}  ${name.padEnd(22)} ${op.padEnd(30)} ${tensor}`);
  for (const notice of list.notices) lines.push(`note: ${notice.message}`);
  process.stdout.write(`${lines.map(plain).join("\n")}\n`);
  return 0;
}
