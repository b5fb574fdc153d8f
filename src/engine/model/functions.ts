import { overLimit } from "./errors.js";
import type { Attribute, Extent, Model, Node } from "./graph.js";
import { LIMITS } from "./limits.js";
import { parseNode } from "./parse.js";
import type { ByteSource } from "./source.js";
import { WireReader } from "./wire.js";
import { WireWriter } from "./write.js";

/** A FunctionProto: a part of the graph that the file names and calls. */
interface Body {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly nodes: readonly Node[];
}

/** What a call puts in the place of a function's own names. */
interface Scope {
  readonly prefix: string;
  /** Before the names of nodes; the prefix unless given. */
  readonly path?: string;
  readonly names: ReadonlyMap<string, string>;
  readonly given: ReadonlyMap<string, { readonly value?: Attribute; readonly bytes: Uint8Array }>;
}

/**
 * Puts the nodes of model-local functions in the place of their calls, so that additions inside (a whole block, in exports of
 * modules as functions) are found and tapped. Functions with subgraphs of their own stay as they are.
 */
export function inlineFunctions(model: Model, source: ByteSource): Model {
  if (model.functions.length === 0) return model;
  const bodies = new Map<string, Body>();
  for (const extent of model.functions) {
    const [key, body] = readFunction(source, extent);
    if (!body.nodes.some((node) => node.captured.length > 0 || [...node.attributes.values()].some((attribute) => attribute.graph))) bodies.set(key, body);
  }
  const nodes: Node[] = [];
  let calls = 0;
  const expand = (node: Node, bytes: () => Uint8Array, depth: number) => {
    const body = bodies.get(keyOf(node));
    if (!body || depth > LIMITS.subgraphDepth * 4) return nodes.push(node);
    if (nodes.length > LIMITS.nodes) throw overLimit(source.name, "nodes", LIMITS.nodes);
    const names = new Map<string, string>();
    body.inputs.forEach((name, i) => {
      names.set(name, node.inputs[i] ?? "");
    });
    body.outputs.forEach((name, i) => {
      if (node.outputs[i]) names.set(name, node.outputs[i]);
    });
    const scope: Scope = { prefix: `layerscope/call${calls++}/`, names, given: attributesOf(node, bytes()) };
    for (const inner of body.nodes) {
      const copied = inScope(inner, source.view(inner.start, inner.end).slice(), scope);
      expand(copied, () => copied.bytes!, depth + 1);
    }
    return 0;
  };
  for (const node of model.graph.nodes) expand(node, () => source.view(node.start, node.end).slice(), 0);
  return calls === 0 ? model : { ...model, graph: { ...model.graph, nodes } };
}

const keyOf = (node: Node): string => `${node.domain}:${node.op}`;

function readFunction(source: ByteSource, extent: Extent): [string, Body] {
  const reader = new WireReader(source, extent.start, extent.end);
  const inputs: string[] = [];
  const outputs: string[] = [];
  const nodes: Node[] = [];
  const counts = { nodes: 0, tensors: 0 };
  let [name, domain] = ["", ""];
  while (reader.next()) {
    if (reader.field === 1) name = reader.text();
    else if (reader.field === 4) inputs.push(reader.text());
    else if (reader.field === 5) outputs.push(reader.text());
    else if (reader.field === 7) nodes.push(parseNode(reader.message(), counts, 0));
    else if (reader.field === 10) domain = reader.text();
    else reader.skip();
    if (nodes.length > LIMITS.nodes) throw overLimit(source.name, "nodes", LIMITS.nodes);
  }
  return [`${domain === "ai.onnx" ? "" : domain}:${name}`, { inputs, outputs, nodes }];
}

const over = (bytes: Uint8Array) => new WireReader({ name: "", size: bytes.length, view: (a, b) => bytes.subarray(a, b), close: () => {} }, 0, bytes.length);

/** A call's attributes by name, as they are and as they are written. */
function attributesOf(node: Node, bytes: Uint8Array): Scope["given"] {
  const given = new Map<string, { value?: Attribute; bytes: Uint8Array }>();
  const reader = over(bytes);
  while (reader.next()) {
    if (reader.field !== 5) {
      reader.skip();
      continue;
    }
    const { start, end } = reader.range();
    const message = bytes.slice(start, end);
    const { name } = headOf(message);
    given.set(name, { value: node.attributes.get(name), bytes: message });
  }
  return given;
}

/** Name of an attribute, and of the function's attribute that it stands for. */
function headOf(attribute: Uint8Array): { name: string; stands: string } {
  const reader = over(attribute);
  let [name, stands] = ["", ""];
  while (reader.next()) {
    if (reader.field === 1) name = reader.text();
    else if (reader.field === 21) stands = reader.text();
    else reader.skip();
  }
  return { name, stands };
}

/** A function's node as one of the graph: its names replaced, its attributes filled in; one that was not given is left out. */
export function inScope(node: Node, bytes: Uint8Array, { prefix, path = prefix, names, given }: Scope): Node {
  const rename = (name: string) => (name === "" ? "" : (names.get(name) ?? prefix + name));
  const inputs = node.inputs.map(rename);
  const outputs = node.outputs.map(rename);
  const attributes = new Map(node.attributes);
  const out = new WireWriter();
  for (const name of inputs) out.field(1, name);
  for (const name of outputs) out.field(2, name);
  out.field(3, path + node.name);
  const reader = over(bytes);
  let start = 0;
  while (reader.next()) {
    if (reader.field === 5) {
      const extent = reader.range();
      const message = bytes.subarray(extent.start, extent.end);
      const { name, stands } = headOf(message);
      const value = given.get(stands);
      if (stands === "") out.field(5, message);
      else if (value) {
        attributes.set(name, value.value ?? {});
        out.field(5, renamed(value.bytes, name));
      } else attributes.delete(name);
    } else {
      const { field } = reader;
      reader.skip();
      if (field > 3) out.bytes(bytes.subarray(start, reader.pos));
    }
    start = reader.pos;
  }
  return { ...node, name: path + node.name, inputs, outputs, attributes, bytes: out.finish() };
}

/** An attribute under another name. */
function renamed(attribute: Uint8Array, name: string): WireWriter {
  const out = new WireWriter().field(1, name);
  const reader = over(attribute);
  let start = 0;
  while (reader.next()) {
    const { field } = reader;
    reader.skip();
    if (field !== 1) out.bytes(attribute.subarray(start, reader.pos));
    start = reader.pos;
  }
  return out;
}
