import { PROMPT_HOLE, type Problem, type ProblemError, type PromptAsk, type PromptScore } from "../../protocol/index.js";
import type { TextRange } from "../text/align.js";
import { quantileOf } from "./domain.js";
import { emptyPrompt, oddStates, refusedPrompt, shortPrompt, slowPrompt } from "./errors.js";
import { nearestDistance, nearestRows } from "./neighbours.js";
import { makePieces, type Piece, runPieces } from "./pieces.js";
import { decisionOf, probabilityAt } from "./probe.js";
import type { Profile } from "./profile.js";
import { rangesOf, type ScoringSession } from "./session.js";
import { cutSpans } from "./spans.js";
import { windowSize } from "./windows.js";
import { asOfOne, usualSpans } from "./worst.js";

/** Tokens of a prompt that are looked at to find its windows. */
const MOST_TOKENS = 32_768;

/** What is scored of a prompt: its words without the white space around them, cut into windows. */
export interface Cut {
  /** Where the words begin in the prompt. */
  readonly from: number;
  readonly windows: readonly TextRange[];
  readonly texts: readonly string[];
  readonly tokens: number;
  readonly truncated: boolean;
}

/** @returns a Problem where a prompt has nothing to be scored */
export async function cutPrompt(session: ScoringSession, text: string, signal?: AbortSignal): Promise<Cut | ProblemError> {
  const from = text.length - text.trimStart().length;
  const words = text.trim();
  if (!/[\p{L}\p{N}]/u.test(words.replaceAll(PROMPT_HOLE, ""))) return emptyPrompt();
  const [whole] = await session.tokenizer.encode([words], MOST_TOKENS, signal);
  if (!whole || whole.problem) return whole?.problem === "too-slow" ? slowPrompt() : emptyPrompt();
  const ranges = rangesOf(session, words, whole.ids).filter(([a, b]) => b > a);
  if (ranges.length === 0) return emptyPrompt();
  const { profile } = session.opened;
  const own = ranges.at(-1)![1] < words.length && whole.truncated ? words.slice(0, ranges.at(-1)![1]) : words;
  // Special tokens and what a template writes take their part of the limit.
  const room = session.maxTokens - (whole.ids.length - ranges.length) - 2;
  const { windows, cut } = cutSpans(own, ranges, windowSize(profile.tokens.most, room), room);
  return { from, windows, texts: windows.map(([a, b]) => own.slice(a, b)), tokens: ranges.length, truncated: cut || own.length < words.length };
}

/** Scores prompts, several in one run of the model. @throws Problem `run/cancelled`, any of the model's */
export async function scorePrompts(session: ScoringSession, prompts: readonly PromptAsk[], signal?: AbortSignal): Promise<PromptScore[]> {
  const cuts: (Cut | ProblemError)[] = [];
  for (const { text } of prompts) cuts.push(await cutPrompt(session, text, signal));
  const texts = cuts.flatMap((cut) => ("texts" in cut ? cut.texts : []));
  const pieces = await makePieces(session, texts, signal);
  const runnable = pieces.flatMap((piece, i) => (piece?.weights ? [{ i, ids: piece.encoded.ids, weights: [piece.weights] }] : []));
  const states = await runPieces(session, runnable, signal);
  const byPiece = new Map(runnable.map(({ i }, at) => [i, states[at]!]));
  let next = 0;
  return prompts.map(({ key }, p) => {
    const cut = cuts[p]!;
    if (!("texts" in cut)) return faulty(session.opened.profile, key, cut.problem);
    const first = next;
    next += cut.texts.length;
    const windows = cut.texts.map((_, w) => ({ range: cut.windows[w]!, piece: pieces[first + w], states: byPiece.get(first + w) }));
    return promptScore(session, key, cut, windows);
  });
}

interface Window {
  readonly range: TextRange;
  readonly piece: Piece | undefined;
  readonly states: Float32Array | undefined;
}

interface Measured {
  readonly range: TextRange;
  readonly states: Float32Array;
  readonly decision: number;
  readonly quantile: number;
  readonly tokens: number;
}

function promptScore({ opened }: ScoringSession, key: string, cut: Cut, windows: readonly Window[]): PromptScore {
  const { profile, dataset } = opened;
  const { layer, domain, thresholds } = profile;
  const width = profile.model.width;
  const at = layer * width;
  const own = profile.probes[layer]!;
  const measured = windows.flatMap(({ range, piece, states }): Measured[] => {
    if (!piece || !states) return [];
    const decision = decisionOf(own, states, at);
    if (!Number.isFinite(decision)) return [];
    const { encoded, shown } = piece;
    const far = quantileOf(domain, states, at, { text: shown.text, tokens: encoded.ids.length, truncated: encoded.truncated });
    // What the probe has seen is not outside of what it has seen, however odd a row it was.
    const quantile = far > domain.limit && nearestDistance(domain.frame, profile.rows, states, at) <= opened.copy ? domain.limit : far;
    return [{ range, states, decision, quantile, tokens: encoded.ids.length }];
  });
  if (measured.length === 0) return faulty(profile, key, faultOf(windows), cut);
  // Half of the windows or more lie outside: then the prompt does, unless one of the others says that it is unsafe.
  const quantile = middle(measured.map((one) => one.quantile));
  const outside = quantile > domain.limit;
  const inside = measured.filter((one) => one.quantile <= domain.limit);
  const judged = inside.length > 0 ? inside : measured;
  const worst = judged.reduce((a, b) => (b.decision > a.decision ? b : a));
  const { safe } = profile.calibration;
  const decisions = judged.map((one) => one.decision);
  const mean = decisions.reduce((sum, one) => sum + one, 0) / decisions.length;
  const decision = Math.max(mean, asOfOne(worst.decision, judged.length, safe, usualSpans(decisions, safe)));
  const probability = probabilityAt(own, decision);
  const curve = profile.probes.map((probe, l) => {
    if (l === layer) return probability;
    const value = probe && decisionOf(probe, worst.states, l * width);
    return probe && value !== null && Number.isFinite(value) ? probabilityAt(probe, value) : null;
  });
  const told = inside.length > 0 && probability >= thresholds.report;
  const side = told ? "unsafe" : outside ? "outside" : probability < thresholds.clear ? "safe" : "unsure";
  return {
    key,
    side,
    probability,
    decision,
    domain: { quantile, limit: domain.limit },
    curve,
    emergence: emergenceOf(curve),
    nearest: nearestRows(domain.frame, profile.rows, worst.states, at, dataset.linked),
    windows:
      measured.length > 1
        ? measured.map((one) => ({ from: cut.from + one.range[0], to: cut.from + one.range[1], probability: probabilityAt(own, one.decision) }))
        : [],
    tokens: cut.tokens,
    truncated: cut.truncated || windows.some(({ piece }) => piece?.encoded.truncated),
  };
}

/** The first layer from which the curve stays on the side of a half that it ends on. */
export function emergenceOf(curve: readonly (number | null)[]): number | null {
  const end = curve.at(-1);
  if (end === null || end === undefined) return null;
  let first = curve.length - 1;
  for (let l = curve.length - 2; l >= 0; l--) {
    const value = curve[l]!;
    if (value === null) continue;
    if (value >= 0.5 !== end >= 0.5) break;
    first = l;
  }
  return first;
}

function middle(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)]!;
}

function faultOf(windows: readonly Window[]): Problem {
  if (windows.some(({ states }) => states)) return oddStates().problem;
  const reason = windows[0]?.piece?.encoded.problem;
  if (windows.every(({ piece }) => !piece)) return refusedPrompt().problem;
  return (reason === "too-slow" ? slowPrompt() : reason ? emptyPrompt() : shortPrompt()).problem;
}

function faulty(profile: Profile, key: string, fault: Problem, cut?: Cut): PromptScore {
  return {
    key,
    side: "unsure",
    probability: null,
    decision: null,
    domain: { quantile: 0, limit: profile.domain.limit },
    curve: [],
    emergence: null,
    nearest: [],
    windows: [],
    tokens: cut?.tokens ?? 0,
    truncated: false,
    fault,
  };
}
