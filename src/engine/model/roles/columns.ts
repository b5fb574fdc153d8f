import type { Node } from "../graph.js";
import type { Links } from "../links.js";
import { type Held, lastOf, rowsOf, step } from "./laid.js";
import type { Ints, Numbers } from "./numbers.js";

/** Which outputs of a packed product reach an operand of attention. */
export interface Columns {
  /** Ascending; all of them when nothing is cut out. */
  readonly rows: readonly number[];
  /** Size of the last axis there: the head size. */
  readonly last?: number;
}

/**
 * Follows the outputs [0, width) of a product through reshapes, transposes, splits, slices and gathers up to an operand:
 * GPT-2's [q|k|v], GPT-NeoX's heads of q, k, v each, Bloom's and timm's axes of three, unequal sizes of grouped heads.
 * @param from the product's output
 */
export function columnsTo(links: Links, numbers: Numbers, from: number, width: number, target: number): Columns | undefined {
  const held = new Map<number, Held>([[from, { axes: [{ stride: 0 }, { size: width, stride: 1 }], offset: 0, open: true }]]);
  const shapeOf = (v: number): Ints | undefined => {
    const known = held.get(v);
    return known && "axes" in known && !known.open ? known.axes.map((axis) => axis.size) : undefined;
  };
  for (const n of between(links, from, target)) {
    const node = links.nodes[n]!;
    // A shape carries no outputs, though targets of Reshape are computed from it.
    if (node.op === "Shape" || node.op === "Size") continue;
    const inputs = links.inputs[n]!;
    const sources = inputs.filter((v) => held.has(v)).map((v) => held.get(v)!);
    if (sources.length === 0) continue;
    const ints = (i: number) => numbers.ints(inputs[i], shapeOf);
    const made = sources.length === 1 && held.has(inputs[0]!) ? step(node, sources[0]!, ints) : undefined;
    links.outputs[n]!.forEach((v, i) => {
      if (v >= 0) held.set(v, made?.[Math.min(i, made.length - 1)] ?? combined(node, sources));
    });
  }
  const end = held.get(target);
  if (!end) return undefined;
  const rows = rowsOf(end);
  return rows.size === 0 || [...rows].some((row) => row < 0 || row >= width) ? undefined : { rows: [...rows].sort((a, b) => a - b), last: lastOf(end) };
}

/** Nodes on the ways from one value to another, in order. */
function between(links: Links, from: number, target: number): number[] {
  const seen = new Set<number>();
  const stack = [target];
  const first = links.maker[from]!;
  while (stack.length > 0) {
    const v = stack.pop()!;
    const n = links.maker[v]!;
    if (v === from || n <= first || seen.has(n)) continue;
    seen.add(n);
    for (const input of links.inputs[n]!) if (input >= 0) stack.push(input);
  }
  return [...seen].sort((a, b) => a - b);
}

/** What a computing node holds: what it was given, laid out as before where that is one thing. */
function combined(node: Node, sources: readonly Held[]): Held {
  const [first, ...rest] = sources;
  const moves = /^(Concat|Expand|Reshape|Tile|Gather|Split|Slice|Transpose|Squeeze|Unsqueeze|GatherElements)$/.test(node.op);
  if (rest.length === 0 && (!moves || node.op === "Concat")) return first!;
  const rows = new Set<number>();
  for (const source of sources) for (const row of rowsOf(source)) rows.add(row);
  const lasts = new Set(sources.map(lastOf));
  return { rows, last: node.op !== "Concat" && lasts.size === 1 ? [...lasts][0] : undefined };
}
