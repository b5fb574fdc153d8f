import type { Links } from "../links.js";
import { NORMS, SKIP_NORMS } from "../ops.js";
import { weightBehind } from "../roles/statics.js";

/** Scale and shift of a normalisation, as they are multiplied and added (Gemma's 1 + w is computed). */
export interface Norm {
  readonly weight?: number;
  readonly bias?: number;
  readonly epsilon?: number;
}

const PASS = new Set(["Cast", "Identity", "Reshape", "DynamicQuantizeLinear", "QuantizeLinear", "DequantizeLinear", "Dropout"]);

/**
 * The normalisation that a value comes out of, one operator or written out; walks back over casts and rounding.
 * @param stop states of the stream: what made them is no norm of a branch
 */
export function normOf(links: Links, value: number, stop?: ReadonlySet<number>): Norm | undefined {
  let v = value;
  let weight: number | undefined;
  let bias: number | undefined;
  for (let step = 0; step < 16 && v >= 0; step++) {
    const n = links.maker[v] ?? -1;
    if (n < 0 || !links.dynamic[v] || stop?.has(v)) return undefined;
    const node = links.nodes[n]!;
    const inputs = links.inputs[n]!;
    const given = (i: number) => ((inputs[i] ?? -1) >= 0 ? inputs[i] : undefined);
    const epsilon = node.attributes.get("epsilon")?.float;
    if (node.op === "EmbedLayerNormalization") return { weight: given(5), bias: given(6), epsilon };
    if (SKIP_NORMS.has(node.op)) return { weight: given(2), bias: node.op === "SkipLayerNormalization" ? given(3) : undefined, epsilon };
    // A norm without a scale may be followed by one written out.
    if (NORMS.has(node.op)) return { weight: weight ?? given(1), bias: bias ?? (node.op === "LayerNormalization" ? given(2) : undefined), epsilon };
    const [a = -1, b = -1] = inputs;
    const fixed = [a, b].find((input) => input >= 0 && isVector(links, input));
    if (node.op === "Mul" && fixed !== undefined && weight === undefined) {
      weight = fixed;
      v = a === fixed ? b : a;
    } else if (node.op === "Add" && fixed !== undefined && bias === undefined && weight === undefined) {
      bias = fixed;
      v = a === fixed ? b : a;
    } else if (PASS.has(node.op)) v = a;
    // The core of a written-out norm: x * rsqrt(mean(x²) + e), or (x - mean) / std.
    else if ((node.op === "Mul" || node.op === "Div") && links.dynamic[a] && links.dynamic[b]) return weight === undefined ? undefined : { weight, bias };
    else return undefined;
  }
  return undefined;
}

const isVector = (links: Links, v: number): boolean => {
  const dims = links.dynamic[v] ? undefined : weightBehind(links, v)?.dims;
  return dims !== undefined && dims.reduce((n, dim) => n * dim, 1) > 1;
};

/** The bias that is added to a product's output, by an addition of its own or inside a fused operator. */
export function biasAfter(links: Links, output: number, width: number | undefined): number | undefined {
  let v = output;
  for (let step = 0; step < 8; step++) {
    const readers = links.readers(v);
    let next = -1;
    for (const n of readers) {
      const node = links.nodes[n]!;
      const inputs = links.inputs[n]!;
      if (node.op === "Add" || node.op === "BiasGelu" || node.op === "FastGelu" || node.op === "BiasSplitGelu") {
        const fixed = inputs.find((input) => input >= 0 && input !== v && isVector(links, input));
        if (fixed !== undefined && (width === undefined || sizeOf(links, fixed) === width)) return fixed;
      }
      // Rounded products are scaled, flattened ones brought back to their shape.
      const scales = node.op === "Mul" && inputs.some((input) => input !== v && (links.op(input) === "Mul" || !links.dynamic[input]));
      if ((node.op === "Cast" || node.op === "Reshape" || scales) && readers.length === 1) next = links.outputs[n]![0]!;
    }
    if (next < 0) return undefined;
    v = next;
  }
  return undefined;
}

const sizeOf = (links: Links, v: number): number => (weightBehind(links, v)?.dims ?? []).reduce((n, dim) => n * dim, 1);
