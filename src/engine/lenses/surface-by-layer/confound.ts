import type { Interval, Maybe } from "../../../protocol/index.js";
import { auroc, aurocInterval } from "../../stats/auc.js";
import { type Folds, split } from "../../stats/folds.js";
import { denseDesign, fittingLogistic } from "../../stats/logistic.js";
import { columnMeans, columnScale } from "../../stats/moments.js";
import type { Study } from "../lens.js";
import type { Pace } from "../pace.js";
import { FEATURES } from "../surface-versus-meaning/features.js";
import { MOST_LINKED } from "../task.js";

/** What one surface feature, or all of them, tells of the label. */
export interface Confound {
  readonly name: string;
  readonly auroc: Maybe;
  readonly ci95: Interval | null;
}

export interface ConfoundReport {
  /** All features in one probe. */
  readonly together: Confound;
  /** Most telling first. */
  readonly each: readonly Confound[];
  /** Names of features that no two rows differ in. */
  readonly constant: readonly string[];
  /** Per feature of `each`: rows whose label it alone tells; then the same of all together. */
  readonly rows: readonly (readonly number[])[];
  readonly togetherRows: readonly number[];
}

/** Held-out logistic regression of the label on the surface features (StandardScaler, C = 1), all together and one by one. */
export async function confoundReport(study: Study, features: Float64Array, folds: Folds, pace: Pace): Promise<ConfoundReport> {
  const p = FEATURES.length;
  const column = (c: number) => Float32Array.from({ length: study.count }, (_, i) => features[i * p + c]!);
  const columns = FEATURES.map((name, c) => ({ name: name as string, data: column(c) }));
  const varied = columns.filter(({ data }) => data.some((v) => v !== data[0]));
  const measure = async (name: string, some: readonly { data: Float32Array }[]) => {
    const score = await heldOut(study, some, folds, pace);
    const area = aurocInterval(score, study.label, study.group);
    const value: Confound = { name, auroc: area?.value ?? null, ci95: area?.ci95 ?? null };
    return { value, rows: toldBy(study, score) };
  };
  const together = await measure("all features", varied);
  const each = [];
  for (const one of varied) each.push(await measure(one.name, [one]));
  // A feature that points the wrong way on held-out rows tells nothing: its order is by what it tells, not by how far it lies from 0.5.
  each.sort((a, b) => (b.value.auroc ?? 0) - (a.value.auroc ?? 0));
  return {
    together: together.value,
    togetherRows: together.rows,
    each: each.map((one) => one.value),
    rows: each.map((one) => one.rows),
    constant: columns.filter((one) => !varied.includes(one)).map(({ name }) => name),
  };
}

async function heldOut(study: Study, columns: readonly { data: Float32Array }[], folds: Folds, pace: Pace): Promise<Float64Array> {
  const d = columns.length;
  const data = new Float32Array(study.count * d);
  columns.forEach((one, j) => {
    for (let i = 0; i < study.count; i++) data[i * d + j] = one.data[i]!;
  });
  const x = { data, n: study.count, d };
  const out = new Float64Array(study.count);
  for (let k = 0; k < folds.count; k++) {
    const { train, test } = split(folds, k);
    const mean = columnMeans(x, train);
    const scale = columnScale(x, train, mean);
    const scaled = (rows: Int32Array) => {
      const to = new Float32Array(rows.length * d);
      rows.forEach((i, r) => {
        for (let j = 0; j < d; j++) to[r * d + j] = (data[i * d + j]! - mean[j]!) / scale[j]!;
      });
      return to;
    };
    const y = Array.from(train, (i) => study.label[i]!);
    const { w, b } = await pace.run(fittingLogistic(denseDesign(scaled(train), train.length, d), y, 1, 1e-6 * train.length, 200));
    const asked = scaled(test);
    test.forEach((i, r) => {
      let s = b;
      for (let j = 0; j < d; j++) s += asked[r * d + j]! * w[j]!;
      out[i] = s;
    });
  }
  return out;
}

/** Rows on their label's side of the boundary, surest first; none where the score tells nothing. */
function toldBy(study: Study, score: Float64Array): number[] {
  if ((auroc(score, study.label) ?? 0) <= 0.5) return [];
  const margin = (i: number) => (study.label[i] === 1 ? score[i]! : -score[i]!);
  return Array.from({ length: study.count }, (_, i) => i)
    .filter((i) => margin(i) > 0)
    .sort((a, b) => margin(b) - margin(a) || a - b)
    .slice(0, MOST_LINKED);
}
