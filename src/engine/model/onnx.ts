import { WireWriter } from "./write.js";

/** TensorProto.DataType: number, name, bytes of one element (0.5 = two in a byte; 0 = no fixed size). */
export const TYPES: ReadonlyMap<number, { name: string; bytes: number }> = new Map([
  [1, { name: "float32", bytes: 4 }],
  [2, { name: "uint8", bytes: 1 }],
  [3, { name: "int8", bytes: 1 }],
  [4, { name: "uint16", bytes: 2 }],
  [5, { name: "int16", bytes: 2 }],
  [6, { name: "int32", bytes: 4 }],
  [7, { name: "int64", bytes: 8 }],
  [8, { name: "string", bytes: 0 }],
  [9, { name: "bool", bytes: 1 }],
  [10, { name: "float16", bytes: 2 }],
  [11, { name: "float64", bytes: 8 }],
  [12, { name: "uint32", bytes: 4 }],
  [13, { name: "uint64", bytes: 8 }],
  [14, { name: "complex64", bytes: 8 }],
  [15, { name: "complex128", bytes: 16 }],
  [16, { name: "bfloat16", bytes: 2 }],
  [17, { name: "float8e4m3fn", bytes: 1 }],
  [18, { name: "float8e4m3fnuz", bytes: 1 }],
  [19, { name: "float8e5m2", bytes: 1 }],
  [20, { name: "float8e5m2fnuz", bytes: 1 }],
  [21, { name: "uint4", bytes: 0.5 }],
  [22, { name: "int4", bytes: 0.5 }],
  [23, { name: "float4e2m1", bytes: 0.5 }],
  [24, { name: "float8e8m0", bytes: 1 }],
  [25, { name: "uint2", bytes: 0.25 }],
  [26, { name: "int2", bytes: 0.25 }],
]);

export const FLOAT = 1;
export const INT64 = 7;

export type AttributeValue = number | string | readonly number[] | { readonly float: number } | { readonly graph: WireWriter } | WireWriter;

export interface NodeSpec {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly name?: string;
  readonly domain?: string;
  /** A number is an int, {float} a float, {graph} a GraphProto, a writer a tensor. */
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
}

export function nodeProto(spec: NodeSpec): WireWriter {
  const out = new WireWriter();
  for (const name of spec.inputs) out.field(1, name);
  for (const name of spec.outputs) out.field(2, name);
  out.field(3, spec.name ?? spec.outputs[0] ?? "").field(4, spec.op);
  for (const [name, value] of Object.entries(spec.attributes ?? {})) {
    const attribute = new WireWriter().field(1, name);
    if (typeof value === "number") attribute.integer(3, value).integer(20, 2);
    else if (typeof value === "string") attribute.field(4, value).integer(20, 3);
    else if (value instanceof WireWriter) attribute.field(5, value).integer(20, 4);
    else if ("graph" in value) attribute.field(6, value.graph).integer(20, 5);
    else if ("float" in value) attribute.float(2, value.float).integer(20, 1);
    else {
      for (const i of value) attribute.integer(8, i);
      attribute.integer(20, 7);
    }
    out.field(5, attribute);
  }
  if (spec.domain) out.field(7, spec.domain);
  return out;
}

/** A tensor with its bytes inside. */
export function tensorProto(name: string, type: number, dims: readonly number[], raw: Uint8Array): WireWriter {
  const out = new WireWriter();
  for (const dim of dims) out.integer(1, dim);
  return out.integer(2, type).field(8, name).field(9, raw);
}

/** A tensor whose bytes lie in another file. */
export function externalTensorProto(name: string, type: number, dims: readonly number[], location: string, offset: number, length: number): WireWriter {
  const out = new WireWriter();
  for (const dim of dims) out.integer(1, dim);
  out.integer(2, type).field(8, name);
  for (const [key, value] of [
    ["location", location],
    ["offset", String(offset)],
    ["length", String(length)],
  ] as const)
    out.field(13, new WireWriter().field(1, key).field(2, value));
  return out.integer(14, 1);
}

export const int64Tensor = (name: string, values: readonly number[], dims: readonly number[] = [values.length]): WireWriter =>
  tensorProto(name, INT64, dims, new Uint8Array(BigInt64Array.from(values, BigInt).buffer));

/** An input or output; a dimension is a number or a name. Without a type only the name is written, and the runtime infers the rest. */
export function valueProto(name: string, type?: number, dims?: readonly (number | string)[]): WireWriter {
  const out = new WireWriter().field(1, name);
  if (type === undefined) return out;
  const shape = new WireWriter();
  for (const dim of dims ?? []) {
    const size = new WireWriter();
    if (typeof dim === "number") size.integer(1, dim);
    else if (dim !== "") size.field(2, dim);
    shape.field(1, size);
  }
  const tensor = new WireWriter().integer(1, type);
  if (dims) tensor.field(2, shape);
  return out.field(2, new WireWriter().field(1, tensor));
}

export interface GraphSpec {
  readonly nodes: readonly WireWriter[];
  readonly initializers: readonly WireWriter[];
  readonly inputs: readonly WireWriter[];
  readonly outputs: readonly WireWriter[];
  /** SparseTensorProto messages, copied as they are. */
  readonly sparse?: readonly Uint8Array[];
  /** Types and shapes of inner values: ONNX Runtime fuses some operators only where it knows them. */
  readonly values?: readonly WireWriter[];
}

export function graphProto(spec: GraphSpec): WireWriter {
  const graph = new WireWriter();
  for (const node of spec.nodes) graph.field(1, node);
  graph.field(2, "layerscope");
  for (const tensor of spec.initializers) graph.field(5, tensor);
  for (const tensor of spec.sparse ?? []) graph.field(15, tensor);
  for (const input of spec.inputs) graph.field(11, input);
  for (const output of spec.outputs) graph.field(12, output);
  for (const value of spec.values ?? []) graph.field(13, value);
  return graph;
}

export interface ModelSpec extends GraphSpec {
  readonly opsets: ReadonlyMap<string, number>;
  readonly irVersion?: number;
  /** FunctionProto messages, copied as they are. */
  readonly functions?: readonly Uint8Array[];
}

export function modelProto(spec: ModelSpec): Uint8Array {
  const model = new WireWriter()
    .integer(1, spec.irVersion ?? 8)
    .field(2, "layerscope")
    .field(7, graphProto(spec));
  for (const [domain, version] of spec.opsets) model.field(8, new WireWriter().field(1, domain).integer(2, version));
  for (const body of spec.functions ?? []) model.field(25, body);
  return model.finish();
}
