import type { Disagreements } from "../../protocol/index.js";

/** Two-sided exact p of McNemar's test: the smaller of two discordant counts under a fair coin. 1 when there are none. */
export function mcnemar(onlyA: number, onlyB: number): number {
  const n = onlyA + onlyB;
  if (n === 0) return 1;
  let logTerm = -n * Math.LN2;
  let tail = Math.exp(logTerm);
  for (let k = 1; k <= Math.min(onlyA, onlyB); k++) {
    logTerm += Math.log((n - k + 1) / k);
    tail += Math.exp(logTerm);
  }
  return Math.min(1, 2 * tail);
}

/** Which run is right about each row; a score above 0 says class 1. */
export function disagreements(a: ArrayLike<number>, b: ArrayLike<number>, label: ArrayLike<number>): Disagreements {
  const count = [0, 0, 0, 0];
  for (let i = 0; i < label.length; i++) count[(right(a[i], label[i]) ? 2 : 0) + (right(b[i], label[i]) ? 1 : 0)]++;
  const [bothWrong, onlyB, onlyA, bothRight] = count;
  return { bothRight, bothWrong, onlyA, onlyB, p: mcnemar(onlyA, onlyB) };
}

export const right = (score: number, label: number): boolean => score > 0 === (label === 1);
