import type { LayerTap, Notice } from "../../protocol/index.js";
import { groupBlocks } from "./blocks.js";
import { noStream, overLimit } from "./errors.js";
import { fullOp } from "./graph.js";
import { LIMITS } from "./limits.js";
import type { Links } from "./links.js";
import { NORMS, SKIP_NORMS } from "./ops.js";
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
 * @param wanted of several towers, the one that starts from such an input
 * @throws Problem `model/no-residual-stream`
 */
export function findTaps(links: Links, configured?: number, wanted?: (input: string) => boolean): Taps {
  const streams = findSums(links);
  const towers = findTowers(links, streams);
  if (towers.length === 0 || towers[0]!.chain.length < 2) throw noStream(links.file, describe(links));
  const tower = chooseTower(towers, wanted);
  const chain = towers[tower]!.chain;
  const notices: Notice[] = [];
  const blocks = groupBlocks(links, streams, chain, configured);
  if (blocks.configured !== undefined)
    notices.push({
      code: "model/block-count",
      message: `config.json speaks of ${blocks.configured} blocks; the graph has ${blocks.ends.length} (${chain.length} additions to the residual stream). The graph is believed.`,
    });
  if (towers.length > 1)
    notices.push({
      code: "model/towers",
      message: `The graph has ${towers.length} residual streams (${towers.map((t) => `${t.chain.length} additions from ${t.inputs.join(", ") || "constants"}`).join("; ")}); the one from ${towers[tower]!.inputs.join(", ")} is looked at.`,
    });
  if (blocks.ends.length > LIMITS.layers) throw overLimit(links.file, "layers", LIMITS.layers);
  const values = [startOf(links, streams, chain[0]!), ...blocks.ends.map((end) => stateAfter(links, streams, chain, end))];
  const missing = new Map<number, number>();
  for (const v of values) if (!links.nodes[links.maker[v]!]?.outputs.includes(links.names[v]!) && links.maker[v]! >= 0) missing.set(v, links.maker[v]!);
  const layers = values.map((v, layer) => ({
    layer,
    name: layer === 0 ? "embed" : `blocks.${layer - 1}.resid_post`,
    tensor: links.names[v]!,
    op: links.maker[v]! < 0 ? "input" : fullOp(links.nodes[links.maker[v]!]!),
  }));
  const parts = blocks.ends.map((end, i) => {
    const first = (blocks.ends[i - 1] ?? -1) + 1;
    return { sums: chain.slice(first, end + 1), mixes: blocks.mixes.slice(first, end + 1), start: values[i]!, end: values[i + 1]! };
  });
  return { layers, values, blocks: parts, streams, missing, width: widthOf(links, values), notices, towers, tower };
}

/** The value that enters the first block: the skip operand, or what it was scaled from when only that feeds the branch. */
function startOf(links: Links, streams: Streams, first: Sum): number {
  return beforeCasts(links, fedToBranch(links, streams, first));
}

/** The value nearest to the skip operand that the branch was computed from (the operand itself, unless the skip is scaled). */
function fedToBranch(links: Links, streams: Streams, sum: Sum): number {
  for (let v = sum.skip; v >= 0; v = streams.carried[v]!) {
    const readers = links.readers(v);
    if (v === sum.root || readers.some((n) => n !== sum.node)) return v;
  }
  return sum.skip;
}

/** The state that the next block takes in: the sum, or in post-norm models the normalised sum. */
export function stateAfter(links: Links, streams: Streams, chain: readonly Sum[], end: number): number {
  const sum = chain[end]!;
  const next = chain[end + 1];
  if (next) return next.viaNorm ? normed(links, streams, next.skip) : sum.value;
  // No next block: as in the others, most of which have one.
  if (chain.filter((s) => s.viaNorm).length * 2 <= chain.length) return sum.value;
  return normAfter(links, streams, sum) ?? sum.value;
}

/** Walks back from a skip operand to the output of its last normalisation. */
function normed(links: Links, streams: Streams, skip: number): number {
  return beforeCasts(links, skip, (v) => streams.norm[v]!);
}

const NO_OPS = new Set(["Cast", "Identity", "Dropout"]);

/** The value before no-op casts and identities, as long as `keep` holds. */
function beforeCasts(links: Links, value: number, keep: (v: number) => boolean = () => true): number {
  let v = value;
  while (NO_OPS.has(links.op(v))) {
    const before = links.inputs[links.maker[v]!]![0]!;
    if (!links.dynamic[before] || !keep(before)) break;
    v = before;
  }
  return v;
}

/** The output of the normalisation that follows the last sum. */
function normAfter(links: Links, streams: Streams, sum: Sum): number | undefined {
  if (SKIP_NORMS.has(links.nodes[sum.node]!.op)) return links.outputs[sum.node]![0];
  const queue = [sum.value];
  let last: number | undefined;
  for (let i = 0; i < queue.length && i < 64; i++) {
    for (const n of links.readers(queue[i]!)) {
      const out = links.outputs[n]![0]!;
      if (out < 0 || streams.root[out] !== sum.value || queue.includes(out)) continue;
      if (NORMS.has(links.nodes[n]!.op)) return out;
      // A decomposed norm ends with its scale and shift, the last light value of the sum.
      if (streams.norm[out] && !NO_OPS.has(links.nodes[n]!.op)) last = out;
      queue.push(out);
    }
  }
  return last;
}

/** What a graph without a stream is made of, for the refusal. */
function describe(links: Links): string {
  const counts = new Map<string, number>();
  for (const node of links.nodes) counts.set(fullOp(node), (counts.get(fullOp(node)) ?? 0) + 1);
  const most = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 5);
  return most.length === 0 ? "the graph is empty" : `its ${links.nodes.length} nodes are mostly ${most.map(([op, n]) => `${op} (${n})`).join(", ")}`;
}
