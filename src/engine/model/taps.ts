import type { LayerTap, Notice } from "../../protocol/index.js";
import { groupBlocks } from "./blocks.js";
import { noStream, noTower, overLimit } from "./errors.js";
import { fullOp } from "./graph.js";
import { LIMITS } from "./limits.js";
import type { Links } from "./links.js";
import { stateAfter, stateBefore } from "./states.js";
import { findSums, type Streams, type Sum } from "./stream.js";
import { chooseTower, findTowers, type Tower } from "./towers.js";
import { widthOf } from "./width.js";

/** One block: the additions to the stream inside it, in order; the last one makes the block's state. */
export interface Block {
  readonly sums: readonly Sum[];
  /** [sum] whether tokens see each other in its branch: attention, a convolution, a scan. Not so in an MLP. */
  readonly mixes: readonly boolean[];
  /** Value numbers of the state that enters and of the state that leaves (`values[i]` and `values[i + 1]` of the taps). */
  readonly start: number;
  readonly end: number;
}

export { stateAfter } from "./states.js";

/** The residual stream of a graph, cut into layers. */
export interface Taps {
  readonly layers: readonly LayerTap[];
  /** [layer] value number in the links. */
  readonly values: readonly number[];
  readonly blocks: readonly Block[];
  readonly streams: Streams;
  /** Node (position in the links) whose missing sum output must be added, by layer value. */
  readonly missing: ReadonlyMap<number, number>;
  /** Width of the stream, when the graph tells. */
  readonly width?: number;
  readonly notices: readonly Notice[];
  readonly towers: readonly Tower[];
  readonly tower: number;
}

/**
 * Finds the stream and its layers: the embedding output, then the state after each block, before any final norm.
 * @param configured block count of config.json; a label, believed only where the graph agrees
 * @param wanted of several towers: the name, input or number of one, or a test of the inputs that it starts from
 * @throws Problem `model/no-residual-stream`, `model/no-tower`
 */
export function findTaps(links: Links, configured?: number, wanted?: string | ((input: string) => boolean)): Taps {
  const streams = findSums(links);
  const towers = findTowers(links, streams);
  if (towers.length === 0) throw noStream(links.file, describe(links));
  if (isConvolutional(links)) throw noStream(links.file, `it is a convolutional network; ${describe(links)}`);
  const tower = chooseTower(towers, wanted);
  if (tower < 0) throw noTower(links.file, String(wanted), towers.map(said));
  const blocks = groupBlocks(links, streams, towers[tower]!.chain, configured);
  const chain = towers[tower]!.chain.slice(0, blocks.ends[blocks.ends.length - 1]! + 1);
  const first = chain[blocks.from]!;
  const notices: Notice[] = [];
  // Of several streams it may be another one that config.json counts.
  if (blocks.configured !== undefined && towers.length === 1)
    notices.push({
      code: "model/block-count",
      message: `config.json speaks of ${blocks.configured} blocks; the graph has ${blocks.ends.length} (${chain.length} additions to the residual stream). The graph is believed.`,
    });
  if (towers.length > 1)
    notices.push({
      code: "model/towers",
      message: `The graph has ${towers.length} residual streams: ${towers.map(said).join("; ")}. The one named ${towers[tower]!.name} is looked at; --tower NAME chooses another.`,
    });
  if (blocks.ends.length > LIMITS.layers) throw overLimit(links.file, "layers", LIMITS.layers);
  const values = [stateBefore(links, streams, first), ...blocks.ends.map((end) => stateAfter(links, streams, chain, end, blocks.ends))];
  const missing = new Map<number, number>();
  for (const v of values) if (!links.nodes[links.maker[v]!]?.outputs.includes(links.names[v]!) && links.maker[v]! >= 0) missing.set(v, links.maker[v]!);
  const layers = values.map((v, layer) => ({
    layer,
    name: layer === 0 ? "embed" : `blocks.${layer - 1}.resid_post`,
    tensor: links.names[v]!,
    op: links.maker[v]! < 0 ? "input" : fullOp(links.nodes[links.maker[v]!]!),
  }));
  const parts = blocks.ends.map((end, i) => {
    const start = (blocks.ends[i - 1] ?? blocks.from - 1) + 1;
    return { sums: chain.slice(start, end + 1), mixes: blocks.mixes.slice(start, end + 1), start: values[i]!, end: values[i + 1]! };
  });
  return { layers, values, blocks: parts, streams, missing, width: widthOf(links, values), notices, towers, tower };
}

/** A tower in a sentence. */
const said = (tower: Tower): string => `${tower.name} (${tower.chain.length} additions from ${tower.inputs.join(", ") || "constants"})`;

/** Feature maps that 2-D convolutions add to, and nothing by which one token could see another. */
function isConvolutional(links: Links): boolean {
  const maps = links.nodes.filter((node, n) => {
    const dims = node.op.endsWith("Conv") ? links.tensor(links.inputs[n]![1] ?? -1)?.dims : undefined;
    return dims?.length === 4 && dims[2]! * dims[3]! > 1;
  });
  return maps.length > 2 && !links.nodes.some((node) => /Softmax|Attention|Loop|Scan|^LSTM$|^GRU$|CumSum|Einsum|^DFT$/.test(node.op));
}

/** What a graph without a stream is made of, for the refusal. */
function describe(links: Links): string {
  const inner = links.nodes.find((node) => (node.attributes.get("body")?.graph?.nodes.length ?? 0) > links.nodes.length);
  if (inner)
    return `its blocks lie inside a ${inner.op} of ${inner.attributes.get("body")!.graph!.nodes.length} nodes, whose number of turns the data decides or another graph inside it hides, so that no session gives its inner states out; export it with the loop unrolled`;
  const counts = new Map<string, number>();
  for (const node of links.nodes) counts.set(fullOp(node), (counts.get(fullOp(node)) ?? 0) + 1);
  const most = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 5);
  return most.length === 0 ? "the graph is empty" : `its ${links.nodes.length} nodes are mostly ${most.map(([op, n]) => `${op} (${n})`).join(", ")}`;
}
