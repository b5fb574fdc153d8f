import type { Pooling } from "../../protocol/index.js";

/** Why a row has no pooled state. */
export const ONE_TOKEN = "one-token";

/** Linear poolings: the audit's own, and what lenses may ask for beside them. `weighted-mean` is SGPT's (Muennighoff 2022, section 3.1.2). */
export type TokenPooling = Pooling | "weighted-mean";

/**
 * Weights of one row's tokens: mean 1/n on all, mean-skip-first 1/(n-1) on all but the first (the first token of a causal
 * model is an attention sink with a norm of its own), last and first a single 1, weighted-mean in proportion to the position
 * (2t/(n(n+1)), t from 1). undefined: the row has too few tokens.
 */
export function poolingWeights(pooling: TokenPooling, tokens: number): Float32Array | undefined {
  const weights = new Float32Array(tokens);
  switch (pooling) {
    case "mean":
      return weights.fill(1 / tokens);
    case "mean-skip-first":
      if (tokens < 2) return undefined;
      return weights.fill(1 / (tokens - 1), 1);
    case "last":
      weights[tokens - 1] = 1;
      return weights;
    case "first":
      weights[0] = 1;
      return weights;
    case "weighted-mean":
      for (let t = 0; t < tokens; t++) weights[t] = (2 * (t + 1)) / (tokens * (tokens + 1));
      return weights;
    default:
      return pooling satisfies never;
  }
}

/** The same over a span [from, to) of a row's tokens, zero elsewhere. */
export function spanWeights(pooling: TokenPooling, tokens: number, span: readonly [number, number] | undefined): Float32Array | undefined {
  if (!span) return poolingWeights(pooling, tokens);
  // The class token stands outside of every span and is what it is; the attention sink is left out by a span behind it.
  if (pooling === "first") return poolingWeights(pooling, tokens);
  const inner = poolingWeights(pooling === "mean-skip-first" && span[0] > 0 ? "mean" : pooling, span[1] - span[0]);
  if (!inner) return undefined;
  const weights = new Float32Array(tokens);
  weights.set(inner, span[0]);
  return weights;
}
