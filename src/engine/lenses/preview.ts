import { auroc } from "../stats/auc.js";
import { type Scatter, scatterIndices } from "../stats/indices.js";

/** Rows that have arrived so far, in any order. */
export interface PreviewRows {
  /** [count] 0 or 1 */
  readonly label: Uint8Array;
  /** Per layer [count, width]; not changed. */
  readonly states: readonly Float32Array[];
  readonly width: number;
  /** [count] whose halves are held out together; absent: every row is on its own. */
  readonly group?: ArrayLike<number>;
}

export interface Preview {
  /** Per layer; null until both classes have two rows in both halves. */
  readonly auroc: readonly (number | null)[];
  readonly geometry: readonly (Scatter | undefined)[];
  /** [count x layers] held-out score, row-major; above 0 = side of class 1; NaN = none yet. */
  readonly score: Float32Array;
}

/**
 * A quick look while rows are still arriving, no result: two halves (rows of one group share theirs), a diagonal discriminant
 * (mean difference over within-class variance, per dimension) fitted on one and read on the other. O(rows · layers · width).
 */
export function previewRows(rows: PreviewRows): Preview {
  const n = rows.label.length;
  const layers = rows.states.length;
  const half = halves(rows);
  const size = [0, 0, 0, 0];
  for (let i = 0; i < n; i++) size[2 * half[i]! + rows.label[i]!]!++;
  const score = new Float32Array(n * layers).fill(Number.NaN);
  const enough = size.every((s) => s >= 2);
  const areas: (number | null)[] = [];
  const geometry: (Scatter | undefined)[] = [];
  const z = new Float64Array(n);
  rows.states.forEach((states, layer) => {
    const scatter = scatterIndices({ data: states, n, d: rows.width }, rows.label);
    geometry.push(scatter && Object.values(scatter).every(Number.isFinite) ? scatter : undefined);
    if (!enough) {
      areas.push(null);
      return;
    }
    for (const h of [0, 1]) scoreHalf(states, rows, half, h, size, z);
    for (let i = 0; i < n; i++) score[i * layers + layer] = z[i]!;
    areas.push(auroc(z, rows.label));
  });
  return { auroc: areas, geometry, score };
}

function scoreHalf(states: Float32Array, rows: PreviewRows, half: Uint8Array, test: number, size: readonly number[], z: Float64Array): void {
  const d = rows.width;
  const n = rows.label.length;
  const sum = [new Float64Array(d), new Float64Array(d)];
  const square = new Float64Array(d);
  for (let i = 0, at = 0; i < n; i++, at += d) {
    if (half[i] === test) continue;
    const s = sum[rows.label[i]!]!;
    for (let j = 0; j < d; j++) {
      const v = states[at + j]!;
      s[j]! += v;
      square[j]! += v * v;
    }
  }
  const n0 = size[2 * (1 - test)]!;
  const n1 = size[2 * (1 - test) + 1]!;
  const w = new Float64Array(d);
  let middle = 0;
  for (let j = 0; j < d; j++) {
    const a = sum[0]![j]! / n0;
    const b = sum[1]![j]! / n1;
    const variance = (square[j]! - n0 * a * a - n1 * b * b) / Math.max(1, n0 + n1 - 2);
    w[j] = variance > 1e-12 * (a * a + b * b) ? (b - a) / variance : 0;
    middle += (w[j]! * (a + b)) / 2;
  }
  // Divided by the training half's own deviation, so that the strips of all layers share a scale.
  let first = 0;
  let second = 0;
  const spread = new Float64Array(2);
  for (let i = 0, at = 0; i < n; i++, at += d) {
    let s = -middle;
    for (let j = 0; j < d; j++) s += w[j]! * states[at + j]!;
    if (half[i] === test) z[i] = s;
    else if (rows.label[i] === 1) {
      first += s / n1;
      spread[1]! += (s * s) / n1;
    } else {
      second += s / n0;
      spread[0]! += (s * s) / n0;
    }
  }
  const deviation = Math.sqrt(Math.max(0, (spread[0]! - second * second + spread[1]! - first * first) / 2)) || 1;
  for (let i = 0; i < n; i++) if (half[i] === test) z[i]! /= deviation;
}

/** Alternating within each class, by group where there is one. */
function halves(rows: PreviewRows): Uint8Array {
  const out = new Uint8Array(rows.label.length);
  const count = [0, 0];
  const seen = new Map<number, number>();
  for (let i = 0; i < out.length; i++) {
    const y = rows.label[i]!;
    const known = rows.group ? seen.get(rows.group[i]!) : undefined;
    out[i] = known ?? count[y]! % 2;
    if (known === undefined) {
      count[y]!++;
      if (rows.group) seen.set(rows.group[i]!, out[i]!);
    }
  }
  return out;
}
