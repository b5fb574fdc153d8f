import { malformed, overLimit } from "./errors.js";
import type { Attribute, Extent, Graph, Model, Node, Tensor, TensorData, Value } from "./graph.js";
import { LIMITS } from "./limits.js";
import { TYPES } from "./onnx.js";
import type { ByteSource } from "./source.js";
import { WireReader } from "./wire.js";

/** Counts what the whole file may hold, subgraphs included. */
interface Counts {
  nodes: number;
  tensors: number;
}

/**
 * Reads a ModelProto; weights are passed over, only their extents are kept.
 * @throws Problem `model/malformed`, `model/cut-off`, `model/limit` with the byte where it went wrong
 */
export function parseModel(source: ByteSource): Model {
  const reader = new WireReader(source, 0, source.size);
  const opsets = new Map<string, number>();
  const functions: Extent[] = [];
  let irVersion = 0;
  let producer = "";
  let graph: Graph | undefined;
  const counts = { nodes: 0, tensors: 0 };
  while (reader.next()) {
    if (reader.field === 1) irVersion = reader.integer();
    else if (reader.field === 2) producer = reader.text();
    else if (reader.field === 7) {
      // A message that comes twice is merged by protobuf; no exporter writes that, and readers disagree on it.
      if (graph) throw malformed(source.name, reader.pos, "a second graph");
      graph = parseGraph(reader.message(), counts, 0);
    } else if (reader.field === 8) {
      const entry = reader.message();
      let domain = "";
      let version = 0;
      while (entry.next()) {
        if (entry.field === 1) domain = entry.text();
        else if (entry.field === 2) version = entry.integer();
        else entry.skip();
      }
      opsets.set(domain === "ai.onnx" ? "" : domain, version);
    } else if (reader.field === 25) functions.push(reader.range());
    else reader.skip();
  }
  if (!graph) throw malformed(source.name, source.size, "no graph");
  if (irVersion === 0 || opsets.size === 0) throw malformed(source.name, source.size, "a version is missing (the file may be cut off)");
  return { file: source.name, bytes: source.size, stamp: source.stamp, irVersion, producer, opsets, graph, functions };
}

export function parseGraph(reader: WireReader, counts: Counts, level: number): Graph {
  if (level > LIMITS.subgraphDepth) throw overLimit(reader.source.name, "graphs inside graphs", LIMITS.subgraphDepth);
  const nodes: Node[] = [];
  const initializers = new Map<string, Tensor>();
  const sparse: (Extent & { name: string })[] = [];
  const inputs: Value[] = [];
  const outputs: Value[] = [];
  const values = new Map<string, Value>();
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        if (++counts.nodes > LIMITS.nodes) throw overLimit(reader.source.name, "nodes", LIMITS.nodes);
        nodes.push(parseNode(reader.message(), counts, level));
        break;
      case 5: {
        if (++counts.tensors > LIMITS.initializers) throw overLimit(reader.source.name, "initializers", LIMITS.initializers);
        const tensor = parseTensor(reader.message());
        if (initializers.has(tensor.name)) throw malformed(reader.source.name, tensor.start, `a second initializer named ${JSON.stringify(tensor.name)}`);
        initializers.set(tensor.name, tensor);
        break;
      }
      case 11:
        inputs.push(parseValue(reader.message()));
        break;
      case 12:
        outputs.push(parseValue(reader.message()));
        break;
      case 13: {
        const value = parseValue(reader.message());
        values.set(value.name, value);
        break;
      }
      case 15:
        sparse.push(parseSparse(reader.message()));
        break;
      default:
        reader.skip();
    }
  }
  return { nodes, initializers, sparse, inputs, outputs, values };
}

export function parseNode(reader: WireReader, counts: Counts, level: number): Node {
  const start = reader.pos;
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes = new Map<string, Attribute>();
  const captured = new Set<string>();
  let [name, op, domain] = ["", "", ""];
  let scopes: string | undefined;
  while (reader.next()) {
    if (reader.field === 1) inputs.push(reader.text());
    else if (reader.field === 2) outputs.push(reader.text());
    else if (reader.field === 3) name = reader.text();
    else if (reader.field === 4) op = reader.text();
    else if (reader.field === 5) parseAttribute(reader.message(), attributes, captured, counts, level);
    else if (reader.field === 7) domain = reader.text();
    else if (reader.field === 9) scopes = parseScopes(reader.message()) ?? scopes;
    else reader.skip();
  }
  return { start, end: reader.end, op, domain: domain === "ai.onnx" ? "" : domain, name, inputs, outputs, attributes, scopes, captured: [...captured] };
}

function parseScopes(reader: WireReader): string | undefined {
  let key = "";
  let extent: Extent | undefined;
  while (reader.next()) {
    if (reader.field === 1) key = reader.text();
    else if (reader.field === 2) extent = reader.range();
    else reader.skip();
  }
  if (key !== "pkg.torch.onnx.name_scopes" || !extent || extent.end - extent.start > LIMITS.metadataBytes) return undefined;
  return new TextDecoder().decode(reader.source.view(extent.start, extent.end));
}

function parseAttribute(reader: WireReader, into: Map<string, Attribute>, captured: Set<string>, counts: Counts, level: number): void {
  let name = "";
  let [int, float]: (number | undefined)[] = [];
  let ints: number[] | undefined;
  let tensor: Tensor | undefined;
  let graph: Graph | undefined;
  const inside = (message: WireReader) => {
    const inner = parseGraph(message, counts, level + 1);
    for (const outer of capturedNames(inner)) captured.add(outer);
    return inner;
  };
  while (reader.next()) {
    if (reader.field === 1) name = reader.text();
    else if (reader.field === 2 && reader.type === 5) float = reader.float();
    else if (reader.field === 3) int = reader.integer();
    else if (reader.field === 5) tensor = parseTensor(reader.message());
    else if (reader.field === 6) graph = inside(reader.message());
    else if (reader.field === 8) {
      ints ??= [];
      reader.integers(ints, LIMITS.nodes);
    } else if (reader.field === 10) refuseExternal(parseTensor(reader.message()), reader);
    else if (reader.field === 11) inside(reader.message());
    else if (reader.field === 22 || reader.field === 23) parseSparse(reader.message());
    else reader.skip();
  }
  into.set(name, { int, float, ints, tensor, graph });
}

/** What a graph reads but does not make itself. */
function capturedNames(graph: Graph): Set<string> {
  const own = new Set<string>([...graph.initializers.keys(), ...graph.inputs.map((v) => v.name)]);
  for (const node of graph.nodes) for (const name of node.outputs) own.add(name);
  const outer = new Set<string>();
  const read = (name: string) => name !== "" && !own.has(name) && outer.add(name);
  for (const node of graph.nodes) {
    node.inputs.forEach(read);
    node.captured.forEach(read);
  }
  for (const output of graph.outputs) read(output.name);
  return outer;
}

export function parseTensor(reader: WireReader): Tensor {
  const start = reader.pos;
  const dims: number[] = [];
  const external = new Map<string, string>();
  let type = 0;
  let name = "";
  let location = 0;
  let raw: Extent | undefined;
  while (reader.next()) {
    if (reader.field === 1) reader.integers(dims, LIMITS.rank);
    else if (reader.field === 2) type = reader.integer();
    else if (reader.field === 8) name = reader.text();
    else if (reader.field === 9) raw = reader.range();
    else if (reader.field === 13) {
      const entry = reader.message();
      let [key, value] = ["", ""];
      while (entry.next()) {
        if (entry.field === 1) key = entry.text();
        else if (entry.field === 2) value = entry.text();
        else entry.skip();
      }
      external.set(key, value);
    } else if (reader.field === 14) location = reader.integer();
    else reader.skip();
  }
  const wrong = dims.find((dim) => dim < 0 || !Number.isSafeInteger(dim));
  const elements = dims.reduce((n, dim) => n * dim, 1);
  if (wrong !== undefined || !Number.isSafeInteger(elements))
    throw malformed(reader.source.name, start, `impossible dimensions of tensor ${JSON.stringify(name)}`);
  const data: TensorData = location === 1 ? externalData(external, reader, name) : raw ? { kind: "raw", ...raw } : { kind: "typed" };
  if (data.kind === "raw") {
    const bytes = Math.ceil(elements * (TYPES.get(type)?.bytes ?? 0));
    if (bytes > 0 && bytes !== data.end - data.start)
      throw malformed(reader.source.name, data.start, `tensor ${JSON.stringify(name)} says ${bytes} bytes and has ${data.end - data.start}; it is wrong`);
  }
  return { start, end: reader.end, name, type, dims, data };
}

function externalData(entries: ReadonlyMap<string, string>, reader: WireReader, name: string): TensorData {
  const number = (key: string): number | undefined => {
    const value = entries.get(key);
    if (value === undefined || value === "") return undefined;
    if (!/^\d{1,15}$/.test(value))
      throw malformed(reader.source.name, reader.end, `${key} ${JSON.stringify(value.slice(0, 40))} of the external data of tensor ${JSON.stringify(name)}`);
    return Number(value);
  };
  return { kind: "external", location: entries.get("location") ?? "", offset: number("offset") ?? 0, length: number("length") };
}

function refuseExternal(tensor: Tensor, reader: WireReader): void {
  if (tensor.data.kind === "external")
    throw malformed(reader.source.name, tensor.start, `external data in a place where ONNX allows none (tensor ${JSON.stringify(tensor.name)})`);
}

function parseSparse(reader: WireReader): Extent & { name: string } {
  const start = reader.pos;
  let name = "";
  while (reader.next()) {
    if (reader.field !== 1 && reader.field !== 2) {
      reader.skip();
      continue;
    }
    const tensor = parseTensor(reader.message());
    refuseExternal(tensor, reader);
    if (reader.field === 1) name = tensor.name;
  }
  return { start, end: reader.end, name };
}

function parseValue(reader: WireReader): Value {
  let name = "";
  let type = 0;
  let dims: (number | string)[] | undefined;
  while (reader.next()) {
    if (reader.field === 1) name = reader.text();
    else if (reader.field === 2) {
      const kind = reader.message();
      while (kind.next()) {
        if (kind.field !== 1) {
          kind.skip();
          continue;
        }
        const tensor = kind.message();
        while (tensor.next()) {
          if (tensor.field === 1) type = tensor.integer();
          else if (tensor.field === 2) dims = parseShape(tensor.message());
          else tensor.skip();
        }
      }
    } else reader.skip();
  }
  return { name, type, dims };
}

function parseShape(reader: WireReader): (number | string)[] {
  const dims: (number | string)[] = [];
  while (reader.next()) {
    if (reader.field !== 1) {
      reader.skip();
      continue;
    }
    const dim = reader.message();
    let value: number | string = "";
    while (dim.next()) {
      if (dim.field === 1) value = dim.integer();
      else if (dim.field === 2) value = dim.text();
      else dim.skip();
    }
    if (dims.length >= LIMITS.rank) throw overLimit(reader.source.name, "axes of one tensor", LIMITS.rank);
    dims.push(value);
  }
  return dims;
}
