import type { Interval, Maybe, Notice } from "../../../protocol/index.js";
import { aurocInterval, confusion } from "../../stats/auc.js";
import { centre } from "../../stats/moments.js";
import { depthOf } from "../concept-depth/depth.js";
import { type ConceptDepth, conceptDepth } from "../concept-depth/index.js";
import { heldOutProbe, MOST_TRAINED, type Starts } from "../concept-depth/probe.js";
import type { Lens, LensOutput, LensTools, Study } from "../lens.js";
import { Pace } from "../pace.js";
import { planOf, tooFewGroups } from "../plan.js";
import { sampleRowsByGroup, subStudy } from "../substudy.js";
import { MOST_LINKED, taskFolds, tasksOf } from "../task.js";
import { type AxisDepth, type AxisLayer, axisDepth, axisLayer } from "./axes.js";
import { robustnessPictures } from "./pictures.js";
import { transferredScores } from "./transferred.js";

interface Depth {
  readonly depth95: number | null;
  readonly areaDepth: Maybe;
  readonly jump: number | null;
  readonly converge: number | null;
}

export interface Disturbed extends Depth {
  /** Its reading: `noise-prefix`, `int8` and so on. */
  readonly view: string;
  readonly name: string;
  /** Per layer, the probe trained and tested on the disturbed rows, as the paper does. */
  readonly retrained: readonly { readonly auroc: Maybe; readonly ci95: Interval | null; readonly accuracy: number }[];
  /** Per layer, the probe trained on the rows as they are and tested on the disturbed ones. */
  readonly transferred: readonly Maybe[];
  /** Area depth less that of the rows as they are; above 0: the label becomes readable deeper. */
  readonly shift: Maybe;
}

/** How deep another column of the file lies, as it is and disturbed. */
export interface AxisShift {
  readonly name: string;
  readonly classes: number;
  readonly rows: number;
  readonly plain: AxisDepth;
  /** In the order of `disturbed`; `shift` is the difference of the area depths. */
  readonly disturbed: readonly (AxisDepth & { readonly view: string; readonly shift: Maybe })[];
}

export interface ConceptRobustness {
  readonly rows: number;
  readonly plain: Depth & { readonly auroc: readonly Maybe[] };
  readonly disturbed: readonly Disturbed[];
  readonly axes: readonly AxisShift[];
  /** Views that these rows or this model do not allow, and why. */
  readonly notDone: readonly { readonly view: string; readonly why: string }[];
}

const VIEWS = [
  { reading: "noise-prefix", name: "aaa or bbb in front" },
  { reading: "noise-characters", name: "one letter in twenty changed" },
  { reading: "int8", name: "weights rounded to int8" },
  { reading: "int4", name: "weights rounded to int4" },
] as const;

/** Each view is a pass of its own through the model. */
const MOST_ROWS = 2000;
const MOST_AXES = 4;
const MOST_AXIS_ROWS = 400;
const MOST_CLASSES = 24;

const rowsRead = (study: Study): number[] => sampleRowsByGroup(study, MOST_ROWS, 86);

export const conceptRobustness: Lens<ConceptRobustness> = {
  id: "concept-robustness",
  title: "Concept depth under noise and rounding",
  cite: "Jin et al. 2024, Exploring Concept Depth (arXiv 2404.07066): input noise and quantised weights make concepts appear deeper",
  needs: "any",
  core: false,
  question: "Does the label stay readable, and at the same layers, when the text is disturbed or the weights are rounded?",
  poolings: VIEWS.map((view) => view.reading),
  rowsRead,
  run,
};

async function run(whole: Study, tools: LensTools, earlier: ReadonlyMap<string, LensOutput<unknown>>): Promise<LensOutput<ConceptRobustness>> {
  const rows = rowsRead(whole);
  const all = rows.length === whole.count;
  const study = all ? whole : subStudy(whole, rows);
  const notDone = VIEWS.filter((view) => !study.poolings.includes(view.reading)).map(({ reading }) => ({
    view: reading,
    why: study.readingNotes?.get(reading) ?? "these rows have no text that could be disturbed",
  }));
  const plan = planOf(study);
  // Of a sample the probe as it is comes from the same rows as those beside it.
  const probe = ((all ? earlier.get(conceptDepth.id) : undefined) ?? (await conceptDepth.run(study, tools, earlier))).values as ConceptDepth;
  const { depth95, areaDepth, jump, converge } = probe.probe;
  const plain = { auroc: probe.layers.map((l) => l.auroc), depth95, areaDepth, jump, converge };
  const nothing = { rows: 0, plain, disturbed: [], axes: [], notDone };
  if (typeof plan === "string") return { values: nothing, pictures: [], notices: [], withheld: plan };
  const views = VIEWS.filter((view) => study.poolings.includes(view.reading));
  if (views.length === 0) return { values: nothing, pictures: [], notices: [], withheld: [...new Set(notDone.map((one) => one.why))].join("; ") };
  const few = tooFewGroups(study.group, study.label, study.classNames);
  const columns = axisTasks(study);
  const pace = new Pace(tools, study.layers * (1 + columns.length));
  const notices: Notice[] = [];
  if (!all) notices.push({ code: "lens/sampled-rows", message: `Noise and rounding are tried on ${rows.length} of ${whole.count} rows (whole groups).` });
  const retrained: Disturbed["retrained"][number][][] = views.map(() => []);
  const transferred: Maybe[][] = views.map(() => []);
  const turned: number[][][] = views.map(() => []);
  const byAxis: AxisLayer[][][] = columns.map(() => [[], ...views.map(() => [])]);
  const missing = new Float64Array(views.length);
  const starts = views.map((): Starts => new Map());
  const startsMoved = Array.from({ length: plan.folds.count }, (): Starts => new Map());
  for (let layer = 0; layer < study.layers; layer++) {
    const own = await study.states(layer);
    const states: Float32Array[] = [];
    for (const [v, { reading }] of views.entries()) {
      const other = await study.statesBy(reading, layer);
      missing[v] = fillMissing(other, own, study.width);
      states.push(other);
      await pace.breathe();
    }
    const moved = await transferredScores(own, states, study, plan.folds, tools, pace, startsMoved);
    for (const [c, { task, folds }] of columns.entries()) {
      for (const [v, data] of [own, ...states].entries()) byAxis[c]![v]!.push(await axisLayer(data, study.width, task, folds, tools.blas, pace));
      await pace.step();
    }
    for (const [v, data] of states.entries()) {
      const disturbed = { data, n: study.count, d: study.width };
      centre(disturbed);
      const [score] = await heldOutProbe(disturbed, [study.label], plan.folds, tools.blas, pace, study.seed, MOST_TRAINED, starts[v]);
      const area = aurocInterval(score!, study.label, study.group);
      retrained[v]!.push({ auroc: area?.value ?? null, ci95: few ? null : (area?.ci95 ?? null), accuracy: confusion(score!, study.label).accuracy });
      transferred[v]!.push(aurocInterval(moved[v]!, study.label, study.group)?.value ?? null);
      // Right as it is, wrong when disturbed: the rows on which the probe leans on the exact wording, or the exact weights.
      turned[v]!.push(
        Array.from(study.label.keys())
          .filter((i) => {
            const y = study.label[i] === 1;
            return probe.score[i * study.layers + layer]! > 0 === y && moved[v]![i]! > 0 !== y;
          })
          .slice(0, MOST_LINKED)
          .map((i) => rows[i]!),
      );
      await pace.breathe();
    }
    await pace.step();
  }
  const disturbed = views.map(({ reading, name }, v): Disturbed => {
    const depth = depthOf(retrained[v]!.map((l) => ({ auroc: l.auroc, low: l.ci95?.[0] ?? null, accuracy: l.accuracy })));
    if (missing[v]! > 0) notices.push({ code: "lens/not-disturbed", message: `${missing[v]} rows could not be disturbed (${name}) and stand as they are.` });
    const note = study.readingNotes?.get(reading);
    if (note) notices.push({ code: "lens/partly-rounded", message: `In "${name}", ${note}.` });
    return {
      view: reading,
      name,
      retrained: retrained[v]!,
      transferred: transferred[v]!,
      depth95: depth.depth95,
      areaDepth: depth.areaDepth,
      jump: depth.jump,
      converge: depth.converge,
      shift: difference(depth.areaDepth, plain.areaDepth),
    };
  });
  const axes = columns.map(({ task }, c): AxisShift => {
    const [first, ...others] = byAxis[c]!.map(axisDepth);
    return {
      name: task.name,
      classes: task.classes.length,
      rows: task.rows.length,
      plain: first!,
      disturbed: others.map((one, v) => ({ view: views[v]!.reading, ...one, shift: difference(one.areaDepth, first!.areaDepth) })),
    };
  });
  for (const why of new Set(notDone.map((one) => one.why))) {
    const names = notDone.filter((one) => one.why === why).map((one) => one.view);
    notices.push({ code: "lens/view-missing", message: `Not tried are ${names.join(" and ")}, ${why}.` });
  }
  const values: ConceptRobustness = { rows: rows.length, plain, disturbed, axes, notDone };
  const best = probe.probe.bestLayer;
  const of = (value: Maybe | undefined) => value?.toFixed(2) ?? "none";
  const says =
    best === null
      ? undefined
      : `At layer ${best} the probe's AUROC is ${of(plain.auroc[best])}; ${disturbed.map((one) => `${one.name}: ${of(one.transferred[best])}, trained anew ${of(one.retrained[best]?.auroc)}`).join("; ")}.`;
  return { values, pictures: robustnessPictures(values, turned), notices, ...(says ? { says } : {}) };
}

const difference = (a: Maybe, b: Maybe): Maybe => (a === null || b === null ? null : a - b);

/** The file's other columns of classes, those with most rows first. */
function axisTasks(study: Study) {
  const sampled = new Set(sampleRowsByGroup(study, MOST_AXIS_ROWS, 87));
  const some = (of: Int32Array) => of.map((k, i) => (sampled.has(i) ? k : -1));
  const part = { ...study, category: some(study.category), axes: study.axes.map((axis) => ({ ...axis, of: some(axis.of) })) };
  return tasksOf(part)
    .tasks.filter((task) => !task.audited && task.classes.length <= MOST_CLASSES)
    .sort((a, b) => b.rows.length - a.rows.length)
    .slice(0, MOST_AXES)
    .flatMap((task) => {
      const folds = taskFolds(task, study.seed);
      return typeof folds === "string" ? [] : [{ task, folds }];
    });
}

/** Rows without a disturbed state keep their own. @returns how many */
function fillMissing(states: Float32Array, own: Float32Array, width: number): number {
  let count = 0;
  for (let at = 0; at < states.length; at += width) {
    if (Number.isFinite(states[at])) continue;
    states.set(own.subarray(at, at + width), at);
    count++;
  }
  return count;
}
