import type { Bars, Matrix, Picture } from "../../../protocol/index.js";
import type { Study } from "../lens.js";
import type { Found } from "./index.js";

const ABOUT = "concepts-by-layer";
const BASE = { lens: ABOUT, slot: "extra", about: ABOUT } as const;

export function conceptPictures(found: readonly Found[], study: Study): Picture[] {
  const matrix: Matrix = {
    ...BASE,
    id: `${ABOUT}/matrix`,
    shape: "matrix",
    scale: "amount",
    title: "Concepts by layer",
    note: "Held-out AUROC of a probe for each column of classes (more than two: one against the rest, mean). Outlined: the best layer. A cell lists the rows that the probe gets wrong there.",
    rowsAre: "rows the probe gets wrong",
    rows: found.map(({ concept, wrong }, i) => ({
      id: `concept-${i}`,
      name: concept.name,
      count: concept.classes.length === 2 ? `n ${concept.n.join("/")}` : `${concept.classes.length} classes, n ${concept.n.reduce((s, v) => s + v, 0)}`,
      chance: 0.5,
      best: 1,
      values: Array.from({ length: study.layers }, (_, l) => concept.layers[l]?.auroc ?? null),
      lo: concept.layers.map((l) => l.aurocCi95?.[0] ?? null),
      hi: concept.layers.map((l) => l.aurocCi95?.[1] ?? null),
      rows: wrong,
      marks: concept.best === null ? [] : [{ column: concept.best, text: "best layer" }],
      ...(concept.layers.length === 0 && concept.why ? { why: concept.why } : {}),
    })),
  };
  const bars: Bars = {
    ...BASE,
    id: `${ABOUT}/rises`,
    shape: "bars",
    title: "Where each concept rises most",
    note: "The layer at which the probe's AUROC rises most over the layer before, and the share of resamples that agree. A line lists the rows that turn from wrong to right there.",
    unit: "layer",
    range: [0, Math.max(1, study.layers - 1)],
    rowsAre: "rows that turn right",
    bars: found.map(({ concept, flips }, i) => ({
      id: `concept-${i}`,
      name: concept.name,
      value: concept.rise?.layer ?? null,
      ...(concept.rise ? { remark: `in ${Math.round(100 * concept.rise.frequency)}% of resamples` } : { why: concept.why ?? "no layer is above chance" }),
      ...(flips.length > 0 ? { rows: flips } : {}),
    })),
  };
  return [matrix, bars];
}
