/** P(N(0, 1) > x): the complementary error function by Chebyshev fitting (Press et al., Numerical Recipes 6.2), relative error below 1.2e-7. */
export function normalTail(x: number): number {
  const z = Math.abs(x) / Math.SQRT2;
  const t = 2 / (2 + z);
  const c = [-1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223, 0.17087277];
  const tail = 0.5 * t * Math.exp(-z * z + c.reduceRight((sum, v) => sum * t + v, 0));
  return x >= 0 ? tail : 1 - tail;
}
