import type { Matrix, Picture, Series } from "../../../protocol/index.js";
import type { ReferenceStates, Study } from "../lens.js";
import type { RelativeAnchors } from "./index.js";

const ABOUT = "relative-anchors";
/** Layers of the reference that are drawn; of more, evenly spread ones. */
const MOST_DRAWN = 26;

/** What the pictures need by row: [layers] arrays over the measured rows. */
export interface Drawn {
  readonly study: Study;
  readonly reference: ReferenceStates;
  /** Rows of the study that were measured. */
  readonly measured: Int32Array;
  readonly cosine: Float64Array[];
  readonly jaccard: Float64Array[];
  readonly own: (Float64Array | undefined)[];
  readonly carried: (Float64Array | undefined)[];
}

export function pictures(values: RelativeAnchors, drawn: Drawn): Picture[] {
  const { layers, chance } = values;
  const { study, reference, measured } = drawn;
  const other = reference.name;
  const base = { lens: "relative-anchors", slot: "extra" as const, about: ABOUT };
  const constant = (value: number): Pick<Series, "values"> => ({ values: value });
  const same: Picture = {
    ...base,
    id: "relative-anchors/agreement",
    shape: "curve",
    title: `Same geometry as ${other}`,
    note: `${values.rows} rows described by their cosines to ${values.anchors} anchor rows in each model; the intervals of cosine and neighbours stand in the table`,
    unit: "share",
    range: [0, 1],
    series: [
      { id: "mrr", name: "Row finds itself (MRR)", kind: "main", values: layers.map((l) => l.mrr) },
      {
        id: "agreement",
        name: "Mean cosine",
        kind: "reference",
        values: layers.map((l) => l.agreement),
        lo: layers.map((l) => l.agreementCi95?.[0] ?? null),
        hi: layers.map((l) => l.agreementCi95?.[1] ?? null),
      },
      {
        id: "jaccard",
        name: "Same 10 neighbours",
        kind: "reference",
        values: layers.map((l) => l.jaccard),
        lo: layers.map((l) => l.jaccardCi95?.[0] ?? null),
        hi: layers.map((l) => l.jaccardCi95?.[1] ?? null),
      },
      {
        id: "shuffled",
        name: "MRR, anchors shuffled",
        kind: "null",
        ...constant(chance.mrr),
        lo: 0,
        hi: Math.max(chance.mrr, ...layers.map((l) => l.mrrShuffled)),
      },
    ],
    marks: [],
  };
  const probes: Picture = {
    ...base,
    id: "relative-anchors/carried",
    shape: "curve",
    title: `A probe carried over from ${other}`,
    note: `AUROC on this model's rows of a probe that was trained on ${other}'s relative representation only${absolute(values)}`,
    unit: "AUROC",
    range: [0, 1],
    chance: 0.5,
    series: [
      {
        id: "carried",
        name: "Carried over",
        kind: "main",
        values: layers.map((l) => l.carried),
        lo: layers.map((l) => l.carriedCi95?.[0] ?? null),
        hi: layers.map((l) => l.carriedCi95?.[1] ?? null),
      },
      { id: "own", name: "Own probe", kind: "reference", values: layers.map((l) => l.own) },
    ],
    marks: [],
  };
  const ranked: Picture = {
    ...base,
    id: "relative-anchors/rows",
    shape: "ranking",
    title: "Rows in another neighbourhood",
    note: `1 − Jaccard of the 10 nearest rows in this model and in ${other}, at the chosen layer; among equals those whose own cosine is lower come first`,
    valueName: "neighbours that differ",
    value: byRow(study, measured, drawn.jaccard, (x, k, layer) => (Number.isNaN(x) ? x : 1 - x + 5e-5 * (1 - drawn.cosine[layer]![k]!))),
    signed: false,
  };
  const scatter: Picture | undefined = drawn.own.some((x) => x)
    ? {
        ...base,
        id: "relative-anchors/transfer",
        shape: "points",
        title: "Own probe against the carried one",
        note: `Held-out scores of each measured row; across: this model's own probe, up: the probe carried over from ${other}. Above 0: ${study.classNames[1]} side.`,
        xName: "own probe",
        yName: "carried probe",
        x: byRow(study, measured, drawn.own),
        y: byRow(study, measured, drawn.carried),
        boundary: 0,
      }
    : undefined;
  return [same, grid(values, other), ...(scatter ? [probes, scatter] : []), ranked];
}

const absolute = ({ best }: RelativeAnchors): string =>
  best === null || best.absolute === null || best.carried === null
    ? ""
    : `. At layer ${best.layer}: ${best.carried.toFixed(2)} through anchors, ${best.absolute.toFixed(2)} without them`;

/** One row a layer of the reference, one column a layer of this model. */
function grid({ matrix, layers }: RelativeAnchors, other: string): Matrix {
  const count = matrix[0]?.length ?? 0;
  const every = Math.ceil(count / MOST_DRAWN);
  const shown = Array.from({ length: count }, (_, k) => k).filter((k) => k % every === 0 || k === count - 1);
  const all = matrix.flat();
  const chance = layers.reduce((s, l) => s + l.shuffled, 0) / Math.max(1, layers.length);
  return {
    lens: "relative-anchors",
    slot: "extra",
    about: ABOUT,
    id: "relative-anchors/layers",
    shape: "matrix",
    scale: "amount",
    ends: ["shuffled anchors", "most alike"],
    title: `Which layer of ${other} is like which layer here`,
    note: `Mean cosine between the relative representations; across: layers of this model${every > 1 ? `; every ${every}th layer of ${other} is drawn` : ""}`,
    rows: shown.map((k) => ({ id: `layer-${k}`, name: `${other}, layer ${k}`, chance, best: Math.max(...all), values: matrix.map((row) => row[k]!) })),
  };
}

/** [layers x count], layer-major, NaN for rows that were not measured. */
function byRow(
  study: Study,
  measured: Int32Array,
  values: readonly (Float64Array | undefined)[],
  of: (value: number, k: number, layer: number) => number = (value) => value,
): Float32Array {
  const out = new Float32Array(study.layers * study.count).fill(Number.NaN);
  values.forEach((list, layer) => {
    list?.forEach((value, k) => {
      out[layer * study.count + measured[k]!] = of(value, k, layer);
    });
  });
  return out;
}
