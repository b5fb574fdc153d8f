import { normalTail } from "../stats/normal.js";

/**
 * The decision value of the worst of several windows as that of one: the value that a single safe window exceeds as rarely as the worst of
 * so many does (Šidák). Looking often enough finds something in any text.
 * @param safe decision values of held-out safe rows, taken as normal
 * @param looks windows that do not overlap
 */
export function asOfOne(decision: number, looks: number, safe: { readonly mean: number; readonly deviation: number }): number {
  if (looks <= 1 || !(safe.deviation > 0)) return decision;
  const tail = normalTail((decision - safe.mean) / safe.deviation);
  // Beyond what a tail can be told from nothing, the correction changes nothing either.
  if (tail < 1e-12) return decision;
  const raised = -Math.expm1(looks * Math.log1p(-Math.min(tail, 1 - 1e-12)));
  return Math.min(decision, safe.mean + safe.deviation * normalQuantile(Math.min(1 - 1e-9, raised)));
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
