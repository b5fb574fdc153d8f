import type { Links } from "./links.js";
import { NORMS, PASSES, SKIP_NORMS } from "./ops.js";

/**
 * Width of the residual stream from the weights that read or make it: a norm's scale, a product's inner size, a bias, an
 * embedding table. Undefined when none of them tells.
 */
export function widthOf(links: Links, values: readonly number[]): number | undefined {
  const votes = new Map<number, number>();
  for (const v of values) {
    const width = fromReaders(links, v) ?? fromMaker(links, v);
    if (width !== undefined) votes.set(width, (votes.get(width) ?? 0) + 1);
  }
  return [...votes].sort((a, b) => b[1] - a[1])[0]?.[0];
}

function fromReaders(links: Links, value: number): number | undefined {
  const queue = [value];
  for (let i = 0; i < queue.length && i < 32; i++) {
    for (const n of links.readers(queue[i]!)) {
      const node = links.nodes[n]!;
      const inputs = links.inputs[n]!;
      const out = links.outputs[n]![0] ?? -1;
      if (NORMS.has(node.op) && inputs[0] === queue[i]) return last(links, inputs[1]!);
      if (SKIP_NORMS.has(node.op)) return last(links, inputs[2]!);
      const k = node.attributes.get("K")?.int;
      if (node.op === "MatMulNBits" && k !== undefined && inputs[0] === queue[i]) return k;
      if ((node.op === "MatMul" || node.op === "Gemm") && inputs[0] === queue[i]) {
        const dims = links.tensor(inputs[1]!)?.dims;
        if (dims?.length === 2) return node.attributes.get("transB")?.int ? dims[1] : dims[0];
      }
      if (node.op === "Mul" || node.op === "Add") {
        const other = inputs.find((v) => v !== queue[i]);
        const dims = other === undefined ? undefined : tensorThrough(links, other)?.dims;
        if (dims?.length === 1 && dims[0]! > 1) return dims[0];
      }
      if (out >= 0 && (PASSES.has(node.op) || /^(Sub|Div|Mul)$/.test(node.op)) && !queue.includes(out)) queue.push(out);
    }
  }
  return undefined;
}

function fromMaker(links: Links, value: number): number | undefined {
  const n = links.maker[value]!;
  if (n < 0) return undefined;
  const node = links.nodes[n]!;
  if (SKIP_NORMS.has(node.op)) return last(links, links.inputs[n]![2]!);
  if (node.op === "Gather" || node.op === "EmbedLayerNormalization") return last(links, links.inputs[n]![node.op === "Gather" ? 0 : 2]!);
  const declared = links.graph.values.get(links.names[value]!)?.dims;
  const size = declared?.[declared.length - 1];
  return typeof size === "number" ? size : undefined;
}

function last(links: Links, v: number): number | undefined {
  const dims = v === undefined || v < 0 ? undefined : tensorThrough(links, v)?.dims;
  return dims && dims.length > 0 ? dims[dims.length - 1] : undefined;
}

/** The initializer behind casts and small arithmetic on weights (1 + w, dequantised scales). */
function tensorThrough(links: Links, v: number, steps = 4): ReturnType<Links["tensor"]> {
  const own = links.tensor(v);
  if (own || steps === 0 || links.dynamic[v] || links.maker[v]! < 0) return own;
  for (const input of links.inputs[links.maker[v]!]!) {
    const found = input < 0 ? undefined : tensorThrough(links, input, steps - 1);
    if (found && found.dims.length > 0) return found;
  }
  return undefined;
}
