/** Rows in strata (axioms, categories); a cell is a stratum and a class. */
export interface Cells {
  readonly stratum: Int32Array;
  readonly strata: number;
  /** 2 · stratum + label. */
  readonly cell: Int32Array;
  readonly label: Uint8Array;
}

export function makeCells(label: Uint8Array, stratum: Int32Array, strata: number): Cells {
  return { stratum, strata, label, cell: Int32Array.from(stratum, (s, i) => 2 * s + label[i]!) };
}

/** One stratum for all rows. */
export function oneStratum(label: Uint8Array): Cells {
  return makeCells(label, new Int32Array(label.length), 1);
}

/** Sizes of the cells among some rows, weighted when weights are given. */
export function cellSizes(cells: Cells, rows: ArrayLike<number>, weight?: Float64Array): Float64Array {
  const size = new Float64Array(2 * cells.strata);
  for (let k = 0; k < rows.length; k++) size[cells.cell[rows[k]!]!]! += weight ? weight[rows[k]!]! : 1;
  return size;
}

/** Weight of a stratum in the pooled contrast: n0 n1 / n, 0 when it lacks a class. */
export function stratumWeights(size: Float64Array): Float64Array {
  return Float64Array.from({ length: size.length / 2 }, (_, a) => {
    const n = size[2 * a]! + size[2 * a + 1]!;
    return n > 0 ? (size[2 * a]! * size[2 * a + 1]!) / n : 0;
  });
}

/**
 * Coefficients r over rows with sum r_i x_i = the stratified mean difference δ = Σ w_a (c_a1 - c_a0) / Σ w_a.
 * @returns [rows.length], all 0 when no stratum has both classes
 */
export function contrast(cells: Cells, rows: ArrayLike<number>, weight?: Float64Array): Float64Array {
  const size = cellSizes(cells, rows, weight);
  const w = stratumWeights(size);
  let total = 0;
  for (const v of w) total += v;
  const out = new Float64Array(rows.length);
  if (!(total > 0)) return out;
  for (let k = 0; k < rows.length; k++) {
    const i = rows[k]!;
    const a = cells.stratum[i]!;
    if (w[a] === 0) continue;
    const share = w[a]! / total / size[cells.cell[i]!]!;
    out[k] = (cells.label[i] === 1 ? share : -share) * (weight ? weight[i]! : 1);
  }
  return out;
}

/**
 * Weight of every cell in the midpoint that a row of stratum a is measured from: halfway between the stratum's own class
 * means, or between all rows' where the stratum lacks a class. @returns [strata][cells]
 */
export function midpoints(size: Float64Array): Float64Array[] {
  const strata = size.length / 2;
  const total = [0, 0];
  for (let c = 0; c < size.length; c++) total[c % 2]! += size[c]!;
  return Array.from({ length: strata }, (_, a) => {
    const out = new Float64Array(size.length);
    if (size[2 * a]! > 0 && size[2 * a + 1]! > 0) {
      out[2 * a] = 0.5;
      out[2 * a + 1] = 0.5;
    } else for (let c = 0; c < size.length; c++) out[c] = total[c % 2]! > 0 ? (0.5 * size[c]!) / total[c % 2]! : 0;
    return out;
  });
}

/** Subtracts from every entry of v the mean of its cell (the projection P onto what is within cells). */
export function centreWithin(v: Float64Array, cell: ArrayLike<number>, cells: number): void {
  const sum = new Float64Array(cells);
  const count = new Float64Array(cells);
  for (let k = 0; k < v.length; k++) {
    sum[cell[k]!]! += v[k]!;
    count[cell[k]!]!++;
  }
  for (let c = 0; c < cells; c++) if (count[c]! > 0) sum[c]! /= count[c]!;
  for (let k = 0; k < v.length; k++) v[k]! -= sum[cell[k]!]!;
}

/** Stratified mean difference over its pooled standard deviation (d′), and that deviation; held-out scores of some rows. */
export function stratifiedEffect(z: Float64Array, cells: Cells, rows: ArrayLike<number>): { effect: number; deviation: number } {
  const size = cellSizes(cells, rows);
  const sum = new Float64Array(size.length);
  for (let k = 0; k < rows.length; k++) sum[cells.cell[rows[k]!]!]! += z[rows[k]!]!;
  let within = 0;
  let df = rows.length;
  for (let c = 0; c < size.length; c++) {
    if (size[c]! > 0) {
      sum[c]! /= size[c]!;
      df--;
    }
  }
  for (let k = 0; k < rows.length; k++) within += (z[rows[k]!]! - sum[cells.cell[rows[k]!]!]!) ** 2;
  const w = stratumWeights(size);
  let gap = 0;
  let total = 0;
  for (let a = 0; a < w.length; a++) {
    gap += w[a]! * (sum[2 * a + 1]! - sum[2 * a]!);
    total += w[a]!;
  }
  const deviation = Math.sqrt(within / Math.max(1, df));
  return { effect: total > 0 && deviation > 0 ? gap / total / deviation : 0, deviation };
}
