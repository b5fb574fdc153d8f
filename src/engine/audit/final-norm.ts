import { openTail, type Tail } from "../model/tail.js";
import type { Prepared } from "./prepare.js";
import type { TokenStates } from "./token-states.js";

/** The norm after the last block, alone; nothing where it needs more than the last layer's states. */
export const openFinalNorm = ({ model }: Prepared, signal?: AbortSignal): Promise<Tail | undefined> => openTail(model.card.path, model.card.tower, signal);

/** States after the final norm, mean over the tokens (of the answer, where that is what is pooled): what the head of a decoder reads (the informative embedding of cMIM). @returns [rows, width] */
export async function finalNormOf(tail: Tail, tokens: TokenStates): Promise<Float32Array> {
  const { width } = tokens;
  const out = new Float32Array(tokens.rows.length * width);
  for (const [b, { ids, span }] of tokens.encoded.entries()) {
    const [from, to] = span ?? [0, ids.length];
    const states = await tail.run(tokens.of(tokens.layers - 1, b).subarray(from * width, to * width), width);
    for (let at = 0; at < states.length; at++) out[b * width + (at % width)]! += states[at]! / (to - from);
  }
  return out;
}
