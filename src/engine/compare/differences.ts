import type { BandDifference, Difference, Interval, Maybe } from "../../protocol/index.js";
import { deviation, mean, quantile } from "../stats/bootstrap.js";

/** A difference with its replicates; `still` = both runs agree on every row, so no draw can tell them apart. */
export interface Resampled {
  readonly a: Maybe;
  readonly b: Maybe;
  readonly replicates: readonly number[];
  readonly still: boolean;
  /** Rows of the smaller class: bounds a difference of which no draw shows any spread (rule of three). */
  readonly least: number;
  readonly why?: string;
}

/** Fewer draws than this give no interval. */
const LEAST_DRAWS = 50;
/** Rounding: a spread below this is none. */
const NO_SPREAD = 1e-12;

/** 95%, normal about the estimate, for one layer by itself. */
export function withInterval(one: Resampled, factor: number): Difference {
  const value = minus(one.b, one.a);
  if (value === null) return { value: null, ci95: null, why: one.why ?? "not scored in both runs" };
  const half = one.why === undefined ? halfWidth(one, factor, 1.96) : undefined;
  return half === undefined ? { value, ci95: null, why: one.why ?? "too few draws hold both classes" } : { value, ci95: clip([value - half, value + half]) };
}

/** The same for layers that are looked at together: `band95` holds for all of them at once (max-t over the same draws). */
export function withBand(layers: readonly Resampled[], factor: number): BandDifference[] {
  const spread = layers.map((one) => (one.why === undefined && one.replicates.length >= LEAST_DRAWS && !one.still ? deviation(one.replicates) : 0));
  const moving = layers.map((_, l) => l).filter((l) => spread[l] > NO_SPREAD);
  const draws = moving.length ? Math.min(...moving.map((l) => layers[l].replicates.length)) : 0;
  const centre = layers.map((one) => mean(one.replicates));
  const largest = Array.from({ length: draws }, (_, d) =>
    moving.reduce((most, l) => Math.max(most, Math.abs(layers[l].replicates[d] - centre[l]) / spread[l]), 0),
  );
  const t = largest.length ? Math.max(1.96, quantile(largest, 0.95)) : 1.96;
  return layers.map((one): BandDifference => {
    const alone = withInterval(one, factor);
    const half = alone.ci95 ? halfWidth(one, factor, t) : undefined;
    const { value } = alone;
    return { ...alone, a: one.a, b: one.b, band95: half === undefined || value === null ? null : clip([value - half, value + half]) };
  });
}

function halfWidth({ replicates, still, least }: Resampled, factor: number, t: number): number | undefined {
  if (still) return 0;
  if (replicates.length < LEAST_DRAWS) return undefined;
  const sd = deviation(replicates);
  return sd > NO_SPREAD ? t * sd * factor : 3 / Math.max(1, least);
}

const minus = (b: Maybe, a: Maybe): Maybe => (a === null || b === null ? null : b - a);

/** Shares differ by 1 at most. */
const clip = ([lo, hi]: Interval): Interval => [Math.max(-1, lo), Math.min(1, hi)];
