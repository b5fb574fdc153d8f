const word = new Float32Array(1);
const bits = new Uint32Array(word.buffer);

/** Floats as the bytes of a tensor of a type (TensorProto.DataType), little-endian; undefined = not a type of floats that is written. */
export function encodeNumbers(type: number, data: Float32Array): Uint8Array | undefined {
  switch (type) {
    case 1:
      return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    case 11:
      return new Uint8Array(Float64Array.from(data).buffer);
    case 10:
      return new Uint8Array(Uint16Array.from(data, toHalf).buffer);
    case 16:
      return new Uint8Array(Uint16Array.from(data, toBrain).buffer);
    default:
      return undefined;
  }
}

/** Bits of the nearest IEEE 754 binary16, halves to even. */
export function toHalf(x: number): number {
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0;
  const size = Math.abs(x);
  if (Number.isNaN(x)) return 0x7e00;
  if (size >= 65520) return sign | 0x7c00;
  word[0] = size;
  const exponent = Math.max(-14, (bits[0]! >>> 23) - 127);
  // Halves to even by the addition itself: 1.5 * 2^52 leaves no bits behind the point.
  const steps = size * 2 ** (10 - exponent) + 6755399441055744 - 6755399441055744;
  return sign | (steps + (exponent + 14) * 1024);
}

/** Bits of the nearest bfloat16, halves to even. */
function toBrain(x: number): number {
  word[0] = x;
  const all = bits[0]!;
  if (Number.isNaN(x)) return 0x7fc0;
  return (all + 0x7fff + ((all >>> 16) & 1)) >>> 16;
}
