import type { Dataset } from "../data/dataset.js";
import { LEAST_AXIS_ROWS } from "../data/limits.js";
import type { Axis } from "../lenses/lens.js";

/**
 * The dataset's axes over the rows that arrived. A class that lost rows on the way (skipped by the tokenizer) and now has
 * fewer than `LEAST_AXIS_ROWS` counts as no value; an axis left with one class is gone.
 * @param rows positions in the dataset's rows
 */
export function studyAxes(dataset: Dataset, rows: readonly number[]): Axis[] {
  return (dataset.card.axes ?? []).flatMap(({ name, classes }): Axis[] => {
    const values = rows.map((row) => {
      const { axes } = dataset.rows[row];
      return axes && Object.hasOwn(axes, name) ? axes[name] : undefined;
    });
    const counts = new Map<string, number>();
    for (const value of values) if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
    const kept = classes.map((c) => c.name).filter((c) => (counts.get(c) ?? 0) >= LEAST_AXIS_ROWS);
    if (kept.length < 2) return [];
    const position = new Map(kept.map((c, i) => [c, i]));
    return [{ name, classes: kept, of: Int32Array.from(values, (value) => position.get(value ?? "") ?? -1) }];
  });
}
