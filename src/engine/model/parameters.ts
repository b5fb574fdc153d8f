import type { Graph, Model, Node, Tensor } from "./graph.js";
import { TYPES } from "./onnx.js";

/** float32, float16, float64, bfloat16, the float8 kinds. */
const FLOATS = new Set([1, 10, 11, 16, 17, 18, 19, 20]);
/** int8, 4 bits: signed or not, they hold nothing but weights where they have two axes. uint8 of four axes is a mask. */
const SMALL_INTEGERS = new Set([2, 3, 21, 22, 23]);
/** What comes beside quantised weights: scales, zero points, index tables. First input that is one, by operator. */
const SIDE_FROM: Readonly<Record<string, number>> = {
  MatMulNBits: 2,
  MatMulBnb4: 2,
  GatherBlockQuantized: 2,
  DequantizeLinear: 1,
  MatMulInteger: 2,
  ConvInteger: 2,
  DynamicQuantizeMatMul: 2,
  MatMulIntegerToFloat: 2,
};
/** Tables of angles are computed, not learned. */
const ROTARY: Readonly<Record<string, number>> = { RotaryEmbedding: 2, GroupQueryAttention: 7 };
const QUANTISED =
  /^(MatMulNBits|MatMulBnb4|GatherBlockQuantized|DequantizeLinear|MatMulInteger|ConvInteger|DynamicQuantizeMatMul|MatMulIntegerToFloat|QLinear\w+|QAttention|QGemm|QMoE)$/;

/**
 * Counts a model's parameters from the shapes of its weights; nothing of them is read. Two names of the same bytes count once,
 * packed 4-bit weights count unpacked, scales, zero points and tables of angles do not count.
 */
export function countParameters(model: Model): number {
  const counted = new Map<string, number>();
  const skipped = new Set<string>();
  let total = 0;
  const walk = (graph: Graph) => {
    for (const node of graph.nodes) {
      for (const name of sideInputs(node)) skipped.add(name);
      const packed = packedCount(node, graph);
      if (packed) counted.set(packed.name, packed.elements);
    }
    const quantised = new Set(graph.nodes.filter(({ op }) => QUANTISED.test(op)).flatMap(({ inputs }) => inputs));
    const seen = new Set<string>();
    for (const tensor of graph.initializers.values()) {
      const isWeight = FLOATS.has(tensor.type) || (SMALL_INTEGERS.has(tensor.type) && (tensor.dims.length === 2 || quantised.has(tensor.name)));
      if (skipped.has(tensor.name) || !isWeight || tensor.dims.length === 0) continue;
      const place = placeOf(tensor);
      if (place !== undefined && seen.has(place)) continue;
      if (place !== undefined) seen.add(place);
      total += counted.get(tensor.name) ?? elementsOf(tensor);
    }
    for (const node of graph.nodes) for (const { graph: inner } of node.attributes.values()) if (inner) walk(inner);
  };
  walk(model.graph);
  return total;
}

const elementsOf = ({ dims }: Tensor): number => dims.reduce((n, dim) => n * dim, 1);

/** Bytes that two names may share. */
const placeOf = ({ data }: Tensor): string | undefined => (data.kind === "external" ? `${data.location}\0${data.offset}\0${data.length}` : undefined);

function sideInputs({ op, inputs }: Node): string[] {
  const from = SIDE_FROM[op] ?? ROTARY[op];
  if (from !== undefined) return inputs.slice(from, op === "MatMulNBits" ? 5 : undefined).filter((name) => name !== "");
  return op.startsWith("QLinear") ? inputs.filter((_, i) => i % 3 !== 0) : [];
}

function packedCount({ op, inputs, attributes }: Node, graph: Graph): { name: string; elements: number } | undefined {
  const int = (name: string) => attributes.get(name)?.int ?? 0;
  if (op === "MatMulNBits" || op === "MatMulBnb4") return { name: inputs[1] ?? "", elements: int("K") * int("N") };
  if (op !== "GatherBlockQuantized") return undefined;
  const table = graph.initializers.get(inputs[0] ?? "");
  const isByte = /int8$/.test(TYPES.get(table?.type ?? 0)?.name ?? "");
  return table && { name: table.name, elements: elementsOf(table) * (isByte ? 8 / (attributes.get("bits")?.int ?? 4) : 1) };
}
