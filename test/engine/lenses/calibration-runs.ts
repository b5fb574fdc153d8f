import { scoreRows } from "../../../src/engine/lenses/alignment-quality/divisions.js";
import { PermutationTest } from "../../../src/engine/lenses/alignment-quality/permutation.js";
import { drawingReplicates } from "../../../src/engine/lenses/alignment-quality/replicates.js";
import { summarise } from "../../../src/engine/lenses/alignment-quality/summary.js";
import type { Blas } from "../../../src/engine/lenses/lens.js";
import { Pace } from "../../../src/engine/lenses/pace.js";
import { type Plan, planOf } from "../../../src/engine/lenses/plan.js";
import { oneStratum } from "../../../src/engine/stats/contrast.js";
import type { Discriminant } from "../../../src/engine/stats/discriminant.js";
import { drain } from "../../../src/engine/stats/lbfgs.js";
import { Random, range } from "../../../src/engine/stats/random.js";
import { breathe, makeStudy } from "./plant.js";

export interface Design {
  readonly name: string;
  readonly perClass: number;
  readonly d: number;
  readonly effect: number;
  /** Rows that come as groups of so many, sharing half of their variance. */
  readonly grouped?: number;
  readonly layers: number;
}

export const DESIGNS: readonly Design[] = [
  { name: "one layer, d' = 2", perClass: 100, d: 4, effect: 2, layers: 1 },
  { name: "three layers, d' = 1.5", perClass: 100, d: 6, effect: 1.5, layers: 3 },
  { name: "groups of four rows, d' = 2", perClass: 160, d: 4, effect: 2, grouped: 4, layers: 1 },
];

export interface Coverage {
  /** Share of runs whose interval holds the value that the planted classes have. */
  readonly truth: number;
  /** The same for the mean estimate: what is left of the truth's misses when the bias is gone. */
  readonly mean: number;
  readonly estimate: number;
  readonly expected: number;
}

/** The index of two Gaussian classes so far apart. */
export const indexOf = (effect: number) => (100 * effect * effect) / (effect * effect + 4);

/** The pooled index and its interval over planted runs; `half` scales the interval (1 as it is; a wrong variant passes another). */
export async function coverage(design: Design, runs: number, blas: Blas, half = 1): Promise<Coverage> {
  const { perClass, d, effect, layers, grouped = 1 } = design;
  const n = 2 * perClass;
  const found: { value: number; half: number }[] = [];
  for (let run = 0; run < runs; run++) {
    const random = new Random(1000 + run, 3);
    const label = Uint8Array.from({ length: n }, (_, i) => Math.floor(i / grouped) % 2);
    const group = Int32Array.from({ length: n }, (_, i) => Math.floor(i / grouped));
    const shared = Float64Array.from({ length: Math.ceil(n / grouped) * d }, () => random.normal());
    const part = grouped > 1 ? Math.SQRT1_2 : 0;
    const own = Math.sqrt(1 - part * part);
    // Every layer sees the same rows through noise of its own, so that layers agree as they do in a model.
    const base = Float64Array.from({ length: n * d }, (_, at) => {
      const i = Math.floor(at / d);
      return own * random.normal() + part * shared[group[i]! * d + (at % d)]! + (at % d === 0 ? effect * (label[i]! - 0.5) : 0);
    });
    const states = Array.from({ length: layers }, (_, l) => Float32Array.from(base, (v) => v + (l === 0 ? 0 : 0.7) * random.normal()));
    const study = makeStudy(states, d, label, { group, seed: run });
    const plan = planOf(study) as Plan;
    const resampling = drain(drawingReplicates(plan.cells, group, plan.divisions, plan.second, run));
    const scores: Discriminant[] = [];
    for (const data of states) scores.push(await scoreRows({ data, n, d }, plan, { blas, breathe }, resampling));
    const noise = Float32Array.from({ length: n * 2 }, () => random.normal());
    const lexical = [await scoreRows({ data: noise, n, d: 2 }, plan, { blas, breathe }, resampling)];
    const { aqi } = await summarise(scores, lexical, plan, resampling, new Pace({ blas, progress: async () => {} }, 1));
    found.push({ value: aqi.signed!, half: (half * (aqi.ci95![1] - aqi.ci95![0])) / 2 });
  }
  const estimate = found.reduce((s, f) => s + f.value, 0) / runs;
  const holds = (target: number) => found.filter((f) => Math.abs(f.value - target) <= f.half).length / runs;
  return { truth: holds(indexOf(effect)), mean: holds(estimate), estimate, expected: indexOf(effect) };
}

/** Share of runs without signal whose p-value is at most 0.05. */
export async function rejections(runs: number, permutations: number, blas: Blas, seed = 77): Promise<number> {
  const random = new Random(seed);
  const n = 30;
  const d = 30;
  let rejected = 0;
  for (let run = 0; run < runs; run++) {
    const label = Uint8Array.from({ length: n }, (_, i) => i % 2);
    const test = new PermutationTest(range(n), oneStratum(label), range(n), random.below(1e9), 5, permutations);
    for (let layer = 0; layer < 2; layer++) {
      const data = Float32Array.from({ length: n * d }, (_, at) => random.normal() * (1 + (at % d)));
      await test.add({ data, n, d }, blas, breathe);
    }
    if ((await test.finish(breathe)) <= 0.05) rejected++;
  }
  return rejected / runs;
}
