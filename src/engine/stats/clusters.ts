import { Random } from "./random.js";

const RESTARTS = 4;
const STEPS = 40;

/**
 * k-means with k-means++ starts, the best of 4 by inertia, in the products of the rows: n² a step whatever
 * the dimensions, for rows whose products are there already.
 * @param gram [n, n] products of the rows; @returns cluster of every row
 */
export function* kernelClusters(gram: Float32Array, n: number, k: number, seed: number): Generator<void, Int32Array> {
  const own = Float64Array.from({ length: n }, (_, i) => gram[i * n + i]!);
  const between = (i: number, j: number) => Math.max(0, own[i]! + own[j]! - 2 * gram[i * n + j]!);
  let best = new Int32Array(n);
  let least = Number.POSITIVE_INFINITY;
  for (let start = 0; start < RESTARTS; start++) {
    const random = new Random(seed, 200 + start);
    const first = [random.below(n)];
    const near = Float64Array.from({ length: n }, (_, i) => between(i, first[0]!));
    while (first.length < k) {
      let lot = random.uniform() * near.reduce((s, v) => s + v, 0);
      let pick = n - 1;
      for (let i = 0; i < n; i++) {
        lot -= near[i]!;
        if (lot <= 0) {
          pick = i;
          break;
        }
      }
      first.push(pick);
      for (let i = 0; i < n; i++) near[i] = Math.min(near[i]!, between(i, pick));
    }
    const of = new Int32Array(n).fill(-1);
    // Centres as means of members: |x - m|² = k(x,x) - 2 mean k(x, members) + mean k(members, members).
    const across = new Float64Array(k * n);
    const square = new Float64Array(k);
    const size = new Float64Array(k);
    first.forEach((j, c) => {
      for (let i = 0; i < n; i++) across[c * n + i] = gram[j * n + i]!;
      square[c] = own[j]!;
    });
    let inertia = 0;
    for (let step = 0; step < STEPS; step++) {
      let moved = 0;
      inertia = 0;
      for (let i = 0; i < n; i++) {
        let to = 0;
        let close = Number.POSITIVE_INFINITY;
        for (let c = 0; c < k; c++) {
          const s = own[i]! - 2 * across[c * n + i]! + square[c]!;
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
      size.fill(0);
      for (let i = 0; i < n; i++) size[of[i]!]!++;
      for (let c = 0; c < k; c++)
        if (size[c]! > 0) {
          across.fill(0, c * n, (c + 1) * n);
          square[c] = 0;
        }
      for (let i = 0; i < n; i++) {
        const c = of[i]!;
        const share = 1 / size[c]!;
        for (let j = 0, at = i * n, to = c * n; j < n; j++, at++, to++) across[to]! += gram[at]! * share;
      }
      for (let i = 0; i < n; i++) square[of[i]!]! += across[of[i]! * n + i]! / size[of[i]!]!;
      yield;
    }
    if (inertia < least) {
      least = inertia;
      best = of;
    }
  }
  return best;
}

/** Harmonic mean of homogeneity and completeness (Rosenberg and Hirschberg 2007): 0 = unrelated, 1 = the same partition. */
export function vMeasure(truth: ArrayLike<number>, found: ArrayLike<number>): number {
  const n = truth.length;
  const joint = new Map<string, number>();
  const [a, b] = [new Map<number, number>(), new Map<number, number>()];
  for (let i = 0; i < n; i++) {
    a.set(truth[i]!, (a.get(truth[i]!) ?? 0) + 1);
    b.set(found[i]!, (b.get(found[i]!) ?? 0) + 1);
    const key = `${truth[i]},${found[i]}`;
    joint.set(key, (joint.get(key) ?? 0) + 1);
  }
  const entropy = (sizes: Iterable<number>) => {
    let h = 0;
    for (const c of sizes) h -= (c / n) * Math.log(c / n);
    return h;
  };
  const [ha, hb] = [entropy(a.values()), entropy(b.values())];
  const shared = ha + hb - entropy(joint.values());
  const homogeneity = ha === 0 ? 1 : shared / ha;
  const completeness = hb === 0 ? 1 : shared / hb;
  return homogeneity + completeness <= 0 ? 0 : Math.max(0, (2 * homogeneity * completeness) / (homogeneity + completeness));
}
