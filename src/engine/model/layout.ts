import { mixedLengths, mixedWidths } from "./errors.js";
import type { Rows } from "./feeds.js";
import type { RuntimeTensor, Session } from "./runtime.js";

/** How a state is kept, when not as [batch, tokens, width]. */
export interface Layout {
  /** Brings batch and tokens to the front. */
  readonly perm?: readonly number[];
  /** Tokens of the model's own before those of the text (soft prompts). */
  readonly skip: number;
}

export interface Layouts {
  /** [layer] */
  readonly layers: readonly Layout[];
  readonly width: number;
}

/** Whether a state is kept as [B, S, D] or [B * S, D]. */
export const isPlain = (shape: readonly number[], rows: number, tokens: number, width: number): boolean =>
  shape.length === 3 ? shape[0] === rows && shape[1] === tokens && shape[2] === width : shape.length === 2 && shape[0] === rows * tokens && shape[1] === width;

/** Shapes of all layers as one list: the rank of each, then its sizes. */
export function splitShapes(data: ArrayLike<number | bigint>): number[][] {
  const all = Array.from(data, Number);
  const shapes: number[][] = [];
  for (let i = 0; i < all.length; i += all[i]! + 1) shapes.push(all.slice(i + 1, i + 1 + all[i]!));
  return shapes;
}

/** Tokens of the two trial texts; no width and no head count is likely to be one of them. */
const LENGTHS = [5, 8] as const;

/**
 * Finds which axis of each state holds the tokens, by texts of two lengths.
 * @param session gives the shapes of all layers, nothing else
 * @returns undefined when the export takes no such texts or all its shapes are fixed
 * @throws Problem `model/mixed-lengths`, `model/mixed-widths`
 */
export async function findLayouts(
  file: string,
  session: Session,
  output: string,
  feeds: ReadonlyMap<string, (rows: Rows) => RuntimeTensor>,
  names: readonly string[],
): Promise<Layouts | undefined> {
  for (const rows of [2, 1]) {
    const shapes: number[][][] = [];
    try {
      for (const length of LENGTHS) {
        const ids = Array.from({ length: rows }, (_, b) => Array.from({ length }, (_, t) => 3 + ((b + t) % 5)));
        const inputs = new Map([...feeds].map(([name, feed]) => [name, feed({ ids, length })]));
        const [found] = await session.run(inputs, [output]);
        shapes.push(splitShapes(found!.data as ArrayLike<number | bigint>));
      }
    } catch {
      continue;
    }
    const found = shapes[0]!.map((shape, layer) => layoutOf(shape, shapes[1]![layer]!, rows));
    const odd = found.findIndex((layout) => typeof layout === "string");
    if (odd >= 0) throw mixedLengths(file, names[odd]!, found[odd] as string);
    const layouts = found as (Found | undefined)[];
    if (layouts.some((layout) => layout === undefined)) return undefined;
    const width = layouts[0]!.width;
    const other = layouts.findIndex((layout) => layout!.width !== width);
    if (other >= 0) throw mixedWidths(file, names[0]!, width, names[other]!, layouts[other]!.width);
    return { layers: layouts as Found[], width };
  }
  return undefined;
}

interface Found extends Layout {
  readonly width: number;
}

/** A sentence's half when the states are not one a token. */
function layoutOf(a: readonly number[], b: readonly number[], rows: number): Found | string | undefined {
  const moving = a.flatMap((size, axis) => (size === b[axis] ? [] : [axis]));
  if (a.length !== b.length || moving.length > 1) return `${said(a)} for a text of ${LENGTHS[0]} tokens and ${said(b)} for one of ${LENGTHS[1]}`;
  const [tokens] = moving;
  if (tokens === undefined) return undefined;
  const step = b[tokens]! - a[tokens]!;
  const more = LENGTHS[1] - LENGTHS[0];
  if (step === rows * more && rows > 1 && a.length === 2 && a[tokens] === rows * LENGTHS[0])
    return { skip: 0, width: a[1 - tokens]!, ...(tokens === 1 ? { perm: [1, 0] } : {}) };
  const skip = a[tokens]! - LENGTHS[0];
  if (step !== more || skip < 0) return `${a[tokens]} states for a text of ${LENGTHS[0]} tokens and ${b[tokens]} for one of ${LENGTHS[1]}`;
  const rest = a.flatMap((_, axis) => (axis === tokens ? [] : [axis]));
  const batch = rest.find((axis) => a[axis] === rows);
  const others = rest.filter((axis) => axis !== batch);
  if (batch === undefined && rows > 1) return `${said(a)} for ${rows} texts of ${LENGTHS[0]} tokens`;
  const perm = [...(batch === undefined ? [] : [batch]), tokens, ...others];
  const width = others.reduce((size, axis) => size * a[axis]!, 1);
  return { skip, width, ...(perm.every((axis, i) => axis === i) ? {} : { perm }) };
}

const said = (shape: readonly number[]): string => `[${shape.join(", ")}]`;
