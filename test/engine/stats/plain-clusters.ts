import type { Rows } from "../../../src/engine/stats/moments.js";
import { Random } from "../../../src/engine/stats/random.js";

const RESTARTS = 4;
const STEPS = 40;

/** What `kernelClusters` does, in coordinates: k-means with k-means++ starts (Arthur and Vassilvitskii 2007), the best of 4 by inertia. @returns cluster of every row */
export function* clustering(x: Rows, k: number, seed: number): Generator<void, Int32Array> {
  const { data, n, d } = x;
  let best = new Int32Array(n);
  let least = Number.POSITIVE_INFINITY;
  const apart = (i: number, centre: Float64Array) => {
    let s = 0;
    for (let j = 0, at = i * d; j < d; j++, at++) s += (data[at]! - centre[j]!) ** 2;
    return s;
  };
  for (let start = 0; start < RESTARTS; start++) {
    const random = new Random(seed, 200 + start);
    const centres = [rowOf(x, random.below(n))];
    const near = Float64Array.from({ length: n }, (_, i) => apart(i, centres[0]!));
    while (centres.length < k) {
      const total = near.reduce((s, v) => s + v, 0);
      let lot = random.uniform() * total;
      let pick = n - 1;
      for (let i = 0; i < n; i++) {
        lot -= near[i]!;
        if (lot <= 0) {
          pick = i;
          break;
        }
      }
      const centre = rowOf(x, pick);
      centres.push(centre);
      for (let i = 0; i < n; i++) near[i] = Math.min(near[i]!, apart(i, centre));
    }
    const of = new Int32Array(n).fill(-1);
    let inertia = 0;
    for (let step = 0; step < STEPS; step++) {
      let moved = 0;
      inertia = 0;
      for (let i = 0; i < n; i++) {
        let to = 0;
        let close = Number.POSITIVE_INFINITY;
        for (let c = 0; c < k; c++) {
          const s = apart(i, centres[c]!);
          if (s < close) {
            close = s;
            to = c;
          }
        }
        if (of[i] !== to) moved++;
        of[i] = to;
        inertia += close;
      }
      if (moved === 0) break;
      const size = new Float64Array(k);
      const sums = centres.map(() => new Float64Array(d));
      for (let i = 0; i < n; i++) {
        size[of[i]!]!++;
        for (let j = 0; j < d; j++) sums[of[i]!]![j]! += data[i * d + j]!;
      }
      for (let c = 0; c < k; c++) if (size[c]! > 0) for (let j = 0; j < d; j++) centres[c]![j] = sums[c]![j]! / size[c]!;
      yield;
    }
    if (inertia < least) {
      least = inertia;
      best = of;
    }
  }
  return best;
}

const rowOf = ({ data, d }: Rows, i: number): Float64Array => Float64Array.from(data.subarray(i * d, (i + 1) * d));
