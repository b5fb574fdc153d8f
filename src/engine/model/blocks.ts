import type { Node } from "./graph.js";
import type { Links } from "./links.js";
import { isMixer, isProduct } from "./ops.js";
import type { Streams, Sum } from "./stream.js";

/** How the additions of a stream fall into blocks: `ends[i]` is the position in the chain of the last addition of block i. */
export interface Blocks {
  /** Position of the first addition of block 0; those before belong to the embeddings. */
  readonly from: number;
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
 * scan) and not in its rest, so a new block starts at a mixing addition, or where mixing comes round evenly. Where that gives
 * blocks of one size it is believed. Else (one layer a mixer, the next an MLP; unrolled recurrences, whose mixing no
 * operator shows) config.json's count decides, then numbered node names, then the period of the branches' operators.
 */
export function groupBlocks(links: Links, streams: Streams, chain: readonly Sum[], configured?: number): Blocks {
  const mixes = mixing(links, streams, chain);
  const { from, ends: structural } = withoutEnds(blockEnds(chain, mixes), mixes, chain);
  const named = byNames(links, chain);
  const regular = structural.length > 1 && mixes.some(Boolean) && !mixes.every(Boolean) && even(structural, from);
  const found = regular ? undefined : named;
  if (configured !== undefined && configured > 0) {
    if (structural.length === configured) return { from, ends: structural, mixes, by: "attention" };
    // One layer a mixer and the next an MLP pair up evenly; two labels that agree tell them apart.
    if (named?.length === configured && even(named, 0)) return { from: 0, ends: named, mixes, by: "names" };
    if (regular) return { from, ends: structural, mixes, by: "attention", configured };
    if (named?.length === configured) return { from: 0, ends: named, mixes, by: "names" };
    if (chain.length % configured === 0) return { from: 0, ends: every(chain.length, chain.length / configured), mixes, by: "config" };
    return found ? { from: 0, ends: found, mixes, by: "names", configured } : { from, ends: structural, mixes, by: "attention", configured };
  }
  if (found) return { from: 0, ends: found, mixes, by: "names" };
  if (mixes.some(Boolean)) return { from, ends: structural, mixes, by: "attention" };
  return { from: 0, ends: every(chain.length, period(links, streams, chain)), mixes, by: "attention" };
}

/** Ends of blocks of k additions each. */
const every = (length: number, k: number): number[] => Array.from({ length: length / k }, (_, i) => (i + 1) * k - 1);

/**
 * Without the additions of the embeddings and of a head, which mix no tokens: those by which the first and the last of three
 * or more blocks, otherwise of one size, are larger; and those behind the only normalisation that the stream itself goes through.
 */
function withoutEnds(ends: readonly number[], mixes: readonly boolean[], chain: readonly Sum[]): Pick<Blocks, "from" | "ends"> {
  const [first, final] = [mixes.indexOf(true), ends[ends.length - 1]!];
  if (first < 0) return { from: 0, ends };
  const normed = chain.findIndex((sum) => sum.viaNorm);
  const behind = normed > 1 && normed > first && !mixes.slice(normed).some(Boolean) ? normed - 1 : final;
  const cut = ends.length > 1 && ends[ends.length - 2]! >= behind ? ends : [...ends.slice(0, -1), behind];
  const { length } = cut;
  if (length < 3) return { from: 0, ends: cut };
  const size = cut[1]! - cut[0]!;
  const from = first > 0 && size > 1 && cut[0]! + 1 === size + first ? first : 0;
  const before = cut.slice(0, -1);
  const steady = before.every((end, i) => end === from + (i + 1) * size - 1);
  const last = before[before.length - 1]! + size;
  if (!steady || last > cut[length - 1]! || mixes.slice(last + 1).some(Boolean)) return { from: 0, ends: cut };
  return { from, ends: [...before, last] };
}

/** Blocks of one size. */
const even = (ends: readonly number[], from: number): boolean => new Set(ends.map((end, i) => end - (ends[i - 1] ?? from - 1))).size === 1;

/** [sum] whether tokens see each other in its branch. */
export function mixing(links: Links, streams: Streams, chain: readonly Sum[]): boolean[] {
  const state = new Set(chain.map((sum) => sum.value));
  for (const [i, sum] of chain.entries()) if (sum.previous !== chain[i - 1]) state.add(sum.root);
  state.add(chain[0]!.root);
  const fromState = depends(links, state, Math.max(0, links.maker[chain[0]!.root]!), chain[chain.length - 1]!.node);
  const seen = new Map<number, number>();
  return chain.map((sum, i) => {
    const stack = [...sum.branch];
    let mixes = false;
    while (stack.length > 0 && !mixes) {
      const v = stack.pop()!;
      const n = links.maker[v]!;
      // Stop at the stream itself: at a state, or at anything that merely carries one.
      if (n < 0 || state.has(v) || state.has(streams.root[v]!) || !fromState[v] || seen.get(n) === i) continue;
      seen.set(n, i);
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

/** [value] whether its numbers depend on one of these values, as far as the nodes from `first` to `last` tell. */
function depends(links: Links, on: ReadonlySet<number>, first: number, last: number): Uint8Array {
  const result = new Uint8Array(links.names.length);
  for (const v of on) result[v] = 1;
  for (let n = first; n <= last; n++) {
    const choosing = CHOOSING.get(links.nodes[n]!.op);
    const read = links.inputs[n]!.some((v, i) => v >= 0 && result[v] === 1 && !choosing?.includes(i)) || links.captured[n]!.some((v) => result[v] === 1);
    if (!read) continue;
    for (const v of links.outputs[n]!) if (v >= 0) result[v] = 1;
  }
  return result;
}

/** Ends of blocks. All mixing, or none: each addition is a block (parallel attention and MLP, state-space models). */
function blockEnds(chain: readonly Sum[], mixes: readonly boolean[]): number[] {
  const all = !mixes.some(Boolean) || mixes.every(Boolean);
  const one = chain.every((sum, i) => i === 0 || sum.previous === chain[i - 1]);
  // Blocks may begin with an MLP (Conformer's halves): where mixing comes round evenly, they are counted from the start.
  for (let k = 2; one && !all && 2 * k <= chain.length && k <= 8; k++)
    if (chain.length % k === 0 && mixes.every((mix, i) => i < k || mix === mixes[i - k])) return every(chain.length, k);
  // Whatever comes before the first mixing addition belongs to the first block.
  const first = mixes.indexOf(true);
  return chain.flatMap((sum, i) => {
    const next = chain[i + 1];
    const ends = next === undefined || next.previous !== sum || all || (mixes[i + 1] && i >= first);
    return ends ? [i] : [];
  });
}

/** Additions after which the operators of the branches repeat: 2 for a time mix and a channel mix without an operator for time. */
function period(links: Links, streams: Streams, chain: readonly Sum[]): number {
  const kinds = chain.map((sum) => kindOf(links, streams, sum));
  for (const k of [2, 3, 4]) if (chain.length % k === 0 && kinds[0] !== kinds[1] && kinds.every((kind, i) => i < k || kind === kinds[i - k])) return k;
  return 1;
}

/** Operators of a branch that weigh: products and what bends. */
function kindOf(links: Links, streams: Streams, sum: Sum): string {
  const first = links.maker[sum.root]!;
  const counts = new Map<string, number>();
  const seen = new Set<number>();
  const stack = [...sum.branch];
  while (stack.length > 0) {
    const v = stack.pop()!;
    const n = links.maker[v]!;
    if (n <= first || seen.has(n) || !links.dynamic[v] || streams.root[v] === sum.root) continue;
    seen.add(n);
    const { op } = links.nodes[n]!;
    if (isProduct(links.nodes[n]!) || /Sigmoid|Relu|Tanh|Erf|Gelu|Softmax|Exp/.test(op)) counts.set(op, (counts.get(op) ?? 0) + 1);
    for (const input of links.inputs[n]!) if (input >= 0) stack.push(input);
  }
  return [...counts]
    .sort()
    .map(([op, n]) => `${op} ${n}`)
    .join(", ");
}

/** Blocks by the number in the paths of the nodes (`/model/layers.3/Add_1`) that counts up by ones, or undefined when they carry none. */
function byNames(links: Links, chain: readonly Sum[]): number[] | undefined {
  const paths = chain.map((sum) => numbersOf(links.nodes[sum.node]!));
  // Stages have a number before the block's own (`/encoder/layers.1/blocks.0/Add`): the first that is not the same everywhere.
  const place = paths[0]!.findIndex((number, p) => paths.some((path) => path[p] !== number));
  const numbers = paths.map((path) => path[place]);
  // An addition between two blocks (DeBERTa's convolution) is taken to the next.
  if (numbers.filter((number) => number === undefined).length * 4 <= numbers.length)
    for (let i = numbers.length - 2; i >= 0; i--) numbers[i] ??= numbers[i + 1];
  const steady = numbers.every((number, i) => number !== undefined && (i === 0 || number === numbers[i - 1] || number === numbers[i - 1]! + 1));
  if (!steady || numbers[0] === numbers[numbers.length - 1]) return undefined;
  return numbers.flatMap((number, i) => (i + 1 === numbers.length || numbers[i + 1] !== number ? [i] : []));
}

/** Whole parts of a node's path that are or end in a number. */
const numbersOf = (node: Node): number[] => [...(node.scopes ?? node.name).matchAll(/(?:^|[./'\s])(\d+)(?=[./'])/g)].map((found) => Number(found[1]));
