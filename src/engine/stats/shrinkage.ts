/**
 * Ledoit and Wolf (2004) shrinkage intensity from sums, for rows that are centred already.
 * @param n rows, @param d dimensions, @param trace tr S, @param square ‖S‖² (Frobenius), S = XᵀX/n, @param fourth sum over rows of ‖x‖⁴
 * @returns λ in [0, 1] of (1-λ) S + λ (tr S/d) I; equals sklearn.covariance.ledoit_wolf(assume_centered=True)
 */
export function ledoitWolf(n: number, d: number, trace: number, square: number, fourth: number): number {
  const mu = trace / d;
  const delta = square - d * mu * mu;
  const beta = Math.min((fourth / n - square) / n, delta);
  return delta <= 0 ? 1 : Math.max(0, beta / delta);
}

/** What Ledoit and Wolf's intensity is multiplied by: it is best for the covariance, but the mean difference of few rows is noise in the same directions. */
export const MORE = 3;

/** Shrinkage of rows scaled within strata, without labels. @param square ‖EᵀE‖² */
export function shrinkageOf(n: number, d: number, trace: number, square: number, fourth: number): number {
  return Math.min(0.95, Math.max(1e-4, MORE * ledoitWolf(n, d, trace / n, square / n / n, fourth)));
}
