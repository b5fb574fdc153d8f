/** Which layer of each run a column of the comparison stands for. */
export interface Alignment {
  readonly matched: "layer" | "relative-depth";
  /** [columns] */
  readonly a: readonly number[];
  readonly b: readonly number[];
}

/**
 * Layers by number where both runs have as many, else by the share of the depth (0 = embeddings, 1 = last block): one column a
 * layer of the run that has fewer, and of the other the layer nearest to that share.
 * @param a, b layers of each run, embeddings included
 */
export function alignLayers(a: number, b: number): Alignment {
  const columns = Math.min(a, b);
  const own = Array.from({ length: columns }, (_, l) => l);
  if (a === b) return { matched: "layer", a: own, b: own };
  const spread = (count: number) => own.map((l) => (columns === 1 ? 0 : Math.round((l / (columns - 1)) * (count - 1))));
  return { matched: "relative-depth", a: spread(a), b: spread(b) };
}
