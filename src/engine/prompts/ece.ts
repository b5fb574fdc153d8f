/**
 * Expected calibration error (Naeini et al. 2015): mean distance between what was said and what came, over bins of equal width, weighted by
 * their rows. null: no row.
 * @param probability of class 1; NaN is left out
 */
export function calibrationError(probability: ArrayLike<number>, label: ArrayLike<number>, bins = 10): number | null {
  const said = new Float64Array(bins);
  const came = new Float64Array(bins);
  let n = 0;
  for (let i = 0; i < probability.length; i++) {
    const p = probability[i]!;
    if (!Number.isFinite(p)) continue;
    const bin = Math.min(bins - 1, Math.floor(p * bins));
    said[bin]! += p;
    came[bin]! += label[i]!;
    n++;
  }
  return n === 0 ? null : said.reduce((sum, s, bin) => sum + Math.abs(s - came[bin]!), 0) / n;
}
