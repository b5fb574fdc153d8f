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
      if (node.op === "Gather" && inputs[1] === queue[i]) return rows(links, inputs[0]!);
      // The packed table may have any shape; it has a row of scales for each row.
      if (node.op === "GatherBlockQuantized" && inputs[1] === queue[i]) return rows(links, inputs[2]!);
      if (node.op === "EmbedLayerNormalization" && inputs[0] === queue[i]) return rows(links, inputs[2]!);
      if (PASS.has(node.op) && links.outputs[n]![0]! >= 0) queue.push(links.outputs[n]![0]!);
    }
  }
  return undefined;
}

/** Rows of the table that positions are looked up in, a vector of the stream's width each; undefined when there is none. */
export function positionsOf(links: Links, width: number | undefined): number | undefined {
  for (let n = 0; n < links.nodes.length; n++) {
    if (links.nodes[n]!.op !== "Gather") continue;
    const [table = -1, index = -1] = links.inputs[n]!;
    const dims = table < 0 ? undefined : links.tensor(table)?.dims;
    // Token ids are fed; positions follow from sizes.
    if (dims?.length === 2 && dims[1] === width && dims[0]! > 1 && index >= 0 && !links.dynamic[index] && !links.tensor(index)) return dims[0];
  }
  return undefined;
}

const ELEMENTWISE = new Set(["Cast", "Identity", "DequantizeLinear", "Mul", "Add", "Sub", "Div"]);

/** First axis of a table, also of one that is dequantised or transposed by nodes of its own. */
function rows(links: Links, v: number, axis = 0, steps = 8): number | undefined {
  if (v < 0 || steps === 0) return undefined;
  const dims = links.tensor(v)?.dims;
  if (dims) return dims.length === 2 && dims[axis]! > 1 ? dims[axis] : undefined;
  const n = links.maker[v]!;
  if (n < 0) return undefined;
  const node = links.nodes[n]!;
  if (node.op === "Transpose") return rows(links, links.inputs[n]![0]!, 1 - axis, steps - 1);
  if (!ELEMENTWISE.has(node.op)) return undefined;
  for (const input of links.inputs[n]!) {
    const found = rows(links, input, axis, steps - 1);
    if (found !== undefined) return found;
  }
  return undefined;
}
