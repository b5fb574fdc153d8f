import type { DepthShift, ProbeResult } from "../../protocol/index.js";

const WHAT = ["bestLayer", "jump", "converge", "depth95", "areaDepth"] as const;

/** Where the label becomes readable in each run. */
export function depthShifts(a: ProbeResult, b: ProbeResult): DepthShift[] {
  return WHAT.map((what) => ({ what, a: a[what], b: b[what] }));
}
