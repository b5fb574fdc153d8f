import type { Interval, Maybe, Notice } from "../../../protocol/index.js";
import { centre } from "../../stats/moments.js";
import { Random } from "../../stats/random.js";
import { depthOf } from "../concept-depth/depth.js";
import type { Lens, LensOutput, LensTools, Study } from "../lens.js";
import { Pace } from "../pace.js";
import { tooFewGroups } from "../plan.js";
import { MOST_LINKED, type Task, taskFolds, tasksOf } from "../task.js";
import { classify, PLAIN, STRENGTHS } from "./classify.js";
import { controlTask } from "./control.js";
import { conceptPictures } from "./pictures.js";
import { guessOf, largestRise, resampleTask, scoreTask, type TaskLayer } from "./scores.js";

export interface Concept {
  readonly name: string;
  readonly classes: readonly string[];
  readonly n: readonly number[];
  /** Share of the largest class. */
  readonly chance: number;
  readonly layers: readonly TaskLayer[];
  readonly best: number | null;
  readonly depth95: number | null;
  readonly areaDepth: Maybe;
  /** Layer of the largest rise of the AUROC, and the share of resamples in which it is the same. */
  readonly rise: { readonly layer: number; readonly frequency: number } | null;
  /** By the ratios of Jin et al. 2024: first layer 1.1 times as accurate as the one before, first within 3% after it. */
  readonly jump: number | null;
  readonly converge: number | null;
  /** Accuracy at the best layer less that of control labels fixed by the row's length, and by its first word; null where neither can be made. */
  readonly selectivity: { readonly length: Maybe; readonly word: Maybe };
  /** Penalty strength C that the folds chose at the best layer. */
  readonly c: readonly number[];
  readonly why?: string;
}

export interface ConceptsByLayer {
  readonly concepts: readonly Concept[];
  /** Whether C was chosen by inner folds; false = C = 1, because the data is large. */
  readonly tuned: boolean;
}

/** What pictures need beside the values. */
export interface Found {
  readonly concept: Concept;
  /** [layers] rows that the probe gets wrong, indices into the study. */
  readonly wrong: readonly (readonly number[])[];
  /** Rows wrong before the largest rise and right at it. */
  readonly flips: readonly number[];
}

/** Above this many row × layer × class the choice of C would take minutes: C = 1 then. */
const MOST_TUNED = 100_000;
const MOST_TRAINED = 1200;
/** Columns of classes looked at; more are named in a notice. */
const MOST_TASKS = 12;

export const conceptsByLayer: Lens<ConceptsByLayer> = {
  id: "concepts-by-layer",
  title: "Concepts by layer",
  cite: "Jin et al. 2024, Exploring Concept Depth (arXiv 2404.07066); controls: Hewitt and Liang 2019 (arXiv 1909.03368)",
  needs: "any",
  core: false,
  question: "At which layer does each column of the file become readable, and is it more than its length or first word?",
  run,
};

async function run(study: Study, tools: LensTools): Promise<LensOutput<ConceptsByLayer>> {
  const all = tasksOf(study);
  const tasks = all.tasks.slice(0, MOST_TASKS);
  const notices: Notice[] = [];
  const say = (code: string, message: string) => notices.push({ code, message });
  if (all.left.length > 0) say("lens/left-columns", `Left out of the concepts: ${all.left.join("; ")}.`);
  if (all.tasks.length > MOST_TASKS) say("lens/many-columns", `Of ${all.tasks.length} columns of classes the first ${MOST_TASKS} are probed.`);
  if (tasks.length === 0) return { values: { concepts: [], tuned: false }, pictures: [], notices, withheld: "no column has two classes with rows enough" };
  const work = tasks.reduce((s, task) => s + task.rows.length * task.classes.length * study.layers, 0);
  const tuned = work <= MOST_TUNED;
  if (!tuned) say("lens/fixed-c", "With this many rows and classes the probes of the concepts use C = 1 instead of the best of six by inner folds.");
  const pace = new Pace(tools, tasks.length * (study.layers + 2));
  const found: Found[] = [];
  for (const task of tasks) found.push(await probeTask(study, task, tuned, tools, pace));
  const values = { concepts: found.map((one) => one.concept), tuned };
  const read = values.concepts.filter((one) => one.rise !== null);
  const says =
    read.length > 0
      ? `${read.map((one) => `${one.name} rises most at layer ${one.rise!.layer} (${Math.round(100 * one.rise!.frequency)}% of resamples) and is read best at ${one.best}`).join("; ")}.`
      : "No column of classes can be read above chance.";
  return { values, pictures: conceptPictures(found, study), notices, says };
}

async function probeTask(study: Study, task: Task, tune: boolean, tools: LensTools, pace: Pace): Promise<Found> {
  const classes = task.classes.length;
  const n = task.classes.map((_, k) => task.of.reduce((s, c) => s + (c === k ? 1 : 0), 0));
  const chance = Math.max(...n) / task.rows.length;
  const folds = taskFolds(task, study.seed);
  const none = { best: null, depth95: null, areaDepth: null, rise: null, jump: null, converge: null, selectivity: { length: null, word: null }, c: [] };
  const head = { name: task.name, classes: task.classes, n, chance };
  if (typeof folds === "string") return { concept: { ...head, ...none, layers: [], why: folds }, wrong: [], flips: [] };
  const logs: Float64Array[] = [];
  const strengths: (readonly number[])[] = [];
  let start = PLAIN;
  for (let layer = 0; layer < study.layers; layer++) {
    const x = { data: await study.states(layer), n: study.count, d: study.width };
    centre(x);
    const { log, chosen } = await classify(x, task, folds, tools.blas, pace, { seed: study.seed, tune, start, most: MOST_TRAINED });
    // The next layer's search begins where this one's ended.
    start = [...chosen].sort((a, b) => a - b)[chosen.length >> 1]!;
    logs.push(log);
    strengths.push(chosen);
    await pace.step();
  }
  const few = tooFewGroups(task.group);
  const points = logs.map((log) => scoreTask(log, task.of, classes));
  const { spread, jumps } = await resampleTask(logs, task, study.seed, pace);
  const layers = points.map((point, l): TaskLayer => ({ ...point, aurocCi95: few ? null : intervalOf(point.auroc, spread[l]!) }));
  const depth = depthOf(layers.map((l) => ({ auroc: l.auroc, low: l.aurocCi95?.[0] ?? null, accuracy: l.accuracy })));
  const best = depth.bestLayer;
  const above = best !== null && (layers[best]!.aurocCi95?.[0] ?? 0) > 0.5;
  const at = above ? largestRise(layers.map((l) => l.auroc)) : null;
  const right = (layer: number, i: number) => guessOf(logs[layer]!, i, classes) === task.of[i];
  const wrong = logs.map((log, l) => worst(task, log, (i) => !right(l, i)));
  const flips = at === null ? [] : worst(task, logs[at - 1]!, (i) => !right(at - 1, i) && right(at, i));
  await pace.step();
  const selectivity = { length: null as Maybe, word: null as Maybe };
  if (best !== null) {
    const x = { data: await study.states(best), n: study.count, d: study.width };
    centre(x);
    for (const kind of ["length", "word"] as const) {
      const control = controlTask(study, task, kind, new Random(study.seed, kind === "length" ? 78 : 79));
      const division = control && taskFolds(control, study.seed);
      if (!control || !division || typeof division === "string") continue;
      const { log } = await classify(x, control, division, tools.blas, pace, { seed: study.seed, tune: false, start: PLAIN, most: MOST_TRAINED });
      selectivity[kind] = layers[best]!.accuracy - scoreTask(log, control.of, control.classes.length).accuracy;
    }
  }
  await pace.step();
  const { depth95, areaDepth, jump, converge } = depth;
  const rise = at === null ? null : { layer: at, frequency: jumps[at]! };
  const c = best === null ? [] : strengths[best]!.map((place) => STRENGTHS[place]!);
  return { concept: { ...head, layers, best, depth95, areaDepth, rise, jump, converge, selectivity, c, ...(few ? { why: few } : {}) }, wrong, flips };
}

function intervalOf(value: number | null, spread: number | null): Interval | null {
  if (value === null || spread === null) return null;
  return [Math.max(0, value - 1.96 * spread), Math.min(1, value + 1.96 * spread)];
}

/** Rows of the study that pass, those with the least probability for their own class first. */
function worst(task: Task, log: Float64Array, passes: (i: number) => boolean): number[] {
  const classes = task.classes.length;
  const own = (i: number) => log[i * classes + task.of[i]!]!;
  return Array.from(task.rows.keys())
    .filter(passes)
    .sort((a, b) => own(a) - own(b) || a - b)
    .slice(0, MOST_LINKED)
    .map((i) => task.rows[i]!);
}
