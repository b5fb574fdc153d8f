import type { LensTools, Study } from "../../../src/engine/lenses/lens.js";
import { type Cells, makeCells } from "../../../src/engine/stats/contrast.js";
import type { Rows } from "../../../src/engine/stats/moments.js";
import { Random, range } from "../../../src/engine/stats/random.js";
import { plainBlas } from "../stats/plain.js";

export const tools: LensTools = { blas: plainBlas, progress: async () => {} };
export const breathe = async () => {};

/** Gaussian rows with one planted direction: class means `effect` standard deviations apart, one effect a stratum; strata far apart from each other. */
export function plantRows(
  effects: readonly number[],
  d: number,
  perCell: number,
  seed: number,
  scale: (j: number) => number = () => 1,
): { x: Rows; cells: Cells } {
  const strata = effects.length;
  const n = 2 * perCell * strata;
  const random = new Random(seed);
  const label = Uint8Array.from({ length: n }, (_, i) => i % 2);
  const stratum = Int32Array.from({ length: n }, (_, i) => (i >> 1) % strata);
  const topic = effects.map((_, a) => Float64Array.from({ length: d }, () => (a === 0 ? 0 : 3 * random.normal())));
  const direction = Float64Array.from({ length: d }, () => random.normal());
  const norm = Math.hypot(...direction);
  const data = new Float32Array(n * d);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < d; j++) {
      const a = stratum[i]!;
      data[i * d + j] = scale(j) * (random.normal() + topic[a]![j]! + ((label[i]! - 0.5) * effects[a]! * direction[j]!) / norm);
    }
  return { x: { data, n, d }, cells: makeCells(label, stratum, strata) };
}

/** A study over states that are given by layer. */
export function makeStudy(layers: readonly Float32Array[], width: number, label: Uint8Array, more: Partial<Study> = {}): Study {
  return {
    count: label.length,
    layers: layers.length,
    width,
    pooling: "mean",
    kind: "safety",
    classNames: ["safe", "unsafe"],
    label,
    category: new Int32Array(label.length).fill(-1),
    categories: [],
    group: range(label.length),
    paired: false,
    tokens: new Int32Array(label.length).fill(5),
    seed: 1,
    text: (row) => `row number ${row * 7919} stands here`,
    states: async (layer) => Float32Array.from(layers[layer]!),
    axes: [],
    poolings: ["mean"],
    statesBy: async (_, layer) => Float32Array.from(layers[layer]!),
    embeddingMean: async () => Float32Array.from(layers[0]!),
    ...more,
  };
}
