import type { Blas } from "../lenses/lens.js";
import { eigen } from "../stats/eigen.js";
import { drain } from "../stats/lbfgs.js";
import { Random } from "../stats/random.js";

/** Further directions that are carried along, so that the wanted ones settle. */
const SPARE = 8;
const ROUNDS = 6;

export interface Components {
  /** [count, d] orthonormal rows, by falling variance. */
  readonly basis: Float32Array;
  /** [count] */
  readonly variance: Float64Array;
  readonly count: number;
}

/** Leading principal components of centred rows, by subspace iteration from a seeded start (Halko et al. 2011, section 4.5). */
export async function leadingComponents(
  x: Float32Array,
  n: number,
  d: number,
  wanted: number,
  seed: number,
  blas: Blas,
  breathe: () => Promise<void>,
): Promise<Components> {
  const count = Math.min(wanted, n, d);
  const m = Math.min(count + SPARE, n, d);
  const random = new Random(seed, 91);
  let q = orthonormal(
    Float64Array.from({ length: m * d }, () => random.normal()),
    m,
    d,
  );
  for (let round = 0; round < ROUNDS; round++) {
    const y = await blas.matmul(x, q, n, d, m, true);
    q = orthonormal(Float64Array.from(await blas.matmul(transposed(y, n, m), x, m, n, d)), m, d);
    await breathe();
  }
  const y = await blas.matmul(x, q, n, d, m, true);
  const scatter = new Float64Array(m * m);
  for (let i = 0; i < n; i++) for (let a = 0; a < m; a++) for (let b = 0; b < m; b++) scatter[a * m + b]! += y[i * m + a]! * y[i * m + b]!;
  const { values, vectors } = drain(eigen(scatter, m));
  const basis = new Float32Array(count * d);
  for (let k = 0; k < count; k++) {
    const row = new Float64Array(d);
    for (let a = 0; a < m; a++) for (let j = 0; j < d; j++) row[j]! += vectors[k * m + a]! * q[a * d + j]!;
    // A component has no sign of its own.
    let largest = 0;
    for (let j = 1; j < d; j++) if (Math.abs(row[j]!) > Math.abs(row[largest]!)) largest = j;
    const sign = row[largest]! < 0 ? -1 : 1;
    for (let j = 0; j < d; j++) basis[k * d + j] = sign * row[j]!;
  }
  return { basis, variance: Float64Array.from({ length: count }, (_, k) => Math.max(0, values[k]!) / n), count };
}

function transposed(a: Float32Array, n: number, m: number): Float32Array {
  const out = new Float32Array(n * m);
  for (let i = 0; i < n; i++) for (let j = 0; j < m; j++) out[j * n + i] = a[i * m + j]!;
  return out;
}

/** Gram and Schmidt, twice over; a direction that vanishes is left at zero. */
function orthonormal(q: Float64Array, m: number, d: number): Float32Array {
  for (let a = 0; a < m; a++) {
    const own = q.subarray(a * d, (a + 1) * d);
    const before = norm(own);
    for (let pass = 0; pass < 2; pass++)
      for (let b = 0; b < a; b++) {
        const other = q.subarray(b * d, (b + 1) * d);
        let s = 0;
        for (let j = 0; j < d; j++) s += own[j]! * other[j]!;
        for (let j = 0; j < d; j++) own[j]! -= s * other[j]!;
      }
    const length = norm(own);
    const factor = length > 1e-7 * before && length > 0 ? 1 / length : 0;
    for (let j = 0; j < d; j++) own[j]! *= factor;
  }
  return Float32Array.from(q);
}

const norm = (v: Float64Array): number => Math.sqrt(v.reduce((sum, x) => sum + x * x, 0));
