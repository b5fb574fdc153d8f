import { overLimit } from "./errors.js";
import { tensorBytes, type Weights } from "./external.js";
import type { Model, Node, Tensor, Value } from "./graph.js";
import { LIMITS } from "./limits.js";
import type { Links } from "./links.js";
import { externalTensorProto, FLOAT, int64Tensor, modelProto, nodeProto, valueProto } from "./onnx.js";
import type { ByteSource } from "./source.js";
import type { Taps } from "./taps.js";
import { WireReader } from "./wire.js";
import { WireWriter } from "./write.js";

/** Names of what the tapped graph has more than the original. */
export const POOL = "layerscope.pool";
export const LAYERS = "layerscope.layers";
/** Shape of the last state as the graph keeps it. */
export const SHAPE = "layerscope.shape";

export interface TappedGraph {
  /** A ModelProto whose large weights are external data in the original files. */
  readonly bytes: Uint8Array;
  /** Inputs of the original graph that are still needed. */
  readonly inputs: readonly Value[];
  /** Operators that are still there. */
  readonly nodes: readonly Node[];
  /** Initializers that are still there. */
  readonly tensors: readonly Tensor[];
}

/**
 * Builds the tapped graph: everything that the tapped layers do not need is left out (logits, presents, later blocks),
 * weights stay where they are, and each layer is pooled by one product with the input `layerscope.pool` [B, K, S]:
 * `layerscope.layers` [L, B, K, D] float32.
 */
export function tappedGraph(model: Model, links: Links, taps: Taps, weights: Weights, source: ByteSource, upTo?: number): TappedGraph {
  const values = taps.values.slice(0, upTo === undefined ? undefined : upTo + 1);
  const kept = needed(links, values);
  const nodes: WireWriter[] = [];
  const initializers: WireWriter[] = [];
  const tensors: Tensor[] = [];
  const used = new Set<string>(values.map((v) => links.names[v]!));
  let copied = 0;
  const copy = (extent: { start: number; end: number }): Uint8Array => {
    copied += extent.end - extent.start;
    if (copied > LIMITS.typedBytes) throw overLimit(model.file, "bytes that cannot stay in their file", LIMITS.typedBytes);
    return source.view(extent.start, extent.end).slice();
  };
  const addTensor = (tensor: Tensor, name: string) => {
    tensors.push(tensor);
    const large = tensor.data.kind === "external" || (tensor.data.kind === "raw" && tensorBytes(tensor) >= LIMITS.inlineBytes);
    if (!large) return initializers.push(name === tensor.name ? new WireWriter().bytes(copy(tensor)) : renamed(copy(tensor), name));
    const { location, offset, length } = weights.place(tensor);
    return initializers.push(externalTensorProto(name, tensor.type, tensor.dims, location, offset, length));
  };

  const missing = new Map([...taps.missing].filter(([value]) => values.includes(value)).map(([value, n]) => [n, value]));
  const keptNodes: Node[] = [];
  links.nodes.forEach((node, n) => {
    if (!kept[n]) return;
    keptNodes.push(node);
    for (const name of [...node.inputs, ...node.captured]) used.add(name);
    const constant = node.op === "Constant" && node.domain === "" ? node.attributes.get("value")?.tensor : undefined;
    // A large constant inside a node would be copied; as an initializer it stays in its file.
    if (constant && node.outputs[0] && constant.data.kind !== "typed" && tensorBytes(constant) >= LIMITS.inlineBytes) addTensor(constant, node.outputs[0]);
    else {
      const sum = missing.get(n);
      nodes.push(sum === undefined ? new WireWriter().bytes(copy(node)) : withSum(copy(node), node, links.names[sum]!));
    }
  });
  for (const tensor of links.graph.initializers.values()) if (used.has(tensor.name)) addTensor(tensor, tensor.name);
  const inputs = links.graph.inputs.filter((input) => used.has(input.name) && !links.graph.initializers.has(input.name));
  initializers.push(...poolingConstants());
  nodes.push(
    ...poolingNodes(
      values.map((v) => links.names[v]!),
      mayBeHalf(links),
    ),
  );
  const bytes = modelProto({
    nodes,
    initializers,
    sparse: links.graph.sparse.filter((tensor) => used.has(tensor.name)).map(copy),
    inputs: [
      ...inputs.map((input) => valueProto(input.name, input.type, input.dims ?? undefined)),
      valueProto(POOL, FLOAT, ["layerscope_rows", "layerscope_poolings", "layerscope_tokens"]),
    ],
    outputs: [valueProto(LAYERS), valueProto(SHAPE)],
    opsets: model.opsets,
    irVersion: Math.max(model.irVersion, 4),
    functions: model.functions.map(copy),
  });
  return { bytes, inputs, nodes: keptNodes, tensors };
}

/** [node] whether one of the values is computed from it. */
function needed(links: Links, values: readonly number[]): boolean[] {
  const kept: boolean[] = links.nodes.map(() => false);
  const stack = [...values];
  while (stack.length > 0) {
    const n = links.maker[stack.pop()!]!;
    if (n < 0 || kept[n]) continue;
    kept[n] = true;
    for (const input of links.inputs[n]!) if (input >= 0) stack.push(input);
    stack.push(...links.captured[n]!);
  }
  return kept;
}

/** A Skip* node with its fourth output, the sum, filled in. */
function withSum(bytes: Uint8Array, node: Node, sum: string): WireWriter {
  const outputs = [0, 1, 2].map((i) => node.outputs[i] ?? "");
  const out = new WireWriter();
  for (const name of [...outputs, sum]) out.field(2, name);
  return copyWithout(bytes, 2, out);
}

const renamed = (bytes: Uint8Array, name: string): WireWriter => copyWithout(bytes, 8, new WireWriter().field(8, name));

/** Copies every field of a message but one. */
function copyWithout(bytes: Uint8Array, field: number, out: WireWriter): WireWriter {
  const reader = new WireReader({ name: "", size: bytes.length, view: (a, b) => bytes.subarray(a, b), close: () => {} }, 0, bytes.length);
  let start = 0;
  while (reader.next()) {
    reader.skip();
    if (reader.field !== field) out.bytes(bytes.subarray(start, reader.pos));
    start = reader.pos;
  }
  return out;
}

/** Whether any state might be something else than float32. */
function mayBeHalf(links: Links): boolean {
  const other = new Set([10, 11, 16]);
  for (const tensor of links.graph.initializers.values()) if (other.has(tensor.type)) return true;
  if (links.graph.inputs.some((input) => other.has(input.type))) return true;
  return links.nodes.some(
    (node) => (node.op === "Cast" && other.has(node.attributes.get("to")?.int ?? 0)) || other.has(node.attributes.get("value")?.tensor?.type ?? 0),
  );
}

const own = (name: string) => `layerscope/${name}`;

function poolingConstants(): WireWriter[] {
  return [int64Tensor(own("rows_tokens"), [0, 2]), int64Tensor(own("rows_poolings"), [0, 1]), int64Tensor(own("one"), [1]), int64Tensor(own("rest"), [-1])];
}

/** Every state is brought to [B, S, D] first: some exports keep [B * S, D] between blocks. */
function poolingNodes(states: readonly string[], cast: boolean): WireWriter[] {
  const node = (op: string, inputs: string[], output: string, attributes = {}) => nodeProto({ op, inputs, outputs: [output], attributes });
  const nodes = [
    node("Shape", [POOL], own("pool_shape")),
    node("Gather", [own("pool_shape"), own("rows_tokens")], own("b_s"), { axis: 0 }),
    node("Concat", [own("b_s"), own("rest")], own("state_shape"), { axis: 0 }),
    node("Gather", [own("pool_shape"), own("rows_poolings")], own("b_k"), { axis: 0 }),
    node("Concat", [own("one"), own("b_k"), own("rest")], own("pooled_shape"), { axis: 0 }),
  ];
  const pooled = states.map((state, layer) => {
    const id = (name: string) => own(`${layer}/${name}`);
    if (cast) nodes.push(node("Cast", [state], id("float"), { to: FLOAT }));
    nodes.push(node("Reshape", [cast ? id("float") : state, own("state_shape")], id("state")));
    nodes.push(node("MatMul", [POOL, id("state")], id("product")));
    nodes.push(node("Reshape", [id("product"), own("pooled_shape")], id("pooled")));
    return id("pooled");
  });
  nodes.push(node("Concat", pooled, LAYERS, { axis: 0 }));
  nodes.push(node("Shape", [states[states.length - 1]!], SHAPE));
  return nodes;
}
