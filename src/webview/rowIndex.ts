import type { RowTable } from "../protocol/index.js";

/** Index of a row by its id, -1 = none. Ids ascend in every final table; those of a preview come in the order of the batches. */
export function rowIndex({ id, count }: Pick<RowTable, "id" | "count">): (id: number) => number {
  let ascends = true;
  for (let i = 1; i < count && ascends; i++) ascends = id[i] > id[i - 1];
  if (!ascends) {
    const known = new Map<number, number>();
    for (let i = 0; i < count; i++) known.set(id[i], i);
    return (wanted) => known.get(wanted) ?? -1;
  }
  return (wanted) => {
    let lo = 0;
    let hi = count - 1;
    while (lo <= hi) {
      const mid = (lo + hi) >> 1;
      if (id[mid] === wanted) return mid;
      if (id[mid] < wanted) lo = mid + 1;
      else hi = mid - 1;
    }
    return -1;
  };
}
