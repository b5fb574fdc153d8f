import type { Pooling } from "../../protocol/index.js";

/** Why a row has no pooled state. */
export const ONE_TOKEN = "one-token";

/**
 * Weights of one row's tokens: mean 1/n on all, mean-skip-first 1/(n-1) on all but the first (the first token of a causal
 * model is an attention sink with a norm of its own), last and first a single 1. undefined: the row has too few tokens.
 */
export function poolingWeights(pooling: Pooling, tokens: number): Float32Array | undefined {
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
    default:
      return pooling satisfies never;
  }
}
