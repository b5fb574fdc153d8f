import { PROMPT_HOLE } from "../../protocol/index.js";
import { throwIfAborted } from "../errors.js";
import type { TextRange } from "../text/align.js";
import { planBatches } from "../text/batches.js";
import { spanWeights } from "../text/pooling.js";
import type { Encoded } from "../text/tokenizer.js";
import { encode, rangesOf, type ScoringSession } from "./session.js";
import type { ShownText } from "./shown.js";

/** A window of a prompt, ready for the model. */
export interface Piece {
  readonly shown: ShownText;
  readonly encoded: Encoded;
  /** Pooling weights of its tokens, as the rows of the profile were pooled, holes left out. undefined: it has too few tokens. */
  readonly weights: Float32Array | undefined;
  /** Where its tokens stand in the window's own text; empty ranges for what the template writes. */
  readonly ranges: readonly TextRange[];
}

/** Padded tokens of one run of the model: a cancel waits for no more than that. */
const BATCH_TOKENS = 512;

/** @returns undefined for a window that the chat template refuses */
export async function makePieces(session: ScoringSession, texts: readonly string[], signal?: AbortSignal): Promise<(Piece | undefined)[]> {
  const shown = await session.show(texts, signal);
  const there = shown.filter((one) => one !== undefined);
  const encoded = await encode(session, there, signal);
  let next = 0;
  return shown.map((one) => one && pieceOf(session, one, encoded[next++]!));
}

function pieceOf(session: ScoringSession, shown: ShownText, encoded: Encoded): Piece {
  const { pooling } = session.opened.profile.settings;
  const [from, to] = shown.own;
  const all = encoded.problem ? [] : rangesOf(session, shown.text, encoded.ids);
  const ranges = all.map(([a, b]): TextRange => {
    const start = Math.min(to, Math.max(from, a));
    return [start - from, Math.max(start, Math.min(to, b)) - from];
  });
  const whole = encoded.problem ? undefined : spanWeights(pooling, encoded.ids.length, encoded.span);
  if (!whole || !shown.text.slice(from, to).includes(PROMPT_HOLE)) return { shown, encoded, ranges, weights: whole };
  const hole: boolean[] = [];
  all.forEach(([a, b], t) => {
    // A hole that is several tokens: its place is the first one's, the others stand behind it without one.
    const rest = b === a && hole[t - 1] === true && session.tokenizer.bytesOf?.(encoded.ids[t]!) !== undefined;
    hole.push(rest || (b > a && shown.text.slice(a, b).trim() === PROMPT_HOLE));
  });
  return { shown, encoded, ranges, weights: withoutHoles(whole, hole) };
}

/** What only the running program knows is neutral: its tokens count for nothing, the others for as much more. undefined: nothing else is there. */
function withoutHoles(weights: Float32Array, hole: readonly boolean[]): Float32Array | undefined {
  const out = weights.map((w, t) => (hole[t] ? 0 : w));
  const sum = out.reduce((s, w) => s + w, 0);
  if (sum > 0) return out.map((w) => w / sum);
  // The last token is a hole: the last one that is none stands for it.
  const last = hole.lastIndexOf(false, lastCounted(weights));
  return last < 0 ? undefined : weights.map((_, t) => (t === last ? 1 : 0));
}

/**
 * Pooled states of pieces at every layer up to the profile's.
 * @param of the rows of pooling weights of a piece, [K][tokens]
 * @param ids its tokens, where they are not the piece's own
 * @returns for each piece [layers, K, width]
 */
export async function runPieces(
  session: ScoringSession,
  pieces: readonly { readonly ids: readonly number[]; readonly weights: readonly Float32Array[] }[],
  signal?: AbortSignal,
): Promise<Float32Array[]> {
  const { model } = session;
  const width = model.card.hiddenSize;
  const layers = model.card.layers.length;
  const out: Float32Array[] = new Array(pieces.length);
  // Pieces of one number of poolings run together.
  const kinds = new Map<number, number[]>();
  pieces.forEach(({ weights }, i) => {
    const list = kinds.get(weights.length);
    if (list) list.push(i);
    else kinds.set(weights.length, [i]);
  });
  for (const [k, which] of kinds) {
    const { batches } = planBatches(
      which.map((i) => pieces[i]!.ids.length),
      BATCH_TOKENS,
      0,
      model.card.oneRowAtATime,
    );
    for (const batch of batches) {
      throwIfAborted(signal);
      const own = batch.map((b) => which[b]!);
      const states = await model.run({ ids: own.map((i) => pieces[i]!.ids), weights: own.map((i) => pieces[i]!.weights) });
      own.forEach((i, b) => {
        const values = new Float32Array(layers * k * width);
        for (let layer = 0; layer < layers; layer++) {
          const from = (layer * own.length + b) * k * width;
          values.set(states.subarray(from, from + k * width), layer * k * width);
        }
        out[i] = values;
      });
      // A cancel can only be heard here: a run blocks this thread.
      await new Promise((done) => setImmediate(done));
    }
  }
  throwIfAborted(signal);
  return out;
}

function lastCounted(weights: Float32Array): number {
  let last = weights.length - 1;
  while (last >= 0 && !(weights[last]! > 0)) last--;
  return last;
}
