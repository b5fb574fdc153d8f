import type { ProbeResult } from "../../../protocol/index.js";
import { auroc } from "../../stats/auc.js";
import type { Folds } from "../../stats/folds.js";

export interface LayerLine {
  readonly auroc: number | null;
  readonly low: number | null;
  readonly accuracy: number | null;
}

/** Ratio to the layer before that counts as a jump, and the band about 1 that counts as converged (Jin et al. 2024). */
export const JUMP = 1.1;
export const CONVERGED = 0.03;

/** What sums of floats may add to an AUROC of 0.5; a difference of one pair of rows is far larger. */
export const ROUNDING = 1e-9;

/**
 * Where the label becomes readable.
 * - `jump`: first layer whose accuracy is at least 1.1 times the layer before's; it must also lie above chance (interval of
 *   the AUROC above 0.5), or noise about chance would be a jump.
 * - `converge`: first layer from there on whose accuracy is within 3% of the layer before's.
 * - `depth95`: first layer whose lower bound reaches 95% of the way from chance to the best.
 * - `areaDepth`: mean over layers of the share that is still missing to the best; 0 = readable from the first layer.
 * All but `bestLayer` are withheld where the best layer's interval holds 0.5: there is no label to be readable.
 */
export function depthOf(lines: readonly LayerLine[]): Pick<ProbeResult, "bestLayer" | "jump" | "converge" | "depth95" | "areaDepth"> {
  let best: number | null = null;
  lines.forEach((line, l) => {
    if (line.auroc !== null && (best === null || line.auroc > lines[best]!.auroc!)) best = l;
  });
  const none = { bestLayer: best, jump: null, converge: null, depth95: null, areaDepth: null };
  if (best === null) return none;
  const top = lines[best as number]!;
  if (top.low === null || top.low <= 0.5 + ROUNDING) return none;
  const ratio = (l: number) => {
    const a = lines[l]?.accuracy ?? null;
    const b = lines[l - 1]?.accuracy ?? null;
    return a !== null && b !== null && b > 0 ? a / b : null;
  };
  const above = (l: number) => (lines[l]!.low ?? 0) > 0.5 + ROUNDING;
  const layers = lines.map((_, l) => l);
  const jump = layers.find((l) => l > 0 && (ratio(l) ?? 0) >= JUMP && above(l)) ?? null;
  const from = jump ?? 0;
  const converge = layers.find((l) => l > from && above(l) && Math.abs((ratio(l) ?? 0) - 1) <= CONVERGED) ?? null;
  const reach = 0.5 + 0.95 * (top.auroc! - 0.5);
  const depth95 = layers.find((l) => (lines[l]!.low ?? 0) >= reach) ?? null;
  const missing = lines.map((line) => 1 - Math.min(1, Math.max(0, ((line.auroc ?? 0.5) - 0.5) / (top.auroc! - 0.5))));
  return { bestLayer: best, jump, converge, depth95, areaDepth: missing.reduce((s, v) => s + v, 0) / missing.length };
}

/** AUROC of the best layer with the layer chosen, for every fold, by the AUROC of the other folds; stops after each layer. */
export function* choosingLayers(scores: readonly Float64Array[], label: Uint8Array, folds: Folds): Generator<void, number | null> {
  const out = new Float64Array(label.length);
  for (let k = 0; k < folds.count; k++) {
    const others: number[] = [];
    for (let i = 0; i < label.length; i++) if (folds.of[i] !== k) others.push(i);
    let best = -1;
    let layer = 0;
    const known = Uint8Array.from(others, (i) => label[i]!);
    const held = new Float64Array(others.length);
    for (const [l, s] of scores.entries()) {
      for (let i = 0; i < held.length; i++) held[i] = s[others[i]!]!;
      const value = auroc(held, known);
      if (value !== null && value > best) {
        best = value;
        layer = l;
      }
      yield;
    }
    for (let i = 0; i < label.length; i++) if (folds.of[i] === k) out[i] = scores[layer]![i]!;
  }
  return auroc(out, label);
}
