/** Resident memory of the runtime itself and of Node, before any weight. */
const RUNTIME_BYTES = 110e6;
/** Rows x tokens of the batch that the estimate is for. */
const TOKENS = 8 * 64;

/** How much more than on disk weights take on the CPU; measured on MiniLM, SmolLM2 and the embedded model. */
const FACTORS: readonly [RegExp, number, string][] = [
  [/^b?float16$/, 3, "as they are and, for the CPU, in float32"],
  [/^int8 dynamic/, 2.2, "as they are and packed for the CPU"],
  [/^int8/, 5, "as they are and, when the graph widens them, in float32"],
  [/^int4/, 2.4, "as they are and packed for the CPU"],
];

/**
 * What a session needs, roughly: the weights once (they are mapped from disk), what the runtime adds for numbers that the CPU
 * does not compute in, the states of one batch, the runtime. An estimate, and shown as one.
 * @param bytes of all files
 */
export function memoryNeeded(bytes: number, precision: string, hiddenSize: number, layers: number): { bytes: number; note: string } {
  const [, factor, why] = FACTORS.find(([pattern]) => pattern.test(precision)) ?? [/$/, 1, "once, mapped from disk"];
  // Attention scores, the MLP's inner states and the pooled layers of one batch.
  const states = TOKENS * hiddenSize * 4 * 24 + layers * 8 * hiddenSize * 4;
  const total = bytes * factor + states + RUNTIME_BYTES;
  const note = `estimate: weights ${why}; a batch of 8 x 64 tokens; the runtime`;
  return { bytes: Math.round(total / 1e6) * 1e6, note };
}
