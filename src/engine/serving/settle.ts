import type { Feed } from "../model/feeds.js";
import type { Value } from "../model/graph.js";

/** Size of an axis: a number, so many for each row, or one for each token. */
export type Size = number | { readonly perRow: number } | "tokens";

/** An input whose value follows from the number of rows and tokens alone, so that a server need not be sent it. */
export interface Settled {
  readonly input: Value;
  readonly dims: readonly Size[];
  /** Every number of it: a constant, or the number of tokens and so many more. */
  readonly fill: number | { readonly tokensPlus: number };
}

/** Two rows of three tokens; three rows; two rows of five tokens; two rows, one of them shorter. */
const PROBES = [
  { rows: [3, 3], length: 3 },
  { rows: [3, 3, 3], length: 3 },
  { rows: [5, 5], length: 5 },
  { rows: [3, 2], length: 3 },
] as const;

/**
 * Finds out by trial what an input is fed: empty past keys, token types and switches are the same for all texts of a shape;
 * ids, masks and positions are not.
 */
export function settle(input: Value, feed: Feed): Settled | undefined {
  const fed = PROBES.map(({ rows, length }, p) =>
    feed({ ids: rows.map((n, b) => Array.from({ length: n }, (_, t) => 3 + ((5 * p + 3 * b + t) % 7))), length }),
  );
  const [few, more, long, short] = fed.map(({ dims, data }) => ({ dims, values: Array.from(data as ArrayLike<number | bigint>, Number) }));
  if (!few || !more || !long || !short) return undefined;
  const dims = few.dims.map((size, axis) => sizeOf(size, more.dims[axis]!, long.dims[axis]!));
  if (dims.some((size) => size === undefined) || [more, long, short].some((one) => one.dims.length !== few.dims.length)) return undefined;
  const same = (values: readonly number[]) => values.every((value) => value === values[0]);
  if (![few, more, long, short].every(({ values }) => same(values))) return undefined;
  const [a = 0, b = a, c = a, d = a] = [few, more, long, short].map(({ values }) => values[0]);
  if (a !== b || a !== d) return undefined;
  const fill = c === a ? a : c - a === 2 ? { tokensPlus: a - 3 } : undefined;
  return fill === undefined || Number.isNaN(a) ? undefined : { input, dims: dims as Size[], fill };
}

function sizeOf(few: number, more: number, long: number): Size | undefined {
  if (few === more && few === long) return few;
  if (few === long && few % 2 === 0 && more === (few / 2) * 3) return { perRow: few / 2 };
  return few === more && few === 3 && long === 5 ? "tokens" : undefined;
}
