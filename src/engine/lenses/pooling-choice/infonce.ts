import type { Rows } from "../../stats/moments.js";
import { Random } from "../../stats/random.js";
import type { Blas } from "../lens.js";

export interface InfoNce {
  /** Numbers of candidates, the true one included. */
  readonly k: readonly number[];
  /** I_K = log K - mean cross-entropy, nats; at most log K. */
  readonly bound: readonly number[];
  /** Slope of I_K in log K between the last two: near 1 = the bound still grows with K, near 0 = the information is found. */
  readonly slope: number;
  /** Share of rows whose own second view is the likeliest of K, per K. */
  readonly accuracy: readonly number[];
}

/** Draws of candidates for each row and K. */
const DRAWS = 8;

/**
 * How well a row is recognised by a second view of it (van den Oord et al. 2018, section 2.3). The critic is
 * s(i, j) = a x_i·y_j - b |y_j|²/2 with a and b fitted by cross-entropy on the even rows (convex; the log density ratio of
 * Gaussian pairs has this form), the bound is taken on the odd rows.
 * @param x, y [n, d] centred rows of the two views
 */
export async function infoNce(x: Rows, y: Rows, most: number, seed: number, blas: Blas, breathe: () => Promise<void> = async () => {}): Promise<InfoNce> {
  const fitted = await products(x, y, 0, blas);
  const asked = await products(x, y, 1, blas);
  await breathe();
  const [a, b] = fitCritic(fitted);
  await breathe();
  const sizes = [2, 4, 8, 16, 32, 64, 128, 256, 512].filter((k) => k <= Math.min(most, asked.n));
  const random = new Random(seed, 91);
  const bound: number[] = [];
  const accuracy: number[] = [];
  for (const k of sizes) {
    let loss = 0;
    let hits = 0;
    let count = 0;
    for (let i = 0; i < asked.n; i++)
      for (let draw = 0; draw < DRAWS; draw++) {
        const own = a * asked.dot[i * asked.n + i]! - b * asked.square[i]!;
        let top = own;
        let beaten = false;
        const others: number[] = [];
        for (const j of drawOthers(i, asked.n, k - 1, random)) {
          const s = a * asked.dot[i * asked.n + j]! - b * asked.square[j]!;
          others.push(s);
          if (s >= own) beaten = true;
          top = Math.max(top, s);
        }
        let sum = Math.exp(own - top);
        for (const s of others) sum += Math.exp(s - top);
        loss += top + Math.log(sum) - own;
        if (!beaten) hits++;
        count++;
      }
    bound.push(Math.log(k) - loss / count);
    accuracy.push(hits / count);
    await breathe();
  }
  const last = sizes.length - 1;
  return { k: sizes, bound, accuracy, slope: last > 0 ? (bound[last]! - bound[last - 1]!) / Math.log(sizes[last]! / sizes[last - 1]!) : Number.NaN };
}

interface Products {
  readonly n: number;
  /** [n, n] x_i · y_j */
  readonly dot: Float32Array;
  /** |y_j|² / 2 */
  readonly square: Float64Array;
}

/** Every second row from `first`, in units in which the mean square of y is 1 a row. */
async function products(x: Rows, y: Rows, first: number, blas: Blas): Promise<Products> {
  const rows = Array.from({ length: x.n }, (_, i) => i).filter((i) => i % 2 === first);
  const n = rows.length;
  const take = (from: Rows) => {
    const out = new Float32Array(n * from.d);
    rows.forEach((i, r) => {
      out.set(from.data.subarray(i * from.d, (i + 1) * from.d), r * from.d);
    });
    return out;
  };
  let scale = 0;
  for (let at = 0; at < y.data.length; at++) scale += (y.data[at]! * y.data[at]!) / y.n;
  const [xs, ys] = [take(x), take(y)];
  const dot = await blas.matmul(xs, ys, n, x.d, n, true);
  const unit = scale > 0 ? 1 / scale : 1;
  for (let at = 0; at < dot.length; at++) dot[at]! *= unit;
  const square = Float64Array.from({ length: n }, (_, r) => {
    let s = 0;
    for (let j = 0, at = r * x.d; j < x.d; j++, at++) s += ys[at]! * ys[at]!;
    return (s * unit) / 2;
  });
  return { n, dot, square };
}

/** Newton's method with halved steps on the mean cross-entropy over all candidates; a and b stay at 0 or above. */
export function fitCritic({ n, dot, square }: Products): readonly [number, number] {
  let [a, b] = [1, 0];
  const loss = (p: number, q: number): { value: number; g: [number, number]; h: [number, number, number] } => {
    let value = 1e-9 * (p * p + q * q);
    const g: [number, number] = [2e-9 * p, 2e-9 * q];
    const h: [number, number, number] = [2e-9, 0, 2e-9];
    for (let i = 0; i < n; i++) {
      let top = Number.NEGATIVE_INFINITY;
      for (let j = 0; j < n; j++) top = Math.max(top, p * dot[i * n + j]! - q * square[j]!);
      let [z, m0, m1, s00, s01, s11] = [0, 0, 0, 0, 0, 0];
      for (let j = 0; j < n; j++) {
        const [u, v] = [dot[i * n + j]!, -square[j]!];
        const w = Math.exp(p * u + q * v - top);
        z += w;
        m0 += w * u;
        m1 += w * v;
        s00 += w * u * u;
        s01 += w * u * v;
        s11 += w * v * v;
      }
      const [u, v] = [dot[i * n + i]!, -square[i]!];
      value += (top + Math.log(z) - p * u - q * v) / n;
      g[0] += (m0 / z - u) / n;
      g[1] += (m1 / z - v) / n;
      h[0] += (s00 / z - (m0 / z) ** 2) / n;
      h[1] += (s01 / z - (m0 / z) * (m1 / z)) / n;
      h[2] += (s11 / z - (m1 / z) ** 2) / n;
    }
    return { value, g, h };
  };
  let now = loss(a, b);
  for (let step = 0; step < 40; step++) {
    const det = now.h[0] * now.h[2] - now.h[1] * now.h[1];
    if (!(Math.abs(det) > 1e-300)) break;
    const da = (now.h[2] * now.g[0] - now.h[1] * now.g[1]) / det;
    const db = (now.h[0] * now.g[1] - now.h[1] * now.g[0]) / det;
    let share = 1;
    let next = now;
    for (; share > 1e-6; share /= 2) {
      const [p, q] = [Math.max(0, a - share * da), Math.max(0, b - share * db)];
      next = loss(p, q);
      if (next.value < now.value) {
        [a, b] = [p, q];
        break;
      }
    }
    if (share <= 1e-6 || now.value - next.value < 1e-10) break;
    now = next;
  }
  return [a, b];
}

function drawOthers(own: number, n: number, count: number, random: Random): number[] {
  if (count >= n - 1) return Array.from({ length: n }, (_, j) => j).filter((j) => j !== own);
  const taken = new Set<number>();
  while (taken.size < count) {
    const j = random.below(n);
    if (j !== own) taken.add(j);
  }
  return [...taken];
}
