import type { Bars, Curve, Matrix, Maybe, Picture } from "../../../protocol/index.js";
import type { Study } from "../lens.js";
import type { Cell } from "./grid.js";
import type { PoolingChoice } from "./index.js";

const ABOUT = "pooling-choice";
const BASE = { lens: ABOUT, slot: "extra", about: ABOUT } as const;

const SCORES: readonly { key: keyof Cell; title: string; note: string; chance: (share: number) => number; best: number }[] = [
  { key: "probe", title: "Pooling by layer: probe", note: "Held-out AUROC of the logistic probe.", chance: () => 0.5, best: 1 },
  { key: "aqi", title: "Pooling by layer: AQI", note: "AQI of the held-out discriminant.", chance: () => 0, best: 100 },
  {
    key: "neighbours",
    title: "Pooling by layer: neighbours",
    note: "AUROC of the share of class 1 among the ten nearest rows of other groups (cosine).",
    chance: () => 0.5,
    best: 1,
  },
  {
    key: "clusters",
    title: "Pooling by layer: clusters",
    note: "V-measure of two clusters against the label: 0 unrelated, 1 the same.",
    chance: () => 0,
    best: 1,
  },
  { key: "mates", title: "Pooling by layer: mates", note: "nDCG@10 of the rows of a row's own group.", chance: () => 0, best: 1 },
];

/** @param won rows by strategy, indices into the whole study */
export function poolingPictures(values: PoolingChoice, study: Study, won: ReadonlyMap<string, readonly number[]>): Picture[] {
  const share = study.label.reduce((s, y) => s + y, 0) / Math.max(1, study.count);
  const grids = SCORES.flatMap(({ key, title, note, chance, best }): Matrix[] => {
    if (!values.strategies.some((one) => one.layers.some((cell) => cell[key] !== null))) return [];
    return [
      {
        ...BASE,
        id: `${ABOUT}/${key}`,
        shape: "matrix",
        scale: "amount",
        title,
        note: `${note} Outlined: the best layer of each.`,
        rows: values.strategies.map((one) => {
          const row = one.layers.map((cell) => cell[key]);
          const top = largest(row);
          return {
            id: one.name,
            name: one.name,
            chance: chance(share),
            best,
            values: row,
            marks: top === null ? [] : [{ column: top, text: "best layer of this pooling" }],
            why: one.why ?? one.says,
          };
        }),
      },
    ];
  });
  return [bars(values, won), ...grids, ...(values.infoNce.length > 0 ? [recognised(values)] : [])];
}

function bars({ comparison }: PoolingChoice, won: ReadonlyMap<string, readonly number[]>): Bars {
  const sorted = [...comparison.values].sort((a, b) => (b.auroc ?? 0) - (a.auroc ?? 0));
  const [first, second] = sorted;
  return {
    ...BASE,
    id: `${ABOUT}/comparison`,
    shape: "bars",
    title: "Which pooling serves best",
    note: `Held-out AUROC with the layer chosen on other folds, 95% interval. Poolings joined at the right cannot be told apart (paired bootstrap, Holm, 5%). A line lists the rows it gets and ${first?.name ?? "the first"} misses; the first line those that ${second?.name ?? "the second"} misses.`,
    unit: "AUROC",
    range: [Math.min(0.5, ...sorted.map((one) => one.ci95?.[0] ?? one.auroc ?? 0.5)), 1],
    chance: 0.5,
    rowsAre: "rows that it gets and the other misses",
    ties: comparison.ties,
    bars: sorted.map((one) => ({
      id: one.name,
      name: one.name,
      value: one.auroc,
      lo: one.ci95?.[0] ?? null,
      hi: one.ci95?.[1] ?? null,
      ...(won.get(one.name)?.length ? { rows: won.get(one.name)! } : {}),
    })),
  };
}

function recognised({ infoNce }: PoolingChoice): Curve {
  const last = (values: readonly number[]): Maybe => values.at(-1) ?? null;
  const most = Math.log2(infoNce[0]?.k.at(-1) ?? 2);
  return {
    ...BASE,
    id: `${ABOUT}/infonce`,
    shape: "curve",
    title: "A row recognised after noise",
    note: `Bits by which the states of a row with one letter in twenty changed point at the row among ${infoNce[0]?.k.at(-1) ?? 0} (InfoNCE, held out); at most the dashed line. Where it lies on that line, more candidates would show more.`,
    unit: "bits",
    range: [Math.min(0, ...infoNce.map((one) => (last(one.bound) ?? 0) / Math.LN2)), most],
    series: [
      { id: "bound", name: "InfoNCE", kind: "main", values: infoNce.map((one) => (one.bound.length > 0 ? last(one.bound)! / Math.LN2 : null)) },
      { id: "most", name: "Most that can be shown", kind: "reference", values: most },
    ],
    marks: [],
  };
}

function largest(values: readonly Maybe[]): number | null {
  let best: number | null = null;
  values.forEach((v, l) => {
    if (v !== null && (best === null || v > (values[best] ?? 0))) best = l;
  });
  return best;
}
