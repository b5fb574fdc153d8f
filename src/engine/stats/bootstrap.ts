import type { Random } from "./random.js";

/** Weights of the Bayesian bootstrap, one exponential a group, mean 1 over rows: no replicate loses a small cell. */
export function groupWeights(group: ArrayLike<number>, random: Random, out: Float64Array): void {
  const drawn = new Map<number, number>();
  let sum = 0;
  for (let i = 0; i < out.length; i++) {
    let w = drawn.get(group[i]!);
    if (w === undefined) {
      w = random.exponential();
      drawn.set(group[i]!, w);
    }
    out[i] = w;
    sum += w;
  }
  for (let i = 0; i < out.length; i++) out[i]! *= out.length / sum;
}

export function mean(values: ArrayLike<number>): number {
  let s = 0;
  for (let i = 0; i < values.length; i++) s += values[i]!;
  return s / values.length;
}

/** Sample standard deviation. */
export function deviation(values: ArrayLike<number>): number {
  const m = mean(values);
  let s = 0;
  for (let i = 0; i < values.length; i++) s += (values[i]! - m) ** 2;
  return Math.sqrt(s / Math.max(1, values.length - 1));
}

/** Linear-interpolated quantile of finite values, q in [0, 1]. */
export function quantile(values: ArrayLike<number>, q: number): number {
  const sorted = Float64Array.from(values).sort();
  const at = q * (sorted.length - 1);
  const low = Math.floor(at);
  const high = Math.ceil(at);
  return sorted[low]! + (at - low) * (sorted[high]! - sorted[low]!);
}
