import { throwIfAborted } from "../errors.js";
import { type Analysis, analyse } from "./analysis.js";
import { locateWeights, tensorBytes } from "./external.js";
import type { Tensor } from "./graph.js";
import { FLOAT, modelProto, nodeProto, tensorProto, valueProto } from "./onnx.js";
import { SKIP_NORMS } from "./ops.js";
import { structureOf } from "./roles/index.js";
import { createSession } from "./runtime.js";
import { Stored } from "./weights/stored.js";
import { WireWriter } from "./write.js";

const IN = "layerscope.state";
const OUT = "layerscope.final_norm";
/** A norm is a handful of nodes; more would be something else. */
const MOST_NODES = 24;

/** What lies between the last block and the head, alone. */
export interface Tail {
  /** @param states [n, width] token states of the last layer; @returns [n, width] behind the final norm */
  run(states: Float32Array, width: number): Promise<Float32Array>;
  close(): Promise<void>;
}

/**
 * The final norm as a graph of its own, so that states which are there already need not be computed again.
 * @returns nothing where there is none, or it needs more than the last layer's state
 */
export async function openTail(path: string, tower?: string, signal?: AbortSignal): Promise<Tail | undefined> {
  const analysis = analyse(path, false, tower);
  try {
    const graph = tailGraph(analysis);
    if (!graph) return undefined;
    throwIfAborted(signal);
    const session = await createSession(graph, { provider: "cpu" }).catch(() => undefined);
    if (!session) return undefined;
    return {
      async run(states, width) {
        const [out] = await session.run(new Map([[IN, { type: "float32", dims: [1, states.length / width, width], data: states }]]), [OUT]);
        return out!.data as Float32Array;
      },
      close: () => session.release(),
    };
  } finally {
    analysis.source.close();
  }
}

function tailGraph(analysis: Analysis): Uint8Array | undefined {
  const { links, taps, model, source } = analysis;
  const place = structureOf(analysis).places.find(({ name }) => name === "final_norm");
  const from = taps.values[taps.values.length - 1]!;
  const [to] = place?.reading?.plus ?? [];
  if (to === undefined || to === from || (place?.reading?.minus ?? []).length > 0 || place!.reading!.plus.length > 1) return undefined;
  const kept = new Set<number>();
  const tensors = new Map<string, Tensor>();
  const stack = [to];
  let type = FLOAT;
  while (stack.length > 0) {
    const v = stack.pop()!;
    if (v === from) continue;
    const n = links.maker[v]!;
    const own = links.tensor(v);
    if (own) {
      tensors.set(links.names[v]!, own);
      continue;
    }
    if (n < 0 || kept.size > MOST_NODES || links.captured[n]!.length > 0) return undefined;
    if (kept.has(n)) continue;
    kept.add(n);
    // A sum and its norm in one operator: the sum is what comes in.
    const fused = SKIP_NORMS.has(links.nodes[n]!.op);
    if (fused && (v !== to || kept.size > 1)) return undefined;
    stack.push(...links.inputs[n]!.slice(fused ? 2 : 0).filter((input, i) => input >= 0 && !(fused && i >= biasAt(links.nodes[n]!.op))));
  }
  for (const tensor of tensors.values()) if (tensor.type === 10 || tensor.type === 16) type = tensor.type;
  const state = links.names[from]!;
  const nodes: WireWriter[] = [];
  const declared = links.graph.values.get(state)?.type;
  nodes.push(nodeProto({ op: "Cast", inputs: [IN], outputs: [state], attributes: { to: declared ?? type } }));
  const copies = [...kept].sort((a, b) => a - b).map((n) => links.nodes[n]!);
  for (const node of copies) {
    const fused = SKIP_NORMS.has(node.op);
    if (!fused) {
      nodes.push(new WireWriter().bytes(node.bytes ?? source.view(node.start, node.end).slice()));
      continue;
    }
    nodes.push(nodeProto({ op: "Sub", inputs: [state, state], outputs: ["layerscope.nothing"] }));
    const inputs = [state, "layerscope.nothing", ...node.inputs.slice(2, 2 + biasAt(node.op))];
    const epsilon = node.attributes.get("epsilon")?.float;
    nodes.push(
      nodeProto({
        op: node.op,
        domain: node.domain,
        inputs,
        outputs: [links.names[to]!],
        ...(epsilon === undefined ? {} : { attributes: { epsilon: { float: epsilon } } }),
      }),
    );
  }
  nodes.push(nodeProto({ op: "Cast", inputs: [links.names[to]!], outputs: [OUT], attributes: { to: FLOAT } }));
  const stored = new Stored(analysis.place.path, locateWeights(model), source);
  try {
    return modelProto({
      nodes,
      initializers: [...tensors].map(([name, tensor]) => {
        if (tensor.data.kind === "typed") return new WireWriter().bytes(source.view(tensor.start, tensor.end).slice());
        return tensorProto(name, tensor.type, tensor.dims, stored.bytes(tensor, 0, tensorBytes(tensor)));
      }),
      inputs: [valueProto(IN, FLOAT, [1, "tokens", "width"])],
      outputs: [valueProto(OUT, FLOAT, [1, "tokens", "width"])],
      opsets: model.opsets,
      irVersion: Math.max(model.irVersion, 4),
    });
  } catch {
    return undefined;
  } finally {
    stored.close();
  }
}

/** Of the inputs behind input and skip, where the bias of the sum stands: the state holds it already. */
const biasAt = (op: string): number => (op === "SkipLayerNormalization" ? 2 : 1);
