import type { Graph, Value } from "../model/graph.js";
import { FLOAT, INT64, int64Tensor, modelProto, nodeProto, TYPES, tensorProto, valueProto } from "../model/onnx.js";
import { parseModel } from "../model/parse.js";
import { LAYERS, POOL, tapName } from "../model/pooling.js";
import { memorySource } from "../model/source.js";
import { half } from "../model/typed.js";
import { WireWriter } from "../model/write.js";
import { IDENTITY, IDENTITY_SIZE, LAYERS_OUTPUT, POOL_INPUT } from "./identity.js";
import type { Settled, Size } from "./settle.js";

/** An input or output as servers declare it; -1 = any size. */
export interface ServedTensor {
  readonly name: string;
  /** TensorProto.DataType. */
  readonly type: number;
  readonly shape: readonly number[];
}

export interface ServedGraph {
  readonly bytes: Uint8Array;
  readonly inputs: readonly ServedTensor[];
  readonly outputs: readonly ServedTensor[];
}

export interface ServedTap {
  readonly name: string;
  readonly axes: "tokens" | "pattern";
  readonly heads?: number;
  readonly width?: number;
}

export interface ServedWish {
  /** Inputs of the tapped graph that are not settled. */
  readonly inputs: readonly Value[];
  readonly settled: readonly Settled[];
  /** Absent: the taps alone are given out. */
  readonly layers?: { readonly count: number; readonly width: number | undefined };
  readonly taps: readonly ServedTap[];
  readonly identity: readonly number[];
  readonly metadata: Readonly<Record<string, string>>;
}

const own = (name: string) => `layerscope/serve/${name}`;
const node = (op: string, inputs: readonly string[], output: string, attributes: NonNullable<Parameters<typeof nodeProto>[0]["attributes"]> = {}) =>
  nodeProto({ op, inputs, outputs: [output], attributes });

/**
 * The tapped graph as a server takes it: the batch is the first axis of every input and output (`layers` [B, L, K, D]), what
 * follows from the shape alone is made inside, what nobody reads is left out, and a constant output says which model this is.
 * @param tapped a ModelProto of `tappedGraph`
 */
export function servedGraph(tapped: Uint8Array, wish: ServedWish): ServedGraph {
  const source = memorySource("the tapped graph", tapped);
  const model = parseModel(source);
  const { graph } = model;
  const taken = namesOf(graph);
  // A graph may have values of these names itself.
  const free = (name: string) => (taken.has(name) ? `layerscope_${name}` : name);
  const pool = free(POOL_INPUT);
  const layers = free(LAYERS_OUTPUT);
  const read = [...(wish.layers ? [LAYERS] : []), ...wish.taps.map((_, i) => tapName(i))];
  const live = liveNodes(graph, read);
  const used = new Set([...read, ...live.flatMap((n) => [...n.inputs, ...n.captured])]);
  const made = settledNodes(wish.settled);
  const before = [node("Identity", [pool], POOL), ...made.nodes];
  const after = [
    ...(wish.layers ? [node("Transpose", [LAYERS], layers, { perm: [1, 0, 2, 3] })] : []),
    ...wish.taps.map((tap, i) => node("Identity", [tapName(i)], tap.name)),
    node("Shape", [pool], own("end_shape")),
    node("Gather", [own("end_shape"), own("zero")], own("end_rows"), { axis: 0 }),
    node("Concat", [own("end_rows"), own("identity_size")], own("identity_shape"), { axis: 0 }),
    node("Expand", [own("identity"), own("identity_shape")], IDENTITY),
  ];
  const copy = ({ start, end }: { start: number; end: number }) => new WireWriter().bytes(tapped.slice(start, end));
  const outputs: { tensor: ServedTensor; dims: (number | string)[] }[] = [];
  const give = (name: string, type: number, dims: (number | string)[]) =>
    outputs.push({ tensor: { name, type, shape: dims.map((dim) => (typeof dim === "number" ? dim : -1)) }, dims });
  if (wish.layers) give(layers, FLOAT, [ROWS, wish.layers.count, POOLINGS, wish.layers.width ?? "layerscope_width"]);
  for (const { name, axes, heads, width } of wish.taps)
    give(name, FLOAT, axes === "pattern" ? [ROWS, POOLINGS, heads ?? "heads", TOKENS] : [ROWS, POOLINGS, width ?? "width"]);
  give(IDENTITY, INT64, [ROWS, IDENTITY_SIZE]);
  const inputs = wish.inputs.map(({ name, type, dims }) => ({ name, type, shape: (dims ?? []).map((dim) => (typeof dim === "number" && dim > 0 ? dim : -1)) }));
  const proto = modelProto({
    nodes: [...before, ...live.map(copy), ...after],
    initializers: [
      ...[...graph.initializers.values()].filter(({ name }) => used.has(name)).map(copy),
      ...made.tensors,
      int64Tensor(own("zero"), [0]),
      int64Tensor(own("identity"), wish.identity, [1, IDENTITY_SIZE]),
      int64Tensor(own("identity_size"), [IDENTITY_SIZE]),
    ],
    sparse: graph.sparse.filter(({ name }) => used.has(name)).map(({ start, end }) => tapped.slice(start, end)),
    inputs: [...wish.inputs.map(({ name, type, dims }) => valueProto(name, type, dims)), valueProto(pool, FLOAT, [ROWS, POOLINGS, TOKENS])],
    outputs: outputs.map(({ tensor, dims }) => valueProto(tensor.name, tensor.type, dims)),
    values: live.flatMap(({ outputs: names }) =>
      names.flatMap((name) => {
        const value = graph.values.get(name);
        return value?.type && value.dims ? [valueProto(name, value.type, value.dims)] : [];
      }),
    ),
    opsets: model.opsets,
    irVersion: model.irVersion,
    functions: model.functions.map(({ start, end }) => tapped.slice(start, end)),
  });
  const metadata = new WireWriter();
  for (const [key, value] of Object.entries(wish.metadata)) metadata.field(14, new WireWriter().field(1, key).field(2, value));
  return {
    bytes: Buffer.concat([proto, metadata.finish()]),
    inputs: [...inputs, { name: pool, type: FLOAT, shape: [-1, -1, -1] }],
    outputs: outputs.map(({ tensor }) => tensor),
  };
}

const [ROWS, POOLINGS, TOKENS] = ["layerscope_rows", "layerscope_poolings", "layerscope_tokens"];

function namesOf(graph: Graph): Set<string> {
  return new Set([...graph.inputs.map(({ name }) => name), ...graph.initializers.keys(), ...graph.nodes.flatMap((n) => [...n.inputs, ...n.outputs])]);
}

/** Nodes that these values come from, in the graph's order. */
function liveNodes(graph: Graph, wanted: readonly string[]): Graph["nodes"] {
  const makers = new Map(graph.nodes.flatMap((n) => n.outputs.filter((name) => name !== "").map((name) => [name, n] as const)));
  const live = new Set<Graph["nodes"][number]>();
  const stack = [...wanted];
  while (stack.length > 0) {
    const maker = makers.get(stack.pop()!);
    if (!maker || live.has(maker)) continue;
    live.add(maker);
    stack.push(...maker.inputs, ...maker.captured);
  }
  return graph.nodes.filter((n) => live.has(n));
}

/** What makes the settled inputs from the shape of `pool`, [rows, poolings, tokens]. */
function settledNodes(settled: readonly Settled[]): { nodes: WireWriter[]; tensors: WireWriter[] } {
  if (settled.length === 0) return { nodes: [], tensors: [] };
  const nodes = [
    node("Shape", [POOL], own("shape")),
    node("Gather", [own("shape"), own("zero")], own("rows"), { axis: 0 }),
    node("Gather", [own("shape"), own("two")], own("tokens"), { axis: 0 }),
  ];
  const tensors = [int64Tensor(own("two"), [2])];
  settled.forEach(({ input, dims, fill }, i) => {
    const id = (name: string) => own(`${i}/${name}`);
    const part = (size: Size, axis: number): string => {
      if (size === "tokens") return own("tokens");
      if (typeof size === "number") tensors.push(int64Tensor(id(`size${axis}`), [size]));
      else {
        tensors.push(int64Tensor(id(`times${axis}`), [size.perRow]));
        nodes.push(node("Mul", [own("rows"), id(`times${axis}`)], id(`size${axis}`)));
      }
      return id(`size${axis}`);
    };
    const parts = dims.map(part);
    if (parts.length === 0) tensors.push(int64Tensor(id("shape"), [], [0]));
    else nodes.push(node("Concat", parts, id("shape"), { axis: 0 }));
    if (typeof fill === "number")
      nodes.push(node("ConstantOfShape", [id("shape")], input.name, { value: tensorProto("value", input.type, [1], oneOf(input.type, fill)) }));
    else {
      tensors.push(int64Tensor(id("more"), [fill.tokensPlus]));
      nodes.push(
        node("Add", [own("tokens"), id("more")], id("value")),
        node("Cast", [id("value")], id("cast"), { to: input.type }),
        // One number of shape [1]; of a scalar the axis goes.
        dims.length === 0 ? node("Reshape", [id("cast"), id("shape")], input.name) : node("Expand", [id("cast"), id("shape")], input.name),
      );
    }
  });
  return { nodes, tensors };
}

/** One element of a tensor, little-endian. */
function oneOf(type: number, value: number): Uint8Array {
  const bytes = new Uint8Array(TYPES.get(type)?.bytes ?? 4);
  const view = new DataView(bytes.buffer);
  switch (TYPES.get(type)?.name) {
    case "int64":
      view.setBigInt64(0, BigInt(value), true);
      break;
    case "int32":
      view.setInt32(0, value, true);
      break;
    case "bool":
    case "uint8":
      view.setUint8(0, value);
      break;
    case "float64":
      view.setFloat64(0, value, true);
      break;
    case "float16":
      view.setUint16(0, half(value), true);
      break;
    default:
      view.setFloat32(0, value, true);
  }
  return bytes;
}
