import { quantile } from "../../stats/bootstrap.js";
import type { Cells } from "../../stats/contrast.js";

/** Share of C in the index; the rest is X, the weakest axiom. With one axiom X = C and γ does nothing. */
export const GAMMA = 0.5;

export interface AxiomEffect {
  readonly stratum: number;
  readonly n: readonly [number, number];
  /** ε² of the held-out scores, signed by the direction of the difference. */
  readonly epsilonSquared: number;
  readonly se: number;
  /** Share of the between-class scatter. */
  readonly share: number;
}

export interface Composite {
  /** 100 · (γ C + (1-γ) X), signed. */
  readonly aqi: number;
  /** Chance-corrected share of the stratified between-class scatter. */
  readonly c: number;
  /** Weakest axiom, shrunk to C by its own variance. */
  readonly x: number;
  /** Pooled mean difference in within-class deviations. */
  readonly effect: number;
  readonly axioms: readonly AxiomEffect[];
}

/**
 * The stratified composite of lenses 1.1.3 on held-out scores of one layer, optionally weighted (bootstrap).
 * Differences on the wrong side make C and ε² negative: squares alone would reward a score that points the wrong way.
 * @returns nothing when no stratum has both classes or fewer than 3 rows are left over the cells
 */
export function composite(z: ArrayLike<number>, cells: Cells, weight?: ArrayLike<number>): Composite | undefined {
  const k = 2 * cells.strata;
  const size = new Float64Array(k);
  const count = new Float64Array(k);
  const mean = new Float64Array(k);
  const square = new Float64Array(k);
  const n = cells.cell.length;
  for (let i = 0; i < n; i++) {
    const c = cells.cell[i]!;
    const w = weight ? weight[i]! : 1;
    size[c]! += w;
    count[c]!++;
    mean[c]! += w * z[i]!;
  }
  for (let c = 0; c < k; c++) if (size[c]! > 0) mean[c]! /= size[c]!;
  for (let i = 0; i < n; i++) {
    const c = cells.cell[i]!;
    square[c]! += (weight ? weight[i]! : 1) * (z[i]! - mean[c]!) ** 2;
  }
  let df = n;
  let within = 0;
  for (let c = 0; c < k; c++) {
    if (count[c]! > 0) df--;
    within += square[c]!;
  }
  if (df < 3) return undefined;
  const noise = within / df;
  let between = 0;
  let strata = 0;
  let pull = 0;
  let pulls = 0;
  const parts: { a: number; gap: number; between: number; epsilon: number; se: number }[] = [];
  for (let a = 0; a < cells.strata; a++) {
    const n0 = size[2 * a]!;
    const n1 = size[2 * a + 1]!;
    if (count[2 * a] === 0 || count[2 * a + 1] === 0) continue;
    const na = n0 + n1;
    const w = (n0 * n1) / na;
    const gap = mean[2 * a + 1]! - mean[2 * a]!;
    between += w * gap * gap;
    strata++;
    pull += w * gap;
    pulls += w;
    const rows = count[2 * a]! + count[2 * a + 1]!;
    if (rows < 4) continue;
    const own = square[2 * a]! + square[2 * a + 1]!;
    const eta = w * gap * gap + own > 0 ? (w * gap * gap) / (w * gap * gap + own) : 0;
    const raw = eta - (1 - eta) / (rows - 2);
    const epsilon = gap < 0 && raw > 0 ? -raw : raw;
    parts.push({ a, gap, between: w * gap * gap, epsilon, se: epsilonError(eta, n0 / na, rows) });
  }
  if (strata === 0 || !(between + within > 0)) return undefined;
  const plain = (between - strata * noise) / (between + within);
  const c = pull < 0 && plain > 0 ? -plain : plain;
  const x = weakest(c, parts);
  const axioms = parts.map(
    (p): AxiomEffect => ({
      stratum: p.a,
      n: [count[2 * p.a]!, count[2 * p.a + 1]!],
      epsilonSquared: p.epsilon,
      se: p.se,
      share: between > 0 ? p.between / between : 0,
    }),
  );
  return { aqi: 100 * (GAMMA * c + (1 - GAMMA) * x), c, x, effect: pulls > 0 && noise > 0 ? pull / pulls / Math.sqrt(noise) : 0, axioms };
}

/** Standard error of ε² by the delta method on d′ (Gaussian classes), with the spread it has at chance added. */
function epsilonError(eta: number, p0: number, n: number): number {
  const pq = p0 * (1 - p0);
  const square = eta < 1 ? eta / (1 - eta) / pq : 1e6;
  const slope = (2 * Math.sqrt(square) * pq) / (1 + square * pq) ** 2;
  const variance = slope * slope * (1 / (n * pq) + square / (2 * n)) + 2 / (n - 1) ** 2;
  return Math.sqrt(variance);
}

/** Smallest axiom after shrinking each to C by its own variance; from 8 axioms the 10th percentile. */
function weakest(c: number, parts: readonly { epsilon: number; se: number }[]): number {
  if (parts.length < 2) return c;
  let spread = 0;
  let noise = 0;
  for (const p of parts) {
    spread += (p.epsilon - c) ** 2 / (parts.length - 1);
    noise += p.se ** 2 / parts.length;
  }
  const between = Math.max(0, spread - noise);
  const shrunk = parts.map((p) => c + (between / (between + p.se ** 2)) * (p.epsilon - c));
  return parts.length >= 8 ? quantile(shrunk, 0.1) : Math.min(...shrunk);
}
