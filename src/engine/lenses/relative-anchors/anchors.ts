import { Random } from "../../stats/random.js";
import { centredUnits, type Matrix64 } from "./relative.js";

/** As Moschella et al. 2023 use; fewer where the rows are few. */
export const MOST_ANCHORS = 128;
/** Below this many anchors a relative representation says little. */
export const LEAST_ANCHORS = 8;

/** Rows that the others are measured against, and the rows that are left to measure: no row of an anchor's group is among them. */
export interface Anchors {
  /** Ascending. */
  readonly anchors: Int32Array;
  readonly rows: Int32Array;
}

/** One group in four gives an anchor at most: the rest has to be measured. */
export const anchorCount = (groups: number): number => Math.min(MOST_ANCHORS, Math.floor(groups / 4));

/**
 * Farthest-point anchors: from a seeded first row on, always the row whose largest cosine to the anchors so far is smallest; at most
 * one a group. Rotations and scalings of the states do not change the choice.
 */
export function chooseAnchors(states: Matrix64, group: ArrayLike<number>, count: number, seed: number): Anchors {
  const { n, d } = states;
  const x = centredUnits(states).data;
  const taken = new Set<number>();
  const closest = new Float64Array(n).fill(Number.NEGATIVE_INFINITY);
  const chosen: number[] = [];
  let next = new Random(seed, 91).below(n);
  while (chosen.length < count && next >= 0) {
    chosen.push(next);
    taken.add(group[next]!);
    let least = Number.POSITIVE_INFINITY;
    const from = next * d;
    next = -1;
    for (let i = 0; i < n; i++) {
      let dot = 0;
      for (let j = 0, at = i * d; j < d; j++, at++) dot += x[at]! * x[from + j]!;
      // Rounding may not decide between rows that are equally far.
      const near = Math.max(closest[i]!, Math.round(dot * 1e9) / 1e9);
      closest[i] = near;
      if (near < least && !taken.has(group[i]!)) {
        least = near;
        next = i;
      }
    }
  }
  const rows = Int32Array.from({ length: n }, (_, i) => i).filter((i) => !taken.has(group[i]!));
  return { anchors: Int32Array.from(chosen).sort(), rows };
}
