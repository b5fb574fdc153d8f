import { closeSync, copyFileSync, existsSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { analyse } from "../../src/engine/model/analysis.js";
import { locateWeights } from "../../src/engine/model/external.js";
import type { Node, Tensor } from "../../src/engine/model/graph.js";
import { externalTensorProto, FLOAT, modelProto, nodeProto, valueProto } from "../../src/engine/model/onnx.js";
import { blockMatrix, blockTable } from "../../src/engine/model/weights/blocks.js";
import { type Matrix, transposed } from "../../src/engine/model/weights/fold.js";
import { Stored } from "../../src/engine/model/weights/stored.js";
import { WireWriter } from "../../src/engine/model/write.js";

/*
 * A block-quantised file (MatMulNBits, GatherBlockQuantized) as one of float32 with the same values, to time the plain
 * float case where only the quantised file is at hand. A table that is also the unembedding is stored once.
 *   widen SOURCE_FOLDER_OR_FILE TARGET_FOLDER
 */
export function widen(from: string, to: string): void {
  const analysis = analyse(from);
  const { links, model, source, place } = analysis;
  const stored = new Stored(place.path, locateWeights(model), source);
  const part = `${to}.part`;
  rmSync(part, { recursive: true, force: true });
  mkdirSync(join(part, "onnx"), { recursive: true });
  const file = openSync(join(part, "onnx", "model.onnx_data"), "w");
  const initializers: WireWriter[] = [];
  let offset = 0;
  const put = (name: string, { dims, data }: Matrix) => {
    writeSync(file, new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 0, data.byteLength, offset);
    initializers.push(externalTensorProto(name, FLOAT, dims, "model.onnx_data", offset, data.byteLength));
    offset += Math.ceil(data.byteLength / 4096) * 4096;
  };
  const copy = ({ start, end }: { start: number; end: number }) => new WireWriter().bytes(source.view(start, end).slice());
  const tensor = (name: string | undefined) => (name ? links.graph.initializers.get(name) : undefined);
  const partsOf = (node: Node, at: number) => ({ node, weight: tensor(node.inputs[at])!, scales: tensor(node.inputs[2])!, zeros: tensor(node.inputs[3]) });
  const tables = new Map<Tensor, string>();
  const nodes: WireWriter[] = [];
  // What only shaped the quantised weights is left out.
  const readBy = (node: Node) =>
    node.op === "GatherBlockQuantized" ? [node.inputs[1]!] : node.op === "MatMulNBits" ? [node.inputs[0]!] : [...node.inputs, ...node.captured];
  const used = new Set(links.graph.outputs.map(({ name }) => name));
  const live = [...links.nodes].reverse().filter((node) => {
    if (!node.outputs.some((name) => used.has(name))) return false;
    for (const name of readBy(node)) used.add(name);
    return true;
  });
  live.reverse();
  try {
    for (const node of live)
      if (node.op === "GatherBlockQuantized") {
        // Where the unembedding has the same scales, the table is only another shape of its weight.
        const product = links.nodes.find((other) => other.op === "MatMulNBits" && other.inputs[2] === node.inputs[2]);
        const parts = product ? partsOf(product, 1) : partsOf(node, 0);
        tables.set(parts.scales, "embed.weight");
        put("embed.weight", product ? blockMatrix(stored, parts) : blockTable(stored, parts));
        nodes.push(nodeProto({ op: "Gather", inputs: ["embed.weight", node.inputs[1]!], outputs: node.outputs }));
        nodes.push(nodeProto({ op: "Transpose", inputs: ["embed.weight"], outputs: ["embed.weight.T"], attributes: { perm: [1, 0] } }));
      }
    for (const node of live) {
      if (node.op === "GatherBlockQuantized") continue;
      if (node.op === "MatMulNBits") {
        const parts = partsOf(node, 1);
        const table = tables.get(parts.scales);
        const name = table ? `${table}.T` : parts.weight.name.replace(/_Q\d+$/, "");
        if (!table) put(name, transposed(blockMatrix(stored, parts)));
        nodes.push(nodeProto({ op: "MatMul", inputs: [node.inputs[0]!, name], outputs: node.outputs, name: node.name }));
      } else nodes.push(copy(node));
    }
    for (const one of links.graph.initializers.values()) if (used.has(one.name)) initializers.push(copy(one));
    const declared = (list: typeof links.graph.inputs) => list.map(({ name, type, dims }) => valueProto(name, type, dims ?? undefined));
    const bytes = modelProto({
      nodes,
      initializers,
      inputs: declared(links.graph.inputs.filter(({ name }) => !links.graph.initializers.has(name))),
      outputs: declared(links.graph.outputs),
      opsets: model.opsets,
      irVersion: model.irVersion,
    });
    writeFileSync(join(part, "onnx", "model.onnx"), bytes);
    for (const name of ["config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"])
      if (existsSync(join(place.folder, name))) copyFileSync(join(place.folder, name), join(part, name));
  } finally {
    closeSync(file);
    stored.close();
    source.close();
  }
  rmSync(to, { recursive: true, force: true });
  renameSync(part, to);
}
