import type { AqiResult, Interval, Notice } from "../../../protocol/index.js";
import type { Study } from "../lens.js";
import type { Plan } from "../plan.js";
import { MOST_PAIRED_ROWS } from "./pairs.js";
import { mostPermuted } from "./permutation.js";
import { MOST_RESAMPLED } from "./replicates.js";

const interval = ([low, high]: Interval) => `${low.toFixed(1)} to ${high.toFixed(1)}`;

/** Above this index there is little left to rise. */
const HIGH = 90;

const established = ({ p, gain, signed }: AqiResult) => p !== null && p <= 0.05 && gain.ci95 !== null && gain.ci95[0] > 0 && signed! < HIGH;

/** One of the test and the interval speaks for a separation and the other against it. */
const atOdds = ({ p, ci95 }: AqiResult) => p !== null && ci95 !== null && p <= 0.05 !== ci95[0] > 0;

/** What the numbers and their sampling give reason to say. */
export function remarks(study: Pick<Study, "count" | "width">, plan: Pick<Plan, "note">, aqi: AqiResult): Notice[] {
  const out: Notice[] = [];
  const say = (code: string, message: string) => out.push({ code, message });
  if (plan.note) say("lens/not-stratified", `${plan.note[0]!.toUpperCase()}${plan.note.slice(1)}.`);
  const short = aqi.halfSample === null || aqi.signed === null ? 0 : aqi.signed - aqi.halfSample;
  // Only where something is established, is not what words tell already, and the halves differ from the whole by more than from each other.
  if (established(aqi) && short > 3 && short > 2 * (aqi.halfSampleSe ?? 0))
    say("lens/more-rows", `Half of the rows give an AQI of ${aqi.halfSample!.toFixed(0)}, all of them ${aqi.signed!.toFixed(0)}: more rows would raise this.`);
  if (atOdds(aqi))
    say(
      "lens/p-at-odds",
      `The permutation test (p ${aqi.p!.toFixed(3)}) and the index (${interval(aqi.ci95!)}) part. The test whitens without labels and so looks at other directions; where they part, neither establishes anything by itself.`,
    );
  if (study.count > MOST_PAIRED_ROWS) say("lens/sampled-pairs", `Dunn and silhouette are taken from a sample of ${MOST_PAIRED_ROWS} rows.`);
  if (study.count > mostPermuted(study.count, study.width))
    say("lens/sampled-permutations", `The permutation test runs on a sample of ${mostPermuted(study.count, study.width)} rows.`);
  if (study.count > MOST_RESAMPLED) say("lens/sampled-bootstrap", `Intervals are resampled on ${MOST_RESAMPLED} rows and scaled to all ${study.count}.`);
  return out;
}
