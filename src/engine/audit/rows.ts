import type { RowTable } from "../../protocol/index.js";
import type { Dataset } from "../data/dataset.js";

export const NO_CATEGORY = 65535;

export interface RowScores {
  /** [rows, columns] held-out decision values; NaN where not scored. */
  readonly score: Float32Array;
  readonly probability: Float32Array;
  readonly probabilityLayer: number;
}

/** The table that every mark in the panel refers to. `which` are positions in the dataset's rows. */
export function rowTable(dataset: Dataset, which: readonly number[], columns: number, tokens: Int32Array, scores: RowScores): RowTable {
  const categories = [...new Set(which.map((row) => dataset.rows[row].category).filter((name) => name !== undefined))].sort().slice(0, NO_CATEGORY - 1);
  const position = new Map(categories.map((name, i) => [name, i]));
  // A file of a folder lies at no line.
  const lines = dataset.card.format !== "images";
  const place = new Int32Array(which.length * 5);
  which.forEach((row, i) => {
    const { file, startLine, startColumn, endLine, endColumn } = dataset.rows[row].place;
    place.set(lines ? [file, startLine, startColumn, endLine, endColumn] : [file, -1, 0, -1, 0], i * 5);
  });
  return {
    count: which.length,
    columns,
    id: Uint32Array.from(which, (row) => dataset.rows[row].id),
    label: Uint8Array.from(which, (row) => dataset.rows[row].label),
    category: Uint16Array.from(which, (row) => position.get(dataset.rows[row].category ?? "") ?? NO_CATEGORY),
    categories,
    place,
    score: scores.score,
    probability: scores.probability,
    probabilityLayer: scores.probabilityLayer,
    tokens: Uint16Array.from(which, (row) => Math.min(65535, tokens[row])),
  };
}
