import type { Blas } from "../lens.js";

/** Rows in float64, row-major. */
export interface Matrix64 {
  readonly data: Float64Array;
  readonly n: number;
  readonly d: number;
}

/** Products of this many multiplications are summed in float64; larger ones are float32 on the runtime. */
const MOST_EXACT = 4e7;

export function asMatrix(states: ArrayLike<number>, rows: ArrayLike<number>, d: number): Matrix64 {
  const data = new Float64Array(rows.length * d);
  for (let k = 0, to = 0; k < rows.length; k++) for (let j = 0, at = rows[k]! * d; j < d; j++, at++, to++) data[to] = states[at]!;
  return { data, n: rows.length, d };
}

/** Rows less their mean, each of length 1; a row that is the mean stays 0. Without the mean every cosine would be near 1 (anisotropy). */
export function centredUnits({ data, n, d }: Matrix64): Matrix64 {
  const mean = new Float64Array(d);
  for (let i = 0, at = 0; i < n; i++) for (let j = 0; j < d; j++, at++) mean[j]! += data[at]! / n;
  const out = new Float64Array(n * d);
  for (let i = 0; i < n; i++) {
    let square = 0;
    for (let j = 0, at = i * d; j < d; j++, at++) {
      out[at] = data[at]! - mean[j]!;
      square += out[at]! * out[at]!;
    }
    const scale = square > 0 ? 1 / Math.sqrt(square) : 0;
    for (let j = 0, at = i * d; j < d; j++, at++) out[at]! *= scale;
  }
  return { data: out, n, d };
}

/**
 * Relative representation (Moschella et al. 2023, section 3): r[i, a] = cos(x_i, x_a) of centred states.
 * @returns [n, anchors.length]
 */
export async function relativeRows(states: Matrix64, anchors: ArrayLike<number>, blas: Blas, mostExact = MOST_EXACT): Promise<Matrix64> {
  const x = centredUnits(states);
  const base = asMatrix(x.data, anchors, x.d);
  return product(x, base, blas, mostExact);
}

/** x [n, d] times the transpose of y [m, d] -> [n, m]. */
export async function product(x: Matrix64, y: Matrix64, blas: Blas, mostExact = MOST_EXACT): Promise<Matrix64> {
  const { n, d } = x;
  const m = y.n;
  if (n * m * d > mostExact) {
    const single = await blas.matmul(Float32Array.from(x.data), Float32Array.from(y.data), n, d, m, true);
    return { data: Float64Array.from(single), n, d: m };
  }
  const out = new Float64Array(n * m);
  for (let i = 0; i < n; i++)
    for (let k = 0; k < m; k++) {
      let s = 0;
      for (let j = 0, p = i * d, q = k * d; j < d; j++, p++, q++) s += x.data[p]! * y.data[q]!;
      out[i * m + k] = s;
    }
  return { data: out, n, d: m };
}

/** Rows of length 1, without centring: cosines between relative representations. */
export function units({ data, n, d }: Matrix64): Matrix64 {
  const out = new Float64Array(data);
  for (let i = 0; i < n; i++) {
    let square = 0;
    for (let j = 0, at = i * d; j < d; j++, at++) square += out[at]! * out[at]!;
    const scale = square > 0 ? 1 / Math.sqrt(square) : 0;
    for (let j = 0, at = i * d; j < d; j++, at++) out[at]! *= scale;
  }
  return { data: out, n, d };
}

/** Columns in another order: the wrong variant, which an agreement has to survive comparison with. */
export function permuteColumns({ data, n, d }: Matrix64, order: ArrayLike<number>): Matrix64 {
  const out = new Float64Array(n * d);
  for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) out[i * d + j] = data[i * d + order[j]!]!;
  return { data: out, n, d };
}
