import { quantileSorted } from "d3";
import type { Points } from "../../protocol/index.js";

/** Points looked at to find a layer's extent. */
const SAMPLE = 5_000;

/** A layer's domain: where the boundary lies in the middle half of x, and 99 of 100 points inside. */
export interface Extent {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
}

/** Each layer has its own scale: scores of different layers have no common unit. */
export function layerExtent(picture: Points, layer: number, count: number): Extent {
  const spread = (values: Float32Array, keep?: number): [number, number] => {
    const every = Math.max(1, Math.floor(count / SAMPLE));
    const sample = new Float64Array(Math.ceil(count / every));
    let n = 0;
    for (let i = 0; i < count; i += every) {
      const value = values[layer * count + i];
      if (Number.isFinite(value)) sample[n++] = value;
    }
    // A typed array sorts by number without a function to ask.
    const sorted = sample.subarray(0, n).sort() as unknown as number[];
    let lo = quantileSorted(sorted, 0.005) ?? -1;
    let hi = quantileSorted(sorted, 0.995) ?? 1;
    if (keep !== undefined) {
      lo = Math.min(lo, keep);
      hi = Math.max(hi, keep);
    }
    const pad = (hi - lo || 1) * 0.06;
    return [lo - pad, hi + pad];
  };
  return { x: spread(picture.x, picture.boundary), y: spread(picture.y) };
}

/** A layer's points in 0..1 of the plot, y upwards; those beyond the extent lie on the edge; NaN stays NaN. */
export function project(picture: Points, layer: number, count: number, extent: Extent): { x: Float32Array; y: Float32Array } {
  const unit = (values: Float32Array, [lo, hi]: readonly [number, number]) => {
    const out = values.slice(layer * count, (layer + 1) * count);
    const scale = 1 / (hi - lo);
    for (let i = 0; i < out.length; i++) {
      const t = (out[i] - lo) * scale;
      out[i] = t < 0 ? 0 : t > 1 ? 1 : t;
    }
    return out;
  };
  return { x: unit(picture.x, extent.x), y: unit(picture.y, extent.y) };
}
