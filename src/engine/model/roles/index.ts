import type { TapEntry } from "../../../protocol/index.js";
import type { Analysis } from "../analysis.js";
import { Numbers } from "./numbers.js";
import { findPlaces, type Place, type Structure } from "./places.js";

const known = new WeakMap<Analysis, Structure>();

/** What lies inside the blocks of a model; found once for an analysis, whose source must still be open the first time. */
export function structureOf(analysis: Analysis): Structure {
  let structure = known.get(analysis);
  if (!structure) {
    const { links, taps, config, source } = analysis;
    structure = findPlaces(links, taps, config, new Numbers(links, source));
    known.set(analysis, structure);
  }
  return structure;
}

/** A tap without what only reading it needs. */
export function entryOf({ name, tensor, op, shape, heads, note, missing }: Place): TapEntry {
  const entry = { name, tensor, op, shape, heads, note, missing };
  return Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== undefined)) as unknown as TapEntry;
}
