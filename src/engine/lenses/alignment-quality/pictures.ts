import type { LayerScores, Maybe, Picture } from "../../../protocol/index.js";
import type { Study } from "../lens.js";

type Measured = Pick<
  LayerScores,
  "aqi" | "chi" | "xbi" | "dbi" | "dunn" | "silhouette" | "epsilonSquared" | "chiAdjusted" | "epsilonSquaredStandardised" | "dbiQ2" | "silhouetteSimplified"
>;

const ABOUT = "alignment-quality";

/** One row a metric, each on a scale of its own: from what chance gives to the best it takes here. */
export function metricMatrix(layers: readonly Measured[], study: Pick<Study, "count" | "label">, why: Readonly<Record<string, string>>): Picture {
  const positives = study.label.reduce((s, y) => s + y, 0);
  const share = positives / Math.max(1, study.count);
  const values = (key: keyof Measured) => layers.map((l) => l[key] ?? null);
  const row = (key: keyof Measured, name: string, chance: number, best: number) => ({
    id: key,
    name,
    chance,
    best,
    values: values(key),
    ...(why[key] ? { why: why[key] } : {}),
  });
  const atChance = study.count - 1;
  return {
    id: "alignment-quality/metrics",
    lens: "alignment-quality",
    slot: "metrics",
    shape: "matrix",
    title: "Metrics by layer",
    note: "Each row from its chance value to its best. AQI: held-out frame; the others: raw states, not comparable between models. ↓\u00a0lower is better.",
    about: ABOUT,
    scale: "amount",
    rows: [
      row("aqi", "AQI", 0, 100),
      row("chi", "CHI", 1, above(values("chi"), 1, 2)),
      row("chiAdjusted", "CHI adjusted", 0, above(values("chiAdjusted"), 0, 0.01)),
      // By CHI · XBI = (n-2) p0 p1 the value of XBI at chance follows from CHI's, 1.
      row("xbi", "XBI ↓", Math.max(1e-9, (study.count - 2) * share * (1 - share)), below(values("xbi"), 0)),
      row("dbi", "DBI ↓", 2 * Math.sqrt(Math.max(1, atChance) * share * (1 - share)), below(values("dbi"), 0)),
      row("dunn", "Dunn", 0, above(values("dunn"), 0, 0.1)),
      row("silhouette", "Silhouette", 0, above(values("silhouette"), 0, 0.05)),
      row("epsilonSquared", "ε² (raw)", 0, above(values("epsilonSquared"), 0, 0.01)),
      { ...row("dbiQ2", "DBI, root mean square ↓", 1, below(values("dbiQ2"), 0)), tableOnly: true },
      { ...row("silhouetteSimplified", "Silhouette by class centres", 0, above(values("silhouetteSimplified"), 0, 0.05)), tableOnly: true },
      row("epsilonSquaredStandardised", "ε² (scaled)", 0, above(values("epsilonSquaredStandardised"), 0, 0.01)),
    ],
  };
}

function above(values: readonly Maybe[], chance: number, least: number): number {
  return Math.max(chance + least, ...values.filter((v) => v !== null));
}

function below(values: readonly Maybe[], otherwise: number): number {
  const known = values.filter((v) => v !== null);
  return known.length ? Math.min(...known) : otherwise;
}

/** The rows at every layer: held-out score against what is left within the classes. */
export function map(study: Study, x: Float32Array, y: Float32Array): Picture {
  return {
    id: "alignment-quality/map",
    lens: "alignment-quality",
    slot: "map",
    shape: "points",
    title: "Map",
    note: "Across: held-out discriminant score. Up: the first direction of what is left within the classes, in standard deviations.",
    about: ABOUT,
    xName: `${study.classNames[0]} ← held-out score → ${study.classNames[1]}`,
    yName: "first direction within the classes",
    x,
    y,
    boundary: 0,
  };
}
