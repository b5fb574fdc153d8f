import type { Batch, TappedModel } from "../model/tapped.js";
import type { Encoded } from "../text/tokenizer.js";

/** Token states of a batch of rows. */
export interface TokenStates {
  readonly rows: readonly number[];
  readonly encoded: readonly Encoded[];
  readonly layers: number;
  readonly width: number;
  /** [tokens, width] of one layer and row of the batch. */
  of(layer: number, row: number): Float32Array;
}

/** Numbers of token states that one run gives out at most (128 MB); a batch with more is run again for its further tokens. */
const MOST_FLOATS = 2 ** 25;

/**
 * One run of a batch that gives its pooled states and those of its tokens: with one weight row a token, the pooled product gives the token's own state.
 * @returns pooled states of the row `b` and pooling `k` of a layer, and the tokens'
 */
export async function runTokens(
  model: TappedModel,
  batch: Batch,
  rows: readonly number[],
  encoded: readonly Encoded[],
  mostFloats = MOST_FLOATS,
): Promise<{ pooled(layer: number, b: number, k: number): Float32Array; tokens: TokenStates }> {
  const { hiddenSize: width, layers } = model.card;
  const count = batch.ids.length;
  const lengths = batch.ids.map((ids) => ids.length);
  const longest = Math.max(...lengths);
  const kinds = batch.weights[0]!.length;
  const atOnce = Math.max(1, Math.floor(mostFloats / (layers.length * count * width)));
  const runs: { from: number; to: number; before: number; states: Float32Array }[] = [];
  for (let from = 0; from < longest; from += atOnce) {
    const to = Math.min(longest, from + atOnce);
    const single = (b: number) => Array.from({ length: to - from }, (_, k) => Float32Array.from({ length: lengths[b]! }, (__, t) => (t === from + k ? 1 : 0)));
    const before = from === 0 ? kinds : 0;
    const weights = batch.weights.map((own, b) => [...(from === 0 ? own : []), ...single(b)]);
    runs.push({ from, to, before, states: await model.run({ ...batch, weights }) });
  }
  const vector = ({ states, from, to, before }: (typeof runs)[number], layer: number, b: number, k: number) => {
    const at = ((layer * count + b) * (before + to - from) + k) * width;
    return states.subarray(at, at + width);
  };
  return {
    pooled: (layer, b, k) => vector(runs[0]!, layer, b, k),
    tokens: {
      rows,
      encoded,
      layers: layers.length,
      width,
      of(layer, b) {
        const out = new Float32Array(lengths[b]! * width);
        for (const run of runs)
          for (let t = run.from; t < Math.min(run.to, lengths[b]!); t++) out.set(vector(run, layer, b, run.before + t - run.from), t * width);
        return out;
      },
    },
  };
}

/** The largest value of each dimension over a row's tokens (of its span). @returns [rows, width] of one layer */
export function largestOf(tokens: TokenStates, layer: number): Float32Array {
  const { width } = tokens;
  const out = new Float32Array(tokens.rows.length * width).fill(Number.NEGATIVE_INFINITY);
  tokens.encoded.forEach(({ ids, span }, b) => {
    const states = tokens.of(layer, b);
    const [from, to] = span ?? [0, ids.length];
    for (let t = from; t < to; t++) for (let j = 0; j < width; j++) out[b * width + j] = Math.max(out[b * width + j]!, states[t * width + j]!);
  });
  return out;
}
