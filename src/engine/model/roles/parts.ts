import type { Links } from "../links.js";
import { SKIP_NORMS } from "../ops.js";
import type { Streams, Sum } from "../stream.js";
import type { Block, Taps } from "../taps.js";
import { type Attention, attentionIn } from "./attention.js";
import { type Shared, sharedIn } from "./shared.js";

/** A sum of values of the graph, of which a tap is made: one value, or one and a bias that a fused operator adds. */
export interface Reading {
  readonly plus: readonly number[];
  readonly minus?: readonly number[];
}

/** What one part of a block adds to the stream. */
export interface Part {
  readonly kind: "attention" | "mlp" | "mixer";
  readonly reading: Reading;
  /** The last values of its branch, before a bias that is folded into the addition. */
  readonly ends: readonly number[];
  readonly attention?: Attention;
  /** The addition it goes into. */
  readonly sum: Sum;
  /** A bias that the fused addition adds. */
  readonly foldedBias?: number;
  /** The branch's last product is folded into the addition itself. */
  readonly foldedProduct?: number;
  /** It ends in a projection that it shares with the other part of its addition; `reading` is then the sum of both. */
  readonly shared?: Shared;
}

export interface BlockParts {
  readonly block: Block;
  readonly parts: readonly Part[];
  /** Attention and MLP read the same state. */
  readonly parallel: boolean;
}

/** Values at which a branch ends: the states of the stream, with and without their normalisation. */
export function streamValues(taps: Taps): ReadonlySet<number> {
  const stop = new Set<number>(taps.values);
  for (const block of taps.blocks) for (const sum of block.sums) stop.add(sum.value).add(sum.root).add(sum.skip);
  return stop;
}

/** Attention, MLP or another mixer of tokens: what each addition of a block adds, told by structure. */
export function partsOf(links: Links, streams: Streams, block: Block, stop: ReadonlySet<number>): BlockParts {
  const parts = block.sums.flatMap((sum, i) => partsOfSum(links, sum, block.mixes[i] ?? false, stop));
  const [first, ...rest] = block.sums;
  const together = new Set(parts.filter((part) => part.sum === first).map((part) => part.kind)).size > 1;
  const aside = rest.length > 0 && rest.every((sum) => !reads(links, streams, sum.branch, first!, stop));
  return { block, parts, parallel: together || aside };
}

function partsOfSum(links: Links, sum: Sum, mixes: boolean, stop: ReadonlySet<number>): Part[] {
  const node = links.nodes[sum.node]!;
  const inputs = links.inputs[sum.node]!;
  if (node.op === "Gemm") {
    const attention = attentionIn(links, sum.branch, stop);
    const kind = attention ? "attention" : mixes ? "mixer" : "mlp";
    return [{ kind, reading: { plus: [sum.value], minus: [sum.skip] }, ends: sum.branch, attention, sum, foldedProduct: sum.node }];
  }
  const bias = SKIP_NORMS.has(node.op) ? biasOf(inputs, node.op) : undefined;
  const addends = sum.branch.flatMap((v) => addendsOf(links, v, stop)).map((v) => ({ v, attention: attentionIn(links, [v], stop) }));
  const attending = addends.filter((one) => one.attention);
  const others = addends.filter((one) => !one.attention);
  const whole = { plus: [...sum.branch, ...(bias === undefined ? [] : [bias])] };
  if (attending.length === 0) return [{ kind: mixes ? "mixer" : "mlp", reading: whole, ends: sum.branch, sum, foldedBias: bias }];
  const { attention } = attending[0]!;
  const shared = others.length === 0 ? sharedIn(links, sum.branch, stop) : undefined;
  if (shared) {
    const part = { reading: whole, ends: sum.branch, sum, foldedBias: bias, shared };
    return [
      { kind: "attention", attention, ...part },
      { kind: "mlp", ...part },
    ];
  }
  if (others.length === 0) return [{ kind: "attention", reading: whole, ends: sum.branch, attention, sum, foldedBias: bias }];
  // Side by side in one addition; a bias folded into it belongs to the operand that the fused operator took.
  const direct = others.some(({ v }) => sum.branch.includes(v));
  const [a, m] = [attending.map(({ v }) => v), others.map(({ v }) => v)];
  const biases = bias === undefined ? [] : [bias];
  return [
    { kind: "attention", reading: { plus: direct ? a : [...a, ...biases] }, ends: a, attention, sum, foldedBias: direct ? undefined : bias },
    { kind: "mlp", reading: { plus: direct ? [...m, ...biases] : m }, ends: m, sum, foldedBias: direct ? bias : undefined },
  ];
}

const biasOf = (inputs: readonly number[], op: string): number | undefined => {
  const v = inputs[op === "SkipLayerNormalization" ? 4 : 3];
  return v === undefined || v < 0 ? undefined : v;
};

const TRANSPARENT = new Set(["Cast", "Identity", "Dropout"]);

/** The operands of additions right before the residual one: a parallel block adds attention and MLP up first. */
function addendsOf(links: Links, v: number, stop: ReadonlySet<number>, steps = 8): number[] {
  const n = links.maker[v] ?? -1;
  if (n < 0 || steps === 0 || stop.has(v)) return [v];
  const { op } = links.nodes[n]!;
  const inputs = links.inputs[n]!;
  if (TRANSPARENT.has(op)) {
    const inner = addendsOf(links, inputs[0]!, stop, steps - 1);
    return inner.length > 1 ? inner : [v];
  }
  if ((op !== "Add" && op !== "Sum") || inputs.filter((input) => links.dynamic[input]).length < 2) return [v];
  return inputs.flatMap((input) => addendsOf(links, input, stop, steps - 1));
}

/** Whether a branch is computed from a sum (or from the normalised sum that a fused node gives out). */
function reads(links: Links, streams: Streams, branch: readonly number[], sum: Sum, stop: ReadonlySet<number>): boolean {
  const seen = new Set<number>();
  const stack = [...branch];
  while (stack.length > 0) {
    const v = stack.pop()!;
    const n = links.maker[v] ?? -1;
    if (v === sum.value || n === sum.node || streams.root[v] === sum.value) return true;
    if (n < 0 || seen.has(n) || !links.dynamic[v] || links.mask[v] || (stop.has(v) && branch.every((one) => one !== v))) continue;
    seen.add(n);
    for (const input of [...links.inputs[n]!, ...links.captured[n]!]) if (input >= 0) stack.push(input);
  }
  return false;
}
