import type { Cells } from "./contrast.js";
import { addScaled, dot, multiply } from "./dense.js";
import type { DiscriminantOptions } from "./discriminant.js";
import type { Folds } from "./folds.js";
import type { Rows } from "./moments.js";

/** Rows of one product: its length bounds how long a cancel waits. */
const CHUNK = 1024;

/** Sums over rows: those of a training set are the whole's less those of the folds left out. */
export interface Sums {
  /** XᵀX [d, d]. */
  readonly scatter: Float64Array;
  /** Sums of rows by cell [cells, d], and the rows of each. */
  readonly sums: Float64Array;
  readonly size: Float64Array;
}

/** Sums of every fold, and of all together in the last place; products of centred rows in float32. */
export async function sumFolds(x: Rows, cells: Cells, folds: Folds, options: DiscriminantOptions): Promise<{ parts: Sums[]; total: Sums }> {
  const { d } = x;
  const count = 2 * cells.strata;
  const none = (): Sums => ({ scatter: new Float64Array(d * d), sums: new Float64Array(count * d), size: new Float64Array(count) });
  const total = none();
  const parts: Sums[] = [];
  for (let f = 0; f < folds.count; f++) {
    const part = none();
    const rows: number[] = [];
    for (let i = 0; i < x.n; i++) if (folds.of[i] === f) rows.push(i);
    for (let from = 0; from < rows.length; from += CHUNK) {
      const m = Math.min(CHUNK, rows.length - from);
      const across = new Float32Array(d * m);
      for (let k = 0; k < m; k++) {
        const i = rows[from + k]!;
        const to = cells.cell[i]! * d;
        part.size[cells.cell[i]!]!++;
        for (let j = 0, at = i * d; j < d; j++, at++) {
          const v = x.data[at]!;
          across[j * m + k] = v;
          part.sums[to + j]! += v;
        }
      }
      await options.breathe();
      const product = await options.blas.matmul(across, across, d, m, d, true);
      for (let i = 0; i < product.length; i++) part.scatter[i]! += product[i]!;
      await options.breathe();
    }
    addScaled(total.scatter, 1, part.scatter);
    addScaled(total.sums, 1, part.sums);
    addScaled(total.size, 1, part.size);
    parts.push(part);
  }
  return { parts, total };
}

/** What is within cells of some training rows, on scaled axes. */
export interface Within {
  /** Scaled scatter about 0 over the degrees of freedom [d, d]. */
  readonly r: Float64Array;
  /** Scaled mean of every cell [cells][d], and its rows. */
  readonly means: readonly Float64Array[];
  readonly size: Float64Array;
  readonly df: number;
}

/** @param inverse 1 / scale by column; 0 leaves a column out */
export function withinOf(total: Sums, without: readonly Sums[], inverse: Float64Array): Within {
  const d = inverse.length;
  const size = Float64Array.from(total.size);
  for (const part of without) addScaled(size, -1, part.size);
  const df = Math.max(
    1,
    size.reduce((s, c) => s + (c > 0 ? c - 1 : 0), 0),
  );
  const means = Array.from(size, (rows, c) => {
    const out = total.sums.slice(c * d, (c + 1) * d);
    for (const part of without) addScaled(out, -1, part.sums.subarray(c * d, (c + 1) * d));
    for (let j = 0; j < d; j++) out[j]! *= inverse[j]! / Math.max(1, rows);
    return out;
  });
  const r = total.scatter.slice();
  for (const part of without) addScaled(r, -1, part.scatter);
  for (let i = 0, at = 0; i < d; i++) {
    const own = inverse[i]! / df;
    for (let j = 0; j < d; j++, at++) r[at]! *= own * inverse[j]!;
  }
  return { r, means, size, df };
}

/** out = (r less what lies between the cells) v. */
export function applyWithin({ r, means, size, df }: Within, v: Float64Array, out: Float64Array): void {
  multiply(r, v, out);
  means.forEach((mean, c) => {
    if (size[c]! > 0) addScaled(out, (-dot(mean, v) * size[c]!) / df, mean);
  });
}

/** The correlation within cells written out, in place: afterwards it must not be given to `applyWithin`. Lower half, mirrored. */
export function correlationOf({ r, means, size, df }: Within): Float64Array {
  const d = means[0]!.length;
  means.forEach((mean, c) => {
    if (size[c] === 0) return;
    for (let i = 0; i < d; i++) {
      const s = (size[c]! / df) * mean[i]!;
      for (let j = 0, at = i * d; j <= i; j++, at++) r[at]! -= s * mean[j]!;
    }
  });
  for (let i = 0; i < d; i++) for (let j = 0; j < i; j++) r[j * d + i] = r[i * d + j]!;
  return r;
}
