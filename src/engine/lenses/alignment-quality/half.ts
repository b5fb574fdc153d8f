import { deviation, mean } from "../../stats/bootstrap.js";
import { makeCells } from "../../stats/contrast.js";
import { stratifiedGroupFolds } from "../../stats/folds.js";
import { centre, type Rows } from "../../stats/moments.js";
import { range } from "../../stats/random.js";
import type { LensTools, Study } from "../lens.js";
import type { Pace } from "../pace.js";
import type { Plan } from "../plan.js";
import { composite } from "./composite.js";
import { scoreRows } from "./divisions.js";
import { poolLayers } from "./pooling.js";

const MOST_LAYERS = 6;

/** Up to this many rows the halves are drawn anew so often; above it they cost more and vary less. */
const FEW_ROWS = 400;
const SPLITS = 4;

export interface HalfSample {
  readonly value: number;
  /** Standard error over the halves. */
  readonly se: number;
}

/**
 * The pooled index of half of the rows, mean over both halves of one or several divisions (whole groups, strata kept even), over the layers that
 * carry most weight: much below the same layers of all rows means that more rows would raise it.
 */
export async function halfSample(study: Study, plan: Plan, weights: readonly number[], tools: LensTools, pace: Pace): Promise<HalfSample | null> {
  const values: number[] = [];
  for (let k = 0; k < (study.count <= FEW_ROWS ? SPLITS : 1); k++) {
    const half = stratifiedGroupFolds(plan.cells.cell, study.group, 2, study.seed + 3 + 100 * k);
    for (const part of [0, 1]) {
      const rows = range(study.count).filter((i) => half.of[i] === part);
      const value = await indexOf(rows, study, plan, weights, tools, pace);
      if (value === null) return null;
      values.push(value);
    }
  }
  // Halves of one division are independent; further divisions share their rows with it, so they steady the mean more than they tell about its error.
  return { value: mean(values), se: deviation(values) / Math.SQRT2 };
}

async function indexOf(rows: Int32Array, study: Study, plan: Plan, weights: readonly number[], tools: LensTools, pace: Pace): Promise<number | null> {
  const label = Uint8Array.from(rows, (i) => study.label[i]!);
  const cells = makeCells(
    label,
    Int32Array.from(rows, (i) => plan.cells.stratum[i]!),
    plan.cells.strata,
  );
  const group = Int32Array.from(rows, (i) => study.group[i]!);
  const { count } = plan.folds;
  const positive = label.reduce((s, y) => s + y, 0);
  if (Math.min(positive, rows.length - positive) < 2 * count) return null;
  // As many as all rows have: what averaging alone gains is no matter of rows.
  const divisions = plan.divisions.map((_, k) => stratifiedGroupFolds(cells.cell, group, count, study.seed + 4 + 1000 * k));
  const layers = weights
    .map((w, l) => ({ w, l }))
    .filter(({ w }) => w > 0)
    .sort((a, b) => b.w - a.w)
    .slice(0, MOST_LAYERS)
    .map(({ l }) => l)
    .sort((a, b) => a - b);
  const scores: Float64Array[] = [];
  for (const l of layers) {
    const x = await someRows(study, l, rows);
    scores.push((await scoreRows(x, { cells, divisions }, { blas: tools.blas, breathe: () => pace.breathe() })).z);
  }
  return composite(poolLayers(scores, cells, stratifiedGroupFolds(cells.cell, group, count, study.seed + 5)).z, cells)?.aqi ?? null;
}

async function someRows(study: Study, layer: number, rows: Int32Array): Promise<Rows> {
  const x = { data: (await study.someStates?.(layer, rows)) ?? gather(await study.states(layer), rows, study.width), n: rows.length, d: study.width };
  centre(x);
  return x;
}

function gather(all: Float32Array, rows: Int32Array, width: number): Float32Array {
  const out = new Float32Array(rows.length * width);
  rows.forEach((row, k) => {
    out.set(all.subarray(row * width, (row + 1) * width), k * width);
  });
  return out;
}
