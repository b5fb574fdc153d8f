import type { Links } from "../links.js";
import { isHeavy, SKIP_NORMS } from "../ops.js";
import { weightBehind } from "./statics.js";

/** A product of activations with a weight, whatever operator computes it. */
export interface Product {
  /** Position of the node in the links. */
  readonly node: number;
  /** The activations that go in, as floats (before a quantised product rounds them). */
  readonly input: number;
  /** The weight operand: an initializer, or a value computed from initializers alone. */
  readonly weight: number;
  /** How the weight is stored. */
  readonly form: "float" | "integer" | "blocks";
  /** Stored as [out, in]; else [in, out]. */
  readonly outFirst: boolean;
  /** A bias that the operator adds itself. */
  readonly bias?: number;
}

/** Operators of several experts, or of steps: their weights are no single matrix. */
const MANY = /^(MoE|QMoE|Loop|Scan|If|GatherND)$/;

/** The product at a node, if one of its operands is a weight of two axes. */
export function productAt(links: Links, n: number): Product | undefined {
  const node = links.nodes[n]!;
  const inputs = links.inputs[n]!;
  const [a = -1, b = -1, c = -1] = inputs;
  const has = (v: number | undefined): number | undefined => (v === undefined || v < 0 ? undefined : v);
  const matrix = (v: number) => v >= 0 && !links.dynamic[v] && weightBehind(links, v)?.dims.length === 2;
  const flag = (name: string) => Boolean(node.attributes.get(name)?.int);
  switch (node.op) {
    case "MatMul":
      return matrix(b) && links.dynamic[a] ? { node: n, input: a, weight: b, form: "float", outFirst: false } : undefined;
    case "FusedMatMul":
      return matrix(b) && links.dynamic[a] && !flag("transA") ? { node: n, input: a, weight: b, form: "float", outFirst: flag("transB") } : undefined;
    case "Gemm":
    case "FusedGemm":
      return matrix(b) && links.dynamic[a] && !flag("transA")
        ? { node: n, input: a, weight: b, form: "float", outFirst: flag("transB"), bias: c >= 0 && !links.dynamic[c] ? c : undefined }
        : undefined;
    case "Conv": {
      // Over one token at a time.
      const dims = b >= 0 && !links.dynamic[b] ? weightBehind(links, b)?.dims : undefined;
      return dims && dims.length >= 3 && dims.slice(2).every((size) => size === 1) && (node.attributes.get("group")?.int ?? 1) === 1
        ? { node: n, input: a, weight: b, form: "float", outFirst: true, bias: has(c) }
        : undefined;
    }
    case "MatMulNBits":
    case "MatMulBnb4":
      return { node: n, input: a, weight: b, form: "blocks", outFirst: true, bias: node.op === "MatMulNBits" ? has(inputs[5]) : undefined };
    case "MatMulInteger":
      return matrix(b) ? { node: n, input: beforeRounding(links, a), weight: b, form: "integer", outFirst: false } : undefined;
    case "MatMulIntegerToFloat":
      return matrix(b) ? { node: n, input: beforeRounding(links, a), weight: b, form: "integer", outFirst: false, bias: has(inputs[6]) } : undefined;
    case "DynamicQuantizeMatMul":
      return matrix(b) ? { node: n, input: a, weight: b, form: "integer", outFirst: false, bias: has(inputs[4]) } : undefined;
    default:
      return undefined;
  }
}

/** The float activations that a quantised operand was rounded from. */
export function beforeRounding(links: Links, v: number): number {
  const n = links.maker[v]!;
  if (n < 0) return v;
  return /^(DynamicQuantizeLinear|QuantizeLinear)$/.test(links.nodes[n]!.op) ? links.inputs[n]![0]! : v;
}

/** The scale or zero point of a dynamically rounded tensor: a number about it, no carrier of its values. */
export const isRange = (links: Links, v: number): boolean => links.op(v) === "DynamicQuantizeLinear" && links.outputs[links.maker[v]!]![0] !== v;

export interface Origins {
  /** The nearest products with a weight. */
  readonly products: readonly Product[];
  /** The nearest other operators that mix numbers: attention, products of two activations, experts. */
  readonly others: readonly number[];
}

/** What values are made from: walks back through everything that is no product, and no further than `stop`. */
export function originsOf(links: Links, from: readonly number[], stop: ReadonlySet<number>): Origins {
  const products: Product[] = [];
  const others: number[] = [];
  const seen = new Set<number>();
  const stack = [...from];
  while (stack.length > 0) {
    const v = stack.pop()!;
    const n = links.maker[v] ?? -1;
    if (n < 0 || seen.has(n) || !links.dynamic[v] || links.mask[v] || stop.has(v) || isRange(links, v)) continue;
    seen.add(n);
    const node = links.nodes[n]!;
    if (SKIP_NORMS.has(node.op) && from.every((start) => links.maker[start] !== n)) continue;
    const product = productAt(links, n);
    if (product) products.push(product);
    else if (isHeavy(node) || MANY.test(node.op)) others.push(n);
    else {
      for (const input of links.inputs[n]!) if (input >= 0) stack.push(input);
      for (const input of links.captured[n]!) stack.push(input);
    }
  }
  return { products, others };
}

/** One weight matrix and nothing else, or undefined. */
export function onlyProduct({ products, others }: Origins): Product | undefined {
  return products.length === 1 && others.length === 0 ? products[0] : undefined;
}
