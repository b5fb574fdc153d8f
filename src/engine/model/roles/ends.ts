import type { Links } from "../links.js";
import { NORMS, SKIP_NORMS } from "../ops.js";
import type { Taps } from "../taps.js";
import { originsOf, type Product } from "./products.js";
import { weightBehind } from "./statics.js";

/** What follows the last block. */
export interface Ends {
  /** The normalised last state of every token. */
  readonly finalNorm?: number;
  readonly finalNormMissing?: string;
  readonly logits?: number;
  readonly logitsMissing?: string;
  readonly logitsNote?: string;
  readonly unembedding?: Product;
}

const AFTER = new Set(["Cast", "Identity", "Dropout", "Reshape"]);

export function endsOf(links: Links, taps: Taps): Ends {
  const last = taps.values[taps.values.length - 1]!;
  const norm = finalNormOf(links, taps, last);
  // A head's own additions, behind the last block, lead to the logits; those of other streams do not.
  const head = new Set([taps.blocks[taps.blocks.length - 1]!.sums.at(-1)]);
  for (const sum of taps.streams.sums) if (sum.previous && head.has(sum.previous)) head.add(sum);
  const other = new Set(taps.streams.sums.filter((sum) => !head.has(sum)).map((sum) => sum.value));
  const unembedded = headOf(links, norm ?? last, other);
  const postNorm = taps.streams.norm[last];
  return {
    finalNorm: norm,
    finalNormMissing:
      norm !== undefined
        ? undefined
        : postNorm
          ? "each block ends with a normalisation of its own (post-norm), and nothing normalises its last state again"
          : "nothing normalises the last state of every token",
    ...unembedded,
  };
}

/** The normalisation that reads the last state and nothing else. */
function finalNormOf(links: Links, taps: Taps, last: number): number | undefined {
  const maker = links.maker[last]!;
  const normed = taps.streams.norm[last]!;
  if (!normed && maker >= 0 && SKIP_NORMS.has(links.nodes[maker]!.op) && links.outputs[maker]![0] !== last) return links.outputs[maker]![0];
  const { root } = taps.streams;
  const queue = [last];
  let found: number | undefined;
  for (let i = 0; i < queue.length && i < 64; i++) {
    for (const n of links.readers(queue[i]!)) {
      const out = links.outputs[n]![0] ?? -1;
      if (out < 0 || root[out] !== root[last] || queue.includes(out)) continue;
      const { op } = links.nodes[n]!;
      if (NORMS.has(op)) return out;
      // A decomposed norm ends with its scale and shift, the last light value of the state; behind a post-norm state it is not told from that one's own.
      if (!normed && taps.streams.norm[out] && !AFTER.has(op)) found = out;
      if (!normed || AFTER.has(op)) queue.push(out);
    }
  }
  return found;
}

/** What is kept between calls, and says nothing about the next token. */
const CACHE = /^(present|past|cache)/;

/** The output that an unembedding makes: a product of the (further processed) last state with a table. */
function headOf(links: Links, state: number, other: ReadonlySet<number>): Pick<Ends, "logits" | "logitsMissing" | "logitsNote" | "unembedding"> {
  const outputs = links.graph.outputs.filter((output) => !CACHE.test(output.name));
  // The one called logits first: a graph may give out a pooled vector as well.
  outputs.sort((a, b) => Number(/logits/.test(b.name)) - Number(/logits/.test(a.name)));
  let pooledOnly = false;
  for (const output of outputs) {
    const v = links.known(output.name);
    if (v === undefined || !links.dynamic[v]) continue;
    const { products } = originsOf(links, [v], new Set([state, ...other]));
    for (const product of products) {
      const way = wayTo(links, product.input, state, other);
      if (!way) continue;
      if (way.cut && !/logits/.test(output.name)) {
        pooledOnly = true;
        continue;
      }
      if (!way.cut || weightBehind(links, product.weight))
        return {
          logits: v,
          unembedding: product,
          logitsNote: way.cut ? "may be of chosen tokens only: the export cuts tokens out before the unembedding" : undefined,
        };
    }
  }
  return {
    logitsMissing: pooledOnly
      ? "its outputs are computed from one pooled token, not from every token"
      : "it ends at its last state and has no unembedding (exported for features, not for a language-model task)",
  };
}

/** Whether a value is computed from a state (not through another stream), and whether tokens are cut out on the way. */
function wayTo(links: Links, from: number, state: number, other: ReadonlySet<number>): { cut: boolean } | undefined {
  const seen = new Set<number>();
  const stack: [number, boolean][] = [[from, false]];
  let reached: { cut: boolean } | undefined;
  for (let steps = 0; stack.length > 0 && steps < 200; steps++) {
    const [v, cut] = stack.pop()!;
    if (v === state) {
      if (!cut) return { cut };
      reached = { cut };
      continue;
    }
    const n = links.maker[v]!;
    if (n < 0 || seen.has(v) || other.has(v) || !links.dynamic[v] || links.mask[v]) continue;
    seen.add(v);
    const cuts = cut || /^(Gather|GatherND|GatherElements|Slice|ReduceMean|ReduceSum|ReduceMax|ArgMax|TopK)$/.test(links.nodes[n]!.op);
    for (const input of links.inputs[n]!) if (input >= 0) stack.push([input, cuts]);
  }
  return reached;
}
