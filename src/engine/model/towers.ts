import { mixing } from "./blocks.js";
import type { Links } from "./links.js";
import type { Streams, Sum } from "./stream.js";
import { widthOf } from "./width.js";

/** One residual stream of a graph: a decoder has one, an encoder-decoder or CLIP two. */
export interface Tower {
  /** `encoder`, `decoder`, `text`, `vision`, `audio`; a stage of a graph whose width changes: `stage 2`. Unique in its graph. */
  readonly name: string;
  /** Its additions; where one's `previous` is not the one before it, a projection lies between. */
  readonly chain: readonly Sum[];
  /** Names of the graph inputs that its start is made from. */
  readonly inputs: readonly string[];
  /** Reads another tower's result (a decoder with cross-attention). */
  readonly reads: boolean;
}

/** Chains that are looked at; each costs one bit of four words a value. */
const MOST = 64;

/** The streams of a graph, longest first; side chains inside a step of another one (adapters, experts, bottlenecks) are not among them. */
export function findTowers(links: Links, streams: Streams): Tower[] {
  const several = longestChains(streams.sums, 2);
  // One addition alone is a stream when tokens see each other in its branch: the toy model of one block with attention only.
  const chains = several.length > 0 ? several : longestChains(streams.sums, 1).filter((chain) => attends(links, streams, chain[0]!));
  if (chains.length === 0) return [];
  const cones = new Cones(links, chains);
  const start = (c: number) => chains[c]![0]!.root;
  const end = (c: number) => chains[c]![chains[c]!.length - 1]!.value;
  const all = chains.map((_, c) => c);
  const outer = all.filter((c) => !all.some((o) => o !== c && cones.hasStart(start(c), o) && cones.hasEnd(end(o), c)));
  const parts = joined(links, streams, chains, outer, (c) => cones.front(start(c)));
  parts.sort((a, b) => count(chains, b) - count(chains, a) || a[0]! - b[0]!);
  const found = parts.map((part) => ({ part, first: part[0]!, last: part[part.length - 1]!, inputs: inputsOf(links, start(part[0]!)) }));
  const towers = found.map((tower) => ({
    chain: tower.part.flatMap((c) => chains[c]!),
    inputs: tower.inputs,
    // Of two that read each other neither is the other's decoder.
    reads: found.some(
      (other) =>
        other !== tower &&
        cones.hasEnd(end(tower.last), other.last) &&
        !cones.hasEnd(start(tower.first), other.last) &&
        !cones.hasStart(end(other.last), tower.first),
    ),
    follows: found.some((other) => other !== tower && cones.hasEnd(start(tower.first), other.last)),
  }));
  return named(towers);
}

/** Disjoint chains of additions that start at the start of a stream, longest first; of chains far shorter than the longest none. */
function longestChains(sums: readonly Sum[], least: number): Sum[][] {
  const used = new Set<Sum>();
  const chains: Sum[][] = [];
  for (const last of [...sums].sort((a, b) => b.depth - a.depth || b.node - a.node)) {
    if (used.has(last)) continue;
    const chain: Sum[] = [];
    for (let sum: Sum | undefined = last; sum && !used.has(sum); sum = sum.previous) {
      used.add(sum);
      chain.push(sum);
    }
    chain.reverse();
    // A branch of a stream that was found already is no stream of its own.
    if (chain.length < least || chain[0]!.previous || chain.length * 8 < (chains[0]?.length ?? 0)) continue;
    chains.push(chain);
    if (chains.length === MOST) break;
  }
  return chains;
}

const attends = (links: Links, streams: Streams, sum: Sum): boolean =>
  mixing(links, streams, [sum])[0]! && inputsOf(links, sum.root).some((name) => TEXT.test(name));

const count = (chains: readonly Sum[][], part: readonly number[]): number => part.reduce((sum, c) => sum + chains[c]!.length, 0);

/** Chains that follow one another with a projection between them (looped models, mixes of earlier states), as long as the width stays. */
function joined(links: Links, streams: Streams, chains: readonly Sum[][], outer: readonly number[], front: (c: number) => Sum | undefined): number[][] {
  const widths = new Map(
    outer.map((c) => [
      c,
      widthOf(
        links,
        chains[c]!.map((sum) => sum.value),
      ),
    ]),
  );
  const after = new Map<number, number>();
  const follows = new Set<number>();
  const lasts = new Map(outer.map((c) => [chains[c]![chains[c]!.length - 1]!, c]));
  for (const c of outer) {
    const before = lasts.get(front(c)!);
    const [own, other] = [widths.get(c), widths.get(before ?? -1)];
    if (before === undefined || after.has(before) || (own !== other && own !== undefined && other !== undefined)) continue;
    // A head's own additions follow a stream, too; a stage of it lets tokens see each other.
    if (!mixing(links, streams, chains[c]!).some(Boolean)) continue;
    after.set(before, c);
    follows.add(c);
  }
  return outer
    .filter((c) => !follows.has(c))
    .map((c) => {
      const part = [c];
      for (let next = after.get(c); next !== undefined; next = after.get(next)) part.push(next);
      return part;
    });
}

/** For every value: the starts and ends of chains that it is computed from, and the last addition on the way to it. */
class Cones {
  private readonly words: Uint32Array;
  private readonly latest: Int32Array;
  private readonly sums: Sum[] = [];

  constructor(links: Links, chains: readonly (readonly Sum[])[]) {
    this.words = new Uint32Array(4 * links.names.length);
    this.latest = new Int32Array(links.names.length).fill(-1);
    const own = new Map<number, number>();
    chains.forEach((chain, c) => {
      const bit = (v: number, ends: boolean) => {
        this.words[4 * v + (ends ? 2 : 0) + (c >> 5)]! |= 1 << (c & 31);
      };
      bit(chain[0]!.root, false);
      bit(chain[chain.length - 1]!.value, true);
      for (const sum of chain) {
        own.set(sum.node, this.sums.length);
        this.latest[sum.value] = this.sums.length;
        this.sums.push(sum);
      }
    });
    for (let n = 0; n < links.nodes.length; n++) {
      const outputs = links.outputs[n]!.filter((v) => v >= 0);
      const added = own.get(n);
      if (added !== undefined) outputs.push(this.sums[added]!.value);
      for (const inputs of [links.inputs[n]!, links.captured[n]!])
        for (const v of inputs) {
          if (v < 0 || !links.dynamic[v]) continue;
          for (const out of outputs) {
            for (let w = 0; w < 4; w++) this.words[4 * out + w]! |= this.words[4 * v + w]!;
            if (added === undefined && this.position(this.latest[v]!) > this.position(this.latest[out]!)) this.latest[out] = this.latest[v]!;
          }
        }
      if (added === undefined) continue;
      // The norm that a fused addition also gives is made from its sum.
      for (const out of outputs) {
        this.latest[out] = added;
        for (let w = 0; w < 4; w++) this.words[4 * out + w]! |= this.words[4 * this.sums[added]!.value + w]!;
      }
    }
  }

  private position(sum: number): number {
    return sum < 0 ? -1 : this.sums[sum]!.node;
  }

  hasStart(v: number, c: number): boolean {
    return (this.words[4 * v + (c >> 5)]! & (1 << (c & 31))) !== 0;
  }

  hasEnd(v: number, c: number): boolean {
    return (this.words[4 * v + 2 + (c >> 5)]! & (1 << (c & 31))) !== 0;
  }

  front(v: number): Sum | undefined {
    return this.sums[this.latest[v]!];
  }
}

const TEXT = /ids|tokens|embeds/;
const IMAGES = /pixel|image|video/;
const AUDIO = /input_features|input_values|audio|speech|waveform/;

/** Names by what the towers read and who reads whom; doubles are numbered. */
function named(towers: readonly (Omit<Tower, "name"> & { follows: boolean })[]): Tower[] {
  const reads = (tower: Omit<Tower, "name">, pattern: RegExp) => tower.inputs.some((name) => pattern.test(name));
  const encoded = towers.some((tower) => tower.reads);
  const staged = towers.some((tower) => tower.follows);
  const roles = towers.map((tower) => {
    if (encoded) return tower.reads ? "decoder" : "encoder";
    if (staged) return "stage";
    return reads(tower, IMAGES) ? "vision" : reads(tower, AUDIO) ? "audio" : reads(tower, TEXT) ? "text" : "stream";
  });
  return towers.map(({ chain, inputs, reads: readsOther }, i) => {
    const alike = roles.flatMap((role, j) => (role === roles[i] ? [j] : [])).sort((a, b) => towers[a]!.chain[0]!.node - towers[b]!.chain[0]!.node);
    const name = alike.length > 1 || roles[i] === "stage" ? `${roles[i]} ${alike.indexOf(i) + 1}` : roles[i]!;
    return { name, chain, inputs, reads: readsOther };
  });
}

/**
 * The tower that is looked at unless another is asked for: of those that read token ids the one that does not depend on
 * another, so the encoder of an encoder-decoder; else the longest.
 * @param wanted a name, an input's name or a number from 1; or a test of the inputs that its start is made from
 * @returns position, -1 when a wanted name fits none
 */
export function chooseTower(towers: readonly Tower[], wanted?: string | ((input: string) => boolean)): number {
  if (typeof wanted === "string") {
    const exact = towers.findIndex((tower) => tower.name === wanted);
    if (exact >= 0) return exact;
    const byInput = towers.findIndex((tower) => tower.inputs.includes(wanted));
    if (byInput >= 0) return byInput;
    if (/^\d+$/.test(wanted)) return Number(wanted) <= towers.length ? Number(wanted) - 1 : -1;
    return towers.findIndex((tower) => tower.name.startsWith(`${wanted} `));
  }
  const start = wanted ? towers.findIndex((tower) => tower.inputs.some(wanted)) : -1;
  if (start >= 0) return start;
  const readsIds = (tower: Tower) => tower.inputs.some((name) => TEXT.test(name) && !name.startsWith("decoder"));
  const order = towers.map((_, i) => i);
  order.sort((a, b) => Number(readsIds(towers[b]!)) - Number(readsIds(towers[a]!)) || Number(towers[a]!.reads) - Number(towers[b]!.reads) || a - b);
  return order[0]!;
}

/** The graph inputs that a value is computed from; shapes do not count. */
function inputsOf(links: Links, value: number): string[] {
  const seen = new Set<number>();
  const inputs: string[] = [];
  const stack = [value];
  while (stack.length > 0) {
    const v = stack.pop()!;
    if (seen.has(v) || !links.dynamic[v]) continue;
    seen.add(v);
    const n = links.maker[v]!;
    if (n < 0) inputs.push(links.names[v]!);
    else for (const input of [...links.inputs[n]!, ...links.captured[n]!]) if (input >= 0) stack.push(input);
  }
  return inputs.reverse();
}
