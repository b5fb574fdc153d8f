import type { HeatMethod, PromptAsk, PromptHeat } from "../../protocol/index.js";
import { ProblemError } from "../../protocol/index.js";
import type { TextRange } from "../text/align.js";
import { spanWeights } from "../text/pooling.js";
import { oddStates, refusedPrompt, shortPrompt } from "./errors.js";
import { makePieces, type Piece, runPieces } from "./pieces.js";
import { decisionOf } from "./probe.js";
import { cutPrompt } from "./score.js";
import type { ScoringSession } from "./session.js";

/** Words of a window that are left out one after the other; of more, neighbours go together. */
const MOST_LEFT_OUT = 64;

interface Heated {
  readonly range: TextRange;
  readonly value: number;
}

/**
 * What each token adds to a prompt's decision value.
 * `direction`: the token's state along the probe, times its share of the pooled state, its share of the bias with it; the values of one
 * window sum to its decision value exactly. `occlusion`: the decision value less that of the text without the word.
 * Of a long prompt each window by itself; a token that two windows hold has the mean of both.
 * @throws ProblemError of the prompt's own fault
 */
export async function heatOf(session: ScoringSession, prompt: PromptAsk, method: HeatMethod, signal?: AbortSignal): Promise<PromptHeat> {
  const cut = await cutPrompt(session, prompt.text, signal);
  if (cut instanceof ProblemError) throw cut;
  const pieces = await makePieces(session, cut.texts, signal);
  if (pieces.every((piece) => !piece)) throw refusedPrompt();
  const sums = new Map<number, { to: number; value: number; times: number }>();
  let decision = Number.NEGATIVE_INFINITY;
  for (const [w, piece] of pieces.entries()) {
    if (!piece?.weights) continue;
    const own = await (method === "direction" ? alongDirection : byOcclusion)(session, piece, piece.weights, signal);
    if (!Number.isFinite(own.decision)) throw oddStates();
    decision = Math.max(decision, own.decision);
    const at = cut.from + cut.windows[w]![0];
    for (const { range, value } of own.tokens) {
      const known = sums.get(at + range[0]);
      if (known) {
        known.value += value;
        known.times++;
      } else sums.set(at + range[0], { to: at + range[1], value, times: 1 });
    }
  }
  if (!Number.isFinite(decision)) throw shortPrompt();
  const tokens = [...sums].sort(([a], [b]) => a - b).map(([from, { to, value, times }]) => ({ from, to, value: value / times }));
  return { method, tokens: withoutOverlap(tokens), decision };
}

type Method = (session: ScoringSession, piece: Piece, weights: Float32Array, signal?: AbortSignal) => Promise<{ tokens: Heated[]; decision: number }>;

const alongDirection: Method = async (session, piece, weights, signal) => {
  const { profile } = session.opened;
  const { ids } = piece.encoded;
  const probe = profile.probes[profile.layer]!;
  const width = profile.model.width;
  const counted = [...ids.keys()].filter((t) => weights[t] !== 0);
  const single = counted.map((t) => {
    const one = new Float32Array(ids.length);
    one[t] = 1;
    return one;
  });
  const [states] = await runPieces(session, [{ ids, weights: single }], signal);
  const value = new Float64Array(ids.length);
  counted.forEach((t, k) => {
    value[t] = weights[t]! * decisionOf(probe, states!, (profile.layer * counted.length + k) * width);
  });
  return { tokens: merged(piece.ranges, value), decision: value.reduce((sum, v) => sum + v, 0) };
};

const byOcclusion: Method = async (session, piece, weights, signal) => {
  const { profile } = session.opened;
  const { settings, layer, model } = profile;
  const probe = profile.probes[layer]!;
  const { encoded, ranges, shown } = piece;
  const text = shown.text.slice(shown.own[0], shown.own[1]);
  const units = wordsOf(text, ranges);
  const without = units.map((unit) => {
    const out = new Set(unit);
    const keep = [...encoded.ids.keys()].filter((t) => !out.has(t));
    const ids = keep.map((t) => encoded.ids[t]!);
    const span = encoded.span;
    const inside = span && keep.filter((t) => t >= span[0] && t < span[1]);
    const from = inside?.length ? keep.indexOf(inside[0]!) : 0;
    const own = span && !inside?.length ? undefined : spanWeights(settings.pooling, ids.length, inside && [from, from + inside.length]);
    // Holes count for nothing here either.
    const kept = own?.map((w, k) => (weights[keep[k]!] === 0 && settings.pooling.startsWith("mean") ? 0 : w));
    const sum = kept?.reduce((s, w) => s + w, 0) ?? 0;
    return sum > 0 ? { ids, weights: [kept!.map((w) => w / sum)] } : undefined;
  });
  const runs = [{ ids: encoded.ids, weights: [weights] }, ...without.filter((one) => one !== undefined)];
  const states = await runPieces(session, runs, signal);
  const of = (i: number) => decisionOf(probe, states[i]!, layer * model.width);
  const decision = of(0);
  let next = 1;
  const tokens = units.flatMap((unit, u): Heated[] => {
    const value = without[u] ? decision - of(next++) : 0;
    const from = Math.min(...unit.map((t) => ranges[t]![0]));
    const to = Math.max(...unit.map((t) => ranges[t]![1]));
    return to > from ? [{ range: [from, to], value }] : [];
  });
  return { tokens, decision };
};

/** Tokens by word: a token that begins behind white space, or holds it, begins one. Of many words neighbours are put together. */
function wordsOf(text: string, ranges: readonly TextRange[]): number[][] {
  const words: number[][] = [];
  ranges.forEach(([from, to], t) => {
    if (to <= from) return;
    const open = words.at(-1);
    const blank = open && text.slice(ranges[open[0]!]![0], from).trim() === "";
    const begins = !open || (!blank && (/^\s|^…/.test(text.slice(from, to)) || /\s$/.test(text.slice(Math.max(0, from - 1), from))));
    if (begins) words.push([t]);
    else words.at(-1)!.push(t);
  });
  if (words.length <= MOST_LEFT_OUT) return words;
  const each = Math.ceil(words.length / MOST_LEFT_OUT);
  return Array.from({ length: Math.ceil(words.length / each) }, (_, i) => words.slice(i * each, (i + 1) * each).flat());
}

/** Tokens without a place of their own (parts of a character, what the template writes) go to the one before, or else behind them. */
function merged(ranges: readonly TextRange[], value: Float64Array): Heated[] {
  const out: { range: TextRange; value: number }[] = [];
  let homeless = 0;
  ranges.forEach((range, t) => {
    if (range[1] > range[0]) {
      out.push({ range, value: value[t]! + homeless });
      homeless = 0;
    } else if (out.length > 0) out.at(-1)!.value += value[t]!;
    else homeless += value[t]!;
  });
  return out;
}

function withoutOverlap(tokens: readonly { from: number; to: number; value: number }[]) {
  return tokens.map((token, i) => ({ ...token, to: Math.min(token.to, tokens[i + 1]?.from ?? token.to) }));
}
