import { cholesky } from "./cholesky.js";
import { solveFactored } from "./factored.js";

/**
 * Non-negative least squares in normal form: x >= 0 that minimises ½ xᵀ G x - hᵀ x, by the active set method of Lawson
 * and Hanson (1974, chapter 23), with G = AᵀA and h = Aᵀb. G [n, n] positive semidefinite; a trace's 1e-12 is added where a pivot fails.
 */
export function nnls(g: Float64Array, h: Float64Array): Float64Array {
  const n = h.length;
  const x = new Float64Array(n);
  const passive: number[] = [];
  const gradient = new Float64Array(n);
  let scale = 0;
  for (let i = 0; i < n; i++) scale = Math.max(scale, Math.abs(h[i]!));
  for (let round = 0; round < 3 * n + 10; round++) {
    let best = -1;
    for (let i = 0; i < n; i++) {
      let s = h[i]!;
      for (const j of passive) s -= g[i * n + j]! * x[j]!;
      gradient[i] = s;
      if (!passive.includes(i) && s > 1e-13 * scale && (best < 0 || s > gradient[best]!)) best = i;
    }
    if (best < 0) return x;
    passive.push(best);
    for (let inner = 0; inner <= n; inner++) {
      const s = solvePassive(g, h, n, passive);
      if (inner === 0 && !(s[s.length - 1]! > 0)) {
        passive.pop();
        return x;
      }
      let step = 1;
      passive.forEach((j, k) => {
        if (s[k]! <= 0) step = Math.min(step, x[j]! / (x[j]! - s[k]!));
      });
      passive.forEach((j, k) => {
        x[j]! += step * (s[k]! - x[j]!);
      });
      if (step >= 1) break;
      for (let k = passive.length - 1; k >= 0; k--) {
        if (x[passive[k]!]! > 1e-14) continue;
        x[passive[k]!] = 0;
        passive.splice(k, 1);
      }
    }
  }
  return x;
}

function solvePassive(g: Float64Array, h: Float64Array, n: number, passive: readonly number[]): Float64Array {
  const m = passive.length;
  const fill = (ridge: number) =>
    Float64Array.from({ length: m * m }, (_, at) => g[passive[Math.floor(at / m)]! * n + passive[at % m]!]! + (at % (m + 1) === 0 ? ridge : 0));
  let a = fill(0);
  if (!cholesky(a, m)) {
    let trace = 0;
    for (let i = 0; i < n; i++) trace += g[i * n + i]!;
    a = fill(1e-12 * trace);
    if (!cholesky(a, m)) return new Float64Array(m);
  }
  const b = Float64Array.from(passive, (j) => h[j]!);
  solveFactored(a, m, b);
  return b;
}
