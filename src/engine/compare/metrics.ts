import { type AuditView, type BandDifference, COMPARED_METRICS, type ComparedMetric } from "../../protocol/index.js";
import type { Alignment } from "./align.js";

type Resampled = "accuracy" | "balancedAccuracy" | "f1";

const NO_DRAWS = "a run stores no draws of a single layer's AQI, so this difference has no interval";
const RAW = "describes raw states, which are not comparable between models; no interval";

/** Every metric by column: those of the probe come resampled, the others are read off the stored results. */
export function compareMetrics(
  one: AuditView,
  other: AuditView,
  { a, b }: Alignment,
  probe: Readonly<Record<Resampled, readonly BandDifference[]>>,
): Record<ComparedMetric, BandDifference>[] {
  const stored = (metric: Exclude<ComparedMetric, Resampled>, l: number): BandDifference => {
    const [x, y] = [one.result.layers[a[l]][metric], other.result.layers[b[l]][metric]];
    const none = { ci95: null, band95: null };
    if (x === null || y === null) return { a: x, b: y, value: null, ...none, why: "a run withholds it at this layer" };
    return { a: x, b: y, value: y - x, ...none, why: metric === "aqi" ? NO_DRAWS : RAW };
  };
  const of = (metric: ComparedMetric, l: number) => (metric in probe ? probe[metric as Resampled][l] : stored(metric as Exclude<ComparedMetric, Resampled>, l));
  return a.map((_, l) => Object.fromEntries(COMPARED_METRICS.map((metric) => [metric, of(metric, l)])) as Record<ComparedMetric, BandDifference>);
}
