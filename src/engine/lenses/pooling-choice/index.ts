import type { Maybe, Notice } from "../../../protocol/index.js";
import { centre, columnScale } from "../../stats/moments.js";
import { range } from "../../stats/random.js";
import { READINGS } from "../../text/readings.js";
import { poolLayers } from "../alignment-quality/pooling.js";
import type { Lens, LensOutput, LensTools, Study } from "../lens.js";
import { Pace } from "../pace.js";
import { planOf, tooFewGroups, tooFewToRank } from "../plan.js";
import { sampleRowsByGroup, subStudy } from "../substudy.js";
import { MOST_LINKED } from "../task.js";
import { type Comparison, compareScores, nestedScores } from "./compare.js";
import { type Cell, EMPTY, measureCell } from "./grid.js";
import { type InfoNce, infoNce } from "./infonce.js";
import { poolingPictures } from "./pictures.js";

export interface Strategy {
  readonly name: string;
  readonly says: string;
  /** Per layer; empty cells where the strategy has no value. */
  readonly layers: readonly Cell[];
  /** Layer of the largest probe AUROC (optimistic; the comparison chooses it on other folds). */
  readonly best: number | null;
  readonly why?: string;
}

export interface PoolingChoice {
  /** Rows looked at. */
  readonly rows: number;
  readonly strategies: readonly Strategy[];
  /** Held-out probe AUROC with the layer chosen on other folds; paired over the same rows. */
  readonly comparison: Comparison;
  /** How well a row is recognised after one letter in twenty was changed, by layer, under the audit's pooling. */
  readonly infoNce: readonly InfoNce[];
  /** Scores that these rows do not allow, and why. */
  readonly notApplicable: readonly string[];
}

const NOISE = "noise-characters";
/** One state, behind the last block: it stands in the last layer's column. */
const FINAL = "final-norm";
const NAMES = ["mean", "mean-skip-first", "last", "first", "weighted-mean", "max", "echo", "prompted-last", FINAL];
const MOST_ROWS = 500;
const MOST_CANDIDATES = 64;
export const ALL_LAYERS = "all layers, weighted";

export const poolingChoice: Lens<PoolingChoice> = {
  id: "pooling-choice",
  title: "Choice of pooling",
  cite: "Tang and Yang 2024, Pooling And Attention (arXiv 2409.02727); Livne 2025, Contrastive MIM (arXiv 2502.19642); ties after Demšar 2006",
  needs: "any",
  core: false,
  question: "Which way of making one vector of a text serves this data best, and which cannot be told apart?",
  poolings: [...NAMES, NOISE],
  rowsRead,
  run,
};

/** Whole groups, whatever they can be pooled by: which rows a pooling has no value for is known only when they have run. */
function rowsRead(study: Study): number[] {
  return sampleRowsByGroup(study, MOST_ROWS, 82);
}

async function run(whole: Study, tools: LensTools): Promise<LensOutput<PoolingChoice>> {
  const notApplicable = [
    "Similarity of pairs (Spearman) and retrieval by query: the rows carry no graded pairs and no queries.",
    "Bidirectional attention: the graph's mask is one number a token.",
  ];
  const nothing: PoolingChoice = { rows: 0, strategies: [], comparison: { values: [], pairs: [], ties: [] }, infoNce: [], notApplicable };
  const names = [...new Set([whole.pooling, ...NAMES])].filter((name) => whole.poolings.includes(name));
  if (!names.includes(FINAL)) notApplicable.push("States behind the final norm: this model has none that can be read.");
  const rows = await rowsWithAll(whole, rowsRead(whole), names);
  const study = subStudy(whole, rows);
  const plan = planOf(study);
  if (typeof plan === "string") return { values: nothing, pictures: [], notices: [], withheld: plan };
  const scarce = tooFewToRank(study.label, study.classNames);
  if (scarce) return { values: nothing, pictures: [], notices: [], withheld: scarce };
  const notices: Notice[] = [];
  if (rows.length < whole.count)
    notices.push({
      code: "lens/sampled-rows",
      message: `Poolings are compared on ${rows.length} of ${whole.count} rows (whole groups, those that every pooling can read).`,
    });
  const pace = new Pace(tools, names.length * study.layers + study.layers + 1);
  const strategies: Strategy[] = [];
  const scores = new Map<string, Float64Array[]>();
  for (const name of names) {
    const layers: Cell[] = [];
    const own: Float64Array[] = [];
    const starts = new Map<string, Float64Array>();
    for (let layer = 0; layer < study.layers; layer++) {
      const there = name !== FINAL || layer === study.layers - 1;
      const states = there ? await study.statesBy(name, name === FINAL ? 0 : layer) : undefined;
      if (!states?.every(Number.isFinite)) {
        layers.push(EMPTY);
        own.push(new Float64Array(study.count));
        await pace.step();
        continue;
      }
      const { cell, score } = await measureCell(study, plan, states, tools, pace, starts);
      layers.push(cell);
      own.push(score);
      await pace.step();
    }
    scores.set(name, own);
    const best = layers.reduce<number | null>(
      (top, cell, l) => (cell.probe !== null && (top === null || cell.probe > (layers[top]!.probe ?? 0)) ? l : top),
      null,
    );
    strategies.push({
      name,
      says: READINGS.find((one) => one.name === name)?.says ?? name,
      layers,
      best,
      ...(best === null ? { why: "its states are not finite" } : {}),
    });
  }
  const candidates = strategies
    .filter((one) => one.best !== null)
    .map(({ name }) => ({ name, score: nestedScores(scores.get(name)!, study.label, plan.folds) }));
  // Layers together, as the light version of trainable pooling over all layers: weights at 0 or above, fitted on other folds.
  candidates.push({ name: ALL_LAYERS, score: poolLayers(scores.get(study.pooling)!, plan.cells, plan.second).z });
  const comparison = await compareScores(candidates, study.label, study.group, study.seed, pace);
  const few = tooFewGroups(study.group, study.label, study.classNames);
  if (few) notices.push({ code: "lens/few-groups", message: `Poolings are not held against each other: ${few}.` });
  await pace.step();
  const recognised: InfoNce[] = [];
  if (whole.poolings.includes(NOISE))
    for (let layer = 0; layer < study.layers; layer++) {
      const view = async (name: string) => {
        const states = await study.statesBy(name, layer);
        const x = { data: states.map((v) => (Number.isFinite(v) ? v : 0)), n: study.count, d: study.width };
        centre(x);
        return x;
      };
      const [own, other] = [await view(study.pooling), await view(NOISE)];
      // In the middle layers of many language models one dimension holds nearly all variance; no row is known by that one.
      const scale = columnScale(own, range(own.n), new Float64Array(own.d));
      for (const { data, d } of [own, other]) for (let at = 0; at < data.length; at++) data[at]! /= scale[at % d]!;
      recognised.push(await infoNce(own, other, MOST_CANDIDATES, study.seed, tools.blas, () => pace.breathe()));
      await pace.step();
    }
  if (!strategies.some((one) => one.layers.some((cell) => cell.mates !== null)))
    notApplicable.push("Finding a row's mates: fewer than 20 rows share a group with another one.");
  const kept: Comparison = few ? { values: comparison.values.map((one) => ({ ...one, ci95: null })), pairs: [], ties: [] } : comparison;
  const values: PoolingChoice = { rows: rows.length, strategies, comparison: kept, infoNce: recognised, notApplicable };
  const [first] = [...kept.values].sort((a, b) => (b.auroc ?? 0) - (a.auroc ?? 0));
  const tied = kept.ties[0]?.filter((name) => name !== first?.name) ?? [];
  const apart = kept.ties[0]?.includes(first?.name ?? "") ? `; it cannot be told from ${tied.join(", ")}` : few ? "" : "; it differs from every other one";
  const says = first ? `${first.name} leads with an AUROC of ${first.auroc?.toFixed(2) ?? "none"}${apart}.` : undefined;
  return { values, pictures: poolingPictures(values, study, rowsWonBy(candidates, comparison, study, rows)), notices, ...(says ? { says } : {}) };
}

/** Rows that every pooling gives a vector. */
async function rowsWithAll(study: Study, rows: readonly number[], names: readonly string[]): Promise<number[]> {
  const missing = new Set<number>();
  for (const name of names) {
    const states = await study.statesBy(name, 0);
    for (const i of rows) if (Number.isNaN(states[i * study.width]!)) missing.add(i);
  }
  return rows.filter((i) => !missing.has(i));
}

/** Of each strategy the rows (of the whole study) that it gets and the leading one misses; of the leader those that it gets and the second misses. */
function rowsWonBy(
  candidates: readonly { name: string; score: Float64Array }[],
  comparison: Comparison,
  study: Study,
  rows: readonly number[],
): Map<string, number[]> {
  const order = [...comparison.values].sort((a, b) => (b.auroc ?? 0) - (a.auroc ?? 0)).map((one) => one.name);
  const scoreOf = (name: string | undefined) => candidates.find((one) => one.name === name)?.score;
  const right = (score: Float64Array | undefined, i: number) => score !== undefined && score[i]! > 0 === (study.label[i] === 1);
  return new Map(
    candidates.map(({ name, score }): [string, number[]] => {
      const other: Maybe | Float64Array | undefined = scoreOf(name === order[0] ? order[1] : order[0]);
      const won = rows.flatMap((row, i) => (right(score, i) && !right(other ?? undefined, i) ? [row] : []));
      return [name, other ? won.slice(0, MOST_LINKED) : []];
    }),
  );
}
