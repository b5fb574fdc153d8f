import type { Links } from "./links.js";
import { isMixer, isProduct } from "./ops.js";
import type { Streams, Sum } from "./stream.js";

/** How the additions of a stream fall into blocks: `ends[i]` is the position in the chain of the last addition of block i. */
export interface Blocks {
  readonly ends: readonly number[];
  /** [sum] whether tokens see each other in its branch. */
  readonly mixes: readonly boolean[];
  /** What decided. */
  readonly by: "config" | "attention" | "names";
  /** The block count of config.json, when the graph says otherwise. */
  readonly configured?: number;
}

/**
 * Groups the additions of a chain. Tokens see each other at the start of a block (attention, convolution, a state-space
 * scan) and not in its rest, so a new block starts where a mixing addition follows one that does not mix; config.json's
 * block count is believed when it divides the chain evenly.
 */
export function groupBlocks(links: Links, streams: Streams, chain: readonly Sum[], configured?: number): Blocks {
  const every = (k: number) => Array.from({ length: chain.length / k }, (_, i) => (i + 1) * k - 1);
  const mixes = mixing(links, streams, chain);
  const starts = blockStarts(mixes);
  const structural = starts.map((_, i) => (starts[i + 1] ?? chain.length) - 1);
  if (configured !== undefined && configured > 0) {
    if (structural.length === configured) return { ends: structural, mixes, by: "attention" };
    if (chain.length % configured === 0) return { ends: every(chain.length / configured), mixes, by: "config" };
    const named = byNames(links, chain);
    if (named?.length === configured) return { ends: named, mixes, by: "names" };
    return { ends: structural, mixes, by: "attention", configured };
  }
  return { ends: structural, mixes, by: "attention" };
}

/** [sum] whether tokens see each other in its branch. */
function mixing(links: Links, streams: Streams, chain: readonly Sum[]): boolean[] {
  const state = new Set(chain.map((sum) => sum.value));
  state.add(chain[0]!.root);
  const fromState = depends(links, state);
  const seen = new Int32Array(links.nodes.length).fill(-1);
  return chain.map((sum, i) => {
    const stack = [...sum.branch];
    let mixes = false;
    while (stack.length > 0 && !mixes) {
      const v = stack.pop()!;
      const n = links.maker[v]!;
      // Stop at the stream itself: at a state, or at anything that merely carries one.
      if (n < 0 || state.has(v) || state.has(streams.root[v]!) || !fromState[v] || seen[n] === i) continue;
      seen[n] = i;
      const node = links.nodes[n]!;
      const inputs = links.inputs[n]!;
      mixes = isMixer(node) || (isProduct(node) && inputs.length >= 2 && Boolean(fromState[inputs[0]!] && fromState[inputs[1]!]));
      for (const input of inputs) if (input >= 0) stack.push(input);
      for (const input of links.captured[n]!) stack.push(input);
    }
    return mixes;
  });
}

/** Inputs that choose or mask numbers but are none themselves: a router's choice of an expert's weights is no mixing of tokens. */
const CHOOSING: ReadonlyMap<string, readonly number[]> = new Map([
  ["Shape", [0]],
  ["Size", [0]],
  ["Gather", [1]],
  ["GatherElements", [1]],
  ["GatherND", [1]],
  ["ScatterElements", [1]],
  ["ScatterND", [1]],
  ["Where", [0]],
  ["OneHot", [0]],
]);

/** [value] whether its numbers depend on one of these values. */
function depends(links: Links, on: ReadonlySet<number>): boolean[] {
  const result: boolean[] = links.names.map((_, v) => on.has(v));
  for (let n = 0; n < links.nodes.length; n++) {
    const choosing = CHOOSING.get(links.nodes[n]!.op);
    const read = choosing ? links.inputs[n]!.filter((_, i) => !choosing.includes(i)) : links.inputs[n]!;
    if (![...read, ...links.captured[n]!].some((v) => v >= 0 && result[v])) continue;
    for (const v of links.outputs[n]!) if (v >= 0) result[v] = true;
  }
  return result;
}

/** Positions where a block starts. All mixing: each addition is a block (parallel attention and MLP, state-space models). */
function blockStarts(mixes: readonly boolean[]): number[] {
  if (!mixes.some(Boolean) || mixes.every(Boolean)) return mixes.map((_, i) => i);
  const starts = mixes.flatMap((mix, i) => (mix && (i === 0 || !mixes[i - 1]) ? [i] : []));
  // Whatever comes before the first mixing addition belongs to the first block.
  starts[0] = 0;
  return starts;
}

/** Blocks by the first number in the paths of the nodes (`/model/layers.3/Add_1`), or undefined when they carry none. */
function byNames(links: Links, chain: readonly Sum[]): number[] | undefined {
  const numbers = chain.map((sum) => {
    const node = links.nodes[sum.node]!;
    const found = /(?:^|[./'\s])(\d+)(?=[./'])/.exec(node.scopes ?? node.name);
    return found ? Number(found[1]) : undefined;
  });
  if (numbers.some((number) => number === undefined)) return undefined;
  return numbers.flatMap((number, i) => (i + 1 === numbers.length || numbers[i + 1] !== number ? [i] : []));
}
