import type { Controls, LayerScores, Mark, Picture, ProbeResult, Series } from "../../../protocol/index.js";
import type { Study } from "../lens.js";
import type { CategoryAuroc } from "./index.js";

const ABOUT = "concept-depth";

export function probeCurve(
  layers: readonly Pick<LayerScores, "auroc" | "aurocCi95">[],
  probe: ProbeResult,
  controls: Pick<Controls, "words" | "pixels" | "length" | "shuffled" | "shuffledCi95">,
  study: Pick<Study, "classNames">,
  flips: readonly number[] = [],
): Picture {
  const series: Series[] = [
    {
      id: "probe",
      name: "Probe",
      kind: "main",
      values: layers.map((l) => l.auroc),
      lo: layers.map((l) => l.aurocCi95?.[0] ?? null),
      hi: layers.map((l) => l.aurocCi95?.[1] ?? null),
    },
  ];
  if (controls.words !== null) series.push({ id: "words", name: "Words alone", kind: "reference", values: controls.words });
  if (typeof controls.pixels === "number") series.push({ id: "pixels", name: "Pixels alone", kind: "reference", values: controls.pixels });
  if (controls.length !== null) series.push({ id: "length", name: "Length alone", kind: "reference", values: controls.length });
  if (controls.shuffled !== null && controls.shuffledCi95)
    series.push({
      id: "shuffled",
      name: "Shuffled labels",
      kind: "null",
      values: controls.shuffled,
      lo: controls.shuffledCi95[0],
      hi: controls.shuffledCi95[1],
    });
  const marks: Mark[] = [];
  if (probe.bestLayer !== null) marks.push({ layer: probe.bestLayer, kind: "best", text: `best layer ${probe.bestLayer}` });
  if (probe.jump !== null) marks.push({ layer: probe.jump, kind: "jump", text: `jump at layer ${probe.jump}`, ...(flips.length > 0 ? { rows: flips } : {}) });
  if (probe.converge !== null) marks.push({ layer: probe.converge, kind: "converge", text: `converged from layer ${probe.converge}` });
  return {
    id: "concept-depth/curve",
    lens: "concept-depth",
    slot: "curve",
    shape: "curve",
    title: "Probe by layer",
    note: `Held-out AUROC of a logistic probe, ${study.classNames[1]} against ${study.classNames[0]}; band: 95% interval`,
    about: ABOUT,
    unit: "AUROC",
    range: [0, 1],
    chance: 0.5,
    series,
    marks,
  };
}

export function strips(): Picture {
  return {
    id: "concept-depth/rows",
    lens: "concept-depth",
    slot: "rows",
    shape: "strips",
    title: "Rows",
    note: "Held-out probe score of each row at every layer; the middle is the boundary",
    about: ABOUT,
  };
}

/** Categories with rows of both classes first; of the others, which have nothing to draw, a few and their number. */
const MOST_EMPTY = 3;

export function categoryMatrix(categories: readonly CategoryAuroc[]): Picture {
  const hasNumbers = (c: CategoryAuroc) => c.auroc.some((value) => value !== null);
  const empty = categories.filter((c) => !hasNumbers(c));
  const left = empty.length > MOST_EMPTY ? empty.length : 0;
  const shown = [...categories.filter(hasNumbers), ...(left ? [] : empty)];
  return {
    id: "concept-depth/categories",
    lens: "concept-depth",
    slot: "categories",
    shape: "matrix",
    title: "Categories by layer",
    note: `Held-out AUROC within each category${left ? `; ${left} of ${categories.length} are not drawn: too few rows of one class` : ""}`,
    about: ABOUT,
    scale: "diverging",
    rows: shown.map((c, i) => ({
      id: `category-${i}`,
      name: c.name,
      count: `n ${c.n[0]}/${c.n[1]}`,
      chance: 0.5,
      best: 1,
      values: c.auroc,
      ...(c.why ? { why: c.why } : {}),
    })),
  };
}
