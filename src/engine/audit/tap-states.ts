import { problem } from "../errors.js";
import type { TappedModel } from "../model/tapped.js";
import type { Activations } from "../store/activations.js";
import type { TensorSource } from "../store/safetensors.js";

/** Taps side by side, as if they were one layer whose width is the sum of theirs. */
export interface JoinedTaps {
  readonly model: TappedModel;
  readonly names: readonly string[];
  readonly widths: readonly number[];
}

/**
 * A model that was opened with taps, read like one that has a single layer: so they are pooled, batched and stored as the
 * layers are.
 * @throws Problem `model/no-such-tap` for attention patterns, which are no vectors
 */
export async function joinTaps(model: TappedModel): Promise<JoinedTaps> {
  const pattern = model.taps.find((tap) => tap.name.endsWith("attn_pattern"));
  if (pattern)
    throw problem("model/no-such-tap", `${pattern.name} is a matrix of tokens by tokens, which is not pooled into a vector for each row.`, {
      hint: "Choose taps of one vector a token: attn_out, attn_head, mlp_act, mlp_out, resid_mid, final_norm, logits.",
    });
  // Widths that the graph does not tell are seen in a run.
  const two = await model.runTaps({ ids: [[1, 1]], weights: [[Float32Array.of(1, 0)]] });
  const names = [...two.taps.keys()];
  const widths = names.map((name) => two.taps.get(name)!.shape[2]!);
  const width = widths.reduce((sum, size) => sum + size, 0);
  const [layer] = model.card.layers;
  const joined: TappedModel = {
    ...model,
    card: { ...model.card, hiddenSize: width, layers: [layer] },
    async run(batch) {
      const { taps } = await model.runTaps(batch);
      const kinds = batch.weights[0].length;
      const all = new Float32Array(batch.ids.length * kinds * width);
      let at = 0;
      names.forEach((name, i) => {
        const { data } = taps.get(name)!;
        for (let vector = 0; vector < batch.ids.length * kinds; vector++)
          all.set(data.subarray(vector * widths[i], (vector + 1) * widths[i]), vector * width + at);
        at += widths[i];
      });
      return all;
    },
  };
  return { model: joined, names, widths };
}

/** Rows that are taken apart at once. */
const CHUNK = 1024;

/** One tensor a tap, [rows, width]; with several poolings one each, `TAP/POOLING`. */
export function tapTensors({ names, widths }: JoinedTaps, poolings: readonly string[], stores: readonly Activations[]): TensorSource[] {
  const starts = widths.map((_, i) => widths.slice(0, i).reduce((sum, size) => sum + size, 0));
  return names.flatMap((tap, i) =>
    poolings.map((pooling, kind) => ({
      name: poolings.length === 1 ? tap : `${tap}/${pooling}`,
      shape: [stores[kind].rows, widths[i]],
      *parts() {
        const { rows, width } = stores[kind];
        for (let first = 0; first < rows; first += CHUNK) {
          const which = Array.from({ length: Math.min(CHUNK, rows - first) }, (_, row) => first + row);
          const all = stores[kind].pick(0, which);
          const part = new Float32Array(which.length * widths[i]);
          which.forEach((_, row) => {
            part.set(all.subarray(row * width + starts[i], row * width + starts[i] + widths[i]), row * widths[i]);
          });
          yield part;
        }
      },
    })),
  );
}
