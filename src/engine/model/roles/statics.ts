import type { Tensor } from "../graph.js";
import type { Links } from "../links.js";

/** Operators that turn one stored weight into the operand that is used: they can be computed without running the model. */
export const FOLDED: ReadonlySet<string> = new Set([
  "Identity",
  "Cast",
  "Transpose",
  "Reshape",
  "Squeeze",
  "Unsqueeze",
  "DequantizeLinear",
  "Add",
  "Sub",
  "Mul",
  "Div",
  "Neg",
]);

const memo = new WeakMap<Links, Map<number, Tensor | undefined>>();

/**
 * The stored tensor that a static value is made from: itself, or the largest one behind transposes, casts and
 * dequantisation. Undefined when anything else (a shape, a position, an input) takes part.
 */
export function weightBehind(links: Links, v: number, depth = 12): Tensor | undefined {
  const known = memo.get(links) ?? new Map<number, Tensor | undefined>();
  memo.set(links, known);
  if (known.has(v)) return known.get(v);
  const found = search(links, v, depth);
  known.set(v, found);
  return found;
}

function search(links: Links, v: number, depth: number): Tensor | undefined {
  const own = links.tensor(v);
  const n = links.maker[v] ?? -1;
  if (own || n < 0 || depth === 0 || links.dynamic[v]) return own;
  const node = links.nodes[n]!;
  if (!FOLDED.has(node.op)) return undefined;
  let largest: Tensor | undefined;
  // The shape operand of a Reshape is no weight.
  const operands = /^(Reshape|Squeeze|Unsqueeze)$/.test(node.op) ? links.inputs[n]!.slice(0, 1) : links.inputs[n]!;
  for (const input of operands) {
    if (input < 0) continue;
    const found = weightBehind(links, input, depth - 1);
    if (!found) return undefined;
    if (!largest || size(found) > size(largest)) largest = found;
  }
  return largest;
}

const size = (tensor: Tensor): number => tensor.dims.reduce((n, dim) => n * dim, 1);

/** Sizes of a static value, as far as they follow without computing it. */
export function staticDims(links: Links, v: number, depth = 12): readonly number[] | undefined {
  if (v < 0 || depth === 0) return undefined;
  const own = links.tensor(v)?.dims;
  const n = links.maker[v]!;
  if (own || n < 0) return own;
  const node = links.nodes[n]!;
  const inputs = links.inputs[n]!;
  if (node.op === "Transpose") {
    const from = staticDims(links, inputs[0]!, depth - 1);
    const perm = node.attributes.get("perm")?.ints;
    return from && (perm ? perm.map((axis) => from[axis]!) : [...from].reverse());
  }
  if (!FOLDED.has(node.op) || /^(Reshape|Squeeze|Unsqueeze)$/.test(node.op)) return undefined;
  const all = inputs.map((input) => staticDims(links, input, depth - 1)).filter((dims) => dims !== undefined);
  return all.sort((a, b) => count(b) - count(a))[0];
}

const count = (dims: readonly number[]): number => dims.reduce((n, dim) => n * dim, 1);
