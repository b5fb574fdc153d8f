import type { Tensor } from "../graph.js";
import type { Links } from "../links.js";
import type { Numbers } from "../roles/numbers.js";
import type { Product } from "../roles/products.js";
import { weightBehind } from "../roles/statics.js";
import { blockMatrix } from "./blocks.js";
import { unreadable } from "./errors.js";
import { dequantised, fold, type Matrix, transposed } from "./fold.js";
import type { Stored } from "./stored.js";

/** Stored tensors that a product's weight is read from. */
export function tensorsOf(links: Links, product: Product): Tensor[] {
  const values = [product.weight, ...quantities(links, product)];
  return values.flatMap((v) => (v >= 0 ? (weightBehind(links, v) ?? []) : []));
}

/** Scales and zero points beside the weight operand. */
function quantities(links: Links, product: Product): number[] {
  const inputs = links.inputs[product.node]!;
  const { scale, zero } = quantisation(links, product);
  if (product.form === "blocks") return [inputs[2] ?? -1, inputs[3] ?? -1];
  return [scale ?? -1, zero ?? -1];
}

/** @returns [out, in], as floats */
export function productMatrix(links: Links, numbers: Numbers, stored: Stored, product: Product): Matrix {
  const node = links.nodes[product.node]!;
  const inputs = links.inputs[product.node]!;
  const alpha = node.attributes.get("alpha")?.float ?? 1;
  if (product.form === "blocks") {
    const [weight, scales] = [links.tensor(product.weight), links.tensor(inputs[2] ?? -1)];
    const reordered = (inputs[4] ?? -1) >= 0;
    if (!weight || !scales || node.op !== "MatMulNBits" || reordered)
      throw unreadable(stored.file, links.names[product.weight]!, `${node.op}${reordered ? " with reordered columns" : ""} is not dequantised`);
    return blockMatrix(stored, { node, weight, scales, zeros: (inputs[3] ?? -1) >= 0 ? links.tensor(inputs[3]!) : undefined });
  }
  const whole = fold(links, numbers, stored, product.weight);
  let matrix: Matrix = { dims: whole.dims.filter((dim, i) => i < 2 || dim !== 1), data: whole.data };
  if (product.form === "integer") {
    const { scale, zero } = quantisation(links, product);
    if (scale === undefined) throw unreadable(stored.file, links.names[product.weight]!, "no scale of its integers was found");
    const value = (v: number) => fold(links, numbers, stored, v);
    matrix = dequantised(matrix, value(scale), zero === undefined || zero < 0 ? undefined : value(zero), product.outFirst ? 0 : 1, 0);
  }
  if (!product.outFirst) matrix = transposed(matrix);
  return alpha === 1 ? matrix : { dims: matrix.dims, data: matrix.data.map((x) => x * alpha) };
}

/** Scale and zero point of an integer product's weight: its own inputs, or the multiplication that follows. */
function quantisation(links: Links, product: Product): { scale?: number; zero?: number } {
  if (product.form !== "integer") return {};
  const inputs = links.inputs[product.node]!;
  switch (links.nodes[product.node]!.op) {
    case "MatMulIntegerToFloat":
      return { scale: inputs[3], zero: inputs[5] };
    case "DynamicQuantizeMatMul":
      return { scale: inputs[2], zero: inputs[3] };
    case "QAttention":
      return { scale: inputs[4], zero: inputs[7] };
    default:
      return { scale: scaleAfter(links, links.outputs[product.node]![0]!), zero: inputs[3] };
  }
}

/** MatMulInteger, Cast, Mul(·, scale of the activations * scale of the weight). */
function scaleAfter(links: Links, v: number, steps = 4): number | undefined {
  if (steps === 0) return undefined;
  for (const n of links.readers(v)) {
    const node = links.nodes[n]!;
    const inputs = links.inputs[n]!;
    if (node.op === "Cast" || node.op === "Reshape") {
      const found = scaleAfter(links, links.outputs[n]![0]!, steps - 1);
      if (found !== undefined) return found;
    }
    if (node.op !== "Mul") continue;
    const other = inputs.find((input) => input !== v);
    if (other === undefined) continue;
    if (!links.dynamic[other]) return other;
    const maker = links.maker[other]!;
    const fixed = maker >= 0 && links.nodes[maker]!.op === "Mul" ? links.inputs[maker]!.find((input) => !links.dynamic[input]) : undefined;
    return fixed ?? scaleAfter(links, links.outputs[n]![0]!, steps - 1);
  }
  return undefined;
}

/** Some rows of a matrix, in the order given. */
export function pickRows({ dims, data }: Matrix, rows: readonly number[] | undefined): Matrix {
  if (!rows) return { dims, data };
  const width = data.length / (dims[0] ?? 1);
  const out = new Float32Array(rows.length * width);
  rows.forEach((row, i) => {
    out.set(data.subarray(row * width, (row + 1) * width), i * width);
  });
  return { dims: [rows.length, ...dims.slice(1)], data: out };
}

/** Columns [from, to) of a matrix. */
export function pickColumns({ dims, data }: Matrix, { from, to }: { from: number; to: number }): Matrix {
  const [rows = 0] = dims;
  const width = data.length / rows;
  const out = new Float32Array(rows * (to - from));
  for (let r = 0; r < rows; r++) out.set(data.subarray(r * width + from, r * width + to), r * (to - from));
  return { dims: [rows, to - from], data: out };
}
