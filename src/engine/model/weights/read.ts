import type { Analysis } from "../analysis.js";
import type { Tensor } from "../graph.js";
import type { Links } from "../links.js";
import { TYPES } from "../onnx.js";
import type { Numbers } from "../roles/numbers.js";
import { type BlockWeight, blockTable } from "./blocks.js";
import { unreadable } from "./errors.js";
import { fold, type Matrix } from "./fold.js";
import type { Role } from "./list.js";
import { pickColumns, pickRows, productMatrix } from "./matrices.js";
import { lookedUp, scalingAfter } from "./scaling.js";
import type { Stored } from "./stored.js";

/** The numbers of a role: folded, dequantised, turned to [out, in], cut out of what is packed. */
export function matrixOf({ links }: Analysis, numbers: Numbers, stored: Stored, role: Role, rows?: { from: number; to: number }): Matrix {
  const some = rows && Array.from({ length: Math.max(0, rows.to - rows.from) }, (_, i) => rows.from + i);
  const chosen = role.rows && some ? some.map((i) => role.rows![i]!) : (role.rows ?? some);
  if (role.vector !== undefined) {
    const { data } = fold(links, numbers, stored, role.vector);
    return pickRows({ dims: [data.length, 1], data }, chosen);
  }
  if (role.table) {
    const { value, node } = role.table;
    if (role.table.blocks) return blockTable(stored, blocksOf(links, stored, node), rows);
    const tensor = links.tensor(value);
    const rounded = node >= 0 && tensor !== undefined && /^u?int/.test(TYPES.get(tensor.type)?.name ?? "");
    const after = rounded ? scalingAfter(links, node) : undefined;
    if (rounded && !after) throw unreadable(stored.file, tensor.name, "no scale of its integers was found");
    const whole = tensor && rows ? { dims: flat(tensor).dims, data: stored.numbers(flat(tensor), rows) } : fold(links, numbers, stored, value);
    const of = (v: number | undefined) => (v === undefined ? undefined : fold(links, numbers, stored, v));
    const data = after ? lookedUp(whole, of(after.scale)!, of(after.zero), tensor && rows?.from) : whole.data;
    if (tensor && rows) return { dims: [], data };
    const width = whole.dims[whole.dims.length - 1] ?? 1;
    const dims = role.table.role === "patch_embedding" ? [whole.dims[0]!, data.length / whole.dims[0]!] : [data.length / width, width];
    return pickRows({ dims, data }, chosen);
  }
  const product = role.product!;
  if (role.columns) return pickColumns(pickRows(productMatrix(links, numbers, stored, product), chosen), role.columns);
  const tensor = links.tensor(product.weight);
  // Rows that lie one after the other are read alone.
  if (
    product.form === "float" &&
    product.outFirst &&
    tensor &&
    chosen &&
    contiguous(chosen) &&
    (links.nodes[product.node]!.attributes.get("alpha")?.float ?? 1) === 1
  )
    return { dims: [], data: stored.numbers(flat(tensor), { from: chosen[0]!, to: chosen[chosen.length - 1]! + 1 }) };
  return pickRows(productMatrix(links, numbers, stored, product), chosen);
}

const contiguous = (rows: readonly number[]): boolean => rows.length > 0 && rows.every((row, i) => row === rows[0]! + i);

/** A tensor as rows: leading axes of one element dropped. */
function flat(tensor: Tensor): Tensor {
  const width = tensor.dims[tensor.dims.length - 1] ?? 1;
  const total = tensor.dims.reduce((n, dim) => n * dim, 1);
  return { ...tensor, dims: [total / width, width] };
}

/** The stored tensors of a table in blocks, which may be given another shape before they are looked up in. */
function blocksOf(links: Links, stored: Stored, node: number): BlockWeight {
  const inputs = links.inputs[node]!;
  const behind = (i: number): Tensor | undefined => {
    const v = inputs[i] ?? -1;
    if (v < 0) return undefined;
    for (let at = v, steps = 0; steps < 4; steps++) {
      const tensor = links.tensor(at);
      if (tensor) return tensor;
      if (!/^(Reshape|Identity|Squeeze|Unsqueeze)$/.test(links.op(at))) break;
      at = links.inputs[links.maker[at]!]![0]!;
    }
    throw unreadable(stored.file, links.names[v]!, "it is computed in a way that is not followed");
  };
  return { node: links.nodes[node]!, weight: behind(0)!, scales: behind(2)!, zeros: behind(3) };
}
