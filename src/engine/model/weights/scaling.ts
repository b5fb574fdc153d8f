import type { Links } from "../links.js";
import { weightBehind } from "../roles/statics.js";
import type { Matrix } from "./fold.js";

/** A table of integers that is looked up first and scaled after. */
export interface Scaling {
  /** One number, or one for each row of the table. */
  readonly scale: number;
  readonly zero?: number;
}

/** DequantizeLinear after the lookup, or Cast and Mul by a scale that is constant or looked up by the same ids. */
export function scalingAfter(links: Links, lookup: number): Scaling | undefined {
  let v = links.outputs[lookup]![0]!;
  for (let step = 0; step < 4; step++) {
    let next = -1;
    for (const n of links.readers(v)) {
      const { op } = links.nodes[n]!;
      const inputs = links.inputs[n]!;
      if (op === "DequantizeLinear") {
        const zero = inputs[2] ?? -1;
        return { scale: behindLookup(links, inputs[1]!), ...(zero >= 0 ? { zero: behindLookup(links, zero) } : {}) };
      }
      if (op === "Mul") {
        const scale = behindLookup(links, inputs.find((input) => input !== v)!);
        return weightBehind(links, scale) && !links.dynamic[scale] ? { scale } : undefined;
      }
      if (op === "Cast" || op === "Reshape") next = links.outputs[n]![0]!;
    }
    if (next < 0) return undefined;
    v = next;
  }
  return undefined;
}

/** The table that scales are looked up in, behind the shapes given to what was found. */
function behindLookup(links: Links, value: number): number {
  let v = value;
  for (let step = 0; step < 4 && links.dynamic[v]; step++) {
    const n = links.maker[v]!;
    if (n < 0 || !/^(Gather|Unsqueeze|Squeeze|Reshape|Cast)$/.test(links.nodes[n]!.op)) return v;
    v = links.inputs[n]![0]!;
  }
  return v;
}

/**
 * (x - zero) * scale, by table or by row.
 * @param first row of the table that the data begin with
 */
export function lookedUp({ dims, data }: Matrix, scale: Matrix, zero: Matrix | undefined, first = 0): Float32Array {
  const width = dims[dims.length - 1] ?? 1;
  const of = (matrix: Matrix, row: number) => matrix.data[matrix.data.length === 1 ? 0 : first + row]!;
  return data.map((x, i) => (x - (zero ? of(zero, Math.floor(i / width)) : 0)) * of(scale, Math.floor(i / width)));
}
