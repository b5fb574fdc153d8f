import type { Links } from "./links.js";

const PASS = new Set(["Cast", "Identity", "Reshape", "Squeeze", "Unsqueeze", "Clip", "Where", "Transpose", "DequantizeLinear", "Flatten"]);

/** Rows of the table that token ids are looked up in; undefined when the graph does not tell. */
export function vocabularyOf(links: Links, ids: string): number | undefined {
  const start = links.known(ids);
  if (start === undefined) return undefined;
  const queue = [start];
  for (let i = 0; i < queue.length && i < 256; i++) {
    for (const n of links.readers(queue[i]!)) {
      const node = links.nodes[n]!;
      const inputs = links.inputs[n]!;
      if (/^Gather(BlockQuantized)?$/.test(node.op) && inputs[1] === queue[i]) return rows(links, inputs[0]!);
      if (node.op === "EmbedLayerNormalization" && inputs[0] === queue[i]) return rows(links, inputs[2]!);
      if (PASS.has(node.op) && links.outputs[n]![0]! >= 0) queue.push(links.outputs[n]![0]!);
    }
  }
  return undefined;
}

/** First axis of a table, also of one that is dequantised or transposed on the way. */
function rows(links: Links, v: number): number | undefined {
  let transposed = false;
  for (let at = v, steps = 0; at >= 0 && steps < 6; steps++) {
    const dims = links.tensor(at)?.dims;
    if (dims) return dims.length === 2 ? dims[transposed ? 1 : 0] : undefined;
    const n = links.maker[at]!;
    if (n < 0 || !PASS.has(links.nodes[n]!.op) || links.nodes[n]!.op === "Reshape") return undefined;
    if (links.nodes[n]!.op === "Transpose") transposed = !transposed;
    at = links.inputs[n]![0]!;
  }
  return undefined;
}
