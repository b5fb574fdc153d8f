import type { Links } from "../links.js";
import type { Numbers } from "../roles/numbers.js";
import { unreadable } from "./errors.js";
import type { Stored } from "./stored.js";

/** A weight in memory, row-major. */
export interface Matrix {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

/** Computes a static operand of the graph from its stored tensors: transposes, casts, dequantisation, small arithmetic. */
export function fold(links: Links, numbers: Numbers, stored: Stored, v: number, depth = 12): Matrix {
  const tensor = links.tensor(v);
  if (tensor) return { dims: tensor.dims, data: stored.numbers(tensor) };
  const n = links.maker[v] ?? -1;
  const fail = (why: string): never => {
    throw unreadable(stored.file, links.names[v] ?? "", why);
  };
  if (n < 0 || depth === 0) return fail("it is computed from something else than stored weights");
  const node = links.nodes[n]!;
  const inputs = links.inputs[n]!;
  const at = (i: number) => fold(links, numbers, stored, inputs[i]!, depth - 1);
  switch (node.op) {
    case "Identity":
    case "Cast":
      return at(0);
    case "Reshape":
    case "Squeeze":
    case "Unsqueeze": {
      const { dims, data } = at(0);
      if (node.op === "Squeeze") return { dims: dims.filter((dim) => dim !== 1), data };
      const target = node.op === "Reshape" ? numbers.ints(inputs[1]) : undefined;
      const known = target?.reduce<number>((product, dim) => (dim !== undefined && dim > 0 ? product * dim : product), 1) ?? 1;
      return { dims: target ? target.map((dim) => (dim === -1 ? data.length / known : (dim ?? 1))) : dims, data };
    }
    case "Transpose":
      return transposed(at(0), node.attributes.get("perm")?.ints);
    case "DequantizeLinear":
      return dequantised(
        at(0),
        at(1),
        (inputs[2] ?? -1) >= 0 ? at(2) : undefined,
        node.attributes.get("axis")?.int ?? 1,
        node.attributes.get("block_size")?.int ?? 0,
      );
    case "Neg": {
      const { dims, data } = at(0);
      return { dims, data: data.map((x) => -x) };
    }
    case "Add":
    case "Sub":
    case "Mul":
    case "Div":
      return elementwise(node.op, at(0), at(1)) ?? fail("operands of different shapes are combined");
    default:
      return fail(`${node.op} is not computed`);
  }
}

export function transposed({ dims, data }: Matrix, perm?: readonly number[]): Matrix {
  const order = perm ?? dims.map((_, i) => dims.length - 1 - i);
  const to = order.map((axis) => dims[axis]!);
  const stride = dims.map((_, i) => dims.slice(i + 1).reduce((n, dim) => n * dim, 1));
  const out = new Float32Array(data.length);
  const [rows = 1, columns = 1] = to;
  if (to.length === 2) {
    const [a, b] = [stride[order[0]!]!, stride[order[1]!]!];
    for (let r = 0, i = 0; r < rows; r++) for (let c = 0; c < columns; c++, i++) out[i] = data[r * a + c * b]!;
    return { dims: to, data: out };
  }
  const index = to.map(() => 0);
  for (let i = 0; i < out.length; i++) {
    let from = 0;
    for (let k = 0; k < to.length; k++) from += index[k]! * stride[order[k]!]!;
    out[i] = data[from]!;
    for (let k = to.length - 1; k >= 0 && ++index[k]! === to[k]!; k--) index[k] = 0;
  }
  return { dims: to, data: out };
}

/** ONNX DequantizeLinear: (x - zero) * scale, by tensor, by slices along an axis, or by blocks of them. */
export function dequantised(x: Matrix, scale: Matrix, zero: Matrix | undefined, axis: number, block: number): Matrix {
  const at = axis < 0 ? axis + x.dims.length : axis;
  const inner = x.dims.slice(at + 1).reduce((n, dim) => n * dim, 1);
  const size = x.dims[at] ?? 1;
  const out = new Float32Array(x.data.length);
  const blocks = block > 0 ? Math.ceil(size / block) : size;
  for (let i = 0; i < out.length; i++) {
    const along = Math.floor(i / inner) % size;
    const k = scale.data.length === 1 ? 0 : block > 0 ? (Math.floor(i / inner / size) * blocks + Math.floor(along / block)) * inner + (i % inner) : along;
    out[i] = (x.data[i]! - (zero?.data[zero.data.length === 1 ? 0 : k] ?? 0)) * scale.data[k]!;
  }
  return { dims: x.dims, data: out };
}

/** Broadcast as numpy does it, onto the larger operand's shape. */
function elementwise(op: string, a: Matrix, b: Matrix): Matrix | undefined {
  const [large, small] = a.data.length >= b.data.length ? [a, b] : [b, a];
  const rank = Math.max(large.dims.length, small.dims.length);
  const pad = (dims: readonly number[]) => [...Array.from({ length: rank - dims.length }, () => 1), ...dims];
  const [to, from] = [pad(large.dims), pad(small.dims)];
  if (from.some((dim, i) => dim !== 1 && dim !== to[i])) return undefined;
  // Steps of the small operand along each axis of the large one.
  const steps = from.map((dim, i) => (dim === 1 ? 0 : from.slice(i + 1).reduce((n, size) => n * size, 1)));
  const index = to.map(() => 0);
  const out = new Float32Array(large.data.length);
  let at = 0;
  for (let i = 0; i < out.length; i++) {
    const [x, y] = large === a ? [large.data[i]!, small.data[at]!] : [small.data[at]!, large.data[i]!];
    out[i] = op === "Add" ? x + y : op === "Sub" ? x - y : op === "Mul" ? x * y : x / y;
    for (let k = rank - 1; k >= 0; k--) {
      at += steps[k]!;
      if (++index[k]! < to[k]!) break;
      at -= steps[k]! * to[k]!;
      index[k] = 0;
    }
  }
  return { dims: large.dims.length === rank ? large.dims : to, data: out };
}
