import type { Links } from "./links.js";
import type { Streams, Sum } from "./stream.js";

/** One residual stream of a graph: a decoder has one, an encoder-decoder two. */
export interface Tower {
  readonly chain: readonly Sum[];
  /** Names of the graph inputs that its start is made from. */
  readonly inputs: readonly string[];
  /** Reads another tower's result (a decoder with cross-attention). */
  readonly reads: boolean;
}

/** The streams of a graph, longest first; short side chains (adapters, expert layers) are not among them. */
export function findTowers(links: Links, streams: Streams): Tower[] {
  const left = new Set(streams.sums);
  const chains: Sum[][] = [];
  while (left.size > 0) {
    let end: Sum | undefined;
    for (const sum of left) if (!end || sum.depth >= end.depth) end = sum;
    const chain: Sum[] = [];
    for (let sum = end; sum && left.has(sum); sum = sum.previous) chain.unshift(sum);
    for (const sum of chain) left.delete(sum);
    const main = chains[0];
    if (!main) {
      chains.push(chain);
      if (chain.length === 0) break;
      continue;
    }
    // A branch of a stream that was found already is no stream of its own.
    if (chain.length < 2 || chain[0]!.previous || chain.length * 8 < main.length) {
      if (chain.length < 2) break;
      continue;
    }
    if (!chains.some((other) => cone(links, chain[0]!.skip).values.has(other[0]!.skip))) chains.push(chain);
  }
  const towers = chains.map((chain) => ({ chain, cone: cone(links, chain[chain.length - 1]!.value), start: cone(links, chain[0]!.skip) }));
  // A chain inside every step of another one (a stack of layers within each block) is no stream of its own.
  const outer = towers.filter(
    ({ chain, start }) =>
      !towers.some((other) => other.chain !== chain && start.values.has(other.chain[0]!.skip) && other.cone.values.has(chain[chain.length - 1]!.value)),
  );
  return outer.map(({ chain, cone: whole, start }) => ({
    chain,
    inputs: start.inputs,
    reads: outer.some((other) => other.chain !== chain && whole.values.has(other.chain[other.chain.length - 1]!.value)),
  }));
}

/**
 * The tower that is looked at unless another is asked for: of those that read token ids the one that does not depend on
 * another, so the encoder of an encoder-decoder; else the longest.
 * @param wanted a tower that starts from such an input goes first
 */
export function chooseTower(towers: readonly Tower[], wanted?: (input: string) => boolean): number {
  const start = wanted ? towers.findIndex((tower) => tower.inputs.some(wanted)) : -1;
  if (start >= 0) return start;
  const readsIds = (tower: Tower) => tower.inputs.some((name) => /ids|tokens|embeds/.test(name) && !name.startsWith("decoder"));
  const order = towers.map((_, i) => i);
  order.sort((a, b) => Number(readsIds(towers[b]!)) - Number(readsIds(towers[a]!)) || Number(towers[a]!.reads) - Number(towers[b]!.reads) || a - b);
  return order[0]!;
}

/** Everything that a value is computed from (shapes do not count), and the graph inputs among it. */
function cone(links: Links, value: number): { values: Set<number>; inputs: string[] } {
  const values = new Set<number>();
  const inputs: string[] = [];
  const stack = [value];
  while (stack.length > 0) {
    const v = stack.pop()!;
    if (values.has(v) || !links.dynamic[v]) continue;
    values.add(v);
    const n = links.maker[v]!;
    if (n < 0) {
      inputs.push(links.names[v]!);
      continue;
    }
    for (const output of links.outputs[n]!) if (output >= 0) values.add(output);
    for (const input of [...links.inputs[n]!, ...links.captured[n]!]) if (input >= 0) stack.push(input);
  }
  return { values, inputs: inputs.reverse() };
}
