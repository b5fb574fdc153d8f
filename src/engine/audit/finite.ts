import type { Keeping, States } from "./keeper.js";

type Append = Keeping["append"];

/**
 * Stores the rows whose states are all numbers. What is NaN on a server may be well on another, or the next time; it is computed again.
 * @returns one sum a row, 0 of those that are not stored
 */
export function appendFinite(
  keys: readonly string[],
  states: States,
  tokens: ArrayLike<number>,
  truncated: ArrayLike<number>,
  append: Append,
): Uint32Array | undefined {
  const good = keys.flatMap((_, row) => (states.every((layers) => layers.every((values) => allNumbers(values, row, keys.length))) ? [row] : []));
  if (good.length === keys.length) return append(keys, states, tokens, truncated);
  const sums = new Uint32Array(keys.length);
  if (good.length === 0) return sums;
  const found = append(
    good.map((row) => keys[row]!),
    states.map((layers) => layers.map((values) => rowsOf(values, good, keys.length))),
    good.map((row) => tokens[row]!),
    good.map((row) => truncated[row]!),
  );
  if (!found) return undefined;
  good.forEach((row, i) => {
    sums[row] = found[i]!;
  });
  return sums;
}

function allNumbers(values: Float32Array, row: number, rows: number): boolean {
  const width = values.length / rows;
  for (let i = row * width; i < (row + 1) * width; i++) if (!Number.isFinite(values[i]!)) return false;
  return true;
}

function rowsOf(values: Float32Array, rows: readonly number[], of: number): Float32Array {
  const width = values.length / of;
  const out = new Float32Array(rows.length * width);
  rows.forEach((row, i) => {
    out.set(values.subarray(row * width, (row + 1) * width), i * width);
  });
  return out;
}
