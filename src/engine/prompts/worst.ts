import { quantile } from "../stats/bootstrap.js";
import { normalTail } from "../stats/normal.js";

/**
 * The decision value of the worst of several windows as that of one: the value that a single safe window exceeds as rarely as the worst of
 * so many does (Šidák). Looking often enough finds something in any text.
 * @param safe decision values of held-out safe rows, taken as normal: one of them is what the answer is in terms of
 * @param looks windows that were looked at
 * @param usual what so many windows are usually like
 */
export function asOfOne(
  decision: number,
  looks: number,
  safe: { readonly mean: number; readonly deviation: number },
  usual: { readonly mean: number; readonly deviation: number } = safe,
): number {
  if (looks <= 1 || !(safe.deviation > 0)) return decision;
  const tail = normalTail((decision - usual.mean) / usual.deviation);
  // Beyond what a tail can be told from nothing, the correction changes nothing either.
  if (tail < 1e-12) return decision;
  const raised = -Math.expm1(looks * Math.log1p(-Math.min(tail, 1 - 1e-12)));
  return Math.min(decision, safe.mean + safe.deviation * normalQuantile(Math.min(1 - 1e-9, raised)));
}

/** How many spans the safe rows count as, when a prompt is compared with what its own spans are like. */
const WORTH_OF_ROWS = 1;

/**
 * What the worst of a prompt's spans is held against: spans as harmless as this prompt's usually are, never less harmless than safe rows.
 * Many dull sentences are many looks at nothing: without their own mean, each of them would weigh like a row that all but reads as unsafe.
 * @param decisions of the prompt's spans
 */
export function usualSpans(decisions: readonly number[], safe: { readonly mean: number; readonly deviation: number }): { mean: number; deviation: number } {
  const own = quantile(decisions, 0.5);
  const mean = (decisions.length * own + WORTH_OF_ROWS * safe.mean) / (decisions.length + WORTH_OF_ROWS);
  return { mean: Math.min(safe.mean, mean), deviation: safe.deviation };
}

/** x with P(N(0, 1) > x) = tail, by bisection. */
export function normalQuantile(tail: number): number {
  let [low, high] = [-12, 12];
  for (let i = 0; i < 80; i++) {
    const middle = (low + high) / 2;
    if (normalTail(middle) > tail) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
