import type { Notice } from "../../../protocol/index.js";
import type { Analysis } from "../analysis.js";
import type { OpenOptions } from "../tapped.js";
import { structureOf } from "./index.js";
import { choosePlaces } from "./patterns.js";
import type { Place } from "./places.js";

export interface TapPlan {
  readonly places: readonly Place[];
  /** As wanted; cut after the last layer that the taps need, when the layers themselves are not asked for. */
  readonly options: OpenOptions;
  readonly notices: readonly Notice[];
}

/** @throws Problem `model/no-such-tap`, `model/tap-missing` */
export function planTaps(analysis: Analysis, options: OpenOptions): TapPlan {
  if (!options.taps || options.taps.length === 0) return { places: [], options, notices: [] };
  const { found, missing } = choosePlaces(analysis.place.path, structureOf(analysis).places, options.taps);
  const notices = missing.map(({ name, missing: why }) => ({ code: "model/tap-missing", message: `${name} is ${why}.` }));
  const deepest = Math.max(...found.map((place) => place.layer));
  return { places: found, options: options.residual === false ? { ...options, upTo: Math.min(deepest, options.upTo ?? deepest) } : options, notices };
}
