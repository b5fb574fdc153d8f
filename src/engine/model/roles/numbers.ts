import type { Tensor } from "../graph.js";
import type { Links } from "../links.js";
import type { ByteSource } from "../source.js";
import { tensorInts } from "./small.js";

/** Integers of a tensor of at most one axis; undefined = known only at run time. */
export type Ints = readonly (number | undefined)[];

/** Longest list of integers that is looked at: shapes and bounds have a handful. */
const MOST = 64;

/**
 * Integers that a graph computes from constants and shapes: targets of Reshape, bounds of Slice.
 * @param shapeOf sizes of a value, as far as they are known
 */
export class Numbers {
  private readonly constants = new Map<number, Ints | undefined>();

  constructor(
    private readonly links: Links,
    private readonly source: ByteSource,
  ) {}

  ints(v: number | undefined, shapeOf: (v: number) => Ints | undefined = () => undefined, depth = 40): Ints | undefined {
    if (v === undefined || v < 0 || depth === 0) return undefined;
    const { links } = this;
    const tensor = links.tensor(v);
    if (tensor) return this.constant(v, tensor);
    const n = links.maker[v]!;
    if (n < 0) return undefined;
    const node = links.nodes[n]!;
    const inputs = links.inputs[n]!;
    const at = (i: number) => this.ints(inputs[i], shapeOf, depth - 1);
    switch (node.op) {
      case "Constant": {
        const { ints } = node.attributes.get("value_ints") ?? {};
        const { int } = node.attributes.get("value_int") ?? {};
        return ints ?? (int === undefined ? undefined : [int]);
      }
      case "Shape": {
        const shape = shapeOf(inputs[0]!);
        if (!shape) return undefined;
        const start = node.attributes.get("start")?.int ?? 0;
        return shape.slice(start, node.attributes.get("end")?.int);
      }
      case "Identity":
      case "Cast":
      case "Unsqueeze":
      case "Squeeze":
      case "Reshape":
        return at(0);
      case "Concat": {
        const parts = inputs.map((_, i) => at(i) ?? [undefined]);
        return parts.flat().slice(0, MOST);
      }
      case "Gather": {
        const from = at(0);
        return from && at(1)?.map((i) => (i === undefined ? undefined : from[i < 0 ? i + from.length : i]));
      }
      case "Slice": {
        const [from, start, end] = [at(0), at(1)?.[0], at(2)?.[0]];
        return from && start !== undefined && end !== undefined ? from.slice(start, end) : undefined;
      }
      case "Add":
      case "Sub":
      case "Mul":
      case "Div":
      case "Min":
      case "Max": {
        const [a, b] = [at(0), at(1)];
        return a && b
          ? Array.from({ length: Math.max(a.length, b.length) }, (_, i) => apply(node.op, a[a.length === 1 ? 0 : i], b[b.length === 1 ? 0 : i]))
          : undefined;
      }
      default:
        return undefined;
    }
  }

  private constant(v: number, tensor: Tensor): Ints | undefined {
    if (!this.constants.has(v)) this.constants.set(v, tensorInts(this.source, tensor, MOST));
    return this.constants.get(v);
  }
}

function apply(op: string, a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return undefined;
  switch (op) {
    case "Add":
      return a + b;
    case "Sub":
      return a - b;
    case "Mul":
      return a * b;
    case "Div":
      return b === 0 ? undefined : Math.trunc(a / b);
    case "Min":
      return Math.min(a, b);
    default:
      return Math.max(a, b);
  }
}
