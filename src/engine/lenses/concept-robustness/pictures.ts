import type { Curve, Matrix, Picture } from "../../../protocol/index.js";
import type { ConceptRobustness } from "./index.js";

const ABOUT = "concept-robustness";
const BASE = { lens: ABOUT, slot: "extra", about: ABOUT } as const;

/** @param turned [view][layers] rows right as they are and wrong when disturbed */
export function robustnessPictures({ plain, disturbed }: ConceptRobustness, turned: readonly (readonly (readonly number[])[])[]): Picture[] {
  const curve: Curve = {
    ...BASE,
    id: `${ABOUT}/curve`,
    shape: "curve",
    title: "The probe under noise and rounding",
    note: "Held-out AUROC by layer: the rows as they are, and probes trained and tested on disturbed rows.",
    unit: "AUROC",
    range: [0, 1],
    chance: 0.5,
    series: [
      { id: "plain", name: "As they are", kind: "main", values: plain.auroc },
      ...disturbed.map((one) => ({ id: one.view, name: one.name, kind: "reference" as const, values: one.retrained.map((l) => l.auroc) })),
    ],
    marks: [],
  };
  const matrix: Matrix = {
    ...BASE,
    id: `${ABOUT}/matrix`,
    shape: "matrix",
    scale: "amount",
    title: "Trained as they are, tested disturbed",
    note: "AUROC of the probe of the undisturbed rows on disturbed ones. A cell lists the rows that are right as they are and wrong when disturbed.",
    rowsAre: "rows that noise or rounding turns wrong",
    rows: disturbed.map((one, i) => ({ id: one.view, name: one.name, chance: 0.5, best: 1, values: one.transferred, rows: turned[i] ?? [] })),
  };
  return [curve, matrix];
}
