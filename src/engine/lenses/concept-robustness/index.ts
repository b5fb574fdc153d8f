import type { Interval, Maybe, Notice } from "../../../protocol/index.js";
import { aurocInterval, confusion } from "../../stats/auc.js";
import { split } from "../../stats/folds.js";
import { centre, columnMeans } from "../../stats/moments.js";
import { depthOf } from "../concept-depth/depth.js";
import { type ConceptDepth, conceptDepth } from "../concept-depth/index.js";
import { heldOutProbe } from "../concept-depth/probe.js";
import type { Lens, LensOutput, LensTools, Study } from "../lens.js";
import { Pace } from "../pace.js";
import { planOf, tooFewGroups } from "../plan.js";
import { MOST_LINKED } from "../task.js";
import { robustnessPictures } from "./pictures.js";

export interface Disturbed {
  readonly name: string;
  /** Per layer, the probe trained and tested on the disturbed rows, as the paper does. */
  readonly retrained: readonly { readonly auroc: Maybe; readonly ci95: Interval | null; readonly accuracy: number }[];
  /** Per layer, the probe trained on the rows as they are and tested on the disturbed ones. */
  readonly transferred: readonly Maybe[];
  readonly depth95: number | null;
  readonly areaDepth: Maybe;
  readonly jump: number | null;
  readonly converge: number | null;
}

export interface ConceptRobustness {
  readonly plain: {
    readonly auroc: readonly Maybe[];
    readonly depth95: number | null;
    readonly areaDepth: Maybe;
    readonly jump: number | null;
    readonly converge: number | null;
  };
  readonly disturbed: readonly Disturbed[];
  /** Why weight rounding is not among them. */
  readonly notDone: string;
}

const VIEWS = [
  { reading: "noise-prefix", name: "aaa or bbb in front" },
  { reading: "noise-characters", name: "one letter in twenty changed" },
] as const;

export const conceptRobustness: Lens<ConceptRobustness> = {
  id: "concept-robustness",
  title: "Concept depth under noise",
  cite: "Jin et al. 2024, Exploring Concept Depth (arXiv 2404.07066): input noise makes concepts appear deeper",
  needs: "any",
  core: false,
  question: "Does the label stay readable, and at the same layers, when the text is disturbed?",
  poolings: VIEWS.map((view) => view.reading),
  run,
};

async function run(study: Study, tools: LensTools, earlier: ReadonlyMap<string, LensOutput<unknown>>): Promise<LensOutput<ConceptRobustness>> {
  const notDone = "Weight rounding (int8, int4) would need rewritten weights: audit a quantised export of the model and compare the two runs.";
  const plan = planOf(study);
  const probe = (earlier.get(conceptDepth.id) ?? (await conceptDepth.run(study, tools, earlier))).values as ConceptDepth;
  const { depth95, areaDepth, jump, converge } = probe.probe;
  const plain = { auroc: probe.layers.map((l) => l.auroc), depth95, areaDepth, jump, converge };
  if (typeof plan === "string") return { values: { plain, disturbed: [], notDone }, pictures: [], notices: [], withheld: plan };
  const views = VIEWS.filter((view) => study.poolings.includes(view.reading));
  if (views.length === 0)
    return { values: { plain, disturbed: [], notDone }, pictures: [], notices: [], withheld: "these rows have no text that could be disturbed" };
  const few = tooFewGroups(study.group);
  const pace = new Pace(tools, views.length * study.layers);
  const notices: Notice[] = [];
  const disturbed: Disturbed[] = [];
  const turned: number[][][] = [];
  for (const { reading, name } of views) {
    const retrained: Disturbed["retrained"][number][] = [];
    const transferred: Maybe[] = [];
    const rows: number[][] = [];
    let missing = 0;
    for (let layer = 0; layer < study.layers; layer++) {
      const states = await study.statesBy(reading, layer);
      missing = fillMissing(states, await study.states(layer), study.width);
      const noisy = { data: states, n: study.count, d: study.width };
      const both = stack(await study.states(layer), states, study);
      centre(noisy);
      const [score] = await heldOutProbe(noisy, [study.label], plan.folds, tools.blas, pace, study.seed);
      const area = aurocInterval(score!, study.label, study.group);
      retrained.push({ auroc: area?.value ?? null, ci95: few ? null : (area?.ci95 ?? null), accuracy: confusion(score!, study.label).accuracy });
      const moved = await transferredScores(both, study, plan.folds, tools, pace);
      transferred.push(aurocInterval(moved, study.label, study.group)?.value ?? null);
      // Right as it is, wrong when disturbed: the rows on which the probe leans on the exact wording.
      rows.push(
        Array.from(study.label.keys())
          .filter((i) => {
            const y = study.label[i] === 1;
            return probe.score[i * study.layers + layer]! > 0 === y && moved[i]! > 0 !== y;
          })
          .slice(0, MOST_LINKED),
      );
      await pace.step();
    }
    if (missing > 0) notices.push({ code: "lens/not-disturbed", message: `${missing} rows could not be disturbed (${name}) and stand as they are.` });
    const depth = depthOf(retrained.map((l) => ({ auroc: l.auroc, low: l.ci95?.[0] ?? null, accuracy: l.accuracy })));
    disturbed.push({ name, retrained, transferred, depth95: depth.depth95, areaDepth: depth.areaDepth, jump: depth.jump, converge: depth.converge });
    turned.push(rows);
  }
  const values = { plain, disturbed, notDone };
  const best = probe.probe.bestLayer;
  const of = (value: Maybe | undefined) => value?.toFixed(2) ?? "none";
  const says =
    best === null
      ? undefined
      : `At layer ${best} the probe's AUROC is ${of(plain.auroc[best])}; ${disturbed.map((one) => `${one.name}: ${of(one.transferred[best])}, trained anew ${of(one.retrained[best]?.auroc)}`).join("; ")}.`;
  return { values, pictures: robustnessPictures(values, turned), notices, ...(says ? { says } : {}) };
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

/** Rows as they are over the same rows disturbed: [2 count, width], centred on the former. */
function stack(own: Float32Array, other: Float32Array, study: Study): Float32Array {
  const mean = columnMeans({ data: own, n: study.count, d: study.width });
  const out = new Float32Array(2 * own.length);
  out.set(own);
  out.set(other, own.length);
  for (let at = 0; at < out.length; at++) out[at]! -= mean[at % study.width]!;
  return out;
}

/** Held-out scores of the disturbed rows under the probe of the other folds' rows as they are. */
async function transferredScores(
  both: Float32Array,
  study: Study,
  folds: { of: Int32Array; count: number },
  tools: LensTools,
  pace: Pace,
): Promise<Float64Array> {
  const n = study.count;
  const label = new Uint8Array(2 * n);
  label.set(study.label);
  label.set(study.label, n);
  const out = new Float64Array(n);
  for (let k = 0; k < folds.count; k++) {
    const { train, test } = split(folds, k);
    // Only what is needed: the training rows as they are, the held-out rows disturbed.
    const rows = [...train, ...Array.from(test, (i) => n + i)];
    const data = new Float32Array(rows.length * study.width);
    rows.forEach((i, r) => {
      data.set(both.subarray(i * study.width, (i + 1) * study.width), r * study.width);
    });
    const one = { of: Int32Array.from(rows, (_, r) => (r < train.length ? 1 : 0)), count: 1 };
    const [score] = await heldOutProbe({ data, n: rows.length, d: study.width }, [Uint8Array.from(rows, (i) => label[i]!)], one, tools.blas, pace, study.seed);
    test.forEach((i, r) => {
      out[i] = score![train.length + r]!;
    });
  }
  return out;
}
