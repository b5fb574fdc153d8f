import type { ModelCard, TapEntry } from "../../protocol/index.js";
import { analyse } from "./analysis.js";
import { cardWithoutHashes, hashes } from "./card.js";
import { locateWeights } from "./external.js";
import { entryOf, structureOf } from "./roles/index.js";
import { choosePlaces } from "./roles/patterns.js";
import type { TapList } from "./tapped.js";

/**
 * Reads a model's card without opening a session; weights are only hashed.
 * @param path a folder or an .onnx file
 * @throws Problem of any `model/…` code
 */
export async function inspectModel(path: string): Promise<ModelCard> {
  const analysis = analyse(path);
  try {
    const weights = locateWeights(analysis.model);
    return { ...cardWithoutHashes(analysis, weights), ...(await hashes(analysis, weights)) };
  } finally {
    analysis.source.close();
  }
}

/** The layers of a model by the graph's structure alone; weights are not touched and may be missing. */
export function listTaps(path: string, tower?: string): TapList {
  const analysis = analyse(path, false, tower);
  const { place, config, taps, source } = analysis;
  try {
    const { places } = structureOf(analysis);
    return { model: place.path, hiddenSize: taps.width ?? config.hiddenSize ?? 0, layers: taps.layers, taps: places.map(entryOf), notices: taps.notices };
  } finally {
    source.close();
  }
}

/**
 * Taps of a list whose names match one of the patterns (`blocks.*.attn_out`), found or missing.
 * @throws Problem `model/no-such-tap`, `model/tap-missing`
 */
export function chooseTaps(list: TapList, patterns: readonly string[]): readonly TapEntry[] {
  const { found, missing } = choosePlaces(list.model, list.taps, patterns);
  const chosen = new Set([...found, ...missing]);
  return list.taps.filter((tap) => chosen.has(tap));
}
