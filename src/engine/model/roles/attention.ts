import type { Links } from "../links.js";
import { isProduct, SKIP_NORMS } from "../ops.js";
import { beforeRounding, isRange, originsOf, type Product, productAt } from "./products.js";

/** Where a branch attends, as the graph computes it. */
export interface Attention {
  /** The fused operator, or the product of probabilities and values. */
  readonly node: number;
  readonly fused: boolean;
  /** [batch, heads, tokens, tokens] probabilities, where they are a tensor. */
  readonly pattern?: number;
  /** Operands: what the queries, keys and values are read from. A packed operand stands for all three. */
  readonly query: number;
  readonly key: number;
  readonly value: number;
  /** Queries, keys and values in one operand of a fused operator. */
  readonly packed: boolean;
}

/** Fused operators that attend; linear attention and scans are none. */
const FUSED =
  /^(Attention|QAttention|MultiHeadAttention|GroupQueryAttention|PackedAttention|PackedMultiHeadAttention|DecoderMaskedMultiHeadAttention|DecoderMaskedSelfAttention|LongformerAttention|PagedAttention|SparseAttention|DecoderAttention)$/;

/** The attention of a branch: the fused operator, or the product that a Softmax's probabilities go into. */
export function attentionIn(links: Links, from: readonly number[], stop: ReadonlySet<number>): Attention | undefined {
  for (const n of ancestors(links, from, stop)) {
    const node = links.nodes[n]!;
    const inputs = links.inputs[n]!;
    if (FUSED.test(node.op)) return fusedAttention(links, n);
    if (!isProduct(node) || inputs.length < 2 || productAt(links, n)) continue;
    for (const i of [0, 1]) {
      const softmax = softmaxBehind(links, inputs[i]!);
      if (softmax === undefined) continue;
      const scores = scoresBehind(links, softmax, stop);
      const pattern = beforeRounding(links, inputs[i]!);
      return { node: n, fused: false, pattern, query: scores?.[0] ?? -1, key: scores?.[1] ?? -1, value: inputs[1 - i]!, packed: false };
    }
  }
  return undefined;
}

function fusedAttention(links: Links, n: number): Attention {
  const [q = -1, k = -1, v = -1] = links.inputs[n]!;
  const own = links.nodes[n]!.domain !== "" && /^(Q?Attention|PackedAttention|LongformerAttention)$/.test(links.nodes[n]!.op);
  const packed = own || k < 0;
  return { node: n, fused: true, query: q, key: packed ? q : k, value: packed ? q : v < 0 ? k : v, packed };
}

/** Nodes that a value is computed from, nearest first as written, up to the stream. */
export function* ancestors(links: Links, from: readonly number[], stop: ReadonlySet<number>): Generator<number> {
  const seen = new Set<number>();
  const stack = [...from].reverse();
  const first = new Set(from.map((v) => links.maker[v]!));
  while (stack.length > 0) {
    const v = stack.pop()!;
    const n = links.maker[v] ?? -1;
    if (n < 0 || seen.has(n) || !links.dynamic[v] || links.mask[v] || stop.has(v)) continue;
    seen.add(n);
    if (SKIP_NORMS.has(links.nodes[n]!.op) && !first.has(n)) continue;
    yield n;
    for (const input of [...links.inputs[n]!, ...links.captured[n]!].reverse()) if (input >= 0) stack.push(input);
  }
}

/** What may lie between a Softmax and the product that its probabilities go into: casts, a guard against NaN, a cut. */
const BETWEEN = new Set([
  "Cast",
  "Identity",
  "Dropout",
  "Reshape",
  "Squeeze",
  "Unsqueeze",
  "Where",
  "Slice",
  "Mul",
  "DynamicQuantizeLinear",
  "QuantizeLinear",
  "DequantizeLinear",
]);

function softmaxBehind(links: Links, v: number, steps = 8): number | undefined {
  const n = links.maker[v] ?? -1;
  if (n < 0 || steps === 0 || !links.dynamic[v] || links.mask[v]) return undefined;
  const { op } = links.nodes[n]!;
  if (op === "Softmax") return n;
  // Probabilities written out: exp(x) / sum(exp(x)).
  if (op === "Div" && links.op(links.inputs[n]![0]!) === "Exp") return n;
  if (!BETWEEN.has(op)) return undefined;
  for (const input of links.inputs[n]!) {
    const found = input < 0 ? undefined : softmaxBehind(links, input, steps - 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Queries and keys: the operands of the product of two activations that the Softmax reads, both made by weights. */
function scoresBehind(links: Links, softmax: number, stop: ReadonlySet<number>): [number, number] | undefined {
  const { others } = originsOf(links, links.inputs[softmax]!, stop);
  for (const n of others) {
    const [a = -1, b = -1] = links.inputs[n]!;
    if (!isProduct(links.nodes[n]!) || a < 0 || b < 0) continue;
    if (madeBy(links, a, stop).length > 0 && madeBy(links, b, stop).length > 0) return [a, b];
  }
  return undefined;
}

/** The products that an operand of attention was made by. */
export function madeBy(links: Links, operand: number, stop: ReadonlySet<number>): readonly Product[] {
  return operand < 0 || isRange(links, operand) ? [] : originsOf(links, [operand], stop).products;
}
