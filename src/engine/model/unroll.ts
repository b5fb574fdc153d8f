import { inScope } from "./functions.js";
import type { Graph, Model, Node, Tensor } from "./graph.js";
import { LIMITS } from "./limits.js";
import { nodeProto } from "./onnx.js";
import { tensorInts } from "./roles/small.js";
import type { ByteSource } from "./source.js";

/** A Loop or Scan whose number of turns the file tells. */
interface Turns {
  readonly count: number;
  readonly body: Graph;
  /** Values of the outer graph that the first turn's state is. */
  readonly state: readonly string[];
  /** Values that each turn is given one slice of, with the axis and whether the last slice comes first. */
  readonly slices: readonly { readonly name: string; readonly axis: number; readonly reverse: boolean }[];
  /** Inputs and outputs of the body before the state's: a Loop's turn and condition. */
  readonly own: number;
}

/**
 * Writes Loops and Scans out, turn after turn, where the number of turns is a constant: layers that an exporter kept as one body over
 * stacked weights (JAX's `scan` over layers, torch's `scan`). Recurrences over tokens, whose turns the data decides, stay as they are.
 * @returns undefined where there is nothing to write out
 */
export function unrollLoops(model: Model, source: ByteSource): Model | undefined {
  const { graph } = model;
  const constants = new Map<string, Tensor>(graph.initializers);
  for (const node of graph.nodes) {
    const value = node.op === "Constant" ? node.attributes.get("value")?.tensor : undefined;
    if (value && node.outputs[0]) constants.set(node.outputs[0], value);
  }
  const initializers = new Map(graph.initializers);
  const nodes: Node[] = [];
  let bytes = 0;
  let written = 0;
  for (const [at, node] of graph.nodes.entries()) {
    const turns = turnsOf(node, constants, source);
    const size = turns ? turns.count * turns.body.nodes.reduce((sum, inner) => sum + inner.end - inner.start, 0) : 0;
    const clash = turns && [...turns.body.initializers.keys()].some((name) => initializers.has(name));
    if (!turns || clash || bytes + size > LIMITS.typedBytes || nodes.length + turns.count * turns.body.nodes.length > LIMITS.nodes) {
      nodes.push(node);
      continue;
    }
    bytes += size;
    written++;
    for (const [name, tensor] of turns.body.initializers) initializers.set(name, tensor);
    for (const made of writeOut(node, turns, `layerscope/loop${at}`, source)) nodes.push(made);
  }
  return written === 0 ? undefined : { ...model, graph: { ...graph, nodes, initializers } };
}

function turnsOf(node: Node, constants: ReadonlyMap<string, Tensor>, source: ByteSource): Turns | undefined {
  const body = node.attributes.get("body")?.graph;
  // A body with graphs of its own reads names that would have to be followed into them.
  if (!body || node.domain !== "" || body.nodes.some((inner) => [...inner.attributes.values()].some(({ graph }) => graph))) return undefined;
  if (node.op === "Loop") {
    const limit = constants.get(node.inputs[0] ?? "");
    const count = limit ? tensorInts(source, limit, 1)?.[0] : undefined;
    return count !== undefined && fits(count) && goesOn(body) ? { count, body, state: node.inputs.slice(2), slices: [], own: 2 } : undefined;
  }
  if (node.op !== "Scan") return undefined;
  const given = node.attributes.get("num_scan_inputs")?.int ?? 0;
  const state = node.inputs.slice(0, node.inputs.length - given);
  const slices = node.inputs.slice(node.inputs.length - given).map((name, i) => ({
    name,
    axis: node.attributes.get("scan_input_axes")?.ints?.[i] ?? 0,
    reverse: node.attributes.get("scan_input_directions")?.ints?.[i] === 1,
  }));
  const counts = slices.map(({ name, axis }) => constants.get(name)?.dims.at(axis)).filter((count) => count !== undefined);
  return counts[0] !== undefined && fits(counts[0]) ? { count: counts[0], body, state, slices, own: 0 } : undefined;
}

const fits = (count: number): boolean => Number.isSafeInteger(count) && count > 0 && count <= LIMITS.layers;

/** Whether a Loop's body hands its condition on unseen, so that it turns as often as its limit says. */
function goesOn(body: Graph): boolean {
  const [asked, told] = [body.inputs[1]?.name, body.outputs[0]?.name];
  if (told === undefined) return false;
  const maker = body.nodes.find((node) => node.outputs.includes(told));
  if (!maker) return told === asked || body.initializers.has(told);
  return maker.op === "Constant" || ((maker.op === "Identity" || maker.op === "Cast") && maker.inputs[0] === asked);
}

const made = (op: string, inputs: readonly string[], outputs: readonly string[], attributes: Record<string, number> = {}): Node => ({
  start: 0,
  end: 0,
  op,
  domain: "",
  name: outputs[0]!,
  inputs,
  outputs,
  attributes: new Map(Object.entries(attributes).map(([name, int]) => [name, { int }])),
  captured: [],
  bytes: nodeProto({ op, inputs, outputs, attributes }).finish(),
});

function writeOut(node: Node, { count, body, state, slices, own }: Turns, prefix: string, source: ByteSource): Node[] {
  const nodes: Node[] = [];
  let carried = [...state];
  const kept: string[][] = body.outputs.slice((own > 0 ? 1 : 0) + state.length).map(() => []);
  for (let turn = 0; turn < count; turn++) {
    const at = `${prefix}/${turn}/`;
    const names = new Map<string, string>();
    for (const inner of body.nodes) for (const name of inner.outputs) if (name !== "") names.set(name, at + name);
    const constant = (value: number, label: string) => {
      nodes.push(made("Constant", [], [at + label], { value_int: value }));
      return at + label;
    };
    if (own > 0) {
      names.set(body.inputs[0]!.name, constant(turn, "turn"));
      nodes.push(made("Cast", [constant(1, "one")], [`${at}on`], { to: 9 }));
      names.set(body.inputs[1]!.name, `${at}on`);
    }
    for (const [i, name] of carried.entries()) names.set(body.inputs[own + i]!.name, name);
    for (const [i, { name, axis, reverse }] of slices.entries()) {
      const slice = `${at}slice${i}`;
      nodes.push(made("Gather", [name, constant(reverse ? count - 1 - turn : turn, `index${i}`)], [slice], { axis }));
      names.set(body.inputs[carried.length + i]!.name, slice);
    }
    for (const inner of body.nodes) nodes.push(inScope(inner, source.view(inner.start, inner.end).slice(), { prefix: "", path: at, names, given: new Map() }));
    const results = body.outputs.slice(own > 0 ? 1 : 0).map(({ name }) => names.get(name) ?? name);
    carried = results.slice(0, state.length);
    for (const [i, name] of results.slice(state.length).entries()) kept[i]!.push(name);
  }
  for (const [i, name] of node.outputs.entries()) {
    if (name === "") continue;
    if (i < carried.length) nodes.push(made("Identity", [carried[i]!], [name]));
    else {
      const reverse = node.attributes.get("scan_output_directions")?.ints?.[i - carried.length] === 1;
      const turns = kept[i - carried.length] ?? [];
      const axis = node.attributes.get("scan_output_axes")?.ints?.[i - carried.length] ?? 0;
      nodes.push(made("SequenceConstruct", reverse ? [...turns].reverse() : turns, [`${prefix}/all/${name}`]));
      nodes.push(made("ConcatFromSequence", [`${prefix}/all/${name}`], [name], { axis, new_axis: 1 }));
    }
  }
  return nodes;
}
