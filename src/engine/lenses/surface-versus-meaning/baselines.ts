import type { Controls, Interval } from "../../../protocol/index.js";
import { auroc, aurocInterval, logitInterval } from "../../stats/auc.js";
import { type Folds, split, stratifiedGroupFolds } from "../../stats/folds.js";
import { fittingLogistic } from "../../stats/logistic.js";
import { countingTerms, sparseDesign, type Terms, weighingTerms } from "../../stats/tfidf.js";
import { MOST_TRAINED, sampleRows, TOLERANCE } from "../concept-depth/probe.js";
import type { Study } from "../lens.js";
import type { Pace } from "../pace.js";
import type { Plan } from "../plan.js";
import { pixelRows, pixelScores, summaryRows } from "./pixels.js";

const WORDS_C = 10;
/** With few rows the number depends on how they fall into folds, so it is the mean over several divisions. */
const DIVISIONS = 5;
const FEW_ROWS = 1000;

export type Baselines = Pick<Controls, "words" | "wordsCi95" | "length" | "pixels" | "pixelsCi95" | "why">;

const NO_WORDS = { words: "images have no words", length: "images have no length in characters" };

const known = new WeakMap<Study, Promise<Baselines>>();
/** Terms of a study's texts: every division into folds starts from the same. */
const counted = new WeakMap<Study, Terms>();

/** What words alone and length alone tell, or of images what their pixels tell at a glance; computed once a study. */
export function surfaceBaselines(study: Study, plan: Plan, pace: Pace): Promise<Baselines> {
  const before = known.get(study);
  if (before) return before;
  const now = baselines(study, plan, pace);
  known.set(study, now);
  now.catch(() => known.delete(study));
  return now;
}

async function baselines(study: Study, plan: Plan, pace: Pace): Promise<Baselines> {
  const { pixels } = study;
  if (!pixels) {
    const found = await overDivisions(study, plan, (folds) => wordScores(study, folds, pace));
    // What they tell is known now; of many rows they are a lot to keep.
    counted.delete(study);
    return { words: found?.value ?? null, wordsCi95: found?.ci95 ?? null, length: lengthAuroc(study) };
  }
  // With few rows the summary alone may tell more than it does among two hundred colours.
  const [whole, summary] = [pixelRows(pixels, study.count), summaryRows(pixels, study.count)];
  const [a, b] = [
    await overDivisions(study, plan, (f) => pixelScores(study, whole, f, pace)),
    await overDivisions(study, plan, (f) => pixelScores(study, summary, f, pace)),
  ];
  const found = a && b ? (b.value > a.value ? b : a) : (a ?? b);
  return { words: null, wordsCi95: null, length: null, pixels: found?.value ?? null, pixelsCi95: found?.ci95 ?? null, why: NO_WORDS };
}

/** AUROC of held-out scores with its interval; of few rows the mean over several divisions into folds. */
async function overDivisions(
  study: Study,
  plan: Plan,
  scores: (folds: Folds) => Promise<Float64Array>,
): Promise<{ value: number; ci95: Interval | null } | undefined> {
  const first = aurocInterval(await scores(plan.folds), study.label, study.group);
  if (!first) return undefined;
  let value = first.value;
  const divisions = study.count <= FEW_ROWS ? DIVISIONS : 1;
  for (let k = 1; k < divisions; k++) {
    const folds = stratifiedGroupFolds(plan.cells.cell, study.group, plan.folds.count, study.seed + 1000 * k);
    value += auroc(await scores(folds), study.label) ?? first.value;
  }
  value /= divisions;
  return { value, ci95: logitInterval(value, first.se, study.count) };
}

/** Held-out decision values of TF-IDF over words and word pairs with a logistic regression (C = 10): [count]. */
export async function wordScores(study: Study, folds: Folds, pace: Pace): Promise<Float64Array> {
  const terms = counted.get(study) ?? (await pace.run(countingTerms(study.count, (row) => study.text(row))));
  counted.set(study, terms);
  const out = new Float64Array(study.count);
  for (let k = 0; k < folds.count; k++) {
    const { train: whole, test } = split(folds, k);
    const train = whole.length > MOST_TRAINED ? sampleRows(whole, study.label, MOST_TRAINED, study.seed + k) : whole;
    const fitted = await pace.run(weighingTerms(terms, train, train));
    await pace.breathe();
    const { w, b } = await pace.run(
      fittingLogistic(
        sparseDesign(fitted),
        train.map((i) => study.label[i]!),
        WORDS_C,
        TOLERANCE * train.length,
        300,
      ),
    );
    const asked = await pace.run(weighingTerms(terms, train, test));
    const scores = new Float64Array(test.length);
    sparseDesign(asked).times(w, scores);
    test.forEach((row, i) => {
      out[row] = scores[i]! + b;
    });
    await pace.breathe();
  }
  return out;
}

/** AUROC of the number of characters, folded to 0.5 or more. */
export function lengthAuroc(study: Study): number | null {
  const value = auroc(
    Float64Array.from({ length: study.count }, (_, i) => [...study.text(i)].length),
    study.label,
  );
  return value === null ? null : Math.max(value, 1 - value);
}
