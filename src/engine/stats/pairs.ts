import type { Blas } from "../lenses/lens.js";
import { finishPairs, type PairIndices, squaredDistance } from "./indices.js";
import type { Rows } from "./moments.js";

/** Dimensions that hold more than this many times the mean variance are kept out of the float32 products. */
const MASSIVE = 10;
const MOST_MASSIVE = 16;
/** Closest and farthest pairs whose distance is taken again in float64. */
const CANDIDATES = 64;

/**
 * Dunn and silhouette from all pairs with the products on the runtime. ‖a-b‖² = ‖a‖² + ‖b‖² - 2ab loses small distances beside
 * large norms in float32; so dimensions of massive variance are summed in float64, and the extremes that make Dunn are
 * recomputed from the rows.
 * @param x rows, centred
 */
export async function pairIndicesByProducts(x: Rows, label: ArrayLike<number>, blas: Blas, breathe: () => Promise<void>): Promise<PairIndices> {
  const { n, d } = x;
  const massive = massiveDimensions(x);
  const rest = x.data.slice();
  for (let i = 0; i < n; i++) for (const j of massive) rest[i * d + j] = 0;
  const gram = await blas.matmul(rest, rest, n, d, n, true);
  const own = new Float64Array(n);
  const other = new Float64Array(n);
  const count = [0, 0];
  for (let i = 0; i < n; i++) count[label[i] === 1 ? 1 : 0]!++;
  const near = new Extremes();
  const far = new Extremes();
  for (let i = 0; i < n; i++) {
    const same = label[i] === 1;
    for (let j = i + 1; j < n; j++) {
      let square = Math.max(0, gram[i * n + i]! + gram[j * n + j]! - 2 * gram[i * n + j]!);
      for (const k of massive) square += (x.data[i * d + k]! - x.data[j * d + k]!) ** 2;
      const distance = Math.sqrt(square);
      if ((label[j] === 1) === same) {
        own[i]! += distance;
        own[j]! += distance;
        far.offer(-square, i, j);
      } else {
        other[i]! += distance;
        other[j]! += distance;
        near.offer(square, i, j);
      }
    }
    if (i % 16 === 15) await breathe();
  }
  const exact = (pairs: readonly (readonly [number, number])[]) => pairs.map(([i, j]) => Math.sqrt(squaredDistance(x.data, i * d, j * d, d)));
  return finishPairs(own, other, label, count, Math.min(...exact(near.pairs())), Math.max(0, ...exact(far.pairs())));
}

function massiveDimensions(x: Rows): number[] {
  const variance = new Float64Array(x.d);
  for (let i = 0, at = 0; i < x.n; i++) for (let j = 0; j < x.d; j++, at++) variance[j]! += x.data[at]! * x.data[at]!;
  const order = Array.from(variance, (_, j) => j).sort((a, b) => variance[b]! - variance[a]!);
  const out: number[] = [];
  let left = variance.reduce((s, v) => s + v, 0);
  for (const j of order.slice(0, MOST_MASSIVE)) {
    if (variance[j]! * (x.d - out.length) <= MASSIVE * left) break;
    left -= variance[j]!;
    out.push(j);
  }
  return out;
}

/** The smallest values seen, with their pairs; cut back whenever twice as many are held. */
class Extremes {
  private held: { value: number; i: number; j: number }[] = [];
  private bound = Number.POSITIVE_INFINITY;

  offer(value: number, i: number, j: number): void {
    if (value >= this.bound) return;
    this.held.push({ value, i, j });
    if (this.held.length >= 2 * CANDIDATES) this.cut();
  }

  pairs(): [number, number][] {
    this.cut();
    return this.held.map(({ i, j }) => [i, j]);
  }

  private cut(): void {
    this.held.sort((a, b) => a.value - b.value);
    this.held.length = Math.min(this.held.length, CANDIDATES);
    if (this.held.length === CANDIDATES) this.bound = this.held[CANDIDATES - 1]!.value;
  }
}
