import { statSync } from "node:fs";
import { type ModelGlance, problemOf } from "../../protocol/index.js";
import { analyse } from "./analysis.js";
import { cardWithoutHashes } from "./card.js";
import { locateWeights } from "./external.js";

/** The graph's own words about a model for a line of a list: no weight is read, nothing is hashed or run. */
export function glanceAt(path: string): ModelGlance {
  try {
    const analysis = analyse(path);
    try {
      const { bytes, precision, architecture, hiddenSize, layers, tower, towers, path: file } = cardWithoutHashes(analysis, locateWeights(analysis.model));
      return { path: file, bytes, precision, architecture, hiddenSize, blocks: layers.length - 1, ...(tower === undefined ? {} : { tower, towers }) };
    } finally {
      analysis.source.close();
    }
  } catch (error) {
    const stats = statSync(path, { throwIfNoEntry: false });
    return { path, bytes: stats?.isFile() ? stats.size : 0, refusal: problemOf(error) };
  }
}
