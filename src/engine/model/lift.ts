import type { Graph, Model, Node } from "./graph.js";
import { LIMITS } from "./limits.js";

/**
 * Merged decoders keep their layers inside an If, once with and once without past keys and values. A tensor in there can
 * be no output, so the branch without past is lifted into the main graph; other graphs come back as they are.
 */
export function liftBranches(model: Model): Model {
  let graph = model.graph;
  for (let i = 0; i < LIMITS.subgraphDepth; i++) {
    const at = graph.nodes.findIndex((node) => node.op === "If" && size(node) * 2 > graph.nodes.length + size(node));
    if (at < 0) break;
    const branch = withoutPast(graph.nodes[at]!);
    if (!branch) break;
    graph = inlined(graph, at, branch);
  }
  return graph === model.graph ? model : { ...model, graph };
}

/** Nodes of the larger branch. */
const size = (node: Node): number => Math.max(...["then_branch", "else_branch"].map((name) => node.attributes.get(name)?.graph?.nodes.length ?? 0));

/** The branch that reads fewer of the caches; exporters put it under `else`. */
function withoutPast(node: Node): Graph | undefined {
  const then = node.attributes.get("then_branch")?.graph;
  const otherwise = node.attributes.get("else_branch")?.graph;
  if (!then || !otherwise) return undefined;
  const caches = (graph: Graph) => new Set(graph.nodes.flatMap((n) => [...n.inputs, ...n.captured]).filter((name) => /^past/.test(name))).size;
  // A branch that merely hands its inputs on has no layers.
  if (otherwise.nodes.length * 4 < then.nodes.length) return then;
  if (then.nodes.length * 4 < otherwise.nodes.length) return otherwise;
  return caches(then) < caches(otherwise) ? then : otherwise;
}

/** Replaces an If by one of its branches; the If's outputs become identities of the branch's. */
function inlined(graph: Graph, at: number, branch: Graph): Graph {
  const node = graph.nodes[at]!;
  const aliases = node.outputs.flatMap((name, i): Node[] => {
    const inner = branch.outputs[i]?.name;
    if (name === "" || inner === undefined || inner === name) return [];
    return [
      { start: 0, end: 0, op: "Identity", domain: "", name: `layerscope/${name}`, inputs: [inner], outputs: [name], attributes: new Map(), captured: [] },
    ];
  });
  return {
    nodes: [...graph.nodes.slice(0, at), ...branch.nodes, ...aliases, ...graph.nodes.slice(at + 1)],
    initializers: new Map([...graph.initializers, ...branch.initializers]),
    sparse: [...graph.sparse, ...branch.sparse],
    inputs: graph.inputs,
    outputs: graph.outputs,
    values: new Map([...graph.values, ...branch.values]),
  };
}
