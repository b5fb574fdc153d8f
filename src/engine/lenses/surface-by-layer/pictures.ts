import type { Bars, Curve, Matrix, Picture } from "../../../protocol/index.js";
import type { ConfoundReport } from "./confound.js";
import type { SurfaceByLayer } from "./index.js";

const ABOUT = "surface-by-layer";
const BASE = { lens: ABOUT, slot: "extra", about: ABOUT } as const;

export function surfacePictures(values: SurfaceByLayer, report: ConfoundReport): Picture[] {
  return [...(values.targets.length > 0 ? [curves(values), targets(values), ribbon(values)] : []), confounds(report)];
}

function curves({ surface, meaning, residual }: SurfaceByLayer): Curve {
  return {
    ...BASE,
    id: `${ABOUT}/curves`,
    shape: "curve",
    title: "Surface and meaning",
    note: "Held-out scores from chance (0) to perfect (1): the label, the label after surface features are regressed out, and the mean over surface targets.",
    unit: "(AUROC - 0.5) / 0.5",
    range: [-0.2, 1],
    chance: 0,
    series: [
      { id: "meaning", name: "Label", kind: "main", values: meaning },
      { id: "surface", name: "Surface, mean", kind: "reference", values: surface },
      { id: "residual", name: "Label, surface taken out", kind: "reference", values: residual },
    ],
    marks: [],
  };
}

function targets({ targets }: SurfaceByLayer): Matrix {
  return {
    ...BASE,
    id: `${ABOUT}/targets`,
    shape: "matrix",
    scale: "amount",
    title: "Surface targets by layer",
    note: "Held-out AUROC of a probe for each question about the text's surface that the rows differ in. Outlined: the best layer.",
    rows: targets.map((one, i) => {
      const best = one.auroc.reduce<number>((top, v, l) => ((v ?? 0) > (one.auroc[top] ?? 0) ? l : top), 0);
      return {
        id: `target-${i}`,
        name: one.name,
        count: `${Math.round(100 * one.share)}%`,
        chance: 0.5,
        best: 1,
        values: one.auroc,
        marks: [{ column: best, text: "best layer" }],
      };
    }),
  };
}

function ribbon({ mix }: SurfaceByLayer): Matrix {
  const most = Math.max(0.01, ...mix.flatMap((row) => row.values.map((v) => v ?? 0)));
  return {
    ...BASE,
    id: `${ABOUT}/mix`,
    shape: "matrix",
    scale: "amount",
    ends: ["chance", "most"],
    title: "Best layer for a mix of both",
    note: "α of surface and 1 - α of the label; outlined: the best layer for each mix. It moves where surface and meaning live in different layers.",
    rows: mix.map(({ alpha, values, best }) => ({
      id: `alpha-${Math.round(alpha * 10)}`,
      name: alpha === 0 ? "label only" : alpha === 1 ? "surface only" : `α = ${alpha.toFixed(1)}`,
      chance: 0,
      best: most,
      values,
      marks: best === null ? [] : [{ column: best, text: "best layer of this mix" }],
    })),
  };
}

function confounds(report: ConfoundReport): Bars {
  const all = [{ ...report.together, rows: report.togetherRows }, ...report.each.map((one, i) => ({ ...one, rows: report.rows[i]! }))];
  return {
    ...BASE,
    id: `${ABOUT}/confounds`,
    shape: "bars",
    title: "What surface alone tells of the label",
    note: "Held-out AUROC of the label from one surface feature, and from all of them. A line lists the rows whose label it tells.",
    unit: "AUROC",
    range: [0, 1],
    chance: 0.5,
    rowsAre: "rows whose label it tells alone",
    bars: all.map((one, i) => ({
      id: `feature-${i}`,
      name: one.name,
      value: one.auroc,
      lo: one.ci95?.[0] ?? null,
      hi: one.ci95?.[1] ?? null,
      ...(one.rows.length > 0 ? { rows: one.rows } : {}),
    })),
  };
}
