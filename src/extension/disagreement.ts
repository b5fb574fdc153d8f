import type { RowTable } from "../protocol/index.js";

export interface Disagreement {
  /** Position in the table's columns. */
  readonly index: number;
  /** Row id. */
  readonly row: number;
  readonly label: 0 | 1;
  /** Calibrated held-out probability of the other class, 0.5..1. */
  readonly probability: number;
}

/**
 * Rows whose held-out score lies on the other side of the boundary from their label, with a calibrated probability of
 * that other side of at least `threshold`; surest first. Rows that were not scored are in neither camp.
 */
export function findDisagreements(rows: RowTable, threshold: number): Disagreement[] {
  const found: Disagreement[] = [];
  for (let index = 0; index < rows.count; index++) {
    const p = rows.probability[index]!;
    const score = rows.score[index * rows.columns + rows.probabilityLayer]!;
    if (Number.isNaN(p) || Number.isNaN(score)) continue;
    const label = rows.label[index] as 0 | 1;
    const probability = label === 0 ? p : 1 - p;
    const otherSide = label === 0 ? score > 0 : score < 0;
    // The table holds float32: a probability of 0.9 arrives as 0.89999998.
    if (otherSide && probability >= threshold - 1e-6) found.push({ index, row: rows.id[index]!, label, probability });
  }
  return found.sort((a, b) => b.probability - a.probability || a.index - b.index);
}
