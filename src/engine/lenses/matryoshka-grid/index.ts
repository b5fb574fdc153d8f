import type { Maybe, Notice } from "../../../protocol/index.js";
import { centre } from "../../stats/moments.js";
import type { Lens, LensOutput, LensTools, Study } from "../lens.js";
import { Pace } from "../pace.js";
import { planOf, tooFewToRank } from "../plan.js";
import { sampleRowsByGroup, subStudy } from "../substudy.js";
import { MOST_LINKED } from "../task.js";
import { type LayerGrid, ladderOf, measureLayer, shortLadder } from "./layer.js";
import { matryoshkaPictures } from "./pictures.js";
import { type Suggestion, starbucksLadder, suggest } from "./suggest.js";

export interface MatryoshkaGrid {
  readonly rows: number;
  /** Numbers of dimensions, ascending, the last one all. */
  readonly dims: readonly number[];
  /** Those at which subsets are compared. */
  readonly compared: readonly number[];
  readonly layers: readonly Omit<LayerGrid, "scores">[];
  readonly suggestion: Suggestion | null;
  /** Steps of the Starbucks ladder: the nearest number of dimensions of the grid, and its AUROC. */
  readonly ladder: readonly { readonly layer: number; readonly dims: number; readonly wanted: number; readonly auroc: Maybe }[];
}

const MOST_ROWS = 600;

export const matryoshkaGrid: Lens<MatryoshkaGrid> = {
  id: "matryoshka-grid",
  title: "Fewer layers, fewer dimensions",
  cite: "Kusupati et al. 2022, Matryoshka Representation Learning (arXiv 2205.13147); Li et al. 2024, 2D Matryoshka (arXiv 2402.14776); Zhuang et al. 2024, Starbucks (arXiv 2410.13230)",
  needs: "any",
  core: false,
  question: "How few layers and dimensions still tell the classes apart, and are the first dimensions special?",
  run,
};

async function run(whole: Study, tools: LensTools): Promise<LensOutput<MatryoshkaGrid>> {
  const rows = sampleRowsByGroup(whole, MOST_ROWS, 83);
  const study = subStudy(whole, rows);
  const dims = ladderOf(study.width);
  const plan = planOf(study);
  const empty: MatryoshkaGrid = { rows: 0, dims, compared: [], layers: [], suggestion: null, ladder: [] };
  if (typeof plan === "string") return { values: empty, pictures: [], notices: [], withheld: plan };
  if (study.width < 16) return { values: empty, pictures: [], notices: [], withheld: `states of ${study.width} dimensions leave nothing to cut` };
  const scarce = tooFewToRank(study.label, study.classNames);
  if (scarce) return { values: empty, pictures: [], notices: [], withheld: scarce };
  const notices: Notice[] = [];
  if (rows.length < whole.count)
    notices.push({ code: "lens/sampled-rows", message: `Fewer dimensions are tried on ${rows.length} of ${whole.count} rows (whole groups).` });
  const pace = new Pace(tools, study.layers + 1);
  const layers: LayerGrid[] = [];
  for (let layer = 0; layer < study.layers; layer++) {
    const x = { data: await study.states(layer), n: study.count, d: study.width };
    centre(x);
    layers.push(await measureLayer(x.data, x.d, study.label, plan.folds, study.seed, tools.blas, pace));
    await pace.step();
  }
  const suggestion = await suggest(
    layers.map((one) => one.scores),
    dims,
    study.label,
    study.group,
    study.seed,
    pace,
  );
  await pace.step();
  const ladder = starbucksLadder(study.layers, study.width).map(({ layer, dims: wanted }) => {
    const at = dims.reduce((best, m, i) => (Math.abs(Math.log(m / wanted)) < Math.abs(Math.log(dims[best]! / wanted)) ? i : best), 0);
    return { layer, dims: dims[at]!, wanted, auroc: layers[layer]!.prefix[at] ?? null };
  });
  const values: MatryoshkaGrid = {
    rows: rows.length,
    dims,
    compared: shortLadder(study.width),
    layers: layers.map(({ scores: _, ...rest }) => rest),
    suggestion,
    ladder,
  };
  const point = suggestion?.point;
  const says = point
    ? `Layer ${point.layer} with the first ${point.dims} dimensions is within 1% of layer ${suggestion.full.layer} with all ${suggestion.full.dims}${suggestion.sure ? "" : ", though not surely so with this many rows"}.`
    : undefined;
  return { values, pictures: matryoshkaPictures(values, broken(layers, suggestion, dims, study, rows)), notices, ...(says ? { says } : {}) };
}

/** [layers][sizes] rows (of the whole study) that are right with the full size and wrong with this one. */
function broken(layers: readonly LayerGrid[], suggestion: Suggestion | null, dims: readonly number[], study: Study, rows: readonly number[]): number[][][] {
  if (!suggestion) return [];
  const best = layers[suggestion.full.layer]!.scores.at(-1)!;
  const right = (score: Float64Array, i: number) => score[i]! > 0 === (study.label[i] === 1);
  return layers.map((one) => dims.map((_, m) => rows.filter((__, i) => right(best, i) && !right(one.scores[m]!, i)).slice(0, MOST_LINKED)));
}
