import type { Notice } from "../../protocol/index.js";
import { tensorBytes } from "./external.js";
import type { Node, Tensor } from "./graph.js";
import { TYPES } from "./onnx.js";

/** Operators that round activations by the range of the whole batch. */
const DYNAMIC = /^(DynamicQuantize|DynamicQuantizeLinear|DynamicQuantizeMatMul|MatMulIntegerToFloat|DynamicQuantizeLSTM)/;

export interface Precision {
  /** For example `float32`, `float16`, `int8 weights`, `int8 dynamic`, `int4 weights`. */
  readonly name: string;
  /** Rows influence each other through shared quantisation ranges. */
  readonly dynamic: boolean;
  readonly notices: readonly Notice[];
}

/** The kind of number that holds most of the weights. */
export function precisionOf(nodes: readonly Node[], tensors: Iterable<Tensor>): Precision {
  const dynamic = nodes.some((node) => DYNAMIC.test(node.op));
  const bytes = new Map<string, number>();
  const packed = new Map<string, number>();
  for (const node of nodes) {
    const bits = node.attributes.get("bits")?.int ?? (/Bnb4|NBits|GatherBlockQuantized/.test(node.op) ? 4 : undefined);
    if (bits !== undefined) for (const name of node.inputs) packed.set(name, bits);
  }
  for (const tensor of tensors) {
    if (tensor.dims.length < 2) continue;
    let kind = TYPES.get(tensor.type)?.name ?? "unknown";
    if (/^u?int8$/.test(kind)) kind = `int${packed.get(tensor.name) ?? 8}`;
    kind = kind.replace(/^u(int\d+)$/, "$1");
    // By weights, not bytes: a float32 embedding beside 4-bit blocks must not hide them.
    const perWeight = kind === "int4" ? 0.5 : kind === "int2" ? 0.25 : (TYPES.get(tensor.type)?.bytes ?? 1);
    bytes.set(kind, (bytes.get(kind) ?? 0) + tensorBytes(tensor) / perWeight);
  }
  const most = [...bytes].filter(([kind]) => !/^(int64|int32|bool)$/.test(kind)).sort((a, b) => b[1] - a[1])[0]?.[0] ?? "float32";
  const integer = /^int(\d)$/.test(most);
  const name = dynamic ? "int8 dynamic" : integer ? `${most} weights` : most;
  const notices: Notice[] = [];
  if (integer || dynamic)
    notices.push({
      code: "model/quantized",
      message: `These are the layers of a quantised file (${name}); of a small model they can lie far from the full-precision model's (37 to 55% were measured for a 135M model in 4 and 8 bits). What is measured is this file.`,
    });
  return { name, dynamic, notices };
}
