import { Random } from "../stats/random.js";
import type { PixelSurface, Study } from "./lens.js";

/** The study on some of its rows, in the order given. Lenses whose cost grows with the square of the rows look at a sample. */
export function subStudy(study: Study, rows: readonly number[]): Study {
  const pick = (states: Float32Array) => {
    if (rows.length === study.count) return states;
    const out = new Float32Array(rows.length * study.width);
    rows.forEach((i, r) => {
      out.set(states.subarray(i * study.width, (i + 1) * study.width), r * study.width);
    });
    return out;
  };
  return {
    ...study,
    count: rows.length,
    label: Uint8Array.from(rows, (i) => study.label[i]!),
    category: Int32Array.from(rows, (i) => study.category[i]!),
    group: Int32Array.from(rows, (i) => study.group[i]!),
    tokens: Int32Array.from(rows, (i) => study.tokens[i]!),
    axes: study.axes.map((axis) => ({ ...axis, of: Int32Array.from(rows, (i) => axis.of[i]!) })),
    text: (row) => study.text(rows[row]!),
    ...(study.pixels ? { pixels: somePixels(study.pixels, rows) } : {}),
    states: async (layer) => pick(await study.states(layer)),
    someStates: undefined,
    statesBy: async (name, layer) => pick(await study.statesBy(name, layer)),
    embeddingMean: async () => pick(await study.embeddingMean()),
    ...(study.reference ? { reference: { ...study.reference, states: async (layer: number) => pick(await study.reference!.states(layer)) } } : {}),
  };
}

function somePixels(pixels: PixelSurface, rows: readonly number[]): PixelSurface {
  const { summaryNames, thumbnailNumbers: t } = pixels;
  const s = summaryNames.length;
  const summary = new Float64Array(rows.length * s);
  const thumbnail = new Float32Array(rows.length * t);
  rows.forEach((i, r) => {
    summary.set(pixels.summary.subarray(i * s, (i + 1) * s), r * s);
    thumbnail.set(pixels.thumbnail.subarray(i * t, (i + 1) * t), r * t);
  });
  return { ...pixels, summary, thumbnail };
}

/** Whole groups in seeded order until `most` rows are reached; all rows when they are no more. Ascending. */
export function sampleRowsByGroup(study: Study, most: number, stream: number): number[] {
  const all = Array.from({ length: study.count }, (_, i) => i);
  if (study.count <= most) return all;
  const members = new Map<number, number[]>();
  for (const i of all) members.set(study.group[i]!, [...(members.get(study.group[i]!) ?? []), i]);
  const order = new Random(study.seed, stream).shuffle(Int32Array.from(members.keys()));
  const taken: number[] = [];
  for (const g of order) if (taken.length + members.get(g)!.length <= most) taken.push(...members.get(g)!);
  return taken.sort((a, b) => a - b);
}
