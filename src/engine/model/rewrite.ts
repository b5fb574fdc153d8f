import { type Cache, cachesOf } from "./caches.js";
import { overLimit } from "./errors.js";
import { tensorBytes, type Weights } from "./external.js";
import type { Model, Node, Tensor, Value } from "./graph.js";
import type { Layouts } from "./layout.js";
import { LIMITS } from "./limits.js";
import type { Links } from "./links.js";
import { externalTensorProto, FLOAT, modelProto, nodeProto, tensorProto, valueProto } from "./onnx.js";
import { LAYERS, POOL, poolingConstants, poolingNodes, SHAPE, shapeNodes, tapName, tapNodes } from "./pooling.js";
import { keepsRing, withoutRing } from "./ring.js";
import type { Place } from "./roles/places.js";
import type { ByteSource } from "./source.js";
import type { Taps } from "./taps.js";
import type { Replacement } from "./weights/rounding.js";
import { WireReader } from "./wire.js";
import { WireWriter } from "./write.js";

export interface TappedGraph {
  /** A ModelProto whose large weights are external data in the original files. */
  readonly bytes: Uint8Array;
  /** Inputs of the original graph that are still needed. */
  readonly inputs: readonly Value[];
  /** Operators that are still there. */
  readonly nodes: readonly Node[];
  /** Initializers that are still there. */
  readonly tensors: readonly Tensor[];
  /** Outputs beside the layers and taps: what a run over the first tokens leaves for the rest. */
  readonly caches?: readonly Cache[];
}

/**
 * Builds the tapped graph: everything that the tapped layers do not need is left out (logits, presents, later blocks),
 * weights stay where they are, and each layer is pooled by one product with the input `layerscope.pool` [B, K, S]:
 * `layerscope.layers` [L, B, K, D] float32. Further taps have an output each.
 * @param layout how the states are kept; `find`: give their shapes instead of pooling them
 * @param replaced values of weights that other numbers stand in for, by name; they lie in the graph itself
 * @param withCaches gives out the keys and values of the tapped layers, where the graph has inputs that continue them
 */
export function tappedGraph(
  model: Model,
  links: Links,
  taps: Taps,
  weights: Weights,
  source: ByteSource,
  upTo?: number,
  places: readonly Place[] = [],
  layout?: Layouts | "find",
  replaced: ReadonlyMap<string, Replacement> = new Map(),
  withCaches = false,
): TappedGraph {
  const values = taps.values.slice(0, upTo === undefined ? undefined : upTo + 1);
  const read = [...values, ...places.flatMap(({ reading }) => [...(reading?.plus ?? []), ...(reading?.minus ?? [])])];
  const kept = needed(links, read, replaced);
  const nodes: WireWriter[] = [];
  const initializers: WireWriter[] = [];
  const tensors: Tensor[] = [];
  const used = new Set<string>(read.map((v) => links.names[v]!));
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

  // Sums that a fused node computes and does not give out.
  const missing = new Map(
    read.filter((v) => links.maker[v]! >= 0 && !links.nodes[links.maker[v]!]!.outputs.includes(links.names[v]!)).map((v) => [links.maker[v]!, v]),
  );
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
      nodes.push(sum === undefined ? written(node, copy) : withSum(node.bytes ?? copy(node), node, links.names[sum]!));
    }
  });
  for (const tensor of links.graph.initializers.values()) if (used.has(tensor.name) && !replaced.has(tensor.name)) addTensor(tensor, tensor.name);
  for (const [name, { type, dims, bytes }] of replaced) {
    if (!used.has(name)) continue;
    initializers.push(tensorProto(name, type, dims, bytes));
    const own = links.graph.initializers.get(name);
    if (own) tensors.push(own);
  }
  const inputs = links.graph.inputs.filter((input) => used.has(input.name) && !links.graph.initializers.has(input.name));
  const caches = withCaches && layout !== "find" ? cachesOf(inputs, links.graph.outputs, new Set(keptNodes.flatMap((node) => node.outputs))) : undefined;
  const states = values.map((v) => links.names[v]!);
  const cast = mayBeHalf(links);
  nodes.push(...shapeNodes(states));
  if (layout !== "find") {
    const width = layout?.width ?? (inputs.some((input) => input.dims?.length === 4) ? undefined : taps.width);
    initializers.push(...poolingConstants(values.length, width, layout?.layers));
    nodes.push(...poolingNodes(states, cast, width, layout?.layers), ...tapNodes(links, places, cast));
  }
  const bytes = modelProto({
    nodes,
    initializers,
    sparse: links.graph.sparse.filter((tensor) => used.has(tensor.name)).map(copy),
    inputs: [
      ...inputs.map((input) => valueProto(input.name, input.type, input.dims ?? undefined)),
      ...(layout === "find" ? [] : [valueProto(POOL, FLOAT, ["layerscope_rows", "layerscope_poolings", "layerscope_tokens"])]),
    ],
    outputs:
      layout === "find"
        ? [valueProto(SHAPE)]
        : [valueProto(LAYERS), valueProto(SHAPE), ...places.map((_, i) => valueProto(tapName(i))), ...(caches ?? []).map(({ present }) => valueProto(present))],
    values: declared(links, keptNodes),
    opsets: model.opsets,
    irVersion: Math.max(model.irVersion, 4),
    functions: model.functions.map(copy),
  });
  return { bytes, inputs, nodes: keptNodes, tensors, caches };
}

/** [node] whether one of the values is computed from it. */
function needed(links: Links, values: readonly number[], replaced: ReadonlyMap<string, unknown>): boolean[] {
  const kept: boolean[] = links.nodes.map(() => false);
  const stack = [...values];
  while (stack.length > 0) {
    const v = stack.pop()!;
    const n = links.maker[v]!;
    if (n < 0 || kept[n] || replaced.has(links.names[v]!)) continue;
    kept[n] = true;
    for (const input of links.inputs[n]!) if (input >= 0) stack.push(input);
    stack.push(...links.captured[n]!);
  }
  return kept;
}

/** What the file declares about the values that are still made. */
function declared(links: Links, nodes: readonly Node[]): WireWriter[] {
  const known = nodes.flatMap((node) => node.outputs.map((name) => links.graph.values.get(name)));
  return known.flatMap((value) => (value?.type && value.dims ? [valueProto(value.name, value.type, value.dims)] : []));
}

/** A node as it is in the file; the aliases that lifting a branch adds have no bytes there. */
function written(node: Node, copy: (extent: Node) => Uint8Array): WireWriter {
  if (keepsRing(node)) return new WireWriter().bytes(withoutRing(node.bytes ?? copy(node)));
  if (node.bytes) return new WireWriter().bytes(node.bytes);
  return node.end > node.start ? new WireWriter().bytes(copy(node)) : nodeProto({ op: node.op, inputs: node.inputs, outputs: node.outputs, name: node.name });
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
