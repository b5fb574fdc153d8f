import type { Curve, Matrix, Picture } from "../../../protocol/index.js";
import type { MatryoshkaGrid } from "./index.js";

const ABOUT = "matryoshka-grid";
const BASE = { lens: ABOUT, slot: "extra", about: ABOUT } as const;

/** @param broken [layers][sizes] rows that break at that size */
export function matryoshkaPictures(values: MatryoshkaGrid, broken: readonly (readonly (readonly number[])[])[]): Picture[] {
  return [grid(values, broken), special(values)];
}

function grid({ dims, layers, suggestion, ladder }: MatryoshkaGrid, broken: readonly (readonly (readonly number[])[])[]): Matrix {
  const said = suggestion?.point
    ? `Outlined: layer ${suggestion.point.layer} with ${suggestion.point.dims} dimensions, the smallest within 1% of layer ${suggestion.full.layer} with all ${suggestion.full.dims}${suggestion.sure ? `; surely so: layer ${suggestion.sure.layer} with ${suggestion.sure.dims}` : "; no size is surely so with this many rows"}. `
    : "";
  return {
    ...BASE,
    id: `${ABOUT}/grid`,
    shape: "matrix",
    scale: "amount",
    title: "Fewer layers, fewer dimensions",
    note: `Held-out AUROC of a discriminant on the first dimensions only. ${said}Dashed: steps of the Starbucks ladder. A cell lists the rows that break at that size.`,
    rowsAre: "rows that break at this size",
    rows: dims.map((m, at) => ({
      id: `dims-${m}`,
      name: m === dims.at(-1) ? `all ${m} dimensions` : `first ${m}`,
      chance: 0.5,
      best: 1,
      values: layers.map((one) => one.prefix[at] ?? null),
      rows: layers.map((_, l) => broken[l]?.[at] ?? null),
      marks: [
        ...ladder
          .filter((step) => step.dims === m)
          .map((step) => ({ column: step.layer, text: `step of the Starbucks ladder (${step.wanted} dimensions)`, dashed: true })),
        ...(suggestion?.point?.dims === m ? [{ column: suggestion.point.layer, text: "smallest within 1% of the full size" }] : []),
        ...(suggestion?.sure?.dims === m ? [{ column: suggestion.sure.layer, text: "smallest that is surely within 1%" }] : []),
      ],
    })),
  };
}

function special({ layers, compared }: MatryoshkaGrid): Curve {
  const known = layers.map((one) => one.nestedness).filter((v) => v !== null);
  const mean = known.length > 0 ? known.reduce((s, v) => s + v, 0) / known.length : null;
  const mid = (values: readonly (number | null)[]) =>
    values.some((v) => v === null) ? null : values.reduce<number>((s, v) => s + v!, 0) / Math.max(1, values.length);
  return {
    ...BASE,
    id: `${ABOUT}/special`,
    shape: "curve",
    title: "Are the first dimensions special?",
    note: `Mean AUROC over ${compared[0]} to ${compared.at(-1)} dimensions: the first ones, random ones (5% to 95% of 20 draws), principal components. ${mean === null ? "Random dimensions do as well as components." : `Nestedness, 0 = as random, 1 = as components: ${mean.toFixed(2)} on average over the layers.`}`,
    unit: "AUROC",
    range: [0, 1],
    chance: 0.5,
    series: [
      { id: "prefix", name: "First dimensions", kind: "main", values: layers.map((one) => one.area.prefix) },
      { id: "components", name: "Principal components", kind: "reference", values: layers.map((one) => one.area.components) },
      {
        id: "random",
        name: "Random dimensions",
        kind: "null",
        values: layers.map((one) => one.area.random),
        lo: layers.map((one) => mid(one.randomLow)),
        hi: layers.map((one) => mid(one.randomHigh)),
      },
    ],
    marks: [],
  };
}
