import type { Value } from "./graph.js";
import { TYPES } from "./onnx.js";
import type { RuntimeTensor } from "./runtime.js";

/** Numbers as a tensor of the input's type; without values, `fill` everywhere. */
export function typed(input: Value, dims: readonly (number | string)[], values?: Float64Array | Float32Array, fill = 0): RuntimeTensor {
  const shape = dims.map((dim) => (typeof dim === "number" ? dim : 1));
  const size = shape.reduce((n, dim) => n * dim, 1);
  const at = (i: number) => values?.[i] ?? fill;
  const make = <T>(array: T & { [i: number]: number }) => {
    if (values || fill !== 0) for (let i = 0; i < size; i++) array[i] = at(i);
    return array;
  };
  switch (TYPES.get(input.type)?.name) {
    case "int64":
      return { type: "int64", dims: shape, data: values ? BigInt64Array.from(values, BigInt) : new BigInt64Array(size).fill(BigInt(fill)) };
    case "int32":
      return { type: "int32", dims: shape, data: make(new Int32Array(size)) };
    case "bool":
      return { type: "bool", dims: shape, data: make(new Uint8Array(size)) };
    case "uint8":
      return { type: "uint8", dims: shape, data: make(new Uint8Array(size)) };
    case "float64":
      return { type: "float64", dims: shape, data: make(new Float64Array(size)) };
    case "float16":
      return { type: "float16", dims: shape, data: Uint16Array.from({ length: size }, (_, i) => half(at(i))) };
    default:
      return { type: "float32", dims: shape, data: values instanceof Float32Array ? values : make(new Float32Array(size)) };
  }
}

const single = new Float32Array(1);
const bits = new Uint32Array(single.buffer);

/** A number as IEEE half precision, rounded to the nearest, ties to even; what is too large becomes the largest finite. */
export function half(value: number): number {
  single[0] = Math.max(-65504, Math.min(65504, value));
  const b = bits[0]!;
  const sign = (b >>> 16) & 0x8000;
  const exponent = ((b >>> 23) & 0xff) - 112;
  const fraction = b & 0x7fffff;
  if (exponent <= 0) {
    if (exponent < -10) return sign;
    const shift = 14 - exponent;
    const whole = fraction | 0x800000;
    const rest = whole & ((1 << shift) - 1);
    const tie = 1 << (shift - 1);
    const kept = whole >>> shift;
    return sign | (kept + (rest > tie || (rest === tie && kept & 1) ? 1 : 0));
  }
  const kept = (exponent << 10) | (fraction >>> 13);
  const rest = fraction & 0x1fff;
  return sign | (kept + (rest > 0x1000 || (rest === 0x1000 && kept & 1) ? 1 : 0));
}
