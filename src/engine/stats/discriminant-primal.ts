import { type Cells, midpoints, stratumWeights } from "./contrast.js";
import { cholesky, dot, multiply, solveFactoredMany } from "./dense.js";
import { type DiscriminantOptions, MOST_VECTORS, type Side } from "./discriminant.js";
import type { Folds } from "./folds.js";
import { lanczos, solveShifted } from "./krylov.js";
import { type Rows, withinScale } from "./moments.js";
import { ledoitWolf } from "./shrinkage.js";

const CHUNK = 4096;

/** Sums of one fold: they add up to those of any training set. */
interface FoldSums {
  /** XᵀX [d, d]. */
  readonly scatter: Float64Array;
  /** Sums of rows by cell [cells, d], and the rows of each. */
  readonly sums: Float64Array;
  readonly size: Float64Array;
}

/**
 * More rows than dimensions: the scatter of each fold is taken once (in float32 products of centred rows), every training set
 * is a sum of folds, its scaling and cell means are applied to it afterwards, exactly.
 */
export async function primalSide(
  x: Rows,
  cells: Cells,
  folds: Folds,
  options: DiscriminantOptions,
): Promise<(fold: number, train: Int32Array) => Promise<Side>> {
  const { n, d } = x;
  const count = 2 * cells.strata;
  const parts: FoldSums[] = [];
  for (let f = 0; f < folds.count; f++) parts.push(await foldSums(x, cells, folds, f, options));
  const whole = (skip: readonly number[]) => {
    const scatter = new Float64Array(d * d);
    const sums = new Float64Array(count * d);
    const size = new Float64Array(count);
    parts.forEach((part, f) => {
      if (skip.includes(f)) return;
      for (let i = 0; i < scatter.length; i++) scatter[i]! += part.scatter[i]!;
      for (let i = 0; i < sums.length; i++) sums[i]! += part.sums[i]!;
      for (let i = 0; i < size.length; i++) size[i]! += part.size[i]!;
    });
    for (let c = 0; c < count; c++) if (size[c]! > 0) for (let j = 0; j < d; j++) sums[c * d + j]! /= size[c]!;
    return { scatter, means: sums, size, rows: size.reduce((s, c) => s + c, 0), df: size.reduce((s, c) => s + (c > 0 ? c - 1 : 0), 0) };
  };

  return async (fold, train) => {
    const all = whole([fold]);
    const { scale } = withinScale(x, train, cells.cell, count);
    /** Scaled scatter and cell means of a training set. */
    const prepare = (set: ReturnType<typeof whole>) => {
      const r = set.scatter;
      const df = Math.max(1, set.df);
      for (let i = 0, at = 0; i < d; i++) for (let j = 0; j < d; j++, at++) r[at]! /= scale[i]! * scale[j]! * df;
      const means = Array.from({ length: count }, (_, c) => Float64Array.from({ length: d }, (_, j) => set.means[c * d + j]! / scale[j]!));
      const apply = (v: Float64Array, out: Float64Array) => {
        multiply(r, v, out);
        for (let c = 0; c < count; c++) {
          if (set.size[c] === 0) continue;
          const s = (dot(means[c]!, v) * set.size[c]!) / df;
          for (let j = 0; j < d; j++) out[j]! -= s * means[c]![j]!;
        }
      };
      return { r, means, apply, df };
    };
    const outer = prepare(all);
    const dense = () => {
      const r = Float64Array.from(outer.r);
      for (let c = 0; c < count; c++) {
        const m = outer.means[c]!;
        const s = all.size[c]! / outer.df;
        if (s > 0) for (let i = 0, at = 0; i < d; i++) for (let j = 0; j < d; j++, at++) r[at]! -= s * m[i]! * m[j]!;
      }
      return r;
    };
    let last: Float64Array | undefined;
    return {
      shrinkage: shrinkageOf(x, cells, train, scale, outer.means, dense(), outer.df),
      async solve(without, shrinkages, score) {
        const set = without === undefined ? all : whole([fold, without]);
        const { means, apply } = without === undefined ? outer : prepare(set);
        const w = stratumWeights(set.size);
        const total = w.reduce((s, v) => s + v, 0);
        const delta = new Float64Array(d);
        if (total > 0)
          for (let a = 0; a < w.length; a++) for (let j = 0; j < d; j++) delta[j]! += (w[a]! / total) * (means[2 * a + 1]![j]! - means[2 * a]![j]!);
        await options.breathe();
        const space = lanczos(
          { size: d, apply: (v, _image, out) => apply(v, out) },
          delta,
          shrinkages.map((l) => [1 - l, l] as const),
          d <= 256 ? d : MOST_VECTORS,
        );
        await options.breathe();
        const found = shrinkages.map((l) => solveShifted(space, 1 - l, l));
        const directions = new Float32Array(shrinkages.length * d);
        found.forEach((u, g) => {
          if (u) for (let j = 0; j < d; j++) directions[g * d + j] = u[j]! / scale[j]!;
        });
        if (without === undefined && found[0]) last = found[0].map((v, j) => v / scale[j]!);
        const middle = midpoints(set.size);
        const products = await rowsTimes(x, score, directions, shrinkages.length, options);
        return found.map((u, g) => {
          if (!u) return undefined;
          const offset = middle.map((share) => share.reduce((s, v, c) => s + (v > 0 ? v * dot(means[c]!, u) : 0), 0));
          return Float64Array.from(score, (row, i) => products[i * shrinkages.length + g]! - offset[cells.stratum[row]!]!);
        });
      },
      async replicate(shrinkage, replicates, test) {
        const factor = dense();
        let lambda = shrinkage;
        for (;;) {
          const r = lambda === shrinkage ? factor : dense();
          for (let i = 0, at = 0; i < d; i++) for (let j = 0; j < d; j++, at++) r[at] = (1 - lambda) * r[at]! + (i === j ? lambda : 0);
          if (cholesky(r, d) || lambda >= 1) {
            factor.set(r);
            break;
          }
          lambda = Math.min(1, lambda * 10);
        }
        await options.breathe();
        const b = replicates.count;
        const rows = replicates.rows;
        const gathered = rows.length === n ? x.data : gather(x, rows);
        const delta = await options.blas.matmul(replicates.contrast[fold]!, gathered, b, rows.length, d);
        const directions = new Float32Array(b * d);
        const offset = new Float64Array(cells.strata * b);
        const middle = midpoints(all.size);
        for (let first = 0; first < b; first += 8) {
          const many = Math.min(8, b - first);
          const u = new Float64Array(many * d);
          for (let i = 0, at = 0; i < many; i++) for (let j = 0; j < d; j++, at++) u[at] = delta[first * d + at]! / scale[j]!;
          solveFactoredMany(factor, d, u, many);
          for (let i = 0, at = 0; i < many; i++) {
            const own = u.subarray(i * d, (i + 1) * d);
            const place = outer.means.map((mean) => dot(mean, own));
            middle.forEach((share, a) => {
              offset[a * b + first + i] = share.reduce((s, v, c) => s + v * place[c]!, 0);
            });
            for (let j = 0; j < d; j++, at++) directions[first * d + at] = own[j]! / scale[j]!;
          }
          await options.breathe();
        }
        const products = await rowsTimes(x, test, directions, b, options);
        const out = new Float32Array(b * test.length);
        for (let i = 0; i < test.length; i++)
          for (let r = 0; r < b; r++) out[r * test.length + i] = products[i * b + r]! - offset[cells.stratum[test[i]!]! * b + r]!;
        return out;
      },
      direction: () => last ?? new Float64Array(d),
    };
  };
}

function gather(x: Rows, rows: Int32Array): Float32Array {
  const out = new Float32Array(rows.length * x.d);
  for (let k = 0; k < rows.length; k++) out.set(x.data.subarray(rows[k]! * x.d, (rows[k]! + 1) * x.d), k * x.d);
  return out;
}

/** Products of some rows with g directions [g, d], in chunks: [rows, g]. */
async function rowsTimes(x: Rows, rows: Int32Array, directions: Float32Array, g: number, options: DiscriminantOptions): Promise<Float32Array> {
  const out = new Float32Array(rows.length * g);
  for (let from = 0; from < rows.length; from += CHUNK) {
    const part = rows.subarray(from, Math.min(rows.length, from + CHUNK));
    out.set(await options.blas.matmul(gather(x, part), directions, part.length, x.d, g, true), from * g);
    await options.breathe();
  }
  return out;
}

async function foldSums(x: Rows, cells: Cells, folds: Folds, fold: number, options: DiscriminantOptions): Promise<FoldSums> {
  const { d } = x;
  const count = 2 * cells.strata;
  const scatter = new Float64Array(d * d);
  const sums = new Float64Array(count * d);
  const size = new Float64Array(count);
  const rows: number[] = [];
  for (let i = 0; i < x.n; i++) if (folds.of[i] === fold) rows.push(i);
  for (let from = 0; from < rows.length; from += CHUNK) {
    const m = Math.min(CHUNK, rows.length - from);
    const across = new Float32Array(d * m);
    for (let k = 0; k < m; k++) {
      const i = rows[from + k]!;
      const c = cells.cell[i]!;
      size[c]!++;
      for (let j = 0, at = i * d; j < d; j++, at++) {
        across[j * m + k] = x.data[at]!;
        sums[c * d + j]! += x.data[at]!;
      }
    }
    const product = await options.blas.matmul(across, across, d, m, d, true);
    for (let i = 0; i < product.length; i++) scatter[i]! += product[i]!;
    await options.breathe();
  }
  return { scatter, sums, size };
}

/** Ledoit and Wolf's λ of the scaled residuals within cells. */
function shrinkageOf(x: Rows, cells: Cells, train: Int32Array, scale: Float64Array, means: readonly Float64Array[], r: Float64Array, df: number): number {
  const { d } = x;
  const n = train.length;
  let fourth = 0;
  for (let k = 0; k < n; k++) {
    const mean = means[cells.cell[train[k]!]!]!;
    let s = 0;
    for (let j = 0, at = train[k]! * d; j < d; j++, at++) s += (x.data[at]! / scale[j]! - mean[j]!) ** 2;
    fourth += s * s;
  }
  let trace = 0;
  let square = 0;
  for (let i = 0; i < d; i++) trace += r[i * d + i]!;
  for (let i = 0; i < r.length; i++) square += r[i]! * r[i]!;
  const factor = df / n;
  return ledoitWolf(n, d, trace * factor, square * factor * factor, fourth);
}
