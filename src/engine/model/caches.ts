import type { Value } from "./graph.js";

/** Keys or values of a layer's earlier tokens: what the graph reads them from, and where it gives them out. */
export interface Cache {
  readonly past: Value;
  readonly present: string;
}

const PAST = /^past(_key_values)?[._]?/;
const PRESENT = /^present(_key_values)?[._]?/;
/** Inputs whose values for tokens behind a prefix follow from its length. */
const FOLLOWS = /^(attention_mask|position_ids|cache_position)$/;

/**
 * Pairs every past input with the output that continues it, by their names (`past_key_values.3.key`, `present.3.key`).
 * @param inputs that the tapped graph still has @param made names of the values that it still computes
 * @returns undefined where the graph has no caches of [batch, heads, tokens, size], or needs more than they give
 */
export function cachesOf(inputs: readonly Value[], outputs: readonly Value[], made: ReadonlySet<string>): readonly Cache[] | undefined {
  const presents = new Map(outputs.filter(({ name }) => PRESENT.test(name)).map(({ name }) => [name.replace(PRESENT, ""), name]));
  const caches: Cache[] = [];
  let others = 0;
  for (const input of inputs) {
    if (FOLLOWS.test(input.name)) {
      if ((input.dims?.length ?? 2) > 2) return undefined;
      continue;
    }
    if (!PAST.test(input.name)) {
      others++;
      continue;
    }
    const present = presents.get(input.name.replace(PAST, ""));
    // A size of tokens that is a number is a window of its own.
    if (!present || !made.has(present) || input.dims?.length !== 4 || typeof input.dims[0] === "number" || typeof input.dims[2] === "number") return undefined;
    caches.push({ past: input, present });
  }
  // Token ids, and nothing that nobody knows how to continue.
  return caches.length > 0 && others === 1 ? caches : undefined;
}
