import type { Pooling } from "../../protocol/index.js";
import type { Dataset, Row } from "../data/dataset.js";
import type { Study } from "../lenses/lens.js";
import { studyAxes } from "./axes.js";
import type { Collected } from "./collect.js";
import { groupRows } from "./groups.js";
import type { ImageRows } from "./images.js";
import { findLeaks, type Leaks } from "./leaks.js";
import { releaseMemory } from "./memory.js";

export interface StudyOfRows extends Study {
  /** [count] positions in the dataset's rows. */
  readonly rows: readonly number[];
  /** What keeps rows together, and what may tell the label without having to do with it. */
  readonly leaks: Leaks;
  /** Layers with states that are not finite, and how many rows have them; the lens sees zeros there, the result withholds. */
  readonly notFinite: Map<number, number>;
}

/** The rows that arrived, in the dataset's order, as the lenses see them. */
export function studyRows(dataset: Dataset, collected: Collected, pooling: Pooling, seed: number, images?: ImageRows): StudyOfRows {
  const rows = [...collected.arrived].sort((a, b) => a - b);
  const { states, embeddingMean } = collected;
  const of = (row: number) => dataset.rows[rows[row]];
  const label = Uint8Array.from(rows, (row) => dataset.rows[row].label);
  // The same pixels under two names are kept together; names themselves are nothing to go by.
  const texts = rows.map((row) => (images ? images.print(row) : askedIn(dataset.rows[row])));
  const groups = groupRows(
    texts,
    rows.map((row) => dataset.rows[row].group),
    label,
    seed,
  );
  const categories = [...new Set(rows.map((row) => dataset.rows[row].category).filter((name) => name !== undefined))].sort();
  const position = new Map(categories.map((name, i) => [name, i]));
  const notFinite = new Map<number, number>();
  return {
    rows,
    leaks: findLeaks(
      groups,
      label,
      [dataset.card.classes[0].name, dataset.card.classes[1].name],
      rows.map((row) => dataset.rows[row].place.file),
    ),
    notFinite,
    count: rows.length,
    layers: states.layers,
    width: states.width,
    pooling,
    kind: dataset.card.kind,
    classNames: [dataset.card.classes[0].name, dataset.card.classes[1].name],
    label,
    category: Int32Array.from(rows, (row) => position.get(dataset.rows[row].category ?? "") ?? -1),
    categories,
    group: groups.group,
    paired: groups.paired,
    tokens: Int32Array.from(rows, (row) => collected.tokens[row]),
    seed,
    text: (row) => (images ? "" : of(row).text),
    ...(images ? { pixels: images.surface(rows) } : {}),
    async states(layer) {
      return finiteOnly(take(states, layer, rows), states.width, (count) => notFinite.set(layer, count));
    },
    async someStates(layer, some) {
      const which = Array.from(some, (i) => rows[i]!);
      return finiteOnly(take(states, layer, which, false), states.width, () => {});
    },
    axes: studyAxes(dataset, rows),
    poolings: [pooling, ...collected.readingStates.keys()],
    readingNotes: collected.readingNotes,
    async statesBy(wanted, layer) {
      if (wanted === pooling) return finiteOnly(take(states, layer, rows), states.width, () => {});
      const other = collected.readingStates.get(wanted);
      if (!other) throw new Error(`This run has no states pooled by ${wanted}.`);
      return take(other, layer, rows);
    },
    async embeddingMean() {
      return finiteOnly(embeddingMean ? take(embeddingMean, 0, rows) : take(states, 0, rows), states.width, () => {});
    },
  };
}

/** Answers to one prompt are kept together; that refusals are alike binds nothing, for they are what is measured. */
function askedIn({ text, completion }: Row): string {
  return completion && completion[0] > 0 ? text.slice(0, completion[0]).trimEnd() : text;
}

/** From this size on, what the layer before has left is given back first. */
const LARGE_BYTES = 16e6;

function take(from: Collected["states"], layer: number, rows: readonly number[], all = true): Float32Array {
  if (rows.length * from.width * 4 > LARGE_BYTES) releaseMemory();
  return all && rows.length === from.rows ? from.get(layer) : from.pick(layer, rows);
}

/** A row with a NaN or an infinity becomes zeros; the caller is told how many there are. */
function finiteOnly(values: Float32Array, width: number, tell: (rows: number) => void): Float32Array {
  let bad = 0;
  for (let start = 0; start < values.length; start += width) {
    let finite = true;
    for (let i = start; i < start + width; i++) if (!Number.isFinite(values[i])) finite = false;
    if (finite) continue;
    bad++;
    values.fill(0, start, start + width);
  }
  if (bad > 0) tell(bad);
  return values;
}
