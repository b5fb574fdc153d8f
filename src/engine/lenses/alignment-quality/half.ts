import { makeCells } from "../../stats/contrast.js";
import { heldOutDiscriminant } from "../../stats/discriminant.js";
import { stratifiedGroupFolds } from "../../stats/folds.js";
import { centre } from "../../stats/moments.js";
import { range } from "../../stats/random.js";
import type { LensTools, Study } from "../lens.js";
import type { Pace } from "../pace.js";
import type { Plan } from "../plan.js";
import { composite } from "./composite.js";
import { poolLayers } from "./pooling.js";

const MOST_LAYERS = 6;

/**
 * The pooled index of half of the rows, mean over both halves (whole groups, strata kept even), over the layers that carry most
 * weight, with their median shrinkage: much below the whole sample's means that more rows would raise it.
 */
export async function halfSample(
  study: Study,
  plan: Plan,
  weights: readonly number[],
  shrinkage: readonly number[],
  tools: LensTools,
  pace: Pace,
): Promise<number | null> {
  const half = stratifiedGroupFolds(plan.cells.cell, study.group, 2, study.seed + 3);
  const values: number[] = [];
  for (const part of [0, 1]) {
    const rows = range(study.count).filter((i) => half.of[i] === part);
    const value = await indexOf(rows, study, plan, weights, shrinkage, tools, pace);
    if (value === null) return null;
    values.push(value / 2);
  }
  return values[0]! + values[1]!;
}

async function indexOf(
  rows: Int32Array,
  study: Study,
  plan: Plan,
  weights: readonly number[],
  shrinkage: readonly number[],
  tools: LensTools,
  pace: Pace,
): Promise<number | null> {
  const label = Uint8Array.from(rows, (i) => study.label[i]!);
  const cells = makeCells(
    label,
    Int32Array.from(rows, (i) => plan.cells.stratum[i]!),
    plan.cells.strata,
  );
  const group = Int32Array.from(rows, (i) => study.group[i]!);
  const folds = stratifiedGroupFolds(cells.cell, group, plan.folds.count, study.seed + 4);
  const positive = label.reduce((s, y) => s + y, 0);
  if (Math.min(positive, rows.length - positive) < 2 * folds.count) return null;
  const layers = weights
    .map((w, l) => ({ w, l }))
    .filter(({ w }) => w > 0)
    .sort((a, b) => b.w - a.w)
    .slice(0, MOST_LAYERS)
    .map(({ l }) => l)
    .sort((a, b) => a - b);
  const scores: Float64Array[] = [];
  for (const l of layers) {
    const all = await study.states(l);
    const data = new Float32Array(rows.length * study.width);
    rows.forEach((row, k) => {
      data.set(all.subarray(row * study.width, (row + 1) * study.width), k * study.width);
    });
    const x = { data, n: rows.length, d: study.width };
    centre(x);
    scores.push((await heldOutDiscriminant(x, cells, folds, { blas: tools.blas, breathe: () => pace.breathe(), shrinkage: shrinkage[l]! })).z);
  }
  return composite(poolLayers(scores, cells, stratifiedGroupFolds(cells.cell, group, folds.count, study.seed + 5)).z, cells)?.aqi ?? null;
}
