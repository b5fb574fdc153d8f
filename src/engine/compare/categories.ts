import type { RowTable } from "../../protocol/index.js";
import { tooFewGroups } from "../lenses/plan.js";
import { type Column, smallerClass } from "./column.js";
import type { Resampled } from "./differences.js";
import { rank, weightedAuroc } from "./ranked.js";
import type { Draws } from "./resample.js";

const LEAST_PER_CLASS = 3;

export interface Part {
  readonly name: string;
  readonly n: readonly [number, number];
  readonly why?: string;
  /** Positions among the common rows, and among the rows that are drawn. */
  readonly rows: Int32Array;
  readonly drawn: Int32Array;
}

/** Rows of each category among the common ones; those that hold one class only have a reason instead of numbers. */
export function categoryParts(rows: RowTable, group: Int32Array, draws: Draws): Part[] {
  return rows.categories.map((name, category): Part => {
    const own = Int32Array.from(Array.from({ length: rows.count }, (_, i) => i).filter((i) => rows.category[i] === category));
    const positives = own.reduce((sum, i) => sum + rows.label[i], 0);
    const n: [number, number] = [own.length - positives, positives];
    const drawn = Int32Array.from(Array.from(draws.rows, (_, k) => k).filter((k) => rows.category[draws.rows[k]] === category));
    const few = Math.min(...n) < LEAST_PER_CLASS ? `fewer than ${LEAST_PER_CLASS} rows of a class` : undefined;
    return { name, n, rows: own, drawn, ...(few ? { why: few } : resamplable(own, group, rows.label)) };
  });
}

const resamplable = (own: Int32Array, group: Int32Array, label: Uint8Array): { why?: string } => {
  const why = tooFewGroups(
    own.map((i) => group[i]),
    own.map((i) => label[i]),
  );
  return why ? { why } : {};
};

/** The AUROC within a category at one column, with the same draws as everything else. */
export function resampleCategory(part: Part, column: Column, label: Uint8Array, draws: Draws): Resampled {
  if (Math.min(...part.n) < LEAST_PER_CLASS) return { a: null, b: null, replicates: [], still: false, least: 0, why: part.why };
  const own = part.rows.map((i) => label[i]);
  const [a, b] = [column.a, column.b].map(({ score }) => rank(Float64Array.from(part.rows, (i) => score[i])));
  const replicates: number[] = [];
  if (part.why === undefined && !column.same) {
    const drawnLabel = part.drawn.map((k) => label[draws.rows[k]]);
    const [x, y] = [column.a, column.b].map(({ score }) => rank(Float64Array.from(part.drawn, (k) => score[draws.rows[k]])));
    const weight = new Float64Array(part.drawn.length);
    for (const w of draws.weights) {
      for (let k = 0; k < weight.length; k++) weight[k] = w[part.drawn[k]];
      const [one, other] = [weightedAuroc(x, drawnLabel, weight), weightedAuroc(y, drawnLabel, weight)];
      if (one !== null && other !== null) replicates.push(other - one);
    }
  }
  return {
    a: weightedAuroc(a, own),
    b: weightedAuroc(b, own),
    replicates,
    still: column.same,
    least: smallerClass(own),
    ...(part.why === undefined ? {} : { why: part.why }),
  };
}
