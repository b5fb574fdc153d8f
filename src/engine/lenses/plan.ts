import { type Cells, makeCells, oneStratum } from "../stats/contrast.js";
import { type Folds, planFolds, stratifiedGroupFolds } from "../stats/folds.js";
import type { Study } from "./lens.js";

/** Rows of each class that a category needs to count as an axiom. */
export const LEAST_PER_AXIOM = 5;
const FOLDS = 5;

/** How a study's rows are divided: the same for every lens, so that their scores can be compared row by row. */
export interface Plan {
  readonly cells: Cells;
  /** Category number of a stratum; -1 = the rest. */
  readonly axioms: readonly number[];
  readonly folds: Folds;
  /** A second division, for what is fitted on the first one's held-out scores. */
  readonly second: Folds;
  /** Divisions into folds over which held-out scores of the index are averaged, `folds` first: with few rows one division is a matter of luck. */
  readonly divisions: readonly Folds[];
  /** Why the categories are not used as strata, when there are any. */
  readonly note?: string;
}

/** Below this many groups of a class a bootstrap over groups says little, and says it too surely. */
const LEAST_GROUPS = 10;

/** Why no interval and no p-value can be had: the rows, or those of one class, come in very few groups. */
export function tooFewGroups(group: ArrayLike<number>, label?: ArrayLike<number>, names?: readonly [string, string]): string | undefined {
  const needs = `and resampling needs ${LEAST_GROUPS}`;
  const all = new Set(Array.from(group)).size;
  if (label) {
    const scarce = ([0, 1] as const)
      .map((y) => {
        const own = Array.from(group).filter((_, i) => label[i] === y);
        return { name: names?.[y], rows: own.length, groups: new Set(own).size };
      })
      .reduce((a, b) => (b.groups < a.groups ? b : a));
    if (scarce.groups < LEAST_GROUPS && (all >= LEAST_GROUPS || scarce.rows === scarce.groups)) {
      const rows = scarce.name === undefined ? "rows of one class" : `${scarce.name} rows`;
      return scarce.rows === scarce.groups ? `there are ${scarce.rows} ${rows} only, ${needs}` : `the ${rows} come in ${scarce.groups} groups only, ${needs}`;
    }
  }
  return all < LEAST_GROUPS ? `the rows come in ${all} groups only, ${needs}` : undefined;
}

/** Rows of each class below which many values cannot be held against each other: the order of a few rows ranks them. */
const LEAST_TO_RANK = 20;

/** Why poolings, or subsets of dimensions, are not held against each other. */
export function tooFewToRank(label: Uint8Array, names: readonly [string, string]): string | undefined {
  const ones = label.reduce((sum, y) => sum + y, 0);
  const [fewest, name] = ones < label.length - ones ? [ones, names[1]] : [label.length - ones, names[0]];
  return fewest < LEAST_TO_RANK ? `${fewest} ${name} rows are too few for it (at least ${LEAST_TO_RANK} of each class are needed)` : undefined;
}

/** How many divisions: their number times the rows stays about the same, and so does the time. */
export function divisionsFor(rows: number): number {
  return rows < 100 ? 5 : rows <= 250 ? 3 : 1;
}

const plans = new WeakMap<Study, Plan | string>();

/** The study's folds and strata, or the reason why no held-out score can be had. */
export function planOf(study: Study): Plan | string {
  const known = plans.get(study);
  if (known !== undefined) return known;
  const plan = makePlan(study);
  plans.set(study, plan);
  return plan;
}

function makePlan(study: Study): Plan | string {
  if (allContradict(study)) return "every text carries both labels: the labels contradict each other";
  const { cells, axioms, note } = strataOf(study);
  const folds = planFolds(study.label, cells.cell, study.group, FOLDS, study.seed, study.classNames);
  if (typeof folds === "string") return folds;
  const divisions = Array.from({ length: divisionsFor(study.count) }, (_, k) =>
    k === 0 ? folds : stratifiedGroupFolds(cells.cell, study.group, folds.count, study.seed + 1000 * k),
  );
  return { cells, axioms, folds, second: stratifiedGroupFolds(cells.cell, study.group, folds.count, study.seed + 1), divisions, note };
}

/**
 * Categories that hold both classes become strata, the others together one more. Where those that qualify hold less than half
 * of either class, there is one stratum: the classes then differ in their categories, and holding the category fixed would leave out most rows.
 */
function strataOf(study: Study): { cells: Cells; axioms: readonly number[]; note?: string } {
  const k = study.categories.length;
  const size = new Float64Array(2 * k);
  const classes = [0, 0];
  for (let i = 0; i < study.count; i++) {
    const y = study.label[i]!;
    classes[y]!++;
    if (study.category[i]! >= 0) size[2 * study.category[i]! + y]!++;
  }
  const axioms: number[] = [];
  const held = [0, 0];
  for (let a = 0; a < k; a++) {
    if (size[2 * a]! < LEAST_PER_AXIOM || size[2 * a + 1]! < LEAST_PER_AXIOM) continue;
    axioms.push(a);
    held[0]! += size[2 * a]!;
    held[1]! += size[2 * a + 1]!;
  }
  const covered = held[0]! >= classes[0]! / 2 && held[1]! >= classes[1]! / 2;
  if (axioms.length < 2 || !covered) {
    const note = k > 1 ? "most categories hold one class only or too few rows, so the index does not hold the category fixed" : undefined;
    return { cells: oneStratum(study.label), axioms: [-1], note };
  }
  const place = new Map(axioms.map((a, s) => [a, s]));
  const rest = axioms.length;
  let others = false;
  const stratum = Int32Array.from(study.category, (a) => {
    const s = place.get(a);
    if (s === undefined) others = true;
    return s ?? rest;
  });
  return { cells: makeCells(study.label, stratum, others ? rest + 1 : rest), axioms: others ? [...axioms, -1] : axioms };
}

/** Whether every text stands there with both labels; repeated texts share a group, so a group of one class is the quick answer. */
function allContradict({ pixels, count, label, group, text }: Study): boolean {
  if (pixels) return false;
  const both = (key: (i: number) => number | string): boolean => {
    const seen = new Map<number | string, number>();
    for (let i = 0; i < count; i++) seen.set(key(i), (seen.get(key(i)) ?? 0) | (1 << label[i]!));
    return [...seen.values()].every((labels) => labels === 3);
  };
  return count > 0 && both((i) => group[i]!) && both((i) => text(i).trim());
}
