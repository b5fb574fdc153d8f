import { poolingWeights, type TokenPooling } from "../text/pooling.js";

/**
 * Weights of an image's tokens. `mean`: all of them; `mean-skip-first`: the patches, without the tokens before them (class, distillation,
 * registers), which is the mean where there are none; `first`: the class token, or the first patch; `last`: the last patch.
 * @param prefix tokens before the patches
 */
export function imageWeights(pooling: TokenPooling, tokens: number, prefix: number): Float32Array | undefined {
  if (pooling !== "mean-skip-first") return poolingWeights(pooling, tokens);
  const patches = tokens - prefix;
  return patches < 1 ? undefined : new Float32Array(tokens).fill(1 / patches, prefix);
}
